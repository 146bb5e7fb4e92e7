//! The effects that two wikis have on each other's logins.
//!
//! `meeting.rs` simulates the effects, this file names them, and `describe.rs` has their words. Measured on running wikis of
//! 1.7.3 to 1.9.11
//! (log in at A, visit B with A's cookie, go back to A; same cookie name, domain and path at both):
//!
//! | differs at B | 1.9.2 to 1.9.11 | 1.9.0, 1.9.1 | 1.7, 1.8 |
//! |---|---|---|---|
//! | session storage; B has no anonymous sessions | deletes the cookie | nothing | nothing |
//! | session storage; B has anonymous sessions | re-sends the id with the anonymous lifetime | same | same |
//! | user directory, or B lacks the login method | deletes cookie and session file | same | deletes the session file |

/// What users do at B to cause the effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum By {
    /// They visit a page.
    Visit,
    /// They log in.
    Login,
}

/// An effect on users who come from A and go to B.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// B deletes A's cookie: users are logged out of A.
    DeletesCookie(By),
    /// B sends the same id again with its anonymous lifetime.
    Shortens,
    /// B finds the session but not its user, and deletes the session file.
    DeletesSession {
        /// Whether B also deletes the cookie.
        cookie: bool,
        /// What users do at B.
        by: By,
    },
    /// B replaces the value of A's cookie.
    Overwrites(By),
    /// B sends the cookie again as Secure, and A is visited over http.
    MakesSecure(By),
    /// B leaves a second cookie, and A picks that one.
    Covers(By),
    /// Because of B's Secure cookie, browsers reject A's cookie over http.
    Bars(By),
    /// A picks B's cookie, and does not see its own logins.
    Spoils(By),
    /// B picks A's cookie, and does not see its own login.
    Hides,
}

impl Effect {
    /// Whether A causes the effect when it receives B's cookie, so that it depends on how A finds sessions.
    pub(super) fn is_at_home(self) -> bool {
        matches!(self, Effect::Covers(_) | Effect::Bars(_) | Effect::Spoils(_))
    }
}

/// A wiki whose cookie interferes with the login that two others share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Third {
    /// The wiki that users log in at, as a position in [`Model::sites`](super::Model::sites).
    pub from: usize,
    /// The wiki that they go to.
    pub to: usize,
    /// The wiki whose cookie interferes.
    pub by: usize,
    /// What they did there before.
    pub after: By,
}

/// The wikis that see a login after logins at A, at B, and again at A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLogin {
    /// Whether A sees the new login.
    pub here: bool,
    /// Whether B still sees a login.
    pub there: bool,
}
