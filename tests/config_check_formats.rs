//! `wikifarm config check --format …`, for CI. The exit status does not depend on the format.

use serde_json::Value;

use crate::support::{Place, Ran, fixtures};

/// One error and one warning.
const FARM: &str = r#"
    moin = "1.9"
    [wikis.a]
    url = "https://a.example.org/"
    cookie_domain = ".example.net"
"#;

/// Checks `farm` in a format.
fn check(farm: &str, format: &str, status: i32) -> Ran {
    Place::farm(farm).wikifarm("config check --format").arg(format).status(status).any_stdout().run()
}

/// Panics if a document does not match the official schema.
fn assert_is_sarif(document: &Value) {
    let schema = std::fs::read(fixtures().join("sarif/sarif-schema-2.1.0.json")).unwrap();
    let mut schema: Value = serde_json::from_slice(&schema).unwrap();
    // A pattern in the first edition is not a valid regular expression. Errata 01 corrects it.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"]["pattern"] =
            "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$".into();
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    // The validator works: a document without a tool is invalid.
    let mut broken = document.clone();
    broken["runs"][0].as_object_mut().unwrap().remove("tool");
    assert!(!validator.is_valid(&broken));
}

#[test]
fn check_sarif_is_valid_by_the_official_schema() {
    let document = check(FARM, "sarif", 1).json();
    assert_is_sarif(&document);
    let run = &document["runs"][0];
    let levels: Vec<_> =
        run["results"].as_array().unwrap().iter().map(|r| r["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["warning", "error"]);
    let place = &run["results"][1]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "farm.toml");
    assert_eq!(
        place["region"],
        serde_json::json!({"startLine": 4, "startColumn": 17, "endLine": 4, "endColumn": 31})
    );
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!(rule["shortDescription"]["text"], "a farm file with a syntax error");
    assert_eq!(
        rule["help"]["text"],
        "Correct the line that the message shows. The syntax is explained at <https://toml.io/>."
    );
    assert_eq!(rule["help"]["markdown"], include_str!("../docs/rules/toml-syntax.md"));
    assert_is_sarif(
        &check("[wikis.a]\nurl = \"https://a.example.org/\"\nmoin = \"1.9.11\"\n", "sarif", 0).json(),
    );
}

#[test]
fn check_sarif_has_fixes_as_edits() {
    let farm = "moin = \"1.9.11\"\n[wikis.a]\nulr = \"https://a.example.org/\"\n[farm]\nmoin = \"1.9.11\"\n\
                cookie_nam = \"a\"\nsuperuser = \"Ada\"\n";
    let document = check(farm, "sarif", 1).json();
    assert_is_sarif(&document);
    let results = &document["runs"][0]["results"];
    assert_eq!(
        results[1]["fixes"],
        serde_json::json!([{"artifactChanges": [{
            "artifactLocation": {"uri": "farm.toml"},
            "replacements": [{
                "deletedRegion": {"startLine": 3, "startColumn": 1, "endLine": 3, "endColumn": 4},
                "insertedContent": {"text": "url"},
            }],
        }]}])
    );
    // There already is a `moin` at the top, and wikifarm can't know which one is right.
    assert_eq!(results[2]["ruleId"], "misplaced-key");
    assert!(results[2].get("fixes").is_none());
    let document = check(farm, "json", 1).json();
    assert_eq!(
        document["findings"][4]["fix"],
        serde_json::json!({"safe": true, "edits": [
            {"line": 7, "column": 13, "end_line": 7, "end_column": 18, "with": "[\"Ada\"]"},
        ]})
    );
    assert_eq!(document["findings"][2]["fix"], Value::Null);
}

#[test]
fn check_sarif_fingerprints_survive_moved_lines_and_differ_between_findings() {
    let prints = |farm: &str| -> Vec<String> {
        let document = check(farm, "sarif", 1).json();
        let results = document["runs"][0]["results"].as_array().unwrap().clone();
        let print =
            |result: &Value| result["partialFingerprints"]["wikifarm/v1"].as_str().unwrap().to_owned();
        results.iter().map(print).collect()
    };
    let farm = "[wikis.a]\nurl = \"x\"\n[wikis.b]\nurl = \"x\"\n[wikis.c]\nurl = \"y\"\n";
    let before = prints(farm);
    assert_eq!(before.len(), 3);
    assert_eq!(before.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    assert_eq!(prints(&format!("# moved\n\n{farm}")), before);
}

#[test]
fn check_github_prints_a_line_for_each_finding() {
    Place::farm(FARM)
        .wikifarm("config check --format github")
        .status(1)
        .stdout(str![[r#"
::warning file=farm.toml,line=1,endLine=1,col=8,endColumn=13,title=imprecise-version::a: 1.9 is not an exact release: wikifarm assumes 1.9.11. Help: write the release, such as "1.9.11": cookies differ between releases
::error file=farm.toml,line=4,endLine=4,col=17,endColumn=31,title=domain-mismatch::a: nobody can log in: browsers reject the cookie because a.example.org is not in the domain .example.net. Help: set cookie_domain to the wiki's host or a parent domain of it, or delete cookie_domain

"#]])
        .run();
}

#[test]
fn check_github_prints_paths_relative_to_the_working_directory() {
    let place = Place::new().file("sub/farm,1.toml", "[wikis.a]\n");
    let path = place.path().join("sub/farm,1.toml");
    let ran = place.wikifarm("config check --format github -f").arg(path).status(1).any_stdout().run();
    assert!(ran.stdout.starts_with("::error file=sub/farm%2C1.toml,line=1,"), "{}", ran.stdout);
}

#[test]
fn check_junit_has_a_test_for_each_finding_and_each_rule_without_one() {
    let text = check(FARM, "junit", 1).stdout;
    let document = roxmltree::Document::parse(&text).unwrap();
    let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
    let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(suite.attribute("tests"), Some(cases.len().to_string().as_str()));
    assert_eq!(suite.attribute("failures"), Some("1"));
    let failed: Vec<_> =
        cases.iter().filter(|case| case.children().any(|child| child.has_tag_name("failure"))).collect();
    assert_eq!(failed[0].attribute("name"), Some("domain-mismatch farm.toml:4:17"));
    assert_eq!((failed[0].attribute("file"), failed[0].attribute("line")), (Some("farm.toml"), Some("4")));
    assert_eq!(failed.len(), 1);
    let names: std::collections::BTreeSet<_> = cases.iter().map(|case| case.attribute("name")).collect();
    assert_eq!(names.len(), cases.len());
    assert!(names.contains(&Some("log-out-trap")));
}

#[test]
fn check_ndjson_prints_a_line_for_each_finding() {
    let lines = check(FARM, "ndjson", 1).stdout;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let document = check(FARM, "json", 1).json();
    assert_eq!(Value::Array(lines), document["findings"]);
}

#[test]
fn check_has_the_same_status_in_every_format() {
    let warning = FARM.replace("    cookie_domain = \".example.net\"\n", "");
    let sound = warning.replace("1.9", "1.9.11");
    for format in ["human", "json", "ndjson", "sarif", "github", "junit"] {
        for (farm, status) in [(FARM, 1), (&warning, 0), (&sound, 0)] {
            check(farm, format, status);
        }
        Place::farm(&warning)
            .wikifarm("config check --deny warnings --format")
            .arg(format)
            .status(1)
            .any_stdout()
            .run();
        let place = Place::farm("[wikis.a\n");
        let ran =
            place.wikifarm("config check --format").arg(format).status(2).any_stdout().any_stderr().run();
        assert!(ran.stderr.ends_with("error: farm.toml: not valid TOML\n"), "{}", ran.stderr);
        Place::new().wikifarm("config check -f none.toml --format").arg(format).status(2).any_stderr().run();
    }
}

#[test]
fn check_with_a_syntax_error_gives_its_position_in_every_format() {
    let broken = Place::farm("moin = \"1.9.11\"\n[wikis.a\n");
    broken
        .wikifarm("config check --format github")
        .status(2)
        .stdout(str![[r#"
::error file=farm.toml,line=2,endLine=2,col=9,endColumn=9,title=toml-syntax::unclosed table, expected `]`

"#]])
        .stderr(str![[r#"
error: farm.toml: not valid TOML

"#]])
        .run();
    let sarif =
        broken.wikifarm("config check --format sarif").status(2).any_stdout().any_stderr().run().json();
    assert_is_sarif(&sarif);
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "toml-syntax");
}
