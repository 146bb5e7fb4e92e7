//! The harm that two wikis do each other.
//!
//! What happens is acted out (see `meeting.rs`); here it only gets its name, and in `describe.rs` its words. Measured on running wikis of 1.7.3 to 1.9.11
//! (log in at A, visit B with A's cookie, go back to A; same cookie name, domain and path at both):
//!
//! | differs at B | 1.9.2 to 1.9.11 | 1.9.0, 1.9.1 | 1.7, 1.8 |
//! |---|---|---|---|
//! | session storage; B has no anonymous sessions | deletes the cookie | nothing | nothing |
//! | session storage; B has anonymous sessions | re-sends the id with the anonymous lifetime | same | same |
//! | user directory, or B lacks the login method | deletes cookie and session file | same | deletes the session file |

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
pub enum Effect {
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

impl Effect {
    /// Whether it comes from what A makes of B's cookie, and so depends on how A finds sessions.
    pub(super) fn is_at_home(self) -> bool {
        matches!(self, Effect::Covers(_) | Effect::Bars(_) | Effect::Spoils(_))
    }
}

/// A wiki whose cookie hides another one's login at a third.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Third {
    /// The wiki somebody logs in at, as a position in [`Model::sites`](super::Model::sites).
    pub from: usize,
    /// The wiki he goes to.
    pub to: usize,
    /// The wiki whose cookie is in the way.
    pub by: usize,
    /// What he has done there.
    pub after: By,
}

/// Who is logged in after somebody has logged in at A, at B, and again at A.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLogin {
    /// Whether A sees the new login.
    pub here: bool,
    /// Whether B still sees a login.
    pub there: bool,
}
