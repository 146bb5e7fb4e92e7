//! The jar held against another one, the `cookie_store` crate, on random cookies and URLs.
//!
//! That crate follows RFC 6265. Where the draft that came after it (and Chromium) differ, nothing can be learnt from it, and
//! such cookies are not made here:
//!
//! * Secure cookies from http, which RFC 6265 lets a server set, and plain ones beside a Secure one: everything is set over
//!   https, and visited over both;
//! * the `__Host-` and `__Secure-` prefixes, the limits of length, control characters, nameless cookies, the 400 days;
//! * a host-only cookie beside one whose Domain is that host, which were one in RFC 6265 and are two: no host that sets cookies
//!   is the Domain of one;
//! * public suffixes, which the crate only knows with a feature that is off here;
//! * the order in which cookies are sent, which the crate leaves open: what is sent is compared, and not in which order.

use cookie_store::CookieStore;
use proptest::prelude::*;
use url::Url;

use super::{Jar, Profile, Request, Target};

/// A time at which the crate, which looks at the clock of the machine, has as little expired as the jar.
const NOW: f64 = 1_795_400_000.0;

fn any_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(texts)
}

/// The hosts that set cookies.
const SETTERS: &[&str] = &["w.example.org", "b.a.example.org", "other.example.net", "192.0.2.1"];

/// The hosts that are visited.
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
    fn another_jar_sends_the_same(
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
                // Rejected cookies are errors there.
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
