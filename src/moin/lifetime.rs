//! How long a session cookie lives.

use super::{Behavior, CookieLifetime, SIGNATURE_LIFETIME, Settings, Visitor};

/// What MoinMoin means by "remember me", in seconds: 10 * 365 * 24 * 3600. Browsers cap it at 400 days.
pub const TEN_YEARS: f64 = 315_360_000.0;

/// For how long one answer's cookie is good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lifetime {
    /// This wiki sends such visitors no session cookie.
    None,
    /// Until the browser closes (2.0, unless a user of `2.0-dev` ticks "remember me").
    BrowserSession,
    /// This many seconds.
    Seconds(f64),
}

/// A wiki's cookie lifetimes for each kind of visitor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lifetimes {
    /// For visitors who have not logged in.
    pub anonymous: Lifetime,
    /// For users with `remember_me` off.
    pub user: Lifetime,
    /// For users with `remember_me` on.
    pub remember: Lifetime,
}

/// The setting makes requests fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Broken {
    /// 1.9.0 wants a pair and fails on every request with a number.
    ScalarIn1_9_0,
    /// 1.7 and 1.8 calculate with the number and fail on a pair.
    PairBefore1_9,
}

impl Lifetimes {
    /// The lifetime for one kind of visitor.
    pub fn of(&self, visitor: Visitor) -> Lifetime {
        match visitor {
            Visitor::Anonymous => self.anonymous,
            Visitor::User => self.user,
            Visitor::Remember => self.remember,
        }
    }
}

/// The lifetimes that `settings` amount to, by version.
///
/// # Errors
/// Where the setting's shape makes this version's requests fail.
pub fn lifetimes(settings: &Settings) -> Result<Lifetimes, Broken> {
    let configured = settings.cookie_lifetime;
    match settings.version.behavior() {
        Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => {
            let hours = match configured {
                None => 12.0,
                Some(CookieLifetime::Hours(hours)) => hours,
                Some(CookieLifetime::Pair(..)) => return Err(Broken::PairBefore1_9),
            };
            let anonymous = match settings.anonymous_session_lifetime {
                None => Lifetime::None,
                Some(0.0) => Lifetime::None,
                Some(hours) => Lifetime::Seconds(hours * 3600.0),
            };
            // int(hours) comes first, so that half an hour counts as 0, and 0 as for ever.
            let (user, remember) = logged_in(hours.trunc() * 3600.0, Lifetime::Seconds(TEN_YEARS));
            Ok(Lifetimes { anonymous, user, remember })
        }
        Behavior::V2 | Behavior::V2Beta => Ok(Lifetimes {
            anonymous: Lifetime::BrowserSession,
            user: Lifetime::BrowserSession,
            remember: Lifetime::BrowserSession,
        }),
        Behavior::V2Dev => Ok(Lifetimes {
            anonymous: Lifetime::BrowserSession,
            user: Lifetime::BrowserSession,
            remember: Lifetime::Seconds(signature_lifetime(settings)),
        }),
        behavior => {
            let (anonymous, user) = match configured {
                None => (0.0, 12.0),
                Some(CookieLifetime::Pair(anonymous, user)) => (anonymous, user),
                Some(CookieLifetime::Hours(_)) if behavior == Behavior::V1_9_0 => {
                    return Err(Broken::ScalarIn1_9_0);
                }
                // Logged as an error, then read as an old configuration; so an old 0 (for ever) becomes "nobody".
                Some(CookieLifetime::Hours(hours)) => {
                    (settings.anonymous_session_lifetime.unwrap_or(0.0), hours.trunc())
                }
            };
            let anonymous = match (anonymous * 3600.0).trunc() {
                0.0 => Lifetime::None,
                seconds => Lifetime::Seconds(seconds),
            };
            let (user, remember) = logged_in((user * 3600.0).trunc(), Lifetime::None);
            Ok(Lifetimes { anonymous, user, remember })
        }
    }
}

/// How many seconds after its signature 2.0 accepts a cookie: Flask's `PERMANENT_SESSION_LIFETIME`.
pub fn signature_lifetime(settings: &Settings) -> f64 {
    match settings.cookie_lifetime {
        Some(CookieLifetime::Hours(hours) | CookieLifetime::Pair(_, hours)) => (hours * 3600.0).trunc(),
        None => SIGNATURE_LIFETIME,
    }
}

/// The lifetimes of a login (without and with `remember_me`) for a configured number of seconds.
fn logged_in(seconds: f64, zero: Lifetime) -> (Lifetime, Lifetime) {
    if seconds == 0.0 {
        (zero, zero)
    } else if seconds < 0.0 {
        (Lifetime::Seconds(-seconds), Lifetime::Seconds(-seconds))
    } else {
        (Lifetime::Seconds(seconds), Lifetime::Seconds(TEN_YEARS))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Backend, Version};
    use super::*;

    fn wiki(version: &str, lifetime: CookieLifetime, anonymous: Option<f64>) -> Settings {
        let backend = Backend { https: false, port: 80, script_path: String::new() };
        let version: Version = version.parse().unwrap();
        Settings {
            cookie_lifetime: Some(lifetime),
            anonymous_session_lifetime: anonymous,
            ..Settings::defaults(version, "wiki", backend)
        }
    }

    #[test]
    fn fractions_of_an_hour_mean_for_ever_before_1_9() {
        for hours in [0.5, -0.5, 0.0] {
            let got = lifetimes(&wiki("1.8.7", CookieLifetime::Hours(hours), None)).unwrap();
            assert_eq!(got.user, Lifetime::Seconds(TEN_YEARS), "{hours}");
        }
    }

    #[test]
    fn zero_hours_of_login_means_nobody_in_1_9() {
        let got = lifetimes(&wiki("1.9.11", CookieLifetime::Pair(0.0, 0.0), None)).unwrap();
        assert_eq!(
            got,
            Lifetimes { anonymous: Lifetime::None, user: Lifetime::None, remember: Lifetime::None }
        );
        let got = lifetimes(&wiki("1.9.11", CookieLifetime::Pair(0.0001, 0.0001), None)).unwrap();
        assert_eq!(got.user, Lifetime::None);
    }

    #[test]
    fn a_negative_number_ignores_remember_me() {
        let got = lifetimes(&wiki("1.9.3", CookieLifetime::Pair(0.0, -3.0), None)).unwrap();
        assert_eq!((got.user, got.remember), (Lifetime::Seconds(10800.0), Lifetime::Seconds(10800.0)));
    }

    #[test]
    fn the_wrong_shape_breaks_or_is_read_as_an_old_setting() {
        let scalar = CookieLifetime::Hours(12.9);
        assert_eq!(lifetimes(&wiki("1.9.0", scalar, None)), Err(Broken::ScalarIn1_9_0));
        let got = lifetimes(&wiki("1.9.1", scalar, Some(0.5))).unwrap();
        assert_eq!((got.anonymous, got.user), (Lifetime::Seconds(1800.0), Lifetime::Seconds(43200.0)));
        let pair = CookieLifetime::Pair(0.0, 12.0);
        assert_eq!(lifetimes(&wiki("1.8.7", pair, None)), Err(Broken::PairBefore1_9));
    }
}
