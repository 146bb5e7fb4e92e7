use super::*;
use crate::location::{Layout, Location};
use crate::store::StoreSpec;
use std::fs;
use std::os::unix::fs::symlink;

const SESSION: &[u8] = b"(dS'expires'\nI2000\ns.";

fn write(dir: &Path, names: impl IntoIterator<Item = String>, bytes: &[u8]) {
    fs::create_dir_all(dir).unwrap();
    for name in names {
        fs::write(dir.join(name), bytes).unwrap();
    }
}

fn hex(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("{number:040x}"))
}

fn old(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("{number:032}"))
}

fn found(root: &Path, options: &Options) -> Report {
    let mut report = Report::default();
    find(root, &Users::default(), options, &AtomicBool::new(false), &mut report);
    report
}

fn names(root: &Path, report: &Report) -> Vec<(String, String, Option<Doubt>)> {
    let name = |candidate: &Candidate| candidate.path().strip_prefix(root).unwrap().display().to_string();
    report
        .candidates
        .iter()
        .map(|candidate| (name(candidate), candidate.location.scheme().to_owned(), candidate.doubt))
        .collect()
}

#[test]
fn directory_with_session_names_only_is_not_found() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    write(&at("objects"), hex(40), b"\x78\x01blob");
    // A pickled dict alone is not a session: MoinMoin's cache has many.
    write(&at("cache"), hex(40), b"(dS'data'\nI1\ns.");
    write(&at("few"), hex(3), SESSION);
    write(&at("few"), (0..4).map(|n| format!("page{n}")), b"");
    write(&at("half"), hex(4), SESSION);
    write(&at("half"), (0..4).map(|n| format!("page{n}")), b"");
    write(&at("left"), ["tmpabcdef.__session".to_owned()], SESSION);
    write(&at("a/__session__"), hex(2), b"broken");
    write(&at("b/__session__"), [], b"");
    write(&at("c/__common__/session"), old(2), SESSION);
    write(&at("both"), old(1), SESSION);
    write(&at("both"), hex(2), SESSION);
    write(&at("json"), hex(2).map(|id| id + ".json"), br#"{"wikifarm_session": 1}"#);
    write(&at("notes"), hex(2).map(|id| id + ".json"), b"{}");
    let report = found(root.path(), &Options::default());
    assert_eq!(
        names(root.path(), &report),
        [
            ("a/__session__", "moin-1.9", None),
            ("b/__session__", "moin-1.9", None),
            ("both", "moin-1.8", None),
            ("both", "moin-1.9", None),
            ("c/__common__/session", "moin-1.8", None),
            ("cache", "moin-1.9", Some(Doubt::OtherContent)),
            ("few", "moin-1.9", Some(Doubt::FewAmongOthers)),
            ("half", "moin-1.9", None),
            ("json", "json", None),
            ("left", "moin-1.9", Some(Doubt::OnlyLeftOvers)),
            ("notes", "json", Some(Doubt::OtherContent)),
            ("objects", "moin-1.9", Some(Doubt::OtherContent)),
        ]
        .map(|(name, layout, doubt)| (name.to_owned(), layout.to_owned(), doubt))
    );
    assert!(report.candidates.iter().all(|candidate| candidate.mixed == candidate.path().ends_with("both")));
    let half = report.candidates.iter().find(|candidate| candidate.path().ends_with("half")).unwrap();
    assert_eq!((half.sessions, half.others, half.bytes), (Some(4), 4, 84));
    assert!(half.oldest.is_some() && half.oldest <= half.newest);
    assert_eq!((report.failed, report.directories), (0, 16));
}

#[test]
fn directory_of_the_farm_is_found_with_any_content() {
    let root = tempfile::tempdir().unwrap();
    write(&root.path().join("s"), hex(1), b"broken");
    let wiki = crate::store::StoreWiki {
        name: "docs".to_owned(),
        version: "1.9.11".parse().unwrap(),
        user_dir: None,
        superusers: Vec::new(),
    };
    let spec = StoreSpec {
        location: Location::Directory { layout: Layout::Moin19, path: root.path().join("s") },
        wikis: vec![wiki],
    };
    let mut report = Report::default();
    let users = Users::of(&[spec]);
    find(root.path(), &users, &Options::default(), &AtomicBool::new(false), &mut report);
    assert_eq!(names(root.path(), &report), [("s".to_owned(), "moin-1.9".to_owned(), None)]);
    assert_eq!(report.candidates[0].wikis, ["docs"]);
}

#[test]
fn links_are_not_followed_and_depth_is_limited() {
    let root = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    write(&outside.path().join("__session__"), hex(1), SESSION);
    symlink(outside.path(), root.path().join("link")).unwrap();
    write(&root.path().join("a/b/__session__"), hex(1), SESSION);
    // Names of sessions that are a link and a directory.
    symlink("/etc/passwd", root.path().join("a/b/__session__").join("f".repeat(40))).unwrap();
    fs::create_dir(root.path().join("a/b/__session__").join("e".repeat(40))).unwrap();
    let report = found(root.path(), &Options::default());
    assert_eq!(names(root.path(), &report), [("a/b/__session__".to_owned(), "moin-1.9".to_owned(), None)]);
    assert_eq!(report.candidates[0].sessions, Some(1));
    let shallow = Options { max_depth: Some(2), ..Options::default() };
    let report = found(root.path(), &shallow);
    assert_eq!((report.candidates.len(), report.failed), (0, 0));

    let mut deep = root.path().join("deep");
    for _ in 0..140 {
        deep.push("x");
    }
    fs::create_dir_all(&deep).unwrap();
    let report = found(root.path(), &Options::default());
    assert_eq!((report.candidates.len(), report.failed), (1, 1));
    assert!(report.problems[0].to_string().ends_with("more than 128 levels deep"));
}

#[test]
fn directory_replaced_before_opening_is_skipped_and_counted() {
    let outside = tempfile::tempdir().unwrap();
    write(&outside.path().join("__session__"), hex(3), SESSION);
    write(&outside.path().join("below/__session__"), hex(3), SESSION);
    // Replaced by a link, replaced by another directory, and removed.
    let link = |path: &Path| symlink(outside.path(), path).unwrap();
    let directory = |path: &Path| write(&path.join("__session__"), hex(3), SESSION);
    let gone = |_: &Path| ();
    let swaps: [&dyn Fn(&Path); 3] = [&link, &directory, &gone];
    for (number, (swap, failed)) in swaps.into_iter().zip([1, 1, 0]).enumerate() {
        let root = tempfile::tempdir().unwrap();
        write(&root.path().join("a/below/__session__"), hex(1), SESSION);
        write(&root.path().join("b/__session__"), hex(1), SESSION);
        let (a, aside) = (root.path().join("a"), outside.path().join(format!("aside{number}")));
        let mut report = Report::default();
        let dir = Dir::open(root.path()).unwrap();
        let how = (&Users::default(), &Options::default());
        walk(root.path(), dir, how, &AtomicBool::new(false), &mut report, &mut |path| {
            if path == a {
                fs::rename(&a, &aside).unwrap();
                swap(&a);
            }
        });
        let found: Vec<(String, Option<u64>)> = report
            .candidates
            .iter()
            .map(|candidate| {
                (
                    candidate.path().strip_prefix(root.path()).unwrap().display().to_string(),
                    candidate.sessions,
                )
            })
            .collect();
        assert_eq!(found, [("b/__session__".to_owned(), Some(1))], "swap {number}");
        assert_eq!(report.failed, failed, "swap {number}: {report:?}");
        let named = format!("{}: replaced during the search", a.display());
        assert!(report.problems.iter().all(|problem| problem.message == named), "{report:?}");
    }
}
