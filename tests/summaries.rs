//! Each command that changes something prints a summary, even if the output is not a terminal. Only `-q`
//! disables it.

use crate::support::{DAY, Place, Session, clock};

/// A farm in which each of the commands below changes something.
fn place() -> Place {
    let farm =
        "moin = \"1.9.11\"\n[wikis.docs]\nurl = \"https://docs.example.org/\"\nsession_dir = \"sessions\"\n";
    let live = |digit| Session::new(digit).user("1.2").expires(clock() + DAY).written(clock() - 60);
    Place::farm(farm)
        .sessions("sessions", ['a', 'b', 'c'].map(live))
        .dir("to")
        .file("wikiconfig.py", "from MoinMoin.config.multiconfig import DefaultConfig\nclass Config(DefaultConfig):\n    cookie_lifetime = (0, 12)\n")
        .file(
            "mend.toml",
            "moin = \"1.9.11\"\n[wikis.docs]\nurl = \"https://docs.example.org/\"\ncookie_nam = \"x\"\n",
        )
}

const MIGRATE: &str = "session migrate --from moin-1.9:sessions --to moin-1.9:to --move";

/// The commands, each with the commands that run before it, and whether it has a summary in JSON.
const COMMANDS: [(&str, &[&str], bool); 11] = [
    ("session prune --all --yes", &[], true),
    ("session revoke --user id:1.2 --settle 0s", &[], true),
    ("session revoke aaaaaaaa --settle 0s", &[], true),
    (MIGRATE, &[], true),
    ("session migrate --from moin-1.9:sessions --to moin-1.9:to --rollback", &[MIGRATE], true),
    (
        "session migrate --from moin-1.9:sessions --to sqlite:s.db --rename-ids=1.8 --cookie-map json map --old-cookie A --new-cookie B",
        &[],
        true,
    ),
    ("config new --hosts a.example.org -o new.toml", &[], true),
    ("config import wikiconfig.py --url https://a.example.org/ -o imported.toml", &[], true),
    ("-f mend.toml config check --fix --unsafe-fixes", &[], true),
    ("demo farm", &[], false),
    ("man pages", &[], false),
];

#[test]
fn commands_that_change_something_print_a_summary_unless_quiet() {
    for (words, before, json) in COMMANDS {
        let run = |options: &str| {
            let place = place();
            for earlier in before {
                place.wikifarm(earlier).any_stdout().run();
            }
            place.wikifarm(&format!("{words} {options}")).any_stdout().any_stderr().run()
        };
        assert!(!run("").stdout.trim().is_empty(), "in silence: {words}");
        let quiet = run("-q");
        assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""), "{words} -q");
        if json {
            assert!(run("--format json").json().is_object(), "{words}");
        }
    }
}

#[test]
fn prune_into_a_file_lists_each_store_with_its_removals() {
    let place = place();
    let ran = place.wikifarm("session prune --all --yes").any_stdout().run();
    let lines: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0][..2], ["STORE", "REMOVED"], "{}", ran.stdout);
    assert_eq!(lines[1][..2], ["docs", "3"], "{}", ran.stdout);
    assert!(place.names("sessions").is_empty());
}
