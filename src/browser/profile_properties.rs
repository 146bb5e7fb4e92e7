//! Property tests: profiles differ only if a difference in the table applies, and the table names this
//! difference.

use proptest::prelude::*;

use super::properties::{headers, urls};
use super::*;

/// A response: the wiki that sends it, a header, and the request before it.
type Response = (Target, Vec<u8>, Request);

/// Whether a difference can apply to a scenario. Uses the text of the headers, not the rules.
fn may_apply(name: &str, story: &[Response], (to, request): (&Target, &Request)) -> bool {
    let any = |found: &dyn Fn(&str) -> bool| {
        story.iter().any(|(_, header, _)| found(&String::from_utf8_lossy(header).to_ascii_lowercase()))
    };
    let first = |header: &str| header.split(';').next().unwrap_or_default().to_owned();
    let mut requests = story.iter().map(|(to, _, request)| (to, request)).chain([(to, request)]);
    let domain = |target: &Target| target.registrable_domain(&BuiltinSuffixes).to_owned();
    let is_cross_site = |from: &Target, to: &Target| domain(from) != domain(to);
    let is_cross_scheme = |from: &Target, to: &Target| from.scheme_is_https() != to.scheme_is_https();
    let mut is_cross = |crosses: &dyn Fn(&Target, &Target) -> bool, embedded: bool| {
        requests.any(|(to, request)| {
            let nav = !embedded || request.nav == Nav::Embedded;
            nav && request.from.as_ref().is_some_and(|from| crosses(from, to))
        })
    };
    let either = |from: &Target, to: &Target| is_cross_site(from, to) || is_cross_scheme(from, to);
    match name {
        "inner-tab" => any(&|header| header.contains('\t')),
        "line-end" => any(&|header| header.contains(['\r', '\n'])),
        "empty-name" => any(&|header| header.trim_start().starts_with('=')),
        "no-equals-sign" => any(&|header| !first(header).contains('=')),
        "max-age-sign" => any(&|header| header.contains("max-age")),
        "repeated-lifetime" => any(&|header| header.contains("max-age") || header.contains("expires")),
        "expires-date" => any(&|header| header.contains("expires")),
        "expires-clock" => story.iter().any(|(_, header, request)| {
            let skewed = request.server_time.is_some_and(|date| date != request.now);
            skewed && String::from_utf8_lossy(header).to_ascii_lowercase().contains("expires")
        }),
        "overwrite-order" => story.len() > 1,
        "domain-non-ascii" => any(&|header| header.contains("domain") && !header.is_ascii()),
        "domain-attribute" => any(&|header| header.contains("domain")),
        "not-utf-8" => story.iter().any(|(_, header, _)| std::str::from_utf8(header).is_err()),
        "host-empty-label" => story.iter().any(|(from, ..)| from.host().contains("..")),
        "http-prefix" => any(&|header| header.contains("http-")),
        "host-prefix-path" => any(&|header| header.contains("__host-")),
        "partitioned" => any(&|header| header.contains("partitioned")),
        "priority" => any(&|header| header.contains("priority")),
        "same-site-default" => is_cross(&either, false),
        "schemeful-same-site" => is_cross(&is_cross_scheme, false),
        "third-party" => is_cross(&either, true),
        _ => false,
    }
}

/// Requests at a time, from all kinds of pages, to servers with all kinds of clocks.
fn requests() -> impl Strategy<Value = Request> {
    let nav = prop::sample::select(vec![Nav::Direct, Nav::Link, Nav::Post, Nav::Embedded]);
    let skew = prop::option::of(-90_000_i32..90_000);
    (nav, urls(), skew).prop_map(|(nav, page, skew)| {
        let server_time = skew.map(f64::from);
        Request { nav, server_time, ..Request::link(0.0, page) }
    })
}

/// Headers, some of which browsers read differently.
fn odd_headers() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop_oneof![
        "__Host-a=x; Secure(; Path=/)?",
        "__(Host-)?Http-a=x; Secure; Path=/(; HttpOnly)?",
        "=?[ab]; Path=/",
        "[ab]=x; Max-Age=[-+]?[0-9x]{0,3}",
        "[ab]=x; Expires=(3[01]|[0-9]{1,2}) (Nov|Feb) (20[0-9]{2}|[0-9]{3}) [0-9]{2}:[0-9]{2}(:[0-9]{2})?( PST)?",
        "[ab]=x\ty",
        "[ab]=x(\r|\n)y",
        "[ab]=x; Domain=ex\u{e4}mple.org",
    ];
    let latin_1 = Just(b"a=caf\xe9".to_vec());
    prop_oneof![4 => headers(), 3 => odd.prop_map(String::into_bytes), 1 => latin_1]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn profiles_differ_only_by_differences_that_apply(
        story in prop::collection::vec((urls(), odd_headers(), requests(), 0_u8..200), 0..6),
        (to, visit) in (urls(), requests()),
        pair in 0_usize..3,
    ) {
        let mut now = 1_795_394_121.0;
        let at = |request: Request, now: f64| {
            Request { now, server_time: request.server_time.map(|skew| now + skew), ..request }
        };
        let story: Vec<Response> = story
            .into_iter()
            .map(|(from, header, request, wait)| {
                now += f64::from(wait);
                (from, header, at(request, now))
            })
            .collect();
        let visit = at(visit, now);
        let act = |mut jar: Jar| {
            for (from, header, request) in &story {
                jar.receive(from, header, request);
            }
            let kept = |cookie: &Cookie| (cookie.pair(), cookie.expires, cookie.partition.clone());
            (jar.peek(&to, &visit).header, jar.all().iter().map(kept).collect::<Vec<_>>())
        };
        let (one, other) = (Profile::ALL[pair], Profile::ALL[(pair + 1) % 3]);
        let found = responsible(&Jar::new(one), other, act);
        let differs = act(Jar::new(one)) != act(Jar::new(other));
        prop_assert_eq!(differs, !found.is_empty(), "{:?}", found);
        for difference in found {
            prop_assert!(difference.is_between(one, other));
            prop_assert!(may_apply(difference.name, &story, (&to, &visit)), "{:?}", difference);
        }
    }
}
