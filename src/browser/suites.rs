//! Runs the public cookie test suites (http-state and Go's `net/http/cookiejar`) in each profile.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Case {
    id: String,
    era: Option<String>,
    encoding: Option<String>,
    steps: Vec<Step>,
    then: Then,
}

#[derive(Deserialize)]
struct Step {
    at: f64,
    url: String,
    set_cookie: Vec<String>,
    from: String,
}

#[derive(Deserialize)]
struct Then {
    url: String,
    at: f64,
    expect_cookie_header: Option<String>,
}

#[derive(Deserialize)]
struct Unit {
    id: String,
    kind: String,
    era: Option<String>,
    host: Option<String>,
    path: Option<String>,
    domain: Option<String>,
    domain_attribute: Option<String>,
    date: Option<String>,
    expect: serde_json::Value,
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> Vec<T> {
    let path = format!("{}/tests/fixtures/cookies/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn raw(text: &str, encoding: Option<&str>) -> Vec<u8> {
    match encoding {
        None => text.as_bytes().to_vec(),
        Some("latin-1") => {
            text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
        }
        Some(other) => panic!("unknown encoding {other}"),
    }
}

/// The `Cookie` header at the end of a case.
fn outcome(case: &Case, profile: Profile) -> Option<Vec<u8>> {
    let mut jar = Jar::new(profile);
    for step in &case.steps {
        // A browser can't open an invalid URL, so it sets and sends no cookies.
        let Ok(from) = Target::parse(&step.url) else { continue };
        let via = if step.from == "script" { Via::Script } else { Via::Http };
        for header in &step.set_cookie {
            let request = Request { via, ..Request::direct(step.at) };
            jar.receive(&from, &raw(header, case.encoding.as_deref()), &request);
        }
    }
    let to = Target::parse(&case.then.url).ok()?;
    jar.cookies_for(&to, &Request::direct(case.then.at)).header
}

/// Runs the cases that a browser with RFC 6265bis passes. Returns the names of those that fail.
fn failing(file: &str, profile: Profile) -> (usize, Vec<String>) {
    let cases: Vec<Case> = read(file);
    let cases: Vec<_> = cases.iter().filter(|case| case.era.as_deref() == Some("rfc6265bis")).collect();
    let fails = |case: &&&Case| {
        let expected = case.then.expect_cookie_header.as_deref();
        outcome(case, profile) != expected.map(|header| raw(header, case.encoding.as_deref()))
    };
    (cases.len(), cases.iter().filter(fails).map(|case| case.id.clone()).collect())
}

#[test]
fn http_state_suite_passes_in_each_profile() {
    for profile in Profile::ALL {
        assert_eq!(failing("http-state.jsonl", profile), (195, vec![]), "{profile:?}");
    }
}

#[test]
fn go_tables_pass_in_each_profile() {
    for profile in Profile::ALL {
        assert_eq!(failing("go-cookiejar.jsonl", profile), (222, vec![]), "{profile:?}");
    }
}

#[test]
fn http_state_dates_pass() {
    let units: Vec<Unit> = read("unit-http-state-dates.jsonl");
    let failing = |profile| {
        let fails = |unit: &&Unit| {
            parse_cookie_date(unit.date.as_ref().unwrap().as_bytes(), profile) != unit.expect.as_i64()
        };
        units.iter().filter(fails).map(|unit| unit.date.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(units.len(), 70);
    assert_eq!(failing(Profile::Rfc6265bis), Vec::<String>::new());
    // A year with five digits. Chromium's own tests have expected the date to be valid since 2020.
    assert_eq!(failing(Profile::Chromium), ["Thu, 12-Aug-31841 20:49:07 GMT"]);
}

fn unit_holds(unit: &Unit, profile: Profile) -> bool {
    let host = unit.host.as_deref().unwrap_or_default();
    match unit.kind.as_str() {
        "default_path" => default_path(unit.path.as_deref().unwrap()) == unit.expect,
        "is_ip" => is_ip(host) == unit.expect,
        "canonical_host" => {
            // Go also removes one trailing dot, which browsers keep (5.1.2).
            canonical_host(host.strip_suffix('.').unwrap_or(host)).as_deref() == unit.expect.as_str()
        }
        "public_suffix" => {
            let registrable = BuiltinSuffixes.registrable_domain(unit.domain.as_deref().unwrap());
            registrable == unit.expect.as_str()
        }
        "domain_attribute" => {
            let url =
                if host.contains(':') { format!("http://[{host}]/") } else { format!("http://{host}/") };
            let attribute = unit.domain_attribute.as_deref().unwrap().as_bytes();
            let from = Target::parse(&url).unwrap();
            match (cookie_domain(&from, attribute, &BuiltinSuffixes, profile), unit.expect.as_object()) {
                (Err(_), None) => true,
                (Ok(have), Some(want)) => {
                    let domain = have.domain.trim_start_matches('[').trim_end_matches(']');
                    domain == want["domain"] && have.host_only == want["host_only"]
                }
                _ => false,
            }
        }
        other => panic!("unknown kind {other}"),
    }
}

#[test]
fn go_unit_tests_pass_in_each_profile() {
    let units: Vec<Unit> = read("unit-go-cookiejar.jsonl");
    let units: Vec<_> = units.iter().filter(|unit| unit.era.as_deref() != Some("rfc6265")).collect();
    for profile in Profile::ALL {
        let fails = |unit: &&&Unit| !unit_holds(unit, profile);
        let failing: Vec<_> = units.iter().filter(fails).map(|unit| unit.id.as_str()).collect();
        assert_eq!((units.len(), failing), (68, vec![]), "{profile:?}");
    }
}
