//! `wikifarm cookie test --script`: runs recordings of a real browser and the public cookie test suites with
//! the binary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use crate::support::{Place, fixtures};

/// Reads the JSON documents of a file or an output. Rust strings can't contain lone surrogates, so each
/// becomes a private-use character, which [`bytes`] turns into the byte.
fn read(text: &str) -> Vec<Value> {
    let text = text.replace("\\udc", "\\ue0");
    serde_json::Deserializer::from_str(&text).into_iter().map(Result::unwrap).collect()
}

fn lines(name: &str) -> Vec<Value> {
    read(&fs::read_to_string(fixtures().join(name)).unwrap())
}

/// Writes steps as a script, with private-use characters as surrogates.
fn script(steps: &[Value]) -> String {
    let mut text = String::new();
    for step in steps {
        for character in step.to_string().chars() {
            match u32::from(character) {
                raw @ 0xe080..=0xe0ff => write!(text, "\\udc{:02x}", raw & 0xff).unwrap(),
                _ => text.push(character),
            }
        }
        text.push('\n');
    }
    text
}

fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for character in text.chars() {
        match u32::from(character) {
            raw @ 0xe080..=0xe0ff => out.push((raw & 0xff) as u8),
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

/// The results of the steps of a script.
fn act(place: &Place, steps: &[Value], more: &str) -> Vec<Value> {
    let run = place.wikifarm("cookie test --script - --format json").stdin(script(steps));
    let run = if more.is_empty() { run } else { run.arg(more) };
    let ran = run.any_stdout().any_stderr().status_among(&[0, 1]).run();
    let mut documents = read(&ran.stdout);
    assert_eq!(documents.len(), 1);
    let Value::Array(played) = documents.remove(0)["steps"].take() else { panic!("{}", ran.stdout) };
    assert_eq!(played.len(), steps.len());
    played
}

/// The part of a text before the first byte that is not UTF-8, as the recorder wrote it.
fn recorded(text: &Value) -> String {
    let raw = bytes(text.as_str().unwrap());
    let valid = std::str::from_utf8(&raw).map_or_else(|error| error.valid_up_to(), str::len);
    String::from_utf8(raw[..valid].to_vec()).unwrap()
}

/// A header as the recorder wrote it for a rejected cookie: without bytes that are not UTF-8.
fn shown(header: &str) -> String {
    header.chars().filter(|character| !(0xe080..=0xe0ff).contains(&u32::from(*character))).collect()
}

/// The cookies in the jar, computed from the accepted ones. An expired cookie deletes the stored one.
fn jar(steps: &[Value], played: &[Value]) -> Vec<String> {
    let mut jar = BTreeMap::new();
    for (step, played) in steps.iter().zip(played) {
        for cookie in played["accepted"].as_array().unwrap() {
            let key =
                json!([cookie["name"], cookie["domain"], cookie["host_only"], cookie["path"]]).to_string();
            if cookie["expires"].as_f64().is_some_and(|expires| expires <= step["at"].as_f64().unwrap()) {
                jar.remove(&key);
            } else {
                let dot = if cookie["host_only"] == true { "" } else { "." };
                let text = json!([
                    format!("{dot}{}", cookie["domain"].as_str().unwrap()),
                    recorded(&cookie["path"]),
                    recorded(&cookie["name"]),
                    recorded(&cookie["value"]),
                    cookie["secure"],
                    cookie["http_only"],
                    cookie["same_site"],
                    cookie["expires"].is_null(),
                ]);
                jar.insert(key, text.to_string());
            }
        }
    }
    let mut jar: Vec<String> = jar.into_values().collect();
    jar.sort();
    jar
}

fn stored(row: &Value) -> Vec<String> {
    let one = |cookie: &Value| {
        let plain = |key: &str| Value::from(cookie[key].as_str().unwrap());
        json!([
            plain("domain"),
            plain("path"),
            plain("name"),
            plain("value"),
            cookie["secure"],
            cookie["httpOnly"],
            cookie["sameSite"],
            cookie["session"],
        ])
        .to_string()
    };
    let mut stored: Vec<String> = row["stored"].as_array().unwrap().iter().map(one).collect();
    stored.sort();
    stored
}

/// The differences between the recorded row and the output of the binary.
fn differences(place: &Place, scenario: &Value, row: &Value) -> Vec<String> {
    let wikis = scenario["wikis"].as_array().unwrap();
    let url = |id: &Value| wikis.iter().find(|wiki| wiki["id"] == *id).unwrap()["url"].clone();
    let each = |key: &str| row[key].as_array().unwrap().iter();
    let mut steps: Vec<Value> = each("set")
        .zip(each("set_at"))
        .zip(each("set_cookie"))
        .map(|((id, at), headers)| json!({"url": url(id), "at": at, "set_cookie": headers}))
        .collect();
    let answers = steps.len();
    let now = each("set_at").last().unwrap().as_f64().unwrap() + 0.5;
    for wiki in wikis {
        let (nav, from) = (&scenario["nav"], &scenario["from"]);
        steps.push(json!({"url": wiki["url"], "visit": true, "at": now, "nav": nav, "from_url": from}));
    }
    let played = act(place, &steps, "");

    let mut wrong = Vec::new();
    for (wiki, played) in wikis.iter().zip(&played[answers..]) {
        let want = row["received"][wiki["id"].as_str().unwrap()].as_str().map(bytes);
        let have = played["cookie"].as_str().map(bytes);
        if want != have {
            wrong.push(format!("{} gets {}", wiki["id"], played["cookie"]));
        }
    }
    let refused: Vec<&Value> = played.iter().flat_map(|step| step["rejected"].as_array().unwrap()).collect();
    let line = |refused: &Value| shown(refused["header"].as_str().unwrap());
    for rejected in each("rejected") {
        if !refused.iter().any(|refused| line(refused) == rejected["line"].as_str().unwrap()) {
            wrong.push(format!("accepted: {}", rejected["line"]));
        }
    }
    for refused in refused {
        // Developer tools have no name for these, and for a response that the HTTP layer has dropped.
        let unnamed =
            ["ambiguous-nameless", "partitioned-insecure"].contains(&refused["reason"].as_str().unwrap());
        let unnamed = unnamed || line(refused).contains('\0');
        if !unnamed && !each("rejected").any(|rejected| rejected["line"] == line(refused)) {
            wrong.push(format!("refused: {refused}"));
        }
    }
    let (have, want) = (jar(&steps[..answers], &played), stored(row));
    // The output does not report cookies that were evicted.
    if have != want && !(have.len() > 180 && want.iter().all(|cookie| have.contains(cookie))) {
        wrong.push(format!("the jar holds {have:?}, not {want:?}"));
    }
    wrong
}

#[test]
fn test_agrees_with_every_recorded_row_of_a_real_browser() {
    let place = Place::new();
    let (mut rows, mut report) = (0, Vec::new());
    for scenario in lines("browser/chromium.jsonl") {
        for (index, row) in scenario["rows"].as_array().unwrap().iter().enumerate() {
            rows += 1;
            let wrong = differences(&place, &scenario, row);
            if !wrong.is_empty() {
                report.push(format!("{}/{index}: {}", scenario["scenario"], wrong.join("\n    ")));
            }
        }
    }
    assert!(report.is_empty(), "{} of {rows} rows disagree:\n{}", report.len(), report.join("\n"));
    assert_eq!(rows, 301);
}

/// Runs each case that a browser with RFC 6265bis passes. Returns the names of the failed ones.
fn failing(file: &str, mode: &str) -> (usize, Vec<String>) {
    let place = Place::new();
    let cases = lines(&format!("cookies/{file}"));
    let cases: Vec<&Value> = cases.iter().filter(|case| case["era"] == "rfc6265bis").collect();
    let fails = |case: &&&Value| {
        let line = |step: &Value| {
            json!({
                "url": step["url"], "at": step["at"], "set_cookie": step["set_cookie"], "from": step["from"],
                "encoding": case["encoding"],
            })
        };
        let mut steps: Vec<Value> = case["steps"].as_array().unwrap().iter().map(line).collect();
        steps.push(json!({"url": case["then"]["url"], "at": case["then"]["at"], "visit": true}));
        let played = act(&place, &steps, mode);
        let cookie = played.last().unwrap()["cookie"].as_str().map(bytes);
        let raw = |text: &str| match case["encoding"].as_str() {
            None => text.as_bytes().to_vec(),
            Some(_) => text.chars().map(|character| u8::try_from(character).unwrap()).collect(),
        };
        cookie != case["then"]["expect_cookie_header"].as_str().map(raw)
    };
    let failing = cases.iter().filter(fails).map(|case| case["id"].to_string()).collect();
    (cases.len(), failing)
}

#[test]
fn test_passes_the_http_state_suite() {
    assert_eq!(failing("http-state.jsonl", ""), (195, vec![]));
}

#[test]
fn test_by_rfc_passes_the_tables_of_go() {
    assert_eq!(failing("go-cookiejar.jsonl", "--browser=rfc"), (222, vec![]));
}
