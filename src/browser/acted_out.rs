//! Tests each row of the table of differences in each browser profile.

use super::*;

const NOW: f64 = 1_795_394_121.0;

/// The outcome of the last header, in a word or two.
fn outcome(profile: Profile, url: &str, headers: &[&str]) -> String {
    let mut jar = Jar::new(profile);
    let from = Target::parse(url).unwrap();
    let mut last = String::new();
    for (second, header) in headers.iter().enumerate() {
        let now = NOW + second as f64;
        last = match jar.receive(&from, header.as_bytes(), &Request::direct(now)) {
            Outcome::Deleted { .. } => "deleted".to_owned(),
            Outcome::Rejected(rejection) => {
                rejection.reasons().map(RejectionReason::name).collect::<Vec<_>>().join(" ")
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

/// The name of the difference, the URL, the headers, and the outcome of the last header in Chromium, in
/// Firefox, and by RFC 6265bis.
type Example = (&'static str, &'static str, &'static [&'static str], [&'static str; 3]);

const WIKI: &str = "http://w.example.org/";
const SECURE: &str = "https://w.example.org/";
const HOST: &str = "a=b w.example.org session +0 Medium";
const YEARS: &str = "a=b w.example.org 34560000 +0 Medium";
const APART: &str = "a=b w.example.org session +0 in https://example.org Medium";

const EXAMPLES: [Example; 34] = [
    (
        "inner-tab",
        WIKI,
        &["a=b\tc"],
        [
            "disallowed-character",
            "a=b\tc w.example.org session +0 Medium",
            "a=b\tc w.example.org session +0 Medium",
        ],
    ),
    ("inner-tab", WIKI, &["a=b; Path=/\tc"], ["disallowed-character", "disallowed-character", HOST]),
    ("line-end", WIKI, &["a=b\r\nc"], [HOST, HOST, "disallowed-character"]),
    ("line-end", WIKI, &["a=b\rc"], [HOST, "disallowed-character", "disallowed-character"]),
    (
        "empty-name",
        WIKI,
        &["=a=b"],
        ["ambiguous-nameless", "empty-name", "=a=b w.example.org session +0 Medium"],
    ),
    (
        "empty-name",
        WIKI,
        &["=a"],
        ["=a w.example.org session +0 Medium", "empty-name", "=a w.example.org session +0 Medium"],
    ),
    (
        "no-equals-sign",
        WIKI,
        &["a"],
        [
            "=a w.example.org session +0 Medium",
            "a= w.example.org session +0 Medium",
            "=a w.example.org session +0 Medium",
        ],
    ),
    (
        "repeated-lifetime",
        WIKI,
        &["a=b; Max-Age=9; Max-Age=x"],
        [HOST, HOST, "a=b w.example.org 9 +0 Medium"],
    ),
    ("repeated-lifetime", WIKI, &["a=b; Expires=1 Jan 2040 0:0:0; Expires=x"], [HOST, HOST, YEARS]),
    ("max-age-sign", WIKI, &["a=b; Max-Age=+100"], ["a=b w.example.org 100 +0 Medium", HOST, HOST]),
    ("max-age-sign", WIKI, &["a=b; Max-Age=-x"], [HOST, "deleted", HOST]),
    ("max-age-sign", WIKI, &["a=b; Max-Age=99999999999999999999x"], [YEARS, YEARS, HOST]),
    ("expires-date", WIKI, &["a=b; Expires=1 Jan 10000 0:0:0"], [YEARS, YEARS, HOST]),
    ("expires-date", WIKI, &["a=b; Expires=1 Jan 1600 0:0:0"], ["deleted", "deleted", HOST]),
    ("expires-date", WIKI, &["a=b; Expires=1 Jan 126 0:0:0"], ["deleted", HOST, HOST]),
    ("expires-date", WIKI, &["a=b; Expires=23rd Nov 2037 0:0:0"], [HOST, HOST, YEARS]),
    ("expires-date", WIKI, &["a=b; Expires=23 Nov 2037 0:0:000"], [YEARS, YEARS, HOST]),
    ("expires-date", WIKI, &["a=b; Expires=31 Feb 2037 24:0:0"], [HOST, YEARS, HOST]),
    ("expires-date", WIKI, &["a=b; Expires=23 Nov 2037"], [HOST, YEARS, HOST]),
    (
        "expires-date",
        WIKI,
        &["a=b; Expires=Tue, 24 Nov 2026 00:37:06 PST"],
        [
            "a=b w.example.org 86505 +0 Medium",
            "a=b w.example.org 115305 +0 Medium",
            "a=b w.example.org 86505 +0 Medium",
        ],
    ),
    ("overwrite-order", WIKI, &["a=x", "a=b"], ["a=b w.example.org session +1 Medium", HOST, HOST]),
    (
        "domain-non-ascii",
        WIKI,
        &["a=b; Domain=ex\u{ff41}mple.org"],
        ["a=b .example.org session +0 Medium", "non-ascii-domain", "non-ascii-domain"],
    ),
    ("domain-attribute", WIKI, &["a=b; Domain=."], ["malformed-domain", "malformed-domain", HOST]),
    (
        "domain-attribute",
        WIKI,
        &["a=b; Domain=example.org:80"],
        ["malformed-domain", "malformed-domain", "domain-mismatch"],
    ),
    (
        "domain-attribute",
        "http://10.0.0.1/",
        &["a=b; Domain=10.0.0.1"],
        [
            "a=b 10.0.0.1 session +0 Medium",
            "a=b 10.0.0.1 session +0 Medium",
            "a=b .10.0.0.1 session +0 Medium",
        ],
    ),
    (
        "host-empty-label",
        "http://a..example.org/",
        &["a=b"],
        ["a=b a..example.org session +0 Medium", "malformed-domain", "malformed-domain"],
    ),
    (
        "http-prefix",
        WIKI,
        &["__Http-a=b"],
        ["http-prefix", "http-prefix", "__Http-a=b w.example.org session +0 Medium"],
    ),
    (
        "http-prefix",
        SECURE,
        &["__Host-Http-a=b; Secure; Path=/"],
        ["host-http-prefix", "host-http-prefix", "__Host-Http-a=b w.example.org session +0 Medium"],
    ),
    (
        "host-prefix-path",
        SECURE,
        &["__Host-a=b; Secure"],
        ["host-prefix", "__Host-a=b w.example.org session +0 Medium", "host-prefix"],
    ),
    (
        "host-prefix-path",
        "https://w.example.org/wiki/",
        &["__Host-a=b; Secure"],
        ["host-prefix", "host-prefix", "host-prefix"],
    ),
    ("partitioned", SECURE, &["a=b; Secure; Partitioned"], [APART, APART, HOST]),
    ("partitioned", SECURE, &["a=b; Partitioned"], ["partitioned-insecure", "partitioned-insecure", HOST]),
    ("priority", WIKI, &["a=b; Priority=High"], ["a=b w.example.org session +0 High", HOST, HOST]),
    (
        "several-reasons",
        SECURE,
        &["__Host-a=b; Domain=org"],
        ["public-suffix host-prefix", "public-suffix host-prefix", "public-suffix"],
    ),
];

#[test]
fn profiles_behave_as_the_table_says() {
    for (name, url, headers, expected) in EXAMPLES {
        assert_eq!(
            Profile::ALL.map(|profile| outcome(profile, url, headers)),
            expected,
            "{name}: {headers:?}"
        );
    }
}

#[test]
fn profiles_with_the_same_behavior_have_the_same_text() {
    let pairs = [(0, 1), (0, 2), (1, 2)].map(|(one, other)| (Profile::ALL[one], Profile::ALL[other]));
    for difference in &DIFFERENCES {
        for (one, other) in pairs {
            let texts = difference.behavior(one) == difference.behavior(other);
            assert!(!(texts && difference.is_between(one, other)), "{difference:?}: {one:?} {other:?}");
        }
        assert!(pairs.iter().any(|(one, other)| difference.is_between(*one, *other)), "{difference:?}");
    }
}

#[test]
fn each_rule_belongs_to_one_difference() {
    for (one, other) in [(Profile::Chromium, Profile::Firefox), (Profile::Firefox, Profile::Rfc6265bis)] {
        let mut rules = *one.rules();
        for difference in &DIFFERENCES {
            rules = difference.applied(&rules, other.rules());
        }
        assert_eq!(rules, *other.rules());
    }
}

#[test]
fn each_difference_has_an_example() {
    // The tests below cover the differences that concern requests. The headers in the table are text, so they
    // hold no invalid UTF-8.
    let elsewhere = ["same-site-default", "schemeful-same-site", "third-party", "expires-clock", "not-utf-8"];
    for difference in &DIFFERENCES {
        let acted_out = EXAMPLES.iter().any(|(name, ..)| *name == difference.name);
        assert!(acted_out != elsewhere.contains(&difference.name), "{difference:?}");
    }
}

/// The number of cookies that a request from a page sends, in each profile.
fn sent(header: &str, from: &str, request: fn(f64, Target) -> Request) -> [usize; 3] {
    Profile::ALL.map(|profile| {
        let mut jar = Jar::new(profile);
        let wiki = Target::parse(SECURE).unwrap();
        jar.receive(&wiki, header.as_bytes(), &Request::direct(NOW));
        jar.peek(&wiki, &request(NOW, Target::parse(from).unwrap())).sent.len()
    })
}

#[test]
fn cross_site_post_sends_a_cookie_without_same_site_in_browsers_only() {
    assert_eq!(sent("a=b", "https://example.net/", Request::post), [1, 1, 0]);
    assert_eq!(sent("a=b; SameSite=Lax", "https://example.net/", Request::post), [0, 0, 0]);
}

#[test]
fn http_and_https_are_one_site_in_firefox_only() {
    assert_eq!(sent("a=b; SameSite=Strict", "http://v.example.org/", Request::link), [0, 1, 0]);
}

/// The cookies that a frame of the wiki in another site sends after a response to `set`, in each profile.
fn sent_in_frame(set: impl Fn(Target) -> Request) -> [String; 3] {
    Profile::ALL.map(|profile| {
        let mut jar = Jar::new(profile);
        let wiki = Target::parse(SECURE).unwrap();
        let page = Target::parse("https://example.net/").unwrap();
        for header in ["a=1", "n=1; Secure; SameSite=None", "l=1; SameSite=Lax"] {
            jar.receive(&wiki, header.as_bytes(), &set(page.clone()));
        }
        let sent = jar.peek(&wiki, &Request::embedded(NOW, page)).header;
        String::from_utf8(sent.unwrap_or_default()).unwrap()
    })
}

#[test]
fn frame_has_cookies_of_its_own_in_firefox_only() {
    assert_eq!(sent_in_frame(|_| Request::direct(NOW)), ["n=1", "", "n=1"]);
    assert_eq!(sent_in_frame(|page| Request::embedded(NOW, page)), ["n=1", "a=1; n=1", "n=1"]);
}

#[test]
fn expires_counts_from_the_date_header_in_browsers_only() {
    let lives = |attributes: &str, server_time| {
        Profile::ALL.map(|profile| {
            let header = format!("a=b; Expires=Tue, 24 Nov 2026 00:37:06 GMT{attributes}");
            let request = Request { server_time, ..Request::direct(NOW) };
            let outcome =
                Jar::new(profile).receive(&Target::parse(WIKI).unwrap(), header.as_bytes(), &request);
            outcome.stored().map(|cookie| cookie.expires.unwrap() - NOW)
        })
    };
    assert_eq!(lives("", None), [Some(86_505.0); 3]);
    assert_eq!(lives("", Some(NOW + 3600.0)), [Some(82_905.0), Some(82_905.0), Some(86_505.0)]);
    assert_eq!(lives("", Some(NOW + 90_000.0)), [None, None, Some(86_505.0)]);
    assert_eq!(lives("; Max-Age=60", Some(NOW + 90_000.0)), [Some(60.0); 3]);
}

#[test]
fn differences_in_frames_and_clocks_are_named() {
    let wiki = Target::parse(SECURE).unwrap();
    let names = |other, header: &'static str, request: Request| {
        let act = |mut jar: Jar| {
            jar.receive(&wiki, header.as_bytes(), &request);
            jar.all().iter().map(|cookie| (cookie.expires, cookie.partition.clone())).collect::<Vec<_>>()
        };
        let found = responsible(&Jar::new(Profile::Chromium), other, act);
        found.iter().map(|difference| difference.name).collect::<Vec<_>>()
    };
    let frame = Request::embedded(NOW, Target::parse("https://example.net/").unwrap());
    let skewed = Request { server_time: Some(NOW + 60.0), ..Request::direct(NOW) };
    let expires = "a=b; Expires=Tue, 24 Nov 2026 00:37:06 GMT";
    assert_eq!(names(Profile::Firefox, "a=b; Secure; SameSite=None", frame.clone()), ["third-party"]);
    assert_eq!(names(Profile::Firefox, "a=b", frame), ["same-site-default"]);
    assert_eq!(names(Profile::Firefox, expires, skewed.clone()), [""; 0]);
    assert_eq!(names(Profile::Rfc6265bis, expires, skewed), ["expires-clock"]);
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced_in_firefox_only() {
    let sent = Profile::ALL.map(|profile| {
        let mut jar = Jar::new(profile);
        let wiki = Target::parse(WIKI).unwrap();
        jar.receive(&wiki, b"a=caf\xe9", &Request::direct(NOW));
        jar.peek(&wiki, &Request::direct(NOW)).header.unwrap()
    });
    assert_eq!(sent, [b"a=caf\xe9".to_vec(), "a=caf\u{fffd}".into(), b"a=caf\xe9".to_vec()]);
}

/// The table of `docs/browsers.md`.
fn documented() -> String {
    let cell = |text: &str| text.replace('|', "\\|").replace("<", "\\<");
    let row = |difference: &Difference| {
        let behaviors = Profile::ALL.map(|profile| cell(difference.behavior(profile))).join(" | ");
        format!(
            "| `{}`: {} | {behaviors} | {} |\n",
            difference.name,
            cell(difference.what),
            cell(difference.source)
        )
    };
    let rows: String = DIFFERENCES.iter().map(row).collect();
    format!("| difference | Chromium | Firefox | RFC 6265bis | source |\n|---|---|---|---|---|\n{rows}")
}

#[test]
fn docs_have_the_table_of_differences() {
    let page = include_str!("../../docs/browsers.md");
    let table = documented();
    assert!(page.contains(&table), "put this table into docs/browsers.md:\n{table}");
}
