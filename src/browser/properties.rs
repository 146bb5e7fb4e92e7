//! Property tests for any input: nothing panics, formatted headers are read back, and no cookie is sent to a
//! wrong host.

use proptest::prelude::*;

use super::*;

fn profiles() -> impl Strategy<Value = Profile> {
    prop::sample::select(Profile::ALL.to_vec())
}

/// URLs of related hosts.
pub(super) fn urls() -> impl Strategy<Value = Target> {
    let host = prop_oneof![
        Just("example.org"),
        Just("wiki1.example.org"),
        Just("wiki2.example.org"),
        Just("a.wiki1.example.org"),
        Just("badexample.org"),
        Just("wiki1.example.org."),
        Just("foo.github.io"),
        Just("github.io"),
        Just("localhost"),
        Just("127.0.0.1"),
        Just("[::1]"),
    ];
    let path = prop_oneof![Just("/"), Just("/wiki1"), Just("/wiki1/"), Just("/wiki1/Page"), Just("/wiki10/")];
    (prop_oneof![Just("http"), Just("https")], host, path)
        .prop_map(|(scheme, host, path)| Target::parse(&format!("{scheme}://{host}{path}")).unwrap())
}

/// Headers made of meaningful words, so that browsers accept many of them.
pub(super) fn headers() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        Just("Domain=example.org".to_owned()),
        Just("Domain=.wiki1.example.org".to_owned()),
        Just("Domain=github.io".to_owned()),
        Just("Domain=".to_owned()),
        Just("Path=/wiki1".to_owned()),
        Just("Path=/".to_owned()),
        Just("Secure".to_owned()),
        Just("HttpOnly".to_owned()),
        Just("Partitioned".to_owned()),
        Just("SameSite=Strict".to_owned()),
        Just("SameSite=None".to_owned()),
        Just("Priority=Low".to_owned()),
        Just("Expires=Tue, 24 Nov 2026 00:37:06 GMT".to_owned()),
        (-10_i64..1000).prop_map(|seconds| format!("Max-Age={seconds}")),
        "[ -~]{0,12}",
    ];
    ("(__Host-|__Secure-)?[ab]?=[xy]{0,2}", prop::collection::vec(part, 0..5))
        .prop_map(|(pair, parts)| [vec![pair], parts].concat().join("; ").into_bytes())
}

/// Scenarios: who sends each header, and how many seconds after the previous one.
fn stories() -> impl Strategy<Value = Vec<(Target, Vec<u8>, u8)>> {
    prop::collection::vec((urls(), headers(), 0_u8..60), 0..12)
}

fn act(profile: Profile, story: &[(Target, Vec<u8>, u8)]) -> (Jar, f64) {
    let mut jar = Jar::new(profile);
    let mut now = 1_795_394_121.0;
    for (from, header, wait) in story {
        now += f64::from(*wait);
        jar.receive(from, header, &Request::direct(now));
    }
    (jar, now)
}

/// The cookies of a kind that have not expired. A header removes expired cookies.
fn living(jar: &Jar, now: f64, which: impl Fn(&Cookie) -> bool) -> Vec<Cookie> {
    jar.all().iter().filter(|cookie| which(cookie) && !cookie.is_expired(now)).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_cause_no_panic(header: Vec<u8>, profile in profiles(), from in urls()) {
        let mut jar = Jar::new(profile);
        jar.receive(&from, &header, &Request::direct(0.0));
        parse_cookie_date(&header, profile);
        parse_max_age(&header, profile);
    }

    #[test]
    fn any_attribute_value_causes_no_panic(
        name in "Domain|Path|Expires|Max-Age|SameSite",
        value: Vec<u8>,
        profile in profiles(),
    ) {
        let header = [b"a=b; ", name.as_bytes(), b"=", &value].concat();
        let from = Target::parse("https://wiki1.example.org/").unwrap();
        Jar::new(profile).receive(&from, &header, &Request::direct(0.0));
    }

    #[test]
    fn any_url_or_host_causes_no_panic(text in ".*") {
        let _ = Target::parse(&text);
        let _ = Target::parse(&format!("http://{text}/")).map(|target| target.site(&BuiltinSuffixes));
        let _ = (canonical_host(&text), is_ip(&text), BuiltinSuffixes.registrable_domain(&text));
        let _ = ListSuffixes::parse(&text).map(|list| list.registrable_domain(&text).map(str::len));
    }

    #[test]
    fn dates_of_digits_and_words_cause_no_panic(text in "([0-9:]{1,12}|jan|Feb|[ ,-]){0,12}", profile in profiles()) {
        parse_cookie_date(text.as_bytes(), profile);
    }

    #[test]
    fn formatted_header_is_read_back(header in headers(), profile in profiles()) {
        if let Ok(set_cookie) = parse_set_cookie(&header, profile) {
            let printed = set_cookie.to_header();
            prop_assert_eq!(parse_set_cookie(&printed, profile), Ok(set_cookie));
        }
    }

    #[test]
    fn parsed_header_is_read_back(header: Vec<u8>, profile in profiles()) {
        if let Ok(set_cookie) = parse_set_cookie(&header, profile) {
            let printed = set_cookie.to_header();
            prop_assert_eq!(parse_set_cookie(&printed, profile), Ok(set_cookie));
        }
    }

    #[test]
    fn no_cookie_is_sent_to_a_wrong_host_or_path(story in stories(), to in urls(), profile in profiles()) {
        let (jar, now) = act(profile, &story);
        let visit = jar.peek(&to, &Request::direct(now));
        prop_assert_eq!(visit.sent.len() + visit.withheld.len(), jar.all().len());
        for cookie in &visit.sent {
            let host = to.host();
            let belongs = host == cookie.domain || (!cookie.host_only && domain_match(host, &cookie.domain));
            prop_assert!(belongs, "{cookie:?} to {to}");
            let path = std::str::from_utf8(&cookie.path).unwrap();
            prop_assert!(path_match(to.path(), path), "{cookie:?} to {to}");
            prop_assert!(!cookie.secure || to.is_secure(), "{cookie:?} to {to}");
            prop_assert!(!cookie.is_expired(now), "{cookie:?} at {now}");
        }
    }

    #[test]
    fn no_domain_cookie_covers_a_public_suffix(story in stories(), profile in profiles()) {
        let (jar, _) = act(profile, &story);
        for cookie in jar.all() {
            prop_assert!(cookie.host_only || !BuiltinSuffixes.is_public_suffix(&cookie.domain), "{cookie:?}");
        }
    }

    #[test]
    fn cookies_are_sent_by_path_length_and_then_by_age(story in stories(), to in urls(), profile in profiles()) {
        let (jar, now) = act(profile, &story);
        let visit = jar.peek(&to, &Request::direct(now));
        let ordered = visit.sent.is_sorted_by(|one, next| {
            let (longer, as_long) = (one.path.len() > next.path.len(), one.path.len() == next.path.len());
            longer || (as_long && one.created <= next.created)
        });
        prop_assert!(ordered, "{:?}", visit.sent);
    }

    #[test]
    fn cookies_are_unique_and_live_at_most_400_days(story in stories(), profile in profiles()) {
        let (jar, now) = act(profile, &story);
        for (index, cookie) in jar.all().iter().enumerate() {
            let again = jar.all()[index + 1..].iter().any(|other| other.is_same_cookie(cookie));
            prop_assert!(!again, "{cookie:?}");
            prop_assert!(cookie.expires.is_none_or(|expires| expires <= now + MAX_LIFETIME), "{cookie:?}");
        }
    }

    #[test]
    fn deletion_with_the_same_attributes_deletes(from in urls(), header in headers(), profile in profiles()) {
        let mut jar = Jar::new(profile);
        let request = Request::direct(1_795_394_121.0);
        if let Outcome::Stored { cookie, .. } = jar.receive(&from, &header, &request) {
            let gone = jar.receive(&from, &[&header[..], b"; Max-Age=0"].concat(), &request);
            let Outcome::Deleted { removed, .. } = gone else { panic!("{gone:?}") };
            prop_assert_eq!(removed, Some(cookie));
            prop_assert!(jar.all().is_empty());
        }
    }

    #[test]
    fn scripts_never_see_or_replace_http_only_cookies(
        story in stories(),
        at in urls(),
        header in headers(),
        profile in profiles(),
    ) {
        let (mut jar, now) = act(profile, &story);
        let script = Request::script(now);
        prop_assert!(jar.peek(&at, &script).sent.iter().all(|cookie| !cookie.http_only));
        let before = living(&jar, now, |cookie| cookie.http_only);
        jar.receive(&at, &header, &script);
        let after = living(&jar, now, |cookie| cookie.http_only);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn insecure_visit_changes_no_secure_cookie(
        story in stories(),
        host in "(wiki[12]\\.)?example\\.org",
        header in headers(),
        profile in profiles(),
    ) {
        let from = Target::parse(&format!("http://{host}/wiki1/")).unwrap();
        let (mut jar, now) = act(profile, &story);
        let before = living(&jar, now, |cookie| cookie.secure);
        jar.receive(&from, &header, &Request::direct(now));
        let after = living(&jar, now, |cookie| cookie.secure);
        prop_assert_eq!(before, after);
    }
}
