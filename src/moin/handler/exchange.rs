//! A request under way: what it asks for, what it needs from outside, and its answer.

use std::fmt;

use crate::moin::{Broken, IdForm, Login, NoCookie, Session, SessionData, Sessions, SetCookie, Users};

/// What a request needs from outside.
pub struct Outside<'a> {
    /// The wiki's clock, in unix seconds.
    pub now: f64,
    /// Where the wiki keeps its sessions; 2.0 keeps them in the cookie.
    pub sessions: &'a mut dyn Sessions,
    /// The wiki's user directory.
    pub users: &'a mut dyn Users,
    /// Makes a new id of a form.
    pub new_id: &'a mut dyn FnMut(IdForm) -> String,
}

/// A request under way.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The session, which a page may read and change.
    pub session: Session,
    /// The user object, if there is one.
    pub(super) user: Option<Login>,
    /// The superuser behind a switched user.
    pub(super) real_user: Option<Login>,
    /// The Set-Cookie headers of the answer, so far.
    pub(super) cookies: Vec<SetCookie>,
    pub(super) remarks: Vec<Remark>,
}

/// The answer to a request, as far as it concerns sessions.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The Set-Cookie headers, in order; 1.9.0 and 1.9.1 can delete and set in one answer.
    pub set_cookie: Vec<SetCookie>,
    /// The user whom the wiki sees; `None` for anonymous.
    pub user: Option<Login>,
    /// The superuser who has switched to be that user.
    pub real_user: Option<Login>,
    /// The session's id when the request ended; 2.0 has none.
    pub session: String,
    /// What did not go as asked.
    pub remarks: Vec<Remark>,
}

/// The wiki answers with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Because of `cookie_lifetime`.
    #[error("{}", NoCookie::BrokenLifetime(*.0))]
    Lifetime(Broken),
    /// Because of `cookie_domain`; with the reason.
    #[error("{}", NoCookie::BrokenDomain(.0))]
    Domain(&'static str),
    /// 2.0: because of the cookie's domain or SameSite; with the reason.
    #[error("the request fails: {0}")]
    Flask(&'static str),
    /// 1.7 and 1.8: the session has no number as `expires`.
    #[error("the request fails: the session has no `expires`")]
    NoExpires,
    /// 1.9.0: the session does not unpickle.
    #[error("the request fails: the session does not unpickle")]
    Unreadable,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// A page.
    Visit,
    /// To be logged in, with the right password.
    Login {
        /// The user's name.
        name: String,
        /// By that method; `None` for the first of the wiki's.
        method: Option<String>,
        /// The box "stay logged in" of the form in `2.0-dev`; before 2.0, the user's profile has the choice.
        persistent: bool,
    },
    /// To be logged out.
    Logout,
    /// The page with the login form.
    LoginForm,
    /// A new password for the user who is logged in.
    ChangePassword,
    /// To act as another user.
    SwitchUser {
        /// That user's name.
        name: String,
    },
}

/// Why something did not go as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// Somebody is logged in already, and stays so: methods look at the password only where nobody is.
    AlreadyLoggedIn(String),
    /// There is no such user.
    NoSuchUser(String),
    /// The user is disabled.
    Disabled(String),
    /// The wiki has no such method.
    NoSuchMethod(String),
    /// Nobody is logged in who could log out, or change a password.
    NotLoggedIn,
    /// Only superusers switch; from 1.9 on not while they are switched.
    MayNotSwitch(String),
    /// 2.0 has no switching.
    NoSwitching,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::AlreadyLoggedIn(name) => write!(f, "{name} is already logged in"),
            Remark::NoSuchUser(name) => write!(f, "user {name} does not exist"),
            Remark::Disabled(name) => write!(f, "{name} is disabled"),
            Remark::NoSuchMethod(method) => write!(f, "the wiki has no auth method {method}"),
            Remark::NotLoggedIn => f.write_str("nobody is logged in"),
            Remark::MayNotSwitch(name) if name.is_empty() => {
                f.write_str("anonymous visitors can't switch users")
            }
            Remark::MayNotSwitch(name) => write!(f, "{name} can't switch users"),
            Remark::NoSwitching => f.write_str("this version can't switch users"),
        }
    }
}

impl Exchange {
    pub(super) fn new(session: Session, user: Option<Login>) -> Exchange {
        Exchange { session, user, real_user: None, cookies: Vec::new(), remarks: Vec::new() }
    }

    /// The user whom the wiki sees, so far; `None` for anonymous.
    pub fn user(&self) -> Option<&Login> {
        self.user.as_ref().filter(|user| user.valid)
    }

    /// The session's `user.id`, which may be of nobody here.
    pub(super) fn names_user(&self) -> bool {
        self.session.contains("user.id")
    }
}
