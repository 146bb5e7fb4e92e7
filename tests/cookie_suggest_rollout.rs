//! `wikifarm cookie suggest`: the commands of the rollout, run as printed

use crate::support::{DAY, Place, Session, clock};

/// Runs the `wikifarm session migrate` lines of the first suggestion as a shell reads them.
fn run_as_printed(place: &Place) -> Vec<String> {
    let printed = place.wikifarm("cookie suggest").any_stdout().any_stderr().run().stdout;
    let first = printed.split("\n2. ").next().unwrap();
    let commands = first.lines().map(str::trim).filter(|line| line.starts_with("wikifarm session migrate"));
    let commands: Vec<String> = commands.map(str::to_owned).collect();
    for command in &commands {
        let words = shlex::split(command).unwrap_or_else(|| panic!("{command}"));
        place.wikifarm("").args(&words[1..]).any_stdout().run();
    }
    commands
}

fn live(session: Session) -> Session {
    session.expires(clock() + 30 * DAY).written(clock())
}

#[test]
fn suggested_commands_move_sessions_and_users_of_1_9() {
    let place = Place::farm(
        r#"
        moin = "1.9.11"

        [farm]
        cookie_domain = ".example.org"
        cookie_name = "lab"

        [wikis.docs]
        url = "https://docs.example.org/"
        session_dir = "the sessions"
        user_dir = "users"

        [wikis.plans]
        url = "https://plans.example.org/"
        session_dir = "the sessions"
        user_dir = "users"

        [wikis.ours]
        url = "https://ours.example.org/"
        data_dir = "ours's data"

        [[share]]
        wikis = ["docs", "plans", "ours"]
        "#,
    )
    .dir("the sessions")
    .file("users/1.1.1", "name=Ada\n")
    .file("ours's data/user/2.2.2", "name=Ada\n")
    .dir("ours's data/cache/__session__")
    .session("ours's data/cache/__session__", live(Session::new('a').user("2.2.2")));
    let commands = run_as_printed(&place);
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert_eq!(place.names("the sessions"), ["a".repeat(40)]);
    let moved = std::fs::read(place.path().join("the sessions").join("a".repeat(40))).unwrap();
    assert!(String::from_utf8_lossy(&moved).contains("1.1.1"), "the user id of the target");
}

#[test]
fn suggested_commands_rename_ids_with_a_cookie_map_for_each_wiki() {
    let old = |name: &str| {
        format!(
            "[wikis.{name}]\nmoin = \"1.8.7\"\nurl = \"https://{name}.example.org/\"\ndata_dir = \"{name}\"\nuser_dir = \"users\"\n"
        )
    };
    let farm = format!(
        "[wikis.docs]\nmoin = \"1.9.11\"\nurl = \"https://docs.example.org/\"\ncookie_domain = \".example.org\"\n\
         cookie_name = \"lab\"\nsession_dir = \"sessions\"\nuser_dir = \"users\"\n{}{}[[share]]\n\
         wikis = [\"docs\", \"one\", \"two\"]\n",
        old("one"),
        old("two")
    );
    let mut place = Place::new().file("farm.toml", farm).dir("sessions").file("users/1.1.1", "name=Ada\n");
    for (name, letter) in [("one", 'a'), ("two", 'b')] {
        let dir = format!("{name}/cache/__common__/session");
        place = place.dir(&dir).session(&dir, live(Session::old(letter).user("1.1.1")));
    }
    let commands = run_as_printed(&place);
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert_eq!(place.names("sessions").len(), 2);
    let maps = place.names(".").into_iter().filter(|name| name.starts_with("cookie-map")).count();
    assert_eq!(maps, 2, "one map does not replace the other");
}

#[test]
fn suggest_names_wikis_with_a_custom_handler() {
    Place::farm(
        r#"
        moin = "1.9.11"

        [wikis.docs]
        url = "https://docs.example.org/"

        [wikis.odd]
        url = "https://odd.example.org/"
        session_service = "custom"
        "#,
    )
    .wikifarm("cookie suggest")
    .stdout(str![[r#"
nothing to change: wikis share logins as intended, and none affects another one

"#]])
    .stderr(str![[r#"
not considered, because the session handler is custom: odd

"#]])
    .run();
}
