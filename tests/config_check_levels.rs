//! `wikifarm config check`: which findings are reported, and their severities.

use crate::support::{Place, Ran};

/// The rules and severities that are reported.
fn found(ran: &Ran) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let findings = ran.json()["findings"].as_array().unwrap().clone();
    findings.iter().map(|finding| (text(&finding["rule"]), text(&finding["severity"]))).collect()
}

#[track_caller]
fn check(farm: &str, options: &str, status: i32, expected: &[(&str, &str)]) {
    let place = Place::farm(farm);
    let ran =
        place.wikifarm(&format!("config check --format json {options}")).status(status).any_stdout().run();
    let found = found(&ran);
    let found: Vec<_> = found.iter().map(|(rule, severity)| (rule.as_str(), severity.as_str())).collect();
    assert_eq!(found, expected);
}

const IMPRECISE: &str = r#"
    moin = "1.9"
    [wikis.a]
    url = "https://a.example.org/"
    [wikis.b]
    url = "https://b.example.org/"
"#;

#[test]
fn check_with_an_allow_comment_skips_the_rule_on_that_line() {
    let behind = IMPRECISE.replace("\"1.9\"", "\"1.9\"  # wikifarm: allow(imprecise-version) nobody knows");
    check(&behind, "", 0, &[]);
    let above = IMPRECISE.replace("moin", "# wikifarm: allow(versions) nobody knows\n    moin");
    check(&above, "", 0, &[]);
    let elsewhere = IMPRECISE.replace("[wikis.a]", "[wikis.a] # wikifarm: allow(imprecise-version) no");
    check(&elsewhere, "", 0, &[("imprecise-version", "warning"), ("unused-suppression", "warning")]);
}

#[test]
fn check_reports_suppressions_that_are_unknown_unused_or_without_reason() {
    let with = |comment: &str| IMPRECISE.replace("\"1.9\"", &format!("\"1.9\"  # wikifarm: {comment}"));
    check(
        &with("allow(imprecise-version, invalid-path)"),
        "",
        0,
        &[("suppression-without-reason", "warning"), ("unused-suppression", "warning")],
    );
    check(
        &with("allow(imprecise-versoin) x"),
        "",
        1,
        &[("imprecise-version", "warning"), ("unknown-rule", "error")],
    );
    check(
        &with("forbid(all)"),
        "",
        0,
        &[("imprecise-version", "warning"), ("invalid-suppression", "warning")],
    );
    Place::farm(
        &IMPRECISE
            .replace("1.9", "1.9.11")
            .replace("[wikis.b]", "[lint]\n    allow = [\"versions\"]\n    [wikis.b]"),
    )
    .wikifarm("config check")
    .stdout(str![[r#"
warning[unused-suppression]: "versions" is allowed here, but has no findings
 --> farm.toml:5:10
  |
5 | allow = ["versions"]
  |          ^^^^^^^^^^
  |
  = help: remove the name, which would hide future findings

farm.toml: 2 wikis, 1 warning

"#]])
    .run();
}

#[test]
fn check_with_missing_directory_allowed_exits_0() {
    let farm = IMPRECISE.replace("\"1.9\"", "\"1.9.11\"");
    check(&format!("{farm}    [lint]\n    allow = [\"missing-directory\"]\n"), "", 0, &[]);
}

#[test]
fn check_applies_the_lint_levels_of_a_wiki() {
    let own = IMPRECISE
        .replace("a.example.org/\"", "a.example.org/\"\n    lint = { allow = [\"imprecise-version\"] }");
    let place = Place::farm(&own);
    let ran = place.wikifarm("config check --format json").any_stdout().run();
    assert_eq!(found(&ran), [("imprecise-version".to_owned(), "warning".to_owned())]);
    assert_eq!(ran.json()["findings"][0]["wikis"], serde_json::json!(["b"]));
    let own = IMPRECISE.replace("b.example.org/\"", "b.example.org/\"\n    lint.deny = [\"versions\"]");
    check(&own, "", 1, &[("imprecise-version", "warning"), ("imprecise-version", "error")]);
    // The level of this rule takes precedence over the level of its family, and the wiki over the farm.
    let farm = IMPRECISE.replace(
        "[wikis.a]",
        "[lint]\n    deny = [\"versions\"]\n    warn = [\"imprecise-version\"]\n    [wikis.a]",
    );
    check(&farm, "", 0, &[("imprecise-version", "warning")]);
    let bad = IMPRECISE.replace("a.example.org/\"", "a.example.org/\"\n    lint = { alow = [] }");
    let ran = Place::farm(&bad).wikifarm("config check --format json").status(1).any_stdout().run();
    assert_eq!(ran.json()["findings"][1]["message"], "a: unknown key \"alow\" in lint of the table");
}

#[test]
fn check_with_deny_warnings_exits_1() {
    check(IMPRECISE, "", 0, &[("imprecise-version", "warning")]);
    for what in ["warnings", "versions", "imprecise-version", "invalid-path,warnings"] {
        check(IMPRECISE, &format!("--deny {what}"), 1, &[("imprecise-version", "error")]);
    }
    check(IMPRECISE, "--deny warnings --allow versions", 0, &[]);
    check(IMPRECISE, "--deny domain", 0, &[("imprecise-version", "warning")]);
    Place::farm(IMPRECISE)
        .wikifarm("config check --deny warning")
        .status(2)
        .stderr(str![[r#"
error: --deny: there is no rule or family "warning"
help: did you mean "warnings"?

"#]])
        .run();
}

#[test]
fn check_with_min_severity_hides_findings_and_keeps_the_status() {
    check(IMPRECISE, "--min-severity error", 0, &[]);
    check(IMPRECISE, "--min-severity error --deny warnings", 1, &[("imprecise-version", "error")]);
}
