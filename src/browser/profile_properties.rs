//! Property tests: profiles differ only if a difference in the table applies, and the table names this
//! difference.

use proptest::prelude::*;

use super::properties::{headers, urls};
use super::*;

/// Whether a difference can apply to a scenario. Uses the text of the headers, not the rules.
fn may_apply(name: &str, story: &[(Target, Vec<u8>, u8)], request: &Request, to: &Target) -> bool {
    let any = |found: &dyn Fn(&str) -> bool| {
        story.iter().any(|(_, header, _)| found(&String::from_utf8_lossy(header).to_ascii_lowercase()))
    };
    let first = |header: &str| header.split(';').next().unwrap_or_default().to_owned();
    let is_cross_site =
        |from: &Target| from.registrable_domain(&BuiltinSuffixes) != to.registrable_domain(&BuiltinSuffixes);
    let is_cross_scheme = |from: &Target| from.scheme_is_https() != to.scheme_is_https();
    let from = request.from.as_ref();
    match name {
        "inner-tab" => any(&|header| header.contains('\t')),
        "line-end" => any(&|header| header.contains(['\r', '\n'])),
        "empty-name" => any(&|header| header.trim_start().starts_with('=')),
        "no-equals-sign" => any(&|header| !first(header).contains('=')),
        "max-age-sign" => any(&|header| header.contains("max-age")),
        "expires-date" => any(&|header| header.contains("expires")),
        "overwrite-order" => story.len() > 1,
        "domain-non-ascii" => any(&|header| header.contains("domain") && !header.is_ascii()),
        "not-utf-8" => story.iter().any(|(_, header, _)| std::str::from_utf8(header).is_err()),
        "host-empty-label" => story.iter().any(|(from, ..)| from.host().contains("..")),
        "http-prefix" => any(&|header| header.contains("http-")),
        "host-prefix-path" => any(&|header| header.contains("__host-")),
        "priority" => any(&|header| header.contains("priority")),
        "same-site-default" => from.is_some_and(|from| is_cross_site(from) || is_cross_scheme(from)),
        "schemeful-same-site" => from.is_some_and(is_cross_scheme),
        _ => false,
    }
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
        story in prop::collection::vec((urls(), odd_headers(), 0_u8..200), 0..6),
        (to, page, kind) in (urls(), urls(), 0..3),
    ) {
        let mut now = 1_795_394_121.0;
        let times: Vec<f64> = story.iter().map(|(_, _, wait)| { now += f64::from(*wait); now }).collect();
        let request = match kind {
            0 => Request::direct(now),
            1 => Request::link(now, page),
            _ => Request::post(now, page),
        };
        let act = |mut jar: Jar| {
            for ((from, header, _), at) in story.iter().zip(&times) {
                jar.receive(from, header, &Request::direct(*at));
            }
            let kept: Vec<_> = jar.all().iter().map(|cookie| (cookie.pair(), cookie.expires)).collect();
            (jar.peek(&to, &request).header, kept)
        };
        let (one, other) = (Profile::Chromium, Profile::Firefox);
        let found = responsible(&Jar::new(one), other, act);
        let differs = act(Jar::new(one)) != act(Jar::new(other));
        prop_assert_eq!(differs, !found.is_empty(), "{:?}", found);
        for difference in found {
            prop_assert!(difference.is_between(one, other));
            prop_assert!(may_apply(difference.name, &story, &request, &to), "{:?}", difference);
        }
    }
}
