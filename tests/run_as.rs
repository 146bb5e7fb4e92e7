//! `--run-as NAME`: root permanently becomes a user without the rights of root.

use std::os::unix::fs::chown;

use crate::support::{DAY, Place, Session, clock, is_root};

const PRUNE: &str = "session prune --no-index --store moin-1.9:his --store moin-1.9:roots";

fn place() -> Place {
    let over = |digit| Session::new(digit).expires(clock() - 2 * DAY).written(clock() - 2 * DAY);
    Place::new().session("his", over('a')).session("roots", over('b'))
}

/// As `nobody`, a run by root can use only the files of `nobody`.
#[test]
fn run_as_reaches_only_files_of_that_user() {
    if !is_root() {
        // Only root can become another user. The next test covers other users.
        return;
    }
    let place = place();
    for path in [place.path(), place.path().join("his"), place.path().join("his").join("a".repeat(40))] {
        chown(path, Some(65534), Some(65534)).unwrap();
    }
    for path in [place.home(), place.path().parent().unwrap().to_owned()] {
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    }
    let state = place.path().join("state");
    let run = |words: &str| {
        place
            .wikifarm(words)
            .by_tester()
            .env("STATE_DIRECTORY", state.to_str().unwrap())
            .env("RUNTIME_DIRECTORY", state.to_str().unwrap())
    };
    let ran = run(&format!("--run-as nobody {PRUNE}")).status(3).any_stderr().any_stdout().run();
    assert_eq!(
        ran.stderr, "error: roots/bbbbbbbb…: permission denied\n",
        "root's own directory is none of nobody's"
    );
    assert!(place.names("his").is_empty());
    assert_eq!(place.names("roots").len(), 1);
}

#[test]
fn run_as_by_others_than_root_or_to_an_unknown_user_is_refused() {
    let place = place();
    place
        .wikifarm(&format!("--run-as nobody {PRUNE}"))
        .status(4)
        .stderr(str![[r#"
error: --run-as: only root can become another user

"#]])
        .run();
    place
        .wikifarm(&format!("--run-as root {PRUNE}"))
        .status(4)
        .stderr(str![[r#"
error: --run-as: can't run as root: name the user of the wikis

"#]])
        .run();
    place
        .wikifarm(&format!("--run-as no.such.user {PRUNE}"))
        .status(2)
        .stderr(str![[r#"
error: --run-as: user "no.such.user" does not exist

"#]])
        .run();
    assert_eq!((place.names("his").len(), place.names("roots").len()), (1, 1));
}
