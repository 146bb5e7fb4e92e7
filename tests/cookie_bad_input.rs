//! The `cookie` commands with arguments that are too long or not text.

use crate::support::{Place, same};

#[test]
fn commands_with_a_bad_url_shorten_it_in_the_error() {
    let long = "x".repeat(100_000);
    let place = Place::new();
    for (flags, url) in [("--url", &long), ("--url https://a.example.org/ --visit", &long)] {
        let run = place.wikifarm("cookie test --set-cookie a=b").args(flags.split(' ')).arg(url);
        let stderr = run.status(2).any_stderr().run().stderr;
        assert!(stderr.len() < 2000 && stderr.contains("; did you mean https://xxx"), "{}", stderr.len());
    }
    // The same for a wiki that does not exist.
    let farm = Place::farm("[wikis.a]\nurl = \"https://a.example.org/\"\n");
    let stderr = farm.wikifarm("cookie header").arg(&long).status(2).any_stderr().run().stderr;
    same(
        &stderr,
        str![[r#"
error: farm.toml: no wiki "xxxxxxxx…"
help: use "a"

"#]],
    );
    let stderr = farm.wikifarm("cookie header").arg("ab ".repeat(1000)).status(2).any_stderr().run().stderr;
    let short = "ab ".repeat(20);
    assert_eq!(stderr, format!("error: farm.toml: no wiki \"{short}…\"\nhelp: use \"a\"\n"));
}

#[test]
fn commands_with_a_bad_time_name_the_expected_form() {
    let step = r#"{"url": "https://a.example.org/", "visit": true, "at": "noon"}"#;
    let stderr =
        Place::new().wikifarm("cookie test --script -").stdin(step).status(2).any_stderr().run().stderr;
    assert!(stderr.contains(": invalid type: string \"noon\", expected unix seconds\n"), "{stderr}");
}
