//! `wikifarm man DIR`

use crate::support::Place;

#[test]
fn there_is_a_page_for_each_command() {
    Place::new()
        .wikifarm("man -v pages")
        .stdout(
            r"
            wikifarm-completions.1
            wikifarm-config-check.1
            wikifarm-config-rules.1
            wikifarm-config-show.1
            wikifarm-config.1
            wikifarm-cookie-explain.1
            wikifarm-cookie-header.1
            wikifarm-cookie-preview.1
            wikifarm-cookie-simulate.1
            wikifarm-cookie.1
            wikifarm-demo.1
            wikifarm-man.1
            wikifarm-session-list.1
            wikifarm-session-prune.1
            wikifarm-session-show.1
            wikifarm-session-stats.1
            wikifarm-session.1
            wikifarm.1
            ",
        )
        .run();
}

#[test]
fn where_nothing_can_be_written_it_says_so() {
    Place::new()
        .file("pages", "")
        .wikifarm("man pages")
        .status(3)
        .stderr(
            r"
            wikifarm: can't write manual pages into pages: File exists (os error 17)
            ",
        )
        .run();
}
