//! `wikifarm man DIR`, and the pages in `man/`.

use std::fs;
use std::path::Path;

use crate::support::Place;

#[test]
fn man_writes_the_committed_pages() {
    let place = Place::new();
    place.wikifarm("man pages").any_stdout().run();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let cure = "write them anew: rm man/*.1 && cargo run -- man man";
    let mut names: Vec<String> = fs::read_dir(&committed)
        .unwrap_or_else(|error| panic!("{}: {error}; {cure}", committed.display()))
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".1"))
        .collect();
    names.sort();
    assert_eq!(names, place.names("pages"), "{cure}");
    for name in names {
        let (old, new) = (committed.join(&name), place.path().join("pages").join(&name));
        assert!(fs::read(old).unwrap() == fs::read(new).unwrap(), "man/{name} is out of date; {cure}");
    }
}

#[test]
fn man_writes_a_page_for_each_command() {
    Place::new()
        .wikifarm("man -v pages")
        .stdout(str![[r#"
wikifarm-completions.1
wikifarm-config-check.1
wikifarm-config-export.1
wikifarm-config-import.1
wikifarm-config-new.1
wikifarm-config-rules.1
wikifarm-config-schema.1
wikifarm-config-show.1
wikifarm-config.1
wikifarm-cookie-diff.1
wikifarm-cookie-explain.1
wikifarm-cookie-header.1
wikifarm-cookie-preview.1
wikifarm-cookie-probe.1
wikifarm-cookie-simulate.1
wikifarm-cookie-test.1
wikifarm-cookie.1
wikifarm-demo.1
wikifarm-man.1
wikifarm-schema.1
wikifarm-session-list.1
wikifarm-session-migrate.1
wikifarm-session-prune.1
wikifarm-session-revoke.1
wikifarm-session-show.1
wikifarm-session-stats.1
wikifarm-session-verify.1
wikifarm-session-whois.1
wikifarm-session.1
wikifarm-store-find.1
wikifarm-store-list.1
wikifarm-store.1
wikifarm.1
pages: wrote 33 manual pages

"#]])
        .run();
}

#[test]
fn man_into_an_unwritable_directory_fails() {
    Place::new()
        .file("pages", "")
        .wikifarm("man pages")
        .status(3)
        .stderr(str![[r#"
error: can't write manual pages into pages: file exists

"#]])
        .run();
}
