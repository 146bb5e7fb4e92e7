//! `wikifarm config rules [NAME]`

use crate::support::{Place, same};

/// The names of all rules, in the order of the list. The test detects renamed rules.
const NAMES: &str = "
    toml-syntax unknown-key misplaced-key wrong-type invalid-value unknown-version set-and-unset useless-unset
    unknown-group group-cycle unknown-wiki no-wikis missing-url invalid-url duplicate-url unused-group
    duplicate-alias single-wiki-share duplicate-item redundant-setting nested-url python-syntax dynamic-setting
    missing-config regex-mismatch unreachable-wiki import-cycle imprecise-version missing-version
    ignored-setting lifetime-format custom-handler forced-httponly broken-domain domain-mismatch
    domain-public-suffix domain-ip invalid-domain alias-domain-mismatch domain-too-wide
    trailing-dot-host invalid-cookie-name siteid-collision literal-siteidmagic doubled-prefix generated-cookie-name
    varying-cookie-name prefix-violation default-cookie-name path-mismatch invalid-path
    path-trailing-slash attribute-too-long lifetime-below-one-hour login-disabled anonymous-lifetime-too-short
    truncated-lifetime lifetime-over-400-days anonymous-outlives-login share-lifetimes-differ
    clock-skew ten-year-login
    negative-anonymous-lifetime secure-over-http mixed-schemes cookie-not-secure unencrypted-login cookie-not-httponly
    samesite-strict samesite-none-insecure sample-secret-key shared-secret-key no-auth-methods log-out-trap share-not-met
    share-unintended cookie-rejected shadowed-cookie id-leaks-to-wiki browsers-differ secure-blocks-http share-duplicates-differ
    missing-secret-key-id missing-directory in-web-root session-in-tmp session-in-memory read-only-sessions
    disk-full unwritable-sessions access-denied readable-sessions clock-behind disk-nearly-full session-on-network
    foreign-files
    session-dir-overlaps unknown-session-dir shared-data-dir first-request-store torn-writes mixed-session-formats mixed-password-hashes
    store-layout-mismatch session-dir-conflict world-writable listable-sessions writable-parent
    owners-differ anonymous-without-prune prune-without-idle never-pruned idle-below-login
    unguarded-prune no-prune-job cleansessions-job job-deletes-every-session job-deletes-logins unknown-rule unused-suppression invalid-suppression
    suppression-without-reason
";

#[test]
fn rules_lists_each_name_in_the_order_of_the_families() {
    let listed = Place::new().wikifarm("config rules").any_stdout().run().stdout;
    let rules = listed.lines().filter_map(|line| line.strip_prefix("  "));
    let names: Vec<&str> = rules.filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, NAMES.split_whitespace().collect::<Vec<_>>());
}

#[test]
fn rules_lists_severity_summary_and_fix_by_family() {
    let listed = Place::new().wikifarm("config rules").any_stdout().run().stdout;
    let family = listed.split("\n\n").find(|family| family.starts_with("path\n"));
    same(
        family.unwrap_or_default(),
        str![[r#"
path
  path-mismatch                 error    a cookie path that does not cover the wiki
  invalid-path                  error    a `cookie_path` that is not a valid path (unsafe fix)
  path-trailing-slash           warning  a `cookie_path` with a trailing slash (unsafe fix)
  attribute-too-long            error    a `cookie_path` or `cookie_domain` of more than 1,024 bytes
"#]],
    );
}

#[test]
fn rules_with_a_name_prints_the_page_as_plain_text() {
    Place::new()
        .wikifarm("config rules broken-domain")
        .stdout(str![[r#"
broken-domain
  Severity: error. Family: domain. Fix: unsafe.

What it does
  Reports a `cookie_domain` that breaks every response of this version.

Why it matters
  Visitors see an error page instead of the wiki. From 1.9.4 on, every response
  that sets a cookie fails if `cookie_domain` has no dot. From 1.9.9 on, an
  empty `cookie_domain` has the same effect.

Example
    moin = "1.9.11"

    [wikis.one]
    url = "http://localhost/"
    cookie_domain = "localhost"

Instead
    moin = "1.9.11"

    [wikis.one]
    url = "http://localhost/"

Suggestion
  Delete `cookie_domain`, or `unset` it for this wiki. The cookie is then valid
  for the wiki's own host. `wikifarm config check --fix --unsafe-fixes` applies
  the fix; check first that it is right.

Since
  0.1.0

"#]])
        .run();
}

#[test]
fn rules_with_an_unknown_name_suggests_the_nearest() {
    Place::new()
        .wikifarm("config rules log-out-tarp")
        .status(2)
        .stderr(str![[r#"
error: there is no rule "log-out-tarp"
help: did you mean "log-out-trap"?

"#]])
        .run();
}

#[test]
fn rules_as_json_have_the_summary_and_the_page() {
    let place = Place::new();
    let rules = place.wikifarm("config rules --format json").any_stdout().run().json();
    let rules = rules["rules"].as_array().unwrap();
    let names: Vec<&str> = rules.iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert_eq!(names, NAMES.split_whitespace().collect::<Vec<_>>());
    let mut rule = rules[0].clone();
    let page = rule.as_object_mut().unwrap().remove("page").unwrap();
    assert!(page.as_str().unwrap().starts_with("# toml-syntax\n\nSeverity: error (fixed)."), "{page}");
    let expected = serde_json::json!({
        "rule": "toml-syntax", "family": "syntax", "severity": "error", "fix": null, "fatal": true,
        "summary": "a farm file with a syntax error",
    });
    assert_eq!(rule, expected);
}
