//! `wikifarm session migrate`

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use serde_json::json;

use crate::support::{DAY, NOW, Place, Session, fixtures, is_root, same};

/// A time long after the tests run.
const LATER: i64 = NOW + 10_000 * DAY;

const EVIL: &[u8] = b"(dS'expires'\nI2000000000\nsS'x'\ncos\nsystem\n(S'id'\ntRs.";

fn place() -> Place {
    Place::new()
        .dir("from")
        .dir("to")
        .session("from", Session::new('a').expires(LATER).user("1.2.3"))
        .session("from", Session::new('b').expires(LATER))
        .session("from", Session::new('c').expires(NOW - DAY))
        .session("from", Session::new('d').expires(LATER).user("4.5.6"))
}

/// Whether this wikifarm was built with support for the kind of store.
fn is_built(store: &str) -> bool {
    cfg!(feature = "sqlite") || !store.starts_with("sqlite:")
}

fn initials(place: &Place, dir: &str) -> String {
    place.names(dir).iter().filter_map(|name| name.chars().next()).collect()
}

fn id(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn bytes(place: &Place, dir: &str, digit: char) -> Vec<u8> {
    fs::read(place.path().join(dir).join(id(digit))).unwrap()
}

#[test]
fn migrate_copies_bytes_times_and_modes() {
    let place = place();
    let from = place.path().join("from").join(id('a'));
    fs::set_permissions(&from, fs::Permissions::from_mode(0o640)).unwrap();
    let summary = str![[r#"
copied 3 of 4 sessions (187 B)
1 skipped: expired (use --include-expired to copy these)
next: configure the wikis to use the target, restart them, then repeat the
  command with --from moin-1.9:from --move

"#]];
    place.wikifarm("session migrate --from moin-1.9:from --to moin-1.9:to").stdout(summary.clone()).run();
    assert_eq!((initials(&place, "from"), initials(&place, "to")), ("abcd".into(), "abd".into()));
    for digit in ['a', 'b', 'd'] {
        assert_eq!(bytes(&place, "from", digit), bytes(&place, "to", digit));
    }
    let (from, to) =
        (fs::metadata(&from).unwrap(), fs::metadata(place.path().join("to").join(id('a'))).unwrap());
    assert_eq!((from.mtime(), from.mtime_nsec(), from.mode()), (to.mtime(), to.mtime_nsec(), to.mode()));

    let again = str![[r#"
copied 0 of 4 sessions (0 B)
3 skipped: the same session is already at the target
1 skipped: expired (use --include-expired to copy these)

"#]];
    place.wikifarm("session migrate --from moin-1.9:from --to moin-1.9:to").stdout(again.clone()).run();
}

#[test]
fn migrate_dry_run_changes_nothing_and_needs_no_target() {
    let place = place();
    let plan = str![[r#"
would copy 3 of 4 sessions (187 B)
1 skipped: expired (use --include-expired to copy these)

"#]];
    for to in ["moin-1.9:to", "json:new", "sqlite:new.db"].into_iter().filter(|store| is_built(store)) {
        place
            .wikifarm(&format!("session migrate --from moin-1.9:from --to {to} --dry-run"))
            .stdout(plan.clone())
            .run();
        place
            .wikifarm(&format!("session migrate --from moin-1.9:from --to {to} --now {NOW}"))
            .stdout(plan.clone())
            .run();
    }
    assert_eq!(initials(&place, "to"), "");
    assert!(!place.path().join("new").exists() && !place.path().join("new.db").exists());
}

#[test]
fn migrate_move_and_back_over_every_store_restores_the_source() {
    for between in
        ["json:between", "sqlite:between.db", "moin-1.9:to"].into_iter().filter(|store| is_built(store))
    {
        let place = place();
        let before: Vec<Vec<u8>> = ['a', 'b', 'd'].map(|digit| bytes(&place, "from", digit)).into();
        let to = place.wikifarm(&format!("session migrate --from moin-1.9:from --to {between} --move"));
        let summary = str![[r#"
copied 3 of 4 sessions (187 B)
1 skipped: expired (use --include-expired to copy these)
removed 3 from the source
next: configure the wikis to use the target, and restart them

"#]];
        to.stdout(summary.clone()).run();
        assert_eq!(initials(&place, "from"), "c");
        let list =
            place.wikifarm(&format!("session list --store {between} --format json")).any_stdout().run();
        assert_eq!(list.json()["sessions"].as_array().unwrap().len(), 3);
        let back = place.wikifarm(&format!("session migrate --from {between} --to moin-1.9:from --move"));
        back.stdout(str![[r#"
copied 3 of 3 sessions (187 B)
removed 3 from the source
next: configure the wikis to use the target, and restart them

"#]])
            .run();
        let after: Vec<Vec<u8>> = ['a', 'b', 'd'].map(|digit| bytes(&place, "from", digit)).into();
        assert_eq!(after, before);
    }
}

/// Migrates all recorded sessions of all MoinMoin versions through JSON and SQLite stores, and back.
#[test]
fn migrate_of_recorded_sessions_and_back_is_byte_for_byte() {
    let mut place = Place::new();
    let mut compared = 0;
    for (number, version) in ["1.9.11", "1.9.0", "1.9.3", "1.8.7", "1.7.3"].into_iter().enumerate() {
        let (layout, dir) = match version {
            "1.8.7" | "1.7.3" => ("moin-1.8", "cache/__common__/session"),
            _ => ("moin-1.9", "sessions"),
        };
        if !fixtures().join(format!("moin-{version}/{dir}")).exists() {
            continue;
        }
        place = place
            .copy(&format!("moin-{version}/{dir}"), &format!("source-{number}"), NOW)
            .dir(&format!("back-{number}"));
        let copy = place.path().join(format!("source-{number}"));
        let back = place.path().join(format!("back-{number}"));
        let steps = if is_built("sqlite:") {
            vec![
                format!("{layout}:source-{number} json:j-{number}"),
                format!("json:j-{number} sqlite:s-{number}.db"),
                format!("sqlite:s-{number}.db {layout}:back-{number}"),
            ]
        } else {
            vec![
                format!("{layout}:source-{number} json:j-{number}"),
                format!("json:j-{number} {layout}:back-{number}"),
            ]
        };
        for step in &steps {
            let (from, to) = step.split_once(' ').unwrap();
            let line = format!("session migrate --from {from} --to {to} --include-expired -q");
            place.wikifarm(&line).run();
        }
        for file in fs::read_dir(&copy).unwrap() {
            let file = file.unwrap().path();
            let other = back.join(file.file_name().unwrap());
            assert_eq!(fs::read(&file).unwrap(), fs::read(&other).unwrap(), "{}", other.display());
            compared += 1;
        }
    }
    assert!(compared > 200, "{compared}");
}

#[test]
fn migrate_filters_select_the_same_sessions_as_list() {
    let place = place();
    let run = |filter: &str, copied: &str| {
        let line =
            format!("session migrate --from moin-1.9:from --to json:j --dry-run --format json {filter}");
        let report = place.wikifarm(&line).any_stdout().run().json();
        assert_eq!(format!("{} {}", report["would_copy"], report["filtered"]), copied, "{filter}");
    };
    run("--user id:1.2.3", "1 3");
    run("--state expired", "1 3");
    run("--state live", "3 1");
    run("--older-than 9999d", "0 4");
    run("--include-expired", "4 0");
}

#[test]
fn migrate_refuses_and_reports_dangerous_sessions() {
    let place =
        place().session("from", Session::new('e').raw(EVIL)).session("from", Session::new('f').raw(b"junk"));
    let from = place.path().join("from");
    fs::hard_link(from.join(id('b')), from.join("0".repeat(40))).unwrap();
    fs::write(from.join("README"), "no session").unwrap();
    let message = "\
        error: moin-1.9:from: 2 sessions: has 2 hard links (00000000…, bbbbbbbb…)\n\
        error: moin-1.9:from: eeeeeeee…: possible attack: contains os.system, which Python would import and could call\n\
        error: moin-1.9:from: ffffffff…: truncated pickle: ends at byte 0\n\
        help: if an extension you trust stores this class, add it to `[migrate] allow_globals`\n";
    let ran = place
        .wikifarm("session migrate --from moin-1.9:from --to json:j")
        .any_stdout()
        .any_stderr()
        .status(3)
        .run();
    assert_eq!(ran.stderr, message);
    assert_eq!(place.names("j").len(), 2);
    let farm = "[wikis.w]\nurl = \"https://w.example.org/\"\n[migrate]\nallow_globals = [\"os.*\"]\n";
    fs::write(place.path().join("farm.toml"), farm).unwrap();
    let line = "session migrate --from moin-1.9:from --to json:j --format json -f farm.toml --dry-run";
    let report = place.wikifarm(line).any_stdout().any_stderr().status(3).run().json();
    assert_eq!((&report["would_copy"], &report["forbidden"]), (&json!(1), &json!(0)));
}

#[test]
fn migrate_with_conflicts_follows_on_conflict() {
    let fresh = || {
        place()
            .session("to", Session::new('a').expires(LATER + 2).written(NOW - 9 * DAY))
            .session("to", Session::new('b').expires(LATER + 2).written(NOW))
    };
    let place = fresh();
    let before = (bytes(&place, "to", 'a'), bytes(&place, "to", 'b'));
    let refused = str![[r#"
error: the target has 2 other sessions with the same ids, such as aaaaaaaa…:
  nothing was changed
help: use --on-conflict skip or newer

"#]];
    let line = "session migrate --from moin-1.9:from --to moin-1.9:to --on-conflict";
    place.wikifarm(&format!("{line} fail")).stderr(refused).status(4).run();
    assert_eq!(initials(&place, "to"), "ab");
    place.wikifarm(&format!("{line} skip -q")).run();
    assert_eq!((bytes(&place, "to", 'a'), bytes(&place, "to", 'b')), before);
    place.wikifarm(&format!("{line} newer -q")).run();
    assert_eq!(bytes(&place, "to", 'a'), bytes(&place, "from", 'a'));
    assert_eq!(bytes(&place, "to", 'b'), before.1);

    // The rollback restores replaced sessions, and does not change other sessions of the target.
    let undone = str![[r#"
removed 1 copy from the target; restored 0 at the source and 1 at the target

"#]];
    place.wikifarm("session migrate --from moin-1.9:from --to moin-1.9:to --rollback").stdout(undone).run();
    assert_eq!((bytes(&place, "to", 'a'), bytes(&place, "to", 'b')), before);
    assert_eq!(initials(&place, "to"), "ab");
}

#[test]
fn migrate_rollback_undoes_a_move_except_later_changes() {
    let place = place();
    let before = bytes(&place, "from", 'a');
    place.wikifarm("session migrate --from moin-1.9:from --to moin-1.9:to --move -q").run();
    fs::write(place.path().join("to").join(id('d')), "(d.").unwrap();
    fs::remove_file(place.path().join("to").join(id('b'))).unwrap();
    let undone = str![[r#"
removed 1 copy from the target; restored 1 at the source and 0 at the target
1 already gone from the target
1 changed at the target, and kept

"#]];
    let changed = str![[r#"
error: moin-1.9:to: dddddddd…: changed since the migration: kept

"#]];
    let line = "session migrate --from moin-1.9:from --to moin-1.9:to --rollback";
    place.wikifarm(line).stdout(undone).stderr(changed).status(3).run();
    assert_eq!((initials(&place, "from"), initials(&place, "to")), ("ac".into(), "d".into()));
    assert_eq!(bytes(&place, "from", 'a'), before);
    let nothing = str![[r#"
error: nothing to undo: no journal of a migration between these stores

"#]];
    place
        .wikifarm("session migrate --from moin-1.9:to --to json:none --rollback")
        .stderr(nothing)
        .status(2)
        .run();
}

#[test]
fn migrate_copies_a_changed_source_again() {
    let place = place();
    let line = "session migrate --from moin-1.9:from --to moin-1.9:to";
    place.wikifarm(&format!("{line} -q")).run();
    let place = place.session("from", Session::new('a').expires(LATER + 3).user("1.2.3"));
    let report = place.wikifarm(&format!("{line} --format json")).any_stdout().run().json();
    assert_eq!(
        (&report["replaced"], &report["same"], &report["conflicts"]),
        (&json!(1), &json!(2), &json!(0))
    );
    assert_eq!(bytes(&place, "to", 'a'), bytes(&place, "from", 'a'));
}

#[test]
fn migrate_with_a_user_map_maps_users_by_name() {
    let place = place()
        .file("old/1.2.3", "name=JoeDoe\n")
        .file("old/4.5.6", "name=Gone\n")
        .file("new/7.8.9", "name=JoeDoe\n");
    let summary = str![[r#"
copied 2 of 4 sessions (93 B)
1 skipped: expired (use --include-expired to copy these)
1 refused: no user with this name at the target
users without a counterpart at the target: id:4.5.6
next: configure the wikis to use the target, restart them, then repeat the
  command with --from moin-1.9:from --move

"#]];
    let line =
        "session migrate --from moin-1.9:from --to moin-1.9:to --map-users --from-users old --to-users new";
    place.wikifarm(line).stdout(summary.clone()).status(3).run();
    let list = place.wikifarm("session list --store moin-1.9:to --format json").any_stdout().run().json();
    let ids: Vec<_> =
        list["sessions"].as_array().unwrap().iter().map(|session| session["user"]["id"].clone()).collect();
    assert!(ids.contains(&json!("7.8.9")) && ids.len() == 2, "{ids:?}");
    let unknown = str![[r#"
error: moin-1.9:from: unknown user directory
help: pass --from-users DIR

"#]];
    place
        .wikifarm("session migrate --from moin-1.9:from --to moin-1.9:to --map-users")
        .stderr(unknown.clone())
        .status(2)
        .run();
}

#[test]
fn migrate_renames_ids_of_another_version_consistently_or_keeps_them() {
    let place = Place::new().dir("from").dir("to").session("from", Session::old('f').expires(LATER));
    let refusal = str![[r#"
error: moin-1.8:from: ffffffff…: invalid id for moin-1.9
help: use --rename-ids

"#]];
    let line = "session migrate --from moin-1.8:from --to moin-1.9:to";
    place.wikifarm(line).any_stdout().stderr(refusal).status(3).run();
    place.wikifarm(&format!("{line} --rename-ids -q")).run();
    place
        .wikifarm(&format!("{line} --rename-ids"))
        .stdout(str![[r#"
copied 0 of 1 session (0 B)
1 skipped: the same session is already at the target

"#]])
        .run();
    assert_eq!(place.names("to").len(), 1);
    assert_eq!(place.names("to")[0].len(), 40);
    let unsure = str![[r#"
error: --rename-ids: json accepts ids of both generations
help: name the generation: --rename-ids=1.8 or --rename-ids=1.9

"#]];
    place
        .wikifarm("session migrate --from moin-1.8:from --to json:j --rename-ids")
        .stderr(unsure)
        .status(2)
        .run();
}

#[test]
fn migrate_to_an_old_version_refuses_sessions_that_it_cannot_read() {
    let place = Place::new()
        .dir("from")
        .dir("to")
        .session("from", Session::new('a').expires(LATER))
        .session("from", Session::new('b').user("1.2.3"));
    let refusal = "error: moin-1.9:from: bbbbbbbb…: no `expires`: MoinMoin 1.7 and 1.8 would answer every request with an error\n";
    let summary = str![[r#"
copied 1 of 2 sessions (29 B)
1 refused: no `expires`, which MoinMoin 1.7 and 1.8 require
next: configure the wikis to use the target, restart them, then repeat the
  command with --from moin-1.9:from --move

"#]];
    let line = "session migrate --from moin-1.9:from --to moin-1.8:to --rename-ids";
    place.wikifarm(line).stdout(summary).stderr(refusal).status(3).run();
    assert_eq!(place.names("to").len(), 1);
    place.wikifarm("session migrate --from moin-1.9:from --to json:j -q").run();
}

/// Root copies the sessions of a wiki to a directory that only root can write to, and back.
#[test]
fn migrate_as_root_restores_owners() {
    if !is_root() {
        return;
    }
    let place = place();
    let wiki = |path: &Path| std::os::unix::fs::chown(path, Some(4242), Some(4243)).unwrap();
    let all_may_pass = fs::Permissions::from_mode(0o755);
    fs::set_permissions(place.path().parent().unwrap(), all_may_pass).unwrap();
    wiki(&place.path().join("from"));
    for name in place.names("from") {
        wiki(&place.path().join("from").join(name));
    }
    place.wikifarm("session migrate --from moin-1.9:from --to json:kept --move -q").by_tester().run();
    assert_eq!(initials(&place, "from"), "c");
    place.wikifarm("session migrate --from json:kept --to moin-1.9:from --move -q").by_tester().run();
    assert_eq!(initials(&place, "from"), "abcd");
    let back = fs::metadata(place.path().join("from").join(id('a'))).unwrap();
    assert_eq!((back.uid(), back.gid()), (4242, 4243));
}

#[test]
fn migrate_with_impossible_arguments_is_refused_before_any_change() {
    let place = place()
        .file("other.db", "not a database, and long enough to look at: ".repeat(40))
        .dir("from/inside");
    symlink("from", place.path().join("link")).unwrap();
    let inside = "error: the target is inside the source: [DIR]/from/inside is in [DIR]/from\n";
    let one = "error: --from and --to are the same store\n\
               help: if the farm file names the target already, name the source by its location, such as --from moin-1.9:DIR\n";
    for (from, to, why, status) in [
        ("moin-1.9:from", "moin-1.9:from", one, 4),
        ("moin-1.9:from", "moin-1.9:./to/../from", one, 4),
        ("moin-1.9:from", "moin-1.9:from/inside", inside, 4),
        (
            "moin-1.9:from",
            "moin-1.9:none",
            "error: none: no such directory\nhelp: create it with the owner and mode that the wiki needs\n",
            3,
        ),
        ("moin-1.9:none", "moin-1.9:to", "error: none: no such directory\n", 3),
        #[cfg(feature = "sqlite")]
        ("moin-1.9:from", "sqlite:other.db", "error: sqlite:other.db: not an SQLite database\n", 3),
        #[cfg(not(feature = "sqlite"))]
        (
            "moin-1.9:from",
            "sqlite:new.db",
            "error: sqlite:new.db: this wikifarm was built without support for sqlite\n",
            3,
        ),
        #[cfg(feature = "redis")]
        (
            "moin-1.9:from",
            "redis://:pw@h/0",
            "error: --to redis://:…@h/0: password in an address, which other users can see in `ps`, expected a file: ?password_file=FILE\n",
            2,
        ),
        ("moin-1.9:from", "wiki:none", "", 2),
    ] {
        let run = place.wikifarm(&format!("session migrate --from {from} --to {to}")).status(status);
        if why.is_empty() {
            run.any_stderr().run()
        } else {
            run.stderr(why).run()
        };
    }
    assert_eq!((initials(&place, "from"), initials(&place, "to")), ("abcdi".into(), String::new()));
    let other: &Path = &place.path().join("other.db");
    assert!(fs::read_to_string(other).unwrap().starts_with("not a database"));
    place
        .wikifarm("session migrate --from moin-1.9:from --to json:j --mode 0666")
        .any_stderr()
        .status(2)
        .run();
}

#[test]
fn migrate_to_an_unwritable_target_keeps_the_source() {
    let place = place();
    let to = place.path().join("to");
    fs::set_permissions(&to, fs::Permissions::from_mode(0o500)).unwrap();
    let ran = place
        .wikifarm("session migrate --from moin-1.9:from --to moin-1.9:to --move")
        .any_stdout()
        .any_stderr()
        .status(3)
        .run();
    fs::set_permissions(&to, fs::Permissions::from_mode(0o700)).unwrap();
    same(
        &ran.stderr,
        str![[r#"
error: moin-1.9:to: permission denied

"#]],
    );
    assert_eq!((initials(&place, "from"), initials(&place, "to")), ("abcd".into(), String::new()));
}

/// A session from a database has no owner. It gets the owner of the target directory, even if root kept it as
/// readable JSON.
#[cfg(feature = "sqlite")]
#[test]
fn migrate_from_a_database_gives_files_to_the_targets_owner() {
    if !is_root() {
        return;
    }
    let place = place();
    fs::set_permissions(place.path().parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::chown(place.path().join("to"), Some(4242), Some(4243)).unwrap();
    for (from, to) in [("moin-1.9:from", "sqlite:r.db"), ("sqlite:r.db", "json:j"), ("json:j", "moin-1.9:to")]
    {
        place.wikifarm(&format!("session migrate --from {from} --to {to} -q")).by_tester().run();
    }
    assert_eq!(fs::metadata(place.path().join("j").join(id('a') + ".json")).unwrap().mode() & 0o777, 0o600);
    let back = fs::metadata(place.path().join("to").join(id('a'))).unwrap();
    assert_eq!((back.uid(), back.mode() & 0o777), (4242, 0o660));
}

#[test]
fn migrate_move_counts_failed_removals_once() {
    let place = place();
    fs::set_permissions(place.path().join("from"), fs::Permissions::from_mode(0o500)).unwrap();
    let expected = str![[r#"
copied 3 of 4 sessions (187 B)
1 skipped: expired (use --include-expired to copy these)
3 copies incomplete: see the messages
removed 0 from the source
next: configure the wikis to use the target, and restart them

"#]];
    let ran = place
        .wikifarm("session migrate --from moin-1.9:from --to moin-1.9:to --move")
        .stdout(expected)
        .any_stderr()
        .status(3)
        .run();
    fs::set_permissions(place.path().join("from"), fs::Permissions::from_mode(0o700)).unwrap();
    let first = "error: moin-1.9:from: 3 sessions: copied, but can't remove the session from the source: permission denied (aaaaaaaa…, bbbbbbbb…, dddddddd…)\n";
    assert!(ran.stderr.starts_with(first), "{}", ran.stderr);
    assert_eq!(initials(&place, "from"), "abcd");
}

#[cfg(feature = "sqlite")]
#[test]
fn migrate_into_a_database_accepts_only_ids_of_its_wikis() {
    let farm = r#"
        [wikis.old]
        moin = "1.8.7"
        url = "https://old.example.org/"
        cache_dir = "cache"

        [wikis.new]
        moin = "1.9.11"
        url = "https://new.example.org/"
        session_store = "sqlite:new.db"
    "#;
    let place = Place::farm(farm).session("cache/__common__/session", Session::old('f').expires(LATER));
    let refusal = "error: moin-1.8:cache/__common__/session: ffffffff…: invalid id for moin-1.9\nhelp: use --rename-ids\n";
    let line = "session migrate -f farm.toml --from wiki:old --to wiki:new";
    let expected = str![[r#"
copied 0 of 1 session (0 B)
1 refused: the target rejects the id (use --rename-ids)

"#]];
    place.wikifarm(line).stdout(expected).stderr(refusal).status(3).run();
    place
        .wikifarm(&format!("{line} --rename-ids"))
        .stdout(str![[r#"
copied 1 of 1 session (29 B)
next: configure the wikis to use the target, restart them, then repeat the
  command with --from moin-1.8:cache/__common__/session --move
warning: at a login, MoinMoin 1.9.7 and later rewrite the password hash in the
  user directory, and older versions then refuse the password: back up the user
  directory, in case you go back

"#]])
        .run();
    let list = place.wikifarm("session list --store sqlite:new.db --reveal --format json").any_stdout().run();
    assert_eq!(list.json()["sessions"][0]["id"].as_str().unwrap().len(), 40);
}
