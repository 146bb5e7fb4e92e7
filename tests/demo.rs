//! `wikifarm demo [DIR]`

use crate::support::Place;

#[test]
fn demo_tour_commands_print_the_same_when_typed() {
    let place = Place::new();
    let tour = place.wikifarm("demo lab --now 1795400000").any_stdout().run().stdout;
    assert!(tour.starts_with("A farm of four wikis in lab: farm.toml, users, and sessions of every kind.\n"));
    assert!(tour.ends_with("\nThe farm stays in lab: go there and try the commands.\n"));
    let steps: Vec<&str> = tour.split("\n# ").skip(1).collect();
    let shown: Vec<&str> = steps.iter().map(|step| step.lines().nth(1).unwrap()).collect();
    assert_eq!(
        shown,
        [
            "$ wikifarm config check",
            "$ wikifarm cookie preview",
            "$ wikifarm cookie explain docs trap",
            "$ wikifarm cookie header docs",
            "$ wikifarm session stats --top 3",
            "$ wikifarm session list --state live --sort expires --limit 5",
            "$ wikifarm session list --user AdminAda --state live --limit 3",
            "$ wikifarm session prune --dry-run",
        ]
    );
    for (step, command) in steps.iter().zip(shown) {
        let words = command.strip_prefix("$ wikifarm ").unwrap();
        let run = place.wikifarm(&format!("-f lab/farm.toml --now 1795400000 {words}"));
        let found = run.status(i32::from(words == "config check")).any_stdout().run().stdout;
        assert!(step.contains(&format!("{command}\n\n{found}")), "{step}\n--- but typed:\n{found}");
    }
}

#[test]
fn demo_farm_has_the_log_out_trap() {
    let place = Place::new();
    place.wikifarm("demo lab --now 1795400000").any_stdout().run();
    place.wikifarm("-f lab/farm.toml cookie preview").stdout(str![[r#"
Wikis that share a login:
  1. docs, plans
On their own: trap, old

Pairs that do not work:
  docs, plans -> trap: conflict at step 4: one visit to trap deletes the cookie and logs out of docs
  trap -> docs, plans: conflict at step 4: one visit to docs gives the cookie the anonymous lifetime: the login at trap then ends after 30 min unless trap is visited again

"#]]).run();
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
        ("deleted", 2789),
    ] {
        assert_eq!(total[count], expected, "{count}");
    }
}

#[test]
fn demo_without_a_directory_leaves_nothing_behind() {
    let place = Place::new().dir("tmp");
    let tmp = place.path().join("tmp");
    let tour = place.wikifarm("demo").env("TMPDIR", tmp.to_str().unwrap()).any_stdout().run().stdout;
    assert!(tour.starts_with("A farm of four wikis in [DIR]/tmp/wikifarm-demo-"), "{tour}");
    assert!(
        tour.ends_with("\n`wikifarm demo DIR` makes the same farm in DIR and leaves it there.\n"),
        "{tour}"
    );
    assert_eq!(place.names("tmp").len(), 0);
}

#[test]
fn demo_in_a_directory_with_files_is_refused() {
    let place = Place::new().file("lab/notes", "mine");
    place
        .wikifarm("demo lab")
        .status(2)
        .stderr(str![[r#"
error: lab is not empty: name a directory that is

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
error: can't use lab: file exists

"#]])
        .run();
}
