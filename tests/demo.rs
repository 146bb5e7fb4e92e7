//! `wikifarm demo [DIR]`

use crate::support::Place;

#[test]
fn demo_tour_commands_print_the_same_when_typed() {
    let place = Place::new();
    let tour = place.wikifarm("demo lab --now 1795400000").any_stdout().run().stdout;
    assert!(tour.starts_with("Created a demo farm in lab: farm.toml, four wikis, users, and sessions\n"));
    assert!(tour.ends_with("\nhelp: try more commands: cd lab && wikifarm config check\n"));
    let steps: Vec<&str> = tour.split("\n# ").skip(1).collect();
    let shown: Vec<&str> = steps.iter().map(|step| step.lines().nth(1).unwrap()).collect();
    assert_eq!(
        shown,
        [
            "$ wikifarm cookie preview",
            "$ wikifarm cookie explain docs trap",
            "$ wikifarm session list --user BobBuilder --state live --limit 3",
            "$ wikifarm session prune --dry-run",
        ]
    );
    for (step, command) in steps.iter().zip(shown) {
        let words = command.strip_prefix("$ wikifarm ").unwrap();
        let run = place.wikifarm(&format!("-f lab/farm.toml --now 1795400000 {words}"));
        let found = run.any_stdout().run().stdout;
        assert!(step.contains(&format!("{command}\n\n{found}")), "{step}\n--- but typed:\n{found}");
    }
}

#[test]
fn demo_farm_has_the_log_out_trap() {
    let place = Place::new();
    place.wikifarm("demo lab --now 1795400000").any_stdout().run();
    place
        .wikifarm("-f lab/farm.toml cookie preview")
        .stdout(str![[r#"
Shared logins
  docs and plans
Separate
  trap and old
Problems
  visiting trap deletes the shared cookie: users are logged out of docs and
    plans
  visiting docs or plans shortens the shared cookie to 30 min: users are logged
    out of trap unless they return in time
help: `wikifarm -f lab/farm.toml cookie explain docs trap` shows each step

"#]])
        .run();
}

#[test]
fn demo_sessions_are_of_every_state() {
    let place = Place::new();
    place.wikifarm("demo lab --now 1795400000").any_stdout().run();
    let plan = place.wikifarm("-f lab/farm.toml session prune --now 1795400000 --format json");
    let total = plan.any_stdout().run().json()["total"].clone();
    for (count, expected) in [
        ("scanned", 3191),
        ("live", 401),
        ("expired", 2540),
        ("no_expires", 246),
        ("invalid_expires", 1),
        ("unreadable", 3),
        ("stale_temp", 8),
        ("foreign", 1),
        ("would_delete", 2789),
    ] {
        assert_eq!(total[count], expected, "{count}");
    }
}

#[test]
fn demo_without_a_directory_removes_its_files() {
    let place = Place::new().dir("tmp");
    let tmp = place.path().join("tmp");
    let tour = place.wikifarm("demo").env("TMPDIR", tmp.to_str().unwrap()).any_stdout().run().stdout;
    assert!(tour.starts_with("Created a demo farm in [DIR]/tmp/wikifarm-demo-"), "{tour}");
    assert!(tour.ends_with("\nhelp: keep the farm to try more commands: wikifarm demo DIR\n"), "{tour}");
    assert_eq!(place.names("tmp").len(), 0);
}

#[test]
fn demo_in_a_directory_with_files_is_refused() {
    let place = Place::new().file("lab/notes", "mine");
    place
        .wikifarm("demo lab")
        .status(2)
        .stderr(str![[r#"
error: lab is not empty
help: choose a new or empty directory

"#]])
        .run();
    assert_eq!(place.names("lab"), ["notes"]);
}

#[test]
fn demo_with_a_file_as_directory_names_it() {
    Place::new()
        .file("lab", "")
        .wikifarm("demo lab")
        .status(2)
        .stderr(str![[r#"
error: lab: file exists

"#]])
        .run();
}
