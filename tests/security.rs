//! `SECURITY.md`: checks that each test that it names exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The names of all tests and test modules in Rust and Python files below a directory.
fn names(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "py") {
            found.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
            let text = fs::read_to_string(&path).unwrap();
            let words =
                text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            let (before, after) = (words.clone(), words.skip(1));
            let defined = before.zip(after).filter(|(word, _)| matches!(*word, "fn" | "def"));
            found.extend(defined.map(|(_, name)| name.to_owned()));
        }
    }
}

#[test]
fn security_md_names_only_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut known = BTreeSet::new();
    ["src", "tests", "contrib"].iter().for_each(|dir| names(&root.join(dir), &mut known));
    let text = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let shown_by = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let named = shown_by.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect::<Vec<_>>();
    assert!(named.len() > 40, "{named:?}");
    let missing = named.iter().filter(|name| !known.contains(name.rsplit("::").next().unwrap_or(name)));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&str>::new());
}
