//! The Set-Cookie header of a session, byte for byte.

use std::borrow::Cow;
use std::fmt;

use super::date::{DateStyle, cookie_date};
use super::{Behavior, Broken, Lifetime, Settings, Visitor, lifetimes};

/// A Set-Cookie header as one release writes it; `Display` gives its value.
#[derive(Debug, Clone, PartialEq)]
pub struct SetCookie {
    /// The cookie's name.
    pub name: String,
    /// The cookie's value: the session id.
    pub value: String,
    /// The Domain attribute as sent.
    pub domain: Option<String>,
    /// When the cookie ends, in unix seconds; `None` with the browser's session.
    pub expires: Option<f64>,
    /// The Max-Age attribute in seconds; 2.0 sends none.
    pub max_age: Option<i64>,
    /// The Path attribute.
    pub path: String,
    /// Whether Secure is sent.
    pub secure: bool,
    /// Whether HttpOnly is sent.
    pub http_only: bool,
    /// The SameSite attribute, 2.0 only.
    pub same_site: Option<String>,
    /// Whether Partitioned is sent, 2.0 only.
    pub partitioned: bool,
    behavior: Behavior,
}

/// Why a wiki sends no session cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoCookie {
    /// Anonymous sessions are off.
    AnonymousOff,
    /// The lifetime of a login is 0 in 1.9: nobody stays logged in.
    LoginOff,
    /// Every response fails because of `cookie_domain`; with the reason.
    BrokenDomain(&'static str),
    /// 2.0: every response with a cookie fails because of the domain, or of SameSite; with the reason.
    BrokenInFlask(&'static str),
    /// Every request fails because of `cookie_lifetime`.
    BrokenLifetime(Broken),
}

impl fmt::Display for NoCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoCookie::AnonymousOff => f.write_str("anonymous sessions are off (lifetime 0)"),
            NoCookie::LoginOff => f.write_str("nobody stays logged in (login lifetime 0)"),
            NoCookie::BrokenDomain(what) => write!(f, "every response of this version fails: {what}"),
            NoCookie::BrokenInFlask(what) => write!(f, "every login fails: {what}"),
            NoCookie::BrokenLifetime(Broken::ScalarIn1_9_0) => f.write_str(
                "every request fails: cookie_lifetime must be a pair (anonymous, logged in) in 1.9.0",
            ),
            NoCookie::BrokenLifetime(Broken::PairBefore1_9) => {
                f.write_str("every request fails: cookie_lifetime must be one number of hours before 1.9")
            }
        }
    }
}

/// The session cookie that a wiki sends `visitor` at `now` (unix seconds) under `id`.
///
/// # Errors
/// The reason why there is no such header.
pub fn session_cookie(
    settings: &Settings,
    visitor: Visitor,
    id: &str,
    now: f64,
) -> Result<SetCookie, NoCookie> {
    let behavior = settings.version.behavior();
    if behavior >= Behavior::V2 {
        check_flask(settings)?;
    } else if let Some(what) = settings.broken_domain() {
        return Err(NoCookie::BrokenDomain(what));
    }
    let lifetime = lifetimes(settings).map_err(NoCookie::BrokenLifetime)?.of(visitor);
    let (expires, max_age) = match lifetime {
        Lifetime::None if visitor == Visitor::Anonymous => return Err(NoCookie::AnonymousOff),
        Lifetime::None => return Err(NoCookie::LoginOff),
        Lifetime::BrowserSession => (None, None),
        Lifetime::Seconds(seconds) => {
            let from = if (Behavior::V1_9_2..Behavior::V2).contains(&behavior) {
                (now / 60.0).floor() * 60.0
            } else {
                now
            };
            let expires = from + seconds;
            // 1.7 and 1.8 calculate Max-Age back from the expiry, in floating point.
            let max_age = if behavior < Behavior::V1_9_0 { expires - now } else { seconds };
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a float out of range saturates, as no browser cares"
            )]
            (Some(expires), (behavior < Behavior::V2).then_some(max_age as i64))
        }
    };
    Ok(SetCookie {
        name: settings.session_cookie_name(),
        value: id.to_owned(),
        domain: domain(settings),
        expires,
        max_age,
        path: settings.effective_cookie_path().into_owned(),
        secure: settings.sends_secure(),
        http_only: settings.sends_http_only(),
        same_site: same_site(settings),
        partitioned: settings.sends_partitioned(),
        behavior,
    })
}

/// The Set-Cookie header by which a wiki of 1.9 or 2.0 deletes its cookie: empty, 1970, with the domain and path of the
/// current settings. 1.9 sends neither Secure nor HttpOnly here, 2.0 (Flask) sends all attributes.
///
/// [`session_cookie`] has the settings with which no header is sent.
pub fn deletion(settings: &Settings) -> SetCookie {
    let behavior = settings.version.behavior();
    let flask = behavior >= Behavior::V2;
    SetCookie {
        name: settings.session_cookie_name(),
        value: String::new(),
        domain: domain(settings),
        expires: Some(0.0),
        max_age: Some(0),
        path: settings.effective_cookie_path().into_owned(),
        secure: flask && settings.sends_secure(),
        http_only: flask && settings.sends_http_only(),
        same_site: same_site(settings),
        partitioned: settings.sends_partitioned(),
        behavior,
    }
}

fn domain(settings: &Settings) -> Option<String> {
    settings.effective_cookie_domain().map(Cow::into_owned)
}

/// The value of SameSite as Flask writes it: `None` is a value too.
fn same_site(settings: &Settings) -> Option<String> {
    let configured =
        settings.cookie_samesite.as_deref().filter(|_| settings.version.behavior() >= Behavior::V2)?;
    Some(
        SAME_SITE
            .iter()
            .find(|known| configured.eq_ignore_ascii_case(known))
            .map_or(configured, |known| known)
            .to_owned(),
    )
}

const SAME_SITE: [&str; 3] = ["Strict", "Lax", "None"];

/// Whether Flask sends a cookie at all.
pub(super) fn check_flask(settings: &Settings) -> Result<(), NoCookie> {
    let known = same_site(settings).is_none_or(|value| SAME_SITE.contains(&value.as_str()));
    let what = settings.broken_domain().or((!known).then_some("SameSite must be Lax, Strict, or None"));
    what.map_or(Ok(()), |what| Err(NoCookie::BrokenInFlask(what)))
}

impl SetCookie {
    /// Whether it deletes the cookie instead of setting it.
    pub fn deletes(&self) -> bool {
        self.max_age == Some(0) && self.value.is_empty()
    }

    /// Writes an Expires attribute under the given name, where there is one.
    fn write_expires(&self, f: &mut fmt::Formatter<'_>, name: &str, style: DateStyle) -> fmt::Result {
        match self.expires.and_then(|expires| cookie_date(expires, style)) {
            Some(date) => write!(f, "; {name}={date}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for SetCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)?;
        if let Some(domain) = &self.domain {
            write!(f, "; Domain={domain}")?;
        }
        match self.behavior {
            Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => {
                self.write_expires(f, "expires", DateStyle::Rfc850)?;
                // 1.8.5 alone sends it, in the alphabetical order of Python's cookie module.
                f.write_str(if self.http_only { "; httponly" } else { "" })?;
            }
            Behavior::V1_9_0 | Behavior::V1_9_1 | Behavior::V1_9_2 | Behavior::V1_9_4 => {
                self.write_expires(f, "expires", DateStyle::Netscape)?;
            }
            Behavior::V1_9_9 | Behavior::V1_9_11 => self.write_expires(f, "Expires", DateStyle::Netscape)?,
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => {
                self.write_expires(f, "Expires", DateStyle::Http)?
            }
        }
        if let Some(max_age) = self.max_age {
            write!(f, "; Max-Age={max_age}")?;
        }
        // The Werkzeug of 1.9.9 moved Path to the end and capitalised Secure.
        if self.behavior >= Behavior::V1_9_9 {
            f.write_str(if self.secure { "; Secure" } else { "" })?;
            f.write_str(if self.http_only { "; HttpOnly" } else { "" })?;
            write!(f, "; Path={}", self.path)?;
        } else {
            write!(f, "; Path={}", self.path)?;
            f.write_str(if self.secure { "; secure" } else { "" })?;
            let after = self.http_only && self.behavior >= Behavior::V1_9_0;
            f.write_str(if after { "; HttpOnly" } else { "" })?;
        }
        if let Some(same_site) = &self.same_site {
            write!(f, "; SameSite={same_site}")?;
        }
        f.write_str(if self.partitioned { "; Partitioned" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;
    use url::Url;

    use super::super::{Backend, CookieLifetime};
    use super::*;

    /// The settings of one recorded row.
    fn settings(directory: &str, row: &Value) -> Settings {
        let url: Url = row["url"].as_str().unwrap().parse().unwrap();
        let backend = Backend::of(&url);
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let version = directory.strip_prefix("moin-").unwrap().parse().unwrap();
        Settings {
            cookie_domain: text("cookie_domain"),
            cookie_path: text("cookie_path"),
            cookie_name: text("cookie_name"),
            cookie_secure: row["cookie_secure"].as_bool(),
            cookie_httponly: row["cookie_httponly"].as_bool(),
            cookie_lifetime: match &row["cookie_lifetime"] {
                Value::Array(pair) => {
                    Some(CookieLifetime::Pair(pair[0].as_f64().unwrap(), pair[1].as_f64().unwrap()))
                }
                number => number.as_f64().map(CookieLifetime::Hours),
            },
            anonymous_session_lifetime: row["anonymous_session_lifetime"].as_f64(),
            ..Settings::defaults(version, row["wiki"].as_str().unwrap(), backend)
        }
    }

    #[test]
    fn header_of_1_8_5_has_httponly_in_alphabetical_order() {
        let backend = Backend { https: true, port: 443, script_path: String::new() };
        let domain = Some(".example.org".to_owned());
        let settings =
            Settings { cookie_domain: domain, ..Settings::defaults("1.8.5".parse().unwrap(), "a", backend) };
        assert_eq!(
            session_cookie(&settings, Visitor::User, "x", 1_795_400_000.0).unwrap().to_string(),
            "MOIN_SESSION=x; Domain=.example.org; expires=Monday, 23-Nov-26 14:13:20 GMT; httponly; Max-Age=43200; \
             Path=/; secure"
        );
    }

    #[test]
    fn every_recorded_header_is_reproduced() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let (mut rows, mut wrong) = (0, Vec::new());
        for version in ["1.7.3", "1.8.7", "1.9.0", "1.9.1", "1.9.3", "1.9.8", "1.9.10", "1.9.11"] {
            let directory = format!("moin-{version}");
            let text = std::fs::read_to_string(fixtures.join(&directory).join("set-cookie.jsonl")).unwrap();
            for line in text.lines() {
                rows += 1;
                let row: Value = serde_json::from_str(line).unwrap();
                let visitor = match row["login"]["remember_me"].as_bool() {
                    None => Visitor::Anonymous,
                    Some(false) => Visitor::User,
                    Some(true) => Visitor::Remember,
                };
                let sent: Vec<&str> =
                    row["set_cookie"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
                // The id is random: take the recorded one.
                let id = sent
                    .first()
                    .map_or("", |header| header.split(';').next().unwrap().split_once('=').unwrap().1);
                let ours =
                    session_cookie(&settings(&directory, &row), visitor, id, row["now"].as_f64().unwrap());
                let ours: Vec<String> = ours.iter().map(SetCookie::to_string).collect();
                if ours != sent {
                    wrong.push(format!("{directory}: {line}\n  ours: {ours:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {rows} rows differ:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(rows, 400);
    }
}
