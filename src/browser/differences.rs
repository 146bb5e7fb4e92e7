//! Every difference between the draft and Chromium that the documentation of the room lists, acted out.

use super::*;

const NOW: f64 = 1_795_394_121.0;

/// What becomes of headers received one after the other, in a word or two.
fn outcome(mode: Mode, url: &str, headers: &[&str]) -> String {
    let mut jar = Jar::new(mode);
    let from = Target::parse(url).unwrap();
    let mut last = String::new();
    for (second, header) in headers.iter().enumerate() {
        let now = NOW + second as f64;
        last = match jar.receive(&from, header.as_bytes(), &Request::direct(now)) {
            Outcome::Deleted { .. } => "deleted".to_owned(),
            Outcome::Refused(refusal) => {
                refusal.reasons().map(RefusalReason::name).collect::<Vec<_>>().join(" ")
            }
            Outcome::Stored { cookie, .. } => {
                let dot = if cookie.host_only { "" } else { "." };
                let lives =
                    cookie.expires.map_or("session".to_owned(), |expires| (expires - now).to_string());
                let partition = cookie.partition.map_or(String::new(), |site| format!(" in {site}"));
                let name = String::from_utf8_lossy(&cookie.name).into_owned();
                let value = String::from_utf8_lossy(&cookie.value).into_owned();
                format!(
                    "{name}={value} {dot}{} {lives} +{}{partition} {}",
                    cookie.domain,
                    cookie.created - NOW,
                    cookie.priority.as_str()
                )
            }
        };
    }
    last
}

/// The difference, the headers, what the draft makes of them and what Chromium does.
type Difference = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);

const WIKI: &str = "http://w.example.org/";
const HOST: &str = "a=b w.example.org session +0 Medium";
const YEARS: &str = "a=b w.example.org 34560000 +0 Medium";

const DIFFERENCES: [Difference; 21] = [
    ("tab", WIKI, &["a=b\tc"], "a=b\tc w.example.org session +0 Medium", "disallowed-character"),
    ("line end", WIKI, &["a=b\r\nc"], "disallowed-character", HOST),
    ("nameless", WIKI, &["=a=b"], "=a=b w.example.org session +0 Medium", "ambiguous-nameless"),
    ("max-age", WIKI, &["a=b; Max-Age=9; Max-Age=x"], "a=b w.example.org 9 +0 Medium", HOST),
    ("expires", WIKI, &["a=b; Expires=1 Jan 2040 0:0:0; Expires=x"], YEARS, HOST),
    ("plus", WIKI, &["a=b; Max-Age=+100"], HOST, "a=b w.example.org 100 +0 Medium"),
    ("too large", WIKI, &["a=b; Max-Age=99999999999999999999x"], HOST, YEARS),
    ("five digits", WIKI, &["a=b; Expires=1 Jan 10000 0:0:0"], HOST, YEARS),
    ("before 1601", WIKI, &["a=b; Expires=1 Jan 1600 0:0:0"], HOST, "deleted"),
    ("day", WIKI, &["a=b; Expires=23rd Nov 2037 0:0:0"], YEARS, HOST),
    ("seconds", WIKI, &["a=b; Expires=23 Nov 2037 0:0:000"], HOST, YEARS),
    ("overwrite", WIKI, &["a=x", "a=b"], HOST, "a=b w.example.org session +1 Medium"),
    (
        "utf-8",
        WIKI,
        &["a=b; Domain=ex\u{ff41}mple.org"],
        "non-ascii-domain",
        "a=b .example.org session +0 Medium",
    ),
    ("dot", WIKI, &["a=b; Domain=."], HOST, "malformed-domain"),
    ("port", WIKI, &["a=b; Domain=example.org:80"], "domain-mismatch", "malformed-domain"),
    (
        "address",
        "http://10.0.0.1/",
        &["a=b; Domain=10.0.0.1"],
        "a=b .10.0.0.1 session +0 Medium",
        "a=b 10.0.0.1 session +0 Medium",
    ),
    (
        "empty label",
        "http://a..example.org/",
        &["a=b"],
        "malformed-domain",
        "a=b a..example.org session +0 Medium",
    ),
    ("http prefix", WIKI, &["__Http-a=b"], "__Http-a=b w.example.org session +0 Medium", "http-prefix"),
    (
        "partitioned",
        "https://w.example.org/",
        &["a=b; Secure; Partitioned"],
        HOST,
        "a=b w.example.org session +0 in https://example.org Medium",
    ),
    ("priority", WIKI, &["a=b; Priority=High"], HOST, "a=b w.example.org session +0 High"),
    ("several", WIKI, &["__Host-a=b; Domain=org"], "public-suffix", "public-suffix host-prefix"),
];

#[test]
fn the_modes_differ_where_the_table_says_so() {
    for (what, url, headers, rfc, chromium) in DIFFERENCES {
        assert_eq!(outcome(Mode::Rfc, url, headers), rfc, "{what}, by the draft");
        assert_eq!(outcome(Mode::Chromium, url, headers), chromium, "{what}, by Chromium");
    }
}

#[test]
fn a_foreign_post_is_treated_differently() {
    let sent = |mode| {
        let mut jar = Jar::new(mode);
        let wiki = Target::parse(WIKI).unwrap();
        jar.receive(&wiki, b"a=b", &Request::direct(NOW));
        jar.peek(&wiki, &Request::post(NOW, Target::parse("http://example.net/").unwrap())).sent.len()
    };
    assert_eq!((sent(Mode::Rfc), sent(Mode::Chromium)), (0, 1));
}

#[test]
fn the_table_has_a_row_for_each_difference() {
    let rows = include_str!("mod.rs").lines().filter(|line| line.starts_with("//! | ")).count();
    // The head of the table is no difference; the cross-site POST has a test of its own.
    assert_eq!(rows - 1, DIFFERENCES.len() + 1);
}
