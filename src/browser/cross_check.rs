//! Compares the jar with another implementation, the `cookie_store` crate, for random cookies and URLs.
//!
//! That crate follows RFC 6265. RFC 6265bis and Chromium differ from RFC 6265 in some cases. The crate can't
//! check these cases, so the tests do not create such cookies:
//!
//! * Secure cookies from http, which RFC 6265 allows, and cookies without `Secure` beside Secure cookies.
//!   Tests set all cookies over https, and visit over http and https.
//! * The `__Host-` and `__Secure-` prefixes, the limits of length, control characters, nameless cookies, and
//!   the limit of 400 days.
//! * A host-only cookie and a cookie whose Domain is the same host. They are one cookie in RFC 6265 and two
//!   in RFC 6265bis. No host that sets cookies is the Domain of one.
//! * Public suffixes, which the crate supports only with a feature that is off here.
//! * The order of sent cookies, which the crate does not define. Tests compare the sent cookies without their
//!   order.

use cookie_store::CookieStore;
use proptest::prelude::*;
use url::Url;

use super::{Jar, Profile, Request, Target};

/// The time in the jar. The crate uses the clock of the machine; the same cookies have expired at both times.
const NOW: f64 = 1_795_400_000.0;

fn any_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(texts)
}

/// Hosts that set cookies.
const SETTERS: &[&str] = &["w.example.org", "b.a.example.org", "other.example.net", "192.0.2.1"];

/// Hosts that are visited.
const HOSTS: &[&str] =
    &["example.org", "a.example.org", "w.example.org", "b.a.example.org", "other.example.net", "192.0.2.1"];

const PATHS: &[&str] = &["/", "/wiki1", "/wiki10", "/wiki1/", "/wiki1/Page", "/Wiki1/Page", "/a/b/c"];

fn url(schemes: &'static [&'static str], hosts: &'static [&'static str]) -> impl Strategy<Value = String> {
    (any_of(schemes), any_of(hosts), any_of(PATHS))
        .prop_map(|(scheme, host, path)| format!("{scheme}://{host}{path}"))
}

fn header() -> impl Strategy<Value = String> {
    let domain = any_of(&[
        "",
        "; Domain=example.org",
        "; Domain=.example.org",
        "; domain=A.Example.ORG",
        "; Domain=.a.example.org",
        "; Domain=example.net",
    ]);
    let path = any_of(&["", "; Path=/", "; path=/wiki1", "; Path=/wiki1/", "; Path=wiki1", "; Path=/a/b"]);
    let age = any_of(&["", "; Max-Age=3600", "; Max-Age=0", "; Max-Age=-1"]);
    let secure = any_of(&["", "; Secure", "; secure; HttpOnly"]);
    (any_of(&["lab", "moin"]), "[a-f0-9]{1,4}", domain, path, age, secure).prop_map(
        |(name, value, domain, path, age, secure)| format!("{name}={value}{domain}{path}{age}{secure}"),
    )
}

proptest! {
    #[test]
    fn other_jar_sends_the_same_cookies(
        set in proptest::collection::vec((url(&["https"], SETTERS), header()), 1..8),
        visits in proptest::collection::vec(url(&["https", "http"], HOSTS), 1..6),
    ) {
        let mut theirs = CookieStore::default();
        for profile in Profile::ALL {
            let mut ours = Jar::new(profile);
            for (from, header) in &set {
                let target = Target::parse(from).unwrap();
                ours.receive(&target, header.as_bytes(), &Request::direct(NOW));
            }
            theirs.clear();
            for (from, header) in &set {
                // `parse` returns rejected cookies as errors.
                let _ = theirs.parse(header, &Url::parse(from).unwrap());
            }
            for visit in &visits {
                let sent = ours.peek(&Target::parse(visit).unwrap(), &Request::direct(NOW)).sent;
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let mut sent: Vec<_> = sent.iter().map(|one| (text(&one.name), text(&one.value))).collect();
                let other = theirs.get_request_values(&Url::parse(visit).unwrap());
                let mut other: Vec<_> =
                    other.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                sent.sort();
                other.sort();
                prop_assert_eq!(sent, other, "{:?}: {} after {:?}", profile, visit, set);
            }
        }
    }
}
