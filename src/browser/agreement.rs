//! Agreement with real browsers. Replays every row that was recorded from Chromium and from Firefox. The sent
//! headers, the cookies in the jar, and the rejections must be the same. For Chromium, so must the reasons to
//! reject or withhold a cookie.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::*;

/// The maximum difference between the clocks of the browser and of the recorder, in seconds.
const CLOCK: f64 = 2.0;

#[derive(Deserialize)]
struct Scenario {
    scenario: String,
    nav: String,
    from: Option<String>,
    #[serde(default)]
    third_party: String,
    wikis: Vec<Wiki>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Wiki {
    id: String,
    url: String,
}

#[derive(Deserialize)]
struct Row {
    set: Vec<String>,
    set_at: Vec<f64>,
    set_cookie: Vec<Vec<String>>,
    #[serde(default)]
    set_nav: Vec<String>,
    #[serde(default)]
    set_from: Vec<Option<String>>,
    #[serde(default)]
    date: Vec<Option<String>>,
    visited_at: Option<f64>,
    stored: Vec<Stored>,
    received: BTreeMap<String, Option<String>>,
    rejected: Vec<Rejected>,
    withheld: Option<BTreeMap<String, Vec<Held>>>,
}

#[derive(Deserialize, Debug, PartialEq, PartialOrd, Clone)]
#[serde(rename_all = "camelCase")]
struct Stored {
    domain: String,
    path: String,
    name: String,
    value: String,
    secure: bool,
    http_only: bool,
    same_site: Option<String>,
    session: bool,
    #[serde(rename = "host_only")]
    host_only: bool,
    expires: Option<f64>,
    partition: Option<String>,
}

/// A rejected cookie as Chromium's developer tools or Firefox's console report it.
#[derive(Deserialize)]
struct Rejected {
    #[serde(default)]
    line: String,
    #[serde(default)]
    reasons: Vec<String>,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Held {
    domain: String,
    name: String,
    path: String,
    reasons: BTreeSet<String>,
}

/// Reads the scenarios in a file. A Rust string can't contain `\udc80`..`\udcff`, so each of these becomes a
/// private-use character first, which [`bytes`] turns into the byte.
fn read(file: &str) -> Vec<Scenario> {
    let path = format!("{}/tests/fixtures/browser/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let text = text.replace("\\udc", "\\ue0");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for character in text.chars() {
        match u32::from(character) {
            raw @ 0xe080..=0xe0ff => out.push(raw as u8),
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

/// The bytes of a cookie as the recorder wrote them: up to the first byte that is not UTF-8.
fn recorded(raw: &[u8]) -> String {
    let valid = std::str::from_utf8(raw).map_or_else(|error| error.valid_up_to(), str::len);
    String::from_utf8(raw[..valid].to_vec()).unwrap()
}

/// The header of a rejected cookie as the recorder wrote it: without bytes that are not UTF-8.
fn shown(line: &str) -> String {
    line.chars().filter(|character| !(0xe080..=0xe0ff).contains(&u32::from(*character))).collect()
}

fn with_dot(cookie: &Cookie) -> String {
    format!("{}{}", if cookie.host_only { "" } else { "." }, cookie.domain)
}

/// A name as Firefox reports it: bytes of a name that is not UTF-8 as Latin-1.
fn reported_name(raw: &[u8], profile: Profile) -> String {
    match std::str::from_utf8(raw) {
        Err(_) if profile == Profile::Firefox => raw.iter().copied().map(char::from).collect(),
        _ => recorded(raw),
    }
}

fn as_stored(cookie: &Cookie, profile: Profile) -> Stored {
    Stored {
        domain: with_dot(cookie),
        path: recorded(&cookie.path),
        name: reported_name(&cookie.name, profile),
        value: recorded(&cookie.value),
        secure: cookie.secure,
        http_only: cookie.http_only,
        same_site: cookie.same_site.map(|same_site| same_site.to_string()),
        session: !cookie.is_persistent(),
        host_only: cookie.host_only,
        expires: cookie.expires,
        partition: cookie.partition.clone(),
    }
}

/// The differences between the model and the row. Empty if there are none.
fn disagreements(profile: Profile, scenario: &Scenario, row: &Row) -> Vec<String> {
    let mut wrong = Vec::new();
    let target = |id: &str| {
        let wiki = scenario.wikis.iter().find(|wiki| wiki.id == id).unwrap();
        Target::parse(&wiki.url).unwrap()
    };
    let mut jar = Jar::new(profile);
    if scenario.third_party == "blocked" {
        jar = jar.blocking_third_parties();
    }
    let mut refused = Vec::new();
    for (index, (id, at)) in row.set.iter().zip(&row.set_at).enumerate() {
        let nav = row.set_nav.get(index).map_or("direct", String::as_str);
        let page = row.set_from.get(index).cloned().flatten().map(|url| Target::parse(&url).unwrap());
        let date = row.date.get(index).cloned().flatten();
        let server_time = date.and_then(|text| server_time(&text));
        let request = Request { server_time, ..request(nav, *at, page) };
        for header in &row.set_cookie[index] {
            let outcome = jar.receive(&target(id), &bytes(header), &request);
            refused.extend(outcome.rejection().map(|rejection| (header.clone(), rejection.clone())));
        }
    }

    match profile {
        Profile::Chromium => compare_refusals(row, &refused, &mut wrong),
        _ => compare_rejections(row, &refused, &mut wrong),
    }
    compare_jar(row, &jar, &mut wrong);

    let now = row.visited_at.unwrap_or(row.set_at.last().copied().unwrap() + 0.5);
    let page = scenario.from.as_ref().map(|url| Target::parse(url).unwrap());
    let page = page.or_else(|| row.set.last().map(|id| target(id)));
    let request = request(&scenario.nav, now, page);
    for wiki in &scenario.wikis {
        let to = target(&wiki.id);
        let visit = jar.cookies_for(&to, &request);
        let expected = row.received[&wiki.id].as_deref().map(bytes);
        if visit.header != expected {
            let show = |header: &Option<Vec<u8>>| header.as_deref().map(|raw| raw.escape_ascii().to_string());
            wrong.push(format!("{} receives {:?}, not {:?}", wiki.id, show(&visit.header), show(&expected)));
        }
        if profile == Profile::Chromium {
            compare_withheld(&scenario.scenario, row, wiki, &to, &visit, &mut wrong);
        }
    }
    wrong
}

fn request(nav: &str, now: f64, page: Option<Target>) -> Request {
    match nav {
        "direct" => Request::direct(now),
        "link" => Request::link(now, page.unwrap()),
        "post" => Request::post(now, page.unwrap()),
        "frame" | "fetch" | "image" => Request::embedded(now, page.unwrap()),
        other => panic!("unknown navigation {other}"),
    }
}

/// The time in a `Date` header. Both browsers read it with the parser that Firefox also uses for `Expires`.
fn server_time(text: &str) -> Option<f64> {
    parse_cookie_date(text.as_bytes(), Profile::Firefox).map(|date| date as f64)
}

fn compare_refusals(row: &Row, refused: &[(String, Rejection)], wrong: &mut Vec<String>) {
    for rejected in &row.rejected {
        let found = refused.iter().find(|(line, _)| shown(line) == rejected.line);
        let names: BTreeSet<_> = found
            .iter()
            .flat_map(|(_, rejection)| rejection.reasons())
            .filter_map(RejectionReason::devtools_name)
            .collect();
        // The last word of this name depends on the cookie.
        let is_same_site = |name: &str| name.starts_with("SchemefulSameSite");
        let expected: BTreeSet<_> = rejected
            .reasons
            .iter()
            .map(|name| if is_same_site(name) { "SchemefulSameSiteLax" } else { name.as_str() })
            .collect();
        let unnamed = found.is_some_and(|(_, rejection)| rejection.reason.devtools_name().is_none());
        if names != expected && !unnamed {
            wrong.push(format!("{:?} is refused for {names:?}, not {expected:?}", rejected.line));
        }
    }
    for (line, rejection) in refused {
        // Developer tools report neither the Partitioned rule nor a response that the HTTP layer has already
        // dropped.
        let unnamed =
            rejection.reasons().all(|reason| reason.devtools_name().is_none()) || line.contains('\0');
        if !unnamed && !row.rejected.iter().any(|rejected| rejected.line == shown(line)) {
            wrong.push(format!("{line:?} is refused: {}", rejection.name()));
        }
    }
}

/// Compares the rejections. Firefox's console has one line for each rejected cookie, among other lines.
fn compare_rejections(row: &Row, refused: &[(String, Rejection)], wrong: &mut Vec<String>) {
    let is_rejection = |message: &str| {
        message.starts_with("Cookie ")
            && (message.contains("rejected") || message.contains("is invalid"))
            && !message.contains("will soon be rejected")
    };
    let rejected = row.rejected.iter().filter(|rejected| is_rejection(&rejected.message)).count();
    // HTTP drops an empty header, and a response with a NUL in a header, before the browser reads the cookie.
    let refused = refused.iter().filter(|(line, _)| !line.is_empty() && !line.contains('\0')).count();
    if rejected != refused {
        wrong.push(format!("{refused} refused, not {rejected}"));
    }
}

fn compare_jar(row: &Row, jar: &Jar, wrong: &mut Vec<String>) {
    let sorted = |mut list: Vec<Stored>| {
        list.sort_by(|one, other| one.partial_cmp(other).unwrap());
        list
    };
    // The first recordings do not show partitions.
    let seen = |one: Stored| Stored { partition: one.partition.filter(|_| !row.date.is_empty()), ..one };
    let have = sorted(jar.all().iter().map(|cookie| as_stored(cookie, jar.profile())).map(seen).collect());
    // Firefox writes the site as `(https,example.org)`.
    let site = |text: String| text.trim_matches(['(', ')']).replace(',', "://");
    let named = |one: Stored| Stored { partition: one.partition.clone().map(site), ..one };
    let want = sorted(row.stored.iter().cloned().map(named).collect());
    let near = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= CLOCK,
        (one, other) => one == other,
    };
    let plain = |stored: &Stored| Stored { expires: None, ..stored.clone() };
    let same = have.len() == want.len()
        && have
            .iter()
            .zip(&want)
            .all(|(one, other)| plain(one) == plain(other) && near(one.expires, other.expires));
    if !same {
        wrong.push(format!("the jar holds {have:?}, not {want:?}"));
    }
}

/// Compares the withheld cookies. Chromium reports them only for cookies of the site, and only if it withheld
/// one.
fn compare_withheld(
    scenario: &str,
    row: &Row,
    wiki: &Wiki,
    to: &Target,
    visit: &Visit,
    wrong: &mut Vec<String>,
) {
    // Chromium does not list expired cookies and the cookies of other partitions.
    let is_unlisted =
        |reason: &WithheldReason| matches!(reason, WithheldReason::Expired | WithheldReason::OtherPartition);
    let site = |host: &str| BuiltinSuffixes.registrable_domain(host).unwrap_or(host).to_owned();
    let have: BTreeSet<_> = visit
        .withheld
        .iter()
        .filter(|withheld| site(&withheld.cookie.domain) == site(to.host()))
        .filter(|withheld| !withheld.also.iter().chain([&withheld.reason]).any(is_unlisted))
        .map(|withheld| Held {
            domain: with_dot(&withheld.cookie),
            name: recorded(&withheld.cookie.name),
            path: recorded(&withheld.cookie.path),
            reasons: withheld.devtools_names().into_iter().map(str::to_owned).collect(),
        })
        .collect();
    let none = Vec::new();
    let listed = row.withheld.as_ref().and_then(|by_wiki| by_wiki.get(&wiki.id)).unwrap_or(&none);
    // Some rows show a part of a larger jar.
    let is_part = scenario.starts_with("old-") || scenario == "clock-act-out";
    let in_row = |held: &&Held| !is_part || row.stored.iter().any(|one| one.domain == held.domain);
    let want: BTreeSet<_> = listed.iter().filter(in_row).collect();
    if have.iter().collect::<BTreeSet<_>>() != want {
        wrong.push(format!("{} is denied {have:?}, not {want:?}", wiki.id));
    }
}

/// The number of scenarios and of rows in a file, and the rows with wrong predictions.
fn tried(profile: Profile, file: &str) -> (usize, usize, Vec<String>) {
    let scenarios = read(file);
    let mut rows = 0;
    let mut report = Vec::new();
    for scenario in &scenarios {
        for (index, row) in scenario.rows.iter().enumerate() {
            rows += 1;
            let wrong = disagreements(profile, scenario, row);
            if !wrong.is_empty() {
                report.push(format!("{}/{index}: {}", scenario.scenario, wrong.join("\n    ")));
            }
        }
    }
    (scenarios.len(), rows, report)
}

#[test]
fn each_row_recorded_from_chromium_is_predicted() {
    assert_eq!(tried(Profile::Chromium, "chromium.jsonl"), (210, 301, vec![]));
}

#[test]
fn each_row_recorded_from_firefox_is_predicted() {
    assert_eq!(tried(Profile::Firefox, "firefox.jsonl"), (210, 301, vec![]));
}

#[test]
fn each_row_with_clocks_and_other_sites_is_predicted_except_these() {
    let tried = |profile, file| {
        let (scenarios, rows, wrong) = tried(profile, file);
        let name = |line: &String| line.split(": ").next().unwrap().to_owned();
        (scenarios, rows, wrong.iter().map(name).collect::<Vec<_>>())
    };
    // A Date header in the form of ISO 8601, which no server sends, and which Chromium reads.
    let of_chromium = ["clock-date-invalid/2".to_owned()];
    assert_eq!(tried(Profile::Chromium, "extra-chromium.jsonl"), (242, 482, of_chromium.to_vec()));
    // A user who went from the page to the wiki and back by links. Then Firefox gives the frame the ordinary
    // cookies. `parse_script` refuses to predict such frames.
    let of_firefox = [1, 2].map(|row| format!("returned-frame-cross-from-https-to-https/{row}"));
    assert_eq!(tried(Profile::Firefox, "extra-firefox.jsonl"), (150, 388, of_firefox.to_vec()));
}

#[test]
fn rows_of_another_browser_have_wrong_predictions() {
    let (_, _, of_firefox) = tried(Profile::Chromium, "firefox.jsonl");
    let (_, _, of_chromium) = tried(Profile::Firefox, "chromium.jsonl");
    assert!(of_firefox.len() >= 20 && of_chromium.len() >= 20, "{of_firefox:?} {of_chromium:?}");
}

#[test]
fn changed_row_is_reported() {
    let mut scenarios = read("chromium.jsonl");
    let scenario = scenarios.remove(0);
    let mut row = Row { withheld: None, ..scenario.rows.into_iter().next().unwrap() };
    let scenario = Scenario { rows: Vec::new(), ..scenario };
    assert_eq!(disagreements(Profile::Chromium, &scenario, &row), Vec::<String>::new());
    row.stored[0].value.push('x');
    row.received.insert("wiki2".to_owned(), None);
    row.rejected.push(Rejected {
        line: "a=b".to_owned(),
        reasons: vec!["InvalidDomain".to_owned()],
        message: String::new(),
    });
    assert_eq!(disagreements(Profile::Chromium, &scenario, &row).len(), 3);
}
