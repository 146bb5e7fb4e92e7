//! The harm that two wikis do each other, and the words for it.
//!
//! What happens is acted out (see `meeting.rs`); here it only gets its name. Measured on running wikis of 1.7.3 to 1.9.11
//! (log in at A, visit B with A's cookie, go back to A; same cookie name, domain and path at both):
//!
//! | differs at B | 1.9.2 to 1.9.11 | 1.9.0, 1.9.1 | 1.7, 1.8 |
//! |---|---|---|---|
//! | session storage; B has no anonymous sessions | deletes the cookie | nothing | nothing |
//! | session storage; B has anonymous sessions | re-sends the id with the anonymous lifetime | same | same |
//! | user directory, or B lacks the login method | deletes cookie and session file | same | deletes the session file |

use super::As;
use super::site::Site;
use crate::moin::{Lifetime, lifetimes};

/// What it takes at B to do the harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// A page of B's.
    Visit,
    /// A login at B.
    Login,
}

/// A harm to somebody who comes from A to B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Harm {
    /// B deletes A's cookie: one visit to B logs out of A.
    DeletesCookie(By),
    /// B sends the same id again with its anonymous lifetime.
    Shortens,
    /// B finds the session but not its user, and deletes the session file.
    DeletesSession {
        /// Whether the cookie goes too.
        cookie: bool,
        /// What it takes.
        by: By,
    },
    /// B puts another value into A's cookie.
    Overwrites(By),
    /// B sends the cookie again as Secure, and A is visited over http.
    MakesSecure(By),
    /// B leaves a cookie beside A's, and A takes that.
    Covers(By),
    /// With B's Secure cookie there, the browser refuses A's, which comes over http.
    Bars(By),
    /// With B's cookie there, a login at A is not seen by A.
    Spoils(By),
    /// A's cookie stands in front of B's own.
    Hides,
}

impl Harm {
    /// Whether it comes from what A makes of B's cookie, and so depends on how A finds sessions.
    pub(super) fn is_at_home(self) -> bool {
        matches!(self, Harm::Covers(_) | Harm::Bars(_) | Harm::Spoils(_))
    }

    /// In words.
    pub(super) fn describe(self, from: &Site, to: &Site, visitor: As) -> String {
        let (a, b) = (&from.called, &to.called);
        let loss = match visitor {
            As::User => format!("logs out of {a}"),
            As::Anonymous => format!("ends the anonymous session of {a}"),
        };
        let come = match visitor {
            As::User => "log in",
            As::Anonymous => "keep an anonymous session",
        };
        match self {
            Harm::DeletesCookie(by) => format!("{} {b} deletes the cookie and {loss}", by.what()),
            Harm::Shortens => {
                let seconds = match lifetimes(&to.settings).map(|lifetimes| lifetimes.anonymous) {
                    Ok(Lifetime::Seconds(seconds)) => seconds,
                    _ => 0.0,
                };
                format!(
                    "one visit to {b} gives the cookie the anonymous lifetime: the login at {a} then ends after {} \
                     unless {a} is visited again",
                    hours(seconds)
                )
            }
            Harm::DeletesSession { cookie, by } => {
                let what = if cookie { "cookie and session file" } else { "the session file" };
                let loss = match visitor {
                    As::User => ": logged out everywhere".to_owned(),
                    As::Anonymous => format!(", and {loss}"),
                };
                format!("{} {b} deletes {what}{loss}", by.what())
            }
            Harm::MakesSecure(by) => format!(
                "{} {b} makes the cookie Secure: the browser no longer sends it to {a}, which is visited over http",
                by.what()
            ),
            Harm::Overwrites(by) => format!("{} {b} replaces the cookie and {loss}", by.what()),
            Harm::Covers(by) => {
                format!("{} {b} leaves a cookie that {a} takes for its own, and {loss}", by.what())
            }
            Harm::Bars(by) => format!(
                "whoever {} {b} can't {come} at {a} over http: the browser keeps the Secure cookie of {b} and refuses that \
                 of {a}",
                by.done()
            ),
            Harm::Spoils(by) => {
                format!("whoever {} {b} can't {come} at {a}: it takes the cookie of {b}", by.done())
            }
            Harm::Hides => format!(
                "whoever is logged in at {b} and then logs in at {a} is anonymous at {b}: it takes the other cookie"
            ),
        }
    }
}

impl By {
    fn what(self) -> &'static str {
        match self {
            By::Visit => "one visit to",
            By::Login => "a login at",
        }
    }

    pub(super) fn done(self) -> &'static str {
        match self {
            By::Visit => "has been at",
            By::Login => "is logged in at",
        }
    }
}

/// A number of seconds in hours or minutes.
fn hours(seconds: f64) -> String {
    if seconds < 3600.0 { format!("{:.0} min", seconds / 60.0) } else { format!("{} h", seconds / 3600.0) }
}
