//! Compares received cookies with the prediction, attribute by attribute.

use schemars::JsonSchema;
use serde::Serialize;

use crate::browser::{Profile, SetCookie as Received, parse_set_cookie};
use crate::moin::{Behavior, NoCookie, SetCookie, Settings, Visitor, session_cookie};

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
    /// `name`, `Domain`, `Path`, `Secure`, `HttpOnly`, `SameSite`, `Max-Age`, `Expires`, or `Set-Cookie` for the whole header.
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

/// Compares the Set-Cookie headers of a response to a visitor with an unknown id with the prediction for `settings`. `now`
/// is the time of the response, in unix seconds of the wiki's own clock.
///
/// Source: measured responses of MoinMoin to an unknown id. From 1.9.2 on: a deletion without anonymous sessions, the same
/// id with them. Before 1.9.2: nothing without anonymous sessions.
pub fn compare(settings: &Settings, id: &str, set_cookies: &[Vec<u8>], now: f64) -> Finding {
    let name = settings.session_cookie_name();
    let anonymous = session_cookie(settings, Visitor::Anonymous, id, now);
    // The deletion has the same domain and path as any cookie of the wiki.
    let predicted = anonymous.clone().or_else(|_| session_cookie(settings, Visitor::User, id, now));
    let received: Vec<Received> =
        set_cookies.iter().filter_map(|header| parse_set_cookie(header, Profile::Chromium).ok()).collect();
    let own = received.iter().find(|cookie| cookie.name == name.as_bytes());
    let (predicted, own) = match (predicted, own) {
        (Err(why), _) => {
            let found = if set_cookies.is_empty() { "nothing" } else { "a cookie" };
            return match why {
                NoCookie::AnonymousOff | NoCookie::LoginOff => Finding::Silent,
                broken => {
                    Finding::Drift(vec![Difference::new("Set-Cookie", format!("none: {broken}"), found)])
                }
            };
        }
        (Ok(predicted), Some(own)) => (predicted, own),
        (Ok(_), None) => return missing(settings, &name, &received, anonymous.is_ok()),
    };
    let deletion = own.value.is_empty() || own.max_age.is_some_and(|age| age <= 0);
    let differences = differences(&predicted, own, deletion, anonymous.is_ok());
    if differences.is_empty() { Finding::Agrees } else { Finding::Drift(differences) }
}

/// The result without a cookie of the predicted name.
fn missing(settings: &Settings, name: &str, received: &[Received], anonymous: bool) -> Finding {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let other =
        received.iter().find(|cookie| cookie.name.starts_with(b"MOIN_SESSION") || cookie.name == b"session");
    let behavior = settings.version.behavior();
    // 1.9.0 and 2.0 respond to an id they cannot use with nothing, or with a new session.
    let speaks = anonymous || (Behavior::V1_9_2..Behavior::V2).contains(&behavior);
    match other {
        Some(other) => Finding::Drift(vec![Difference::new("name", name, text(&other.name))]),
        None if speaks && behavior < Behavior::V2 => {
            Finding::Drift(vec![Difference::new("Set-Cookie", format!("a cookie {name}"), "none")])
        }
        None => Finding::Silent,
    }
}

/// The largest difference between two Expires dates that is no drift, in seconds: a minute, and a second on the way.
const MINUTE: f64 = 61.0;

/// A time in RFC 3339.
fn time(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "out of range it saturates, and no calendar has it")]
    let whole = jiff::Timestamp::from_second(seconds.floor() as i64);
    whole.map_or_else(|_| format!("{seconds} s"), |time| time.to_string())
}

fn differences(predicted: &SetCookie, own: &Received, deletion: bool, anonymous: bool) -> Vec<Difference> {
    let mut differences = Vec::new();
    let text =
        |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let bare = |domain: Option<String>| domain.map(|d| d.trim_start_matches('.').to_ascii_lowercase());
    let shown = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    let (expected, found) = (predicted.domain.clone(), text(&own.domain));
    if bare(expected.clone()) != bare(found.clone()) {
        differences.push(Difference::new("Domain", shown(expected), shown(found)));
    }
    let found = text(&own.path);
    if found.as_deref() != Some(predicted.path.as_str()) {
        differences.push(Difference::new("Path", &predicted.path, shown(found)));
    }
    // A deletion has no other attributes.
    if deletion {
        if anonymous {
            differences.push(Difference::new("Set-Cookie", "an anonymous session", "a deletion"));
        }
        return differences;
    }
    let yes = |set: bool| if set { "yes" } else { "no" };
    for (attribute, expected, found) in
        [("Secure", predicted.secure, own.secure), ("HttpOnly", predicted.http_only, own.http_only)]
    {
        if expected != found {
            differences.push(Difference::new(attribute, yes(expected), yes(found)));
        }
    }
    let found = own.same_site.map(|same_site| same_site.as_str().to_owned());
    if predicted.same_site.as_deref().map(str::to_ascii_lowercase)
        != found.as_deref().map(str::to_ascii_lowercase)
    {
        differences.push(Difference::new("SameSite", shown(predicted.same_site.clone()), shown(found)));
    }
    // A second between the two clocks is no drift.
    if let (Some(expected), Some(found)) = (predicted.max_age, own.max_age)
        && (expected - found).abs() > 1
    {
        differences.push(Difference::new("Max-Age", expected.to_string(), found.to_string()));
    }
    // From 1.9.2 on, Expires counts from the full minute, and a new minute may have begun.
    if let (Some(expected), Some(found)) = (predicted.expires, own.expires)
        && (expected - found as f64).abs() > MINUTE
    {
        differences.push(Difference::new("Expires", time(expected), time(found as f64)));
    }
    // A proxy may drop Max-Age or Expires, which changes the lifetime.
    if anonymous {
        let number = |seconds: i64| seconds.to_string();
        match (predicted.max_age, own.max_age) {
            (Some(expected), None) => {
                differences.push(Difference::new("Max-Age", number(expected), "none"));
            }
            (None, Some(found)) => differences.push(Difference::new("Max-Age", "none", number(found))),
            _ => {}
        }
        if let (None, Some(found)) = (predicted.expires, own.expires) {
            differences.push(Difference::new("Expires", "none", time(found as f64)));
        }
    }
    if !anonymous {
        differences.push(Difference::new("Set-Cookie", "no anonymous session", "a session"));
    }
    differences
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
        let headers: Vec<Vec<u8>> = headers.iter().map(|header| header.as_bytes().to_vec()).collect();
        match compare(settings, "x", &headers, 1_795_400_000.0) {
            Finding::Agrees => "agrees".to_owned(),
            Finding::Silent => "silent".to_owned(),
            Finding::Drift(differences) => differences
                .iter()
                .map(|d| format!("{}: {} / {}", d.attribute, d.expected, d.found))
                .collect::<Vec<_>>()
                .join("; "),
        }
    }

    #[test]
    fn compare_of_a_deletion_checks_name_domain_and_path() {
        let wiki = wiki("1.9.11", None);
        let deletion =
            "MOIN_SESSION_lab=; Domain=.example.org; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=";
        assert_eq!(found(&wiki, &[&format!("{deletion}/")]), "agrees");
        assert_eq!(found(&wiki, &["other=1", &format!("{deletion}/wiki")]), "Path: / / /wiki");
        assert_eq!(
            found(&wiki, &["MOIN_SESSION_443_ROOT=; Max-Age=0; Path=/"]),
            "name: MOIN_SESSION_lab / MOIN_SESSION_443_ROOT"
        );
        assert_eq!(found(&wiki, &["MOIN_SESSION_lab=; Max-Age=0; Path=/"]), "Domain: .example.org / none");
        assert_eq!(found(&wiki, &[]), "Set-Cookie: a cookie MOIN_SESSION_lab / none");
    }

    #[test]
    fn compare_of_an_anonymous_session_checks_every_attribute() {
        let wiki = wiki("1.9.11", Some(CookieLifetime::Pair(0.5, 12.0)));
        let sent = "MOIN_SESSION_lab=x; Domain=.example.org; Expires=Mon, 23-Nov-2026 02:43:00 GMT; Max-Age=";
        assert_eq!(found(&wiki, &[&format!("{sent}1800; Secure; Path=/")]), "agrees");
        assert_eq!(
            found(&wiki, &[&format!("{sent}3600; HttpOnly; Path=/; SameSite=Lax")]),
            "Secure: yes / no; HttpOnly: no / yes; SameSite: none / Lax; Max-Age: 1800 / 3600"
        );
        assert_eq!(
            found(&wiki, &["MOIN_SESSION_lab=; Domain=example.org; Max-Age=0; Path=/"]),
            "Set-Cookie: an anonymous session / a deletion"
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
        let lasts = Settings { cookie_name: None, ..wiki("2.0", None) };
        let sent = "session=x; Domain=example.org; HttpOnly; Path=/";
        assert_eq!(found(&lasts, &[sent]), "agrees");
        assert_eq!(
            found(&lasts, &[&format!("{sent}; Max-Age=60; Expires=Mon, 23-Nov-2026 02:43:00 GMT")]),
            "Max-Age: none / 60; Expires: none / 2026-11-23T02:43:00Z"
        );
    }

    #[test]
    fn compare_without_cookie_before_1_9_2_is_silent() {
        assert_eq!(found(&wiki("1.9.1", None), &[]), "silent");
        assert_eq!(found(&wiki("1.8.7", None), &[]), "silent");
        assert_eq!(
            found(&wiki("1.8.7", None), &["MOIN_SESSION_lab=; Path=/"]),
            "name: MOIN_SESSION / MOIN_SESSION_lab"
        );
    }
}
