//! Compares received cookies with the prediction, attribute by attribute.

use schemars::JsonSchema;
use serde::Serialize;

use super::spelling::spelling;
use crate::browser::{Profile, SetCookie as Received, parse_set_cookie};
use crate::moin::{
    Action, Behavior, Failure, Handler, MemorySessions, MemoryUsers, Outside, SeededIds, SetCookie, Settings,
    Visitor, deletion, session_cookie,
};

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// The wiki sent the predicted cookie, or its deletion.
    Agrees,
    /// The wiki sent nothing, as predicted. This proves little.
    Silent,
    /// The wiki sent another cookie.
    Drift(Vec<Difference>),
}

/// An attribute that differs from the prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Difference {
    /// `name`, `Domain`, `Path`, `Secure`, `HttpOnly`, `SameSite`, `Max-Age`, `Expires`, `spelling` (the names and order of
    /// the attributes, and the form of the date), `duplicate_cookie` (which of two cookies the wiki used), or `Set-Cookie`
    /// for the whole header.
    pub attribute: &'static str,
    /// The predicted value.
    pub expected: String,
    /// The received value.
    pub found: String,
}

impl Difference {
    fn new(attribute: &'static str, expected: impl Into<String>, found: impl Into<String>) -> Difference {
        Difference { attribute, expected: expected.into(), found: found.into() }
    }
}

/// The Cookie header of a visitor with unknown ids. Contains two cookies if the answer shows which one the wiki uses.
pub fn cookie_for(settings: &Settings, ids: [&str; 2]) -> String {
    let name = settings.session_cookie_name();
    let [first, second] = ids;
    let both = format!("{name}={first}; {name}={second}");
    match answer(settings, &both, 0.0) {
        Ok(Some(sent)) if ids.contains(&sent.value.as_str()) => both,
        _ => format!("{name}={first}"),
    }
}

/// What the wiki answers: to a visit, and in 2.0 to the login form, which changes nothing.
fn answer(settings: &Settings, cookie: &str, now: f64) -> Result<Option<SetCookie>, Failure> {
    let mut ids = SeededIds::new(0);
    let mut outside = Outside {
        now,
        sessions: &mut MemorySessions::default(),
        users: &mut MemoryUsers::default(),
        new_id: &mut |form| ids.next(form),
    };
    let flask = settings.version.behavior() >= Behavior::V2;
    let action = if flask { Action::LoginForm } else { Action::Visit };
    let answer = Handler::new(settings.clone()).request(Some(cookie.as_bytes()), &action, None, &mut outside);
    answer.map(|answer| answer.set_cookie.into_iter().next_back())
}

/// Compares the Set-Cookie headers of the answer to `cookie`, a header with unknown ids, with the prediction for `settings`.
/// `now` is the time of the response, in unix seconds of the wiki's own clock.
pub fn compare(settings: &Settings, cookie: &str, set_cookies: &[Vec<u8>], now: f64) -> Finding {
    let name = settings.session_cookie_name();
    let predicted = match answer(settings, cookie, now) {
        Ok(predicted) => predicted,
        Err(failure) => {
            let found = if set_cookies.is_empty() { "nothing" } else { "a cookie" };
            return Finding::Drift(vec![Difference::new("Set-Cookie", format!("none: {failure}"), found)]);
        }
    };
    let expected = match &predicted {
        None => "none",
        Some(predicted) if predicted.deletes() => "a deletion",
        Some(_) => "an anonymous session",
    };
    let received = |header: &Vec<u8>| {
        let parsed = parse_set_cookie(header, Profile::Chromium).ok()?;
        Some((String::from_utf8_lossy(header).into_owned(), parsed))
    };
    let received: Vec<(String, Received)> = set_cookies.iter().filter_map(received).collect();
    let is_moin = |name: &[u8]| name.starts_with(b"MOIN_SESSION") || name == b"session";
    let own = received.iter().find(|(_, cookie)| cookie.name == name.as_bytes());
    let by_name = own.or_else(|| received.iter().find(|(_, cookie)| is_moin(&cookie.name)));
    let by_value = |predicted: &SetCookie| received.iter().find(|(_, cookie)| is_like(predicted, cookie));
    let Some((header, own)) = by_name.or_else(|| predicted.as_ref().and_then(by_value)) else {
        return match predicted {
            None => Finding::Silent,
            Some(_) => {
                Finding::Drift(vec![Difference::new("Set-Cookie", format!("{expected}: {name}"), "none")])
            }
        };
    };
    let mut found = Vec::new();
    if own.name != name.as_bytes() {
        found.push(Difference::new("name", name, String::from_utf8_lossy(&own.name)));
    }
    let deletes = is_deletion(own);
    let kind = if deletes { "a deletion" } else { "a session" };
    if predicted.as_ref().map(SetCookie::deletes) != Some(deletes) {
        found.push(Difference::new("Set-Cookie", expected, kind));
    }
    let same_kind = predicted.filter(|predicted| predicted.deletes() == deletes);
    found.extend(duplicate(same_kind.as_ref(), own, cookie));
    if let Some(like) = same_kind.clone().or_else(|| reference(settings, deletes, now)) {
        found.extend(differences(&like, own));
        found.extend(same_kind.iter().filter(|_| !deletes).flat_map(|like| lifetimes(like, own)));
        let spelled = spelling(&like.to_string(), header).into_iter();
        found.extend(spelled.map(|(expected, sent)| Difference::new("spelling", expected, sent)));
    }
    if found.is_empty() { Finding::Agrees } else { Finding::Drift(found) }
}

/// Whether a cookie is deleted.
fn is_deletion(cookie: &Received) -> bool {
    cookie.value.iter().all(|byte| *byte == b'"')
}

/// The length of the shortest session ids.
const SHORTEST_ID: usize = 32;

/// Whether a cookie with another name can be the predicted one: by its value, a deletion or a session id.
fn is_like(predicted: &SetCookie, cookie: &Received) -> bool {
    let is_id = |value: &[u8]| {
        value.len() >= SHORTEST_ID && value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    if predicted.deletes() { is_deletion(cookie) } else { is_id(&cookie.value) }
}

/// A cookie of the wiki that is not predicted now: the lifetime is unknown.
fn reference(settings: &Settings, deletes: bool, now: f64) -> Option<SetCookie> {
    if deletes {
        return Some(deletion(settings));
    }
    // Even if logins are off.
    let settings = Settings { cookie_lifetime: None, ..settings.clone() };
    session_cookie(&settings, Visitor::User, "", now).ok()
}

/// Whether the wiki used the other one of the two cookies that were sent.
fn duplicate(predicted: Option<&SetCookie>, own: &Received, cookie: &str) -> Option<Difference> {
    let (first, last) = cookie.split_once("; ")?;
    let value = |pair: &str| pair.split_once('=').map(|(_, value)| value.to_owned());
    let which = |found: &[u8]| {
        let is = |pair| value(pair).is_some_and(|value| value.as_bytes() == found);
        if is(first) { Some("first") } else { is(last).then_some("last") }
    };
    let (expected, found) = (which(predicted?.value.as_bytes())?, which(&own.value)?);
    (expected != found).then(|| Difference::new("duplicate_cookie", expected, found))
}

/// The largest difference between two Expires dates that is no drift, in seconds: a minute, and a second on the way.
const MINUTE: f64 = 61.0;

/// A time in RFC 3339.
fn time(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "out of range it saturates, and no calendar has it")]
    let whole = jiff::Timestamp::from_second(seconds.floor() as i64);
    whole.map_or_else(|_| format!("{seconds} s"), |time| time.to_string())
}

/// The attributes besides the lifetime.
fn differences(predicted: &SetCookie, own: &Received) -> Vec<Difference> {
    let text =
        |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let bare = |domain: &Option<String>| {
        domain.as_ref().map(|domain| domain.trim_start_matches('.').to_ascii_lowercase())
    };
    let shown = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let yes = |set: bool| Some(if set { "yes" } else { "no" }.to_owned());
    let same_site = own.same_site.map(|same_site| same_site.as_str().to_owned());
    let (domain, path) = (text(&own.domain), text(&own.path));
    let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_ascii_lowercase());
    [
        ("Domain", bare(&predicted.domain) == bare(&domain), predicted.domain.clone(), domain),
        ("Path", path.as_ref() == Some(&predicted.path), Some(predicted.path.clone()), path),
        ("Secure", predicted.secure == own.secure, yes(predicted.secure), yes(own.secure)),
        ("HttpOnly", predicted.http_only == own.http_only, yes(predicted.http_only), yes(own.http_only)),
        (
            "SameSite",
            lower(&predicted.same_site) == lower(&same_site),
            predicted.same_site.clone(),
            same_site,
        ),
    ]
    .into_iter()
    .filter(|(_, same, ..)| !same)
    .map(|(attribute, _, expected, found)| Difference::new(attribute, shown(expected), shown(found)))
    .collect()
}

/// How long the cookie of an anonymous session lasts. A proxy may drop Max-Age or Expires, which changes the lifetime.
fn lifetimes(predicted: &SetCookie, own: &Received) -> Vec<Difference> {
    #[expect(clippy::cast_precision_loss, reason = "a second in millions of years is nothing here")]
    let sent = own.expires.map(|expires| expires as f64);
    let mut found = Vec::new();
    let number =
        |seconds: Option<i64>| seconds.map_or_else(|| "none".to_owned(), |seconds| seconds.to_string());
    // A second between the two clocks is no drift.
    let same = match (predicted.max_age, own.max_age) {
        (Some(expected), Some(found)) => (expected - found).abs() <= 1,
        (expected, found) => expected == found,
    };
    if !same {
        found.push(Difference::new("Max-Age", number(predicted.max_age), number(own.max_age)));
    }
    // From 1.9.2 on, Expires counts from the full minute, and a new minute may have begun.
    match (predicted.expires, sent) {
        (Some(expected), Some(sent)) if (expected - sent).abs() > MINUTE => {
            found.push(Difference::new("Expires", time(expected), time(sent)));
        }
        (None, Some(sent)) => found.push(Difference::new("Expires", "none", time(sent))),
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moin::{Backend, CookieLifetime, Version};

    fn wiki(version: &str, lifetime: Option<CookieLifetime>) -> Settings {
        let backend = Backend { https: true, port: 443, script_path: String::new() };
        let version: Version = version.parse().unwrap();
        Settings {
            cookie_domain: Some(".example.org".to_owned()),
            cookie_name: Some("lab".to_owned()),
            cookie_lifetime: lifetime,
            ..Settings::defaults(version, "wiki", backend)
        }
    }

    fn found(settings: &Settings, headers: &[&str]) -> String {
        let ids = ["a".repeat(40), "b".repeat(40)];
        let cookie = cookie_for(settings, [&ids[0], &ids[1]]);
        let headers: Vec<Vec<u8>> = headers.iter().map(|header| header.as_bytes().to_vec()).collect();
        match compare(settings, &cookie, &headers, 1_795_400_000.0) {
            Finding::Agrees => "agrees".to_owned(),
            Finding::Silent => "silent".to_owned(),
            Finding::Drift(differences) => differences
                .iter()
                .map(|d| format!("{}: {} / {}", d.attribute, d.expected, d.found))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    #[test]
    fn compare_of_a_deletion_checks_every_attribute() {
        let wiki = wiki("1.9.11", None);
        let deletion =
            "MOIN_SESSION_lab=; Domain=.example.org; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=";
        assert_eq!(found(&wiki, &[&format!("{deletion}/")]), "agrees");
        assert_eq!(found(&wiki, &["other=1", &format!("{deletion}/wiki")]), "Path: / / /wiki");
        assert_eq!(found(&wiki, &[&format!("{deletion}/; Secure")]), "Secure: no / yes");
        assert_eq!(
            found(&wiki, &["MOIN_SESSION_443_ROOT=; Max-Age=0; Path=/wiki; HttpOnly"]),
            "name: MOIN_SESSION_lab / MOIN_SESSION_443_ROOT, Domain: .example.org / none, Path: / / /wiki, \
             HttpOnly: no / yes"
        );
        assert_eq!(found(&wiki, &["MOIN_SESSION_lab=; Max-Age=0; Path=/"]), "Domain: .example.org / none");
        assert_eq!(found(&wiki, &[]), "Set-Cookie: a deletion: MOIN_SESSION_lab / none");
    }

    #[test]
    fn compare_of_a_cookie_with_another_name_checks_every_attribute() {
        let missing = "Set-Cookie: a deletion: MOIN_SESSION_lab / none";
        assert_eq!(found(&wiki("1.9.11", None), &["SERVERID=n1; Path=/"]), missing);
        assert_eq!(
            found(&wiki("1.9.11", None), &["SERVERID=n1; Path=/", "FOO=; Max-Age=0; Path=/wiki; HttpOnly"]),
            "name: MOIN_SESSION_lab / FOO, Domain: .example.org / none, Path: / / /wiki, HttpOnly: no / yes"
        );
        let wiki = wiki("1.9.11", Some(CookieLifetime::Pair(0.5, 12.0)));
        let sent = format!("FOO={}; Domain=.example.org; Max-Age=60; Path=/", "c".repeat(40));
        let headers = ["SERVERID=n1; Path=/", &sent];
        assert_eq!(
            found(&wiki, &headers),
            "name: MOIN_SESSION_lab / FOO, Secure: yes / no, Max-Age: 1800 / 60"
        );
        assert_eq!(found(&wiki, &headers[..1]), "Set-Cookie: an anonymous session: MOIN_SESSION_lab / none");
    }

    #[test]
    fn compare_of_an_anonymous_session_checks_every_attribute() {
        let wiki = wiki("1.9.11", Some(CookieLifetime::Pair(0.5, 12.0)));
        let sent = "MOIN_SESSION_lab=x; Domain=.example.org; Expires=Mon, 23-Nov-2026 02:43:00 GMT; Max-Age=";
        assert_eq!(found(&wiki, &[&format!("{sent}1800; Secure; Path=/")]), "agrees");
        assert_eq!(
            found(&wiki, &[&format!("{sent}3600; HttpOnly; Path=/; SameSite=Lax")]),
            "Secure: yes / no, HttpOnly: no / yes, SameSite: none / Lax, Max-Age: 1800 / 3600"
        );
        assert_eq!(
            found(&wiki, &["MOIN_SESSION_lab=; Domain=example.org; Max-Age=0; Path=/"]),
            "Set-Cookie: an anonymous session / a deletion"
        );
    }

    #[test]
    fn compare_with_unexpected_session_or_deletion_is_drift_without_lifetimes() {
        let sent = "MOIN_SESSION_lab=x; Domain=.example.org; Max-Age=1800; Secure; Path=/";
        assert_eq!(found(&wiki("1.9.11", None), &[sent]), "Set-Cookie: a deletion / a session");
        let off = Some(CookieLifetime::Pair(0.0, 0.0));
        assert_eq!(found(&wiki("1.9.11", off), &[sent]), "Set-Cookie: a deletion / a session");
        let deletion = "MOIN_SESSION_lab=; Domain=.example.org; Max-Age=0; Path=/";
        assert_eq!(found(&wiki("1.9.1", None), &[deletion]), "Set-Cookie: none / a deletion");
    }

    #[test]
    fn compare_names_the_cookie_that_the_wiki_used() {
        let [first, last] = ["a".repeat(40), "b".repeat(40)];
        let sent =
            |id: &str| format!("MOIN_SESSION_lab={id}; Domain=.example.org; Max-Age=1800; Path=/; Secure");
        let lifetime = || Some(CookieLifetime::Pair(0.5, 12.0));
        let old = |id: &str| found(&wiki("1.9.8", lifetime()), &[&sent(id).replace("Secure", "secure")]);
        assert_eq!((old(&last).as_str(), old(&first).as_str()), ("agrees", "duplicate_cookie: last / first"));
        let new = |id: &str| {
            found(&wiki("1.9.11", lifetime()), &[&sent(id).replace("; Path=/; Secure", "; Secure; Path=/")])
        };
        assert_eq!((new(&first).as_str(), new(&last).as_str()), ("agrees", "duplicate_cookie: first / last"));
        let one = cookie_for(&wiki("1.9.8", None), [&first, &last]);
        assert_eq!(one, format!("MOIN_SESSION_lab={first}"), "a deletion does not show it");
    }

    #[test]
    fn compare_of_the_spelling_detects_another_version() {
        let lifetime = || Some(CookieLifetime::Pair(0.5, 12.0));
        let sent = "MOIN_SESSION_lab=x; Domain=.example.org; expires=Mon, 23-Nov-2026 02:43:00 GMT; Max-Age=1800; Path=/; secure";
        assert_eq!(found(&wiki("1.9.8", lifetime()), &[sent]), "agrees");
        assert_eq!(
            found(&wiki("1.9.11", lifetime()), &[sent]),
            "spelling: Domain; Expires; Max-Age; Secure; Path / Domain; expires; Max-Age; Path; secure"
        );
        let other = sent.replace("23-Nov-2026", "23 Nov 2026");
        assert_eq!(
            found(&wiki("1.9.8", lifetime()), &[&other]),
            "spelling: Mon, 23-Nov-2026 02:43:00 GMT / Mon, 23 Nov 2026 02:43:00 GMT"
        );
    }

    #[test]
    fn compare_of_2_0_expects_a_deletion_with_every_attribute() {
        let wiki = Settings { cookie_name: None, cookie_secure: Some(true), ..wiki("2.0.0b5", None) };
        let sent = "session=; Domain=example.org; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; Path=/";
        assert_eq!(found(&wiki, &[sent]), "agrees");
        assert_eq!(found(&wiki, &[&sent.replace("; Secure", "")]), "Secure: yes / no");
        assert_eq!(found(&wiki, &[]), "Set-Cookie: a deletion: session / none");
        assert_eq!(
            found(&wiki, &["session=x; Domain=example.org; Secure; HttpOnly; Path=/"]),
            "Set-Cookie: a deletion / a session"
        );
    }

    #[test]
    fn compare_of_expires_uses_the_clock_of_the_wiki() {
        let wiki = wiki("1.9.11", Some(CookieLifetime::Pair(0.5, 12.0)));
        let sent = |end: &str| {
            let expires = format!("Mon, 23-Nov-2026 {end} GMT");
            format!(
                "MOIN_SESSION_lab=x; Domain=.example.org; Expires={expires}; Max-Age=1800; Secure; Path=/"
            )
        };
        assert_eq!(found(&wiki, &[&sent("02:43:00")]), "agrees", "by the minute");
        assert_eq!(found(&wiki, &[&sent("02:44:00")]), "agrees", "the minute has turned");
        assert_eq!(
            found(&wiki, &[&sent("03:43:00")]),
            "Expires: 2026-11-23T02:43:00Z / 2026-11-23T03:43:00Z"
        );
    }

    #[test]
    fn compare_without_lifetime_is_drift() {
        let lives = wiki("1.9.11", Some(CookieLifetime::Pair(0.5, 12.0)));
        let bare = "MOIN_SESSION_lab=x; Domain=.example.org; Secure; Path=/";
        assert_eq!(found(&lives, &[bare]), "Max-Age: 1800 / none");
    }

    #[test]
    fn compare_without_cookie_before_1_9_2_is_silent() {
        assert_eq!(found(&wiki("1.9.1", None), &[]), "silent");
        assert_eq!(found(&wiki("1.8.7", None), &[]), "silent");
        assert_eq!(
            found(&wiki("1.8.7", None), &["MOIN_SESSION_lab=; Domain=.example.org; Path=/"]),
            "name: MOIN_SESSION / MOIN_SESSION_lab, Set-Cookie: none / a deletion"
        );
    }
}
