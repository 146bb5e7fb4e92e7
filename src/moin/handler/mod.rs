//! One request, as each version of MoinMoin acts it out: `start`, the authentication, `after_auth`, the page, `finish`.
//!
//! A [`Handler`] is one wiki. It holds nothing from request to request: sessions, users, time and new ids come in with
//! [`Outside`]. [`Handler::request`] does all of a request; whoever wants to do something in between (an extension that
//! stores a value) calls the parts, as `examples/counter_macro.rs` shows.
//!
//! | | 1.7, 1.8 | 1.9.0 | 1.9.1 | 1.9.2 to 1.9.11 | 2.0 |
//! |---|---|---|---|---|---|
//! | `start` | any id goes on | unknown id: new one | unknown id goes on | same; an expired session ends here | opens the signed cookie |
//! | `after_auth` | sends the cookie, moves `expires` | | | | stores the user |
//! | `finish` | saves | sends the cookie, saves | same | same | sends the cookie |
//!
//! Source: `DefaultSessionHandler` and `CacheSessionData` in `MoinMoin/session.py` of 1.7.0 to 1.8.7,
//! `FileSessionService` in `MoinMoin/web/session.py` of 1.9.0 to 1.9.11 and the session stores of the Werkzeug that came
//! with each, `setup_user` in `moin/app.py` of 2.0 and Flask's `SecureCookieSessionInterface`.

mod auth;
mod flask;
mod new;
mod old;
mod sealed;
#[cfg(test)]
mod tests;
mod trail;

use std::fmt;

use super::{
    Behaviour, Broken, IdForm, Lifetimes, Login, Session, SessionData, Sessions, SetCookie, Settings, Users,
    id_form, lifetimes, read_cookie,
};

pub use auth::{Action, Remark};

/// One wiki's session handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Handler {
    settings: Settings,
    auth: Vec<String>,
    superusers: Vec<String>,
    interwikiname: Option<String>,
    secret_key: String,
}

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
    user: Option<Login>,
    /// The superuser behind a switched user.
    real_user: Option<Login>,
    /// The Set-Cookie headers of the answer, so far.
    cookies: Vec<SetCookie>,
    remarks: Vec<Remark>,
}

/// The answer to a request, as far as it concerns sessions.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Because of `cookie_lifetime`.
    Lifetime(Broken),
    /// Because of `cookie_domain`; says which.
    Domain(&'static str),
    /// 1.7 and 1.8: the session has no number as `expires`.
    NoExpires,
    /// 1.9.0: the session does not unpickle.
    Unreadable,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Lifetime(broken) => super::NoCookie::BrokenLifetime(*broken).fmt(f),
            Failure::Domain(what) => super::NoCookie::BrokenDomain(what).fmt(f),
            Failure::NoExpires => f.write_str("the request fails: the session has no `expires`"),
            Failure::Unreadable => f.write_str("the request fails: the session does not unpickle"),
        }
    }
}

impl std::error::Error for Failure {}

impl Handler {
    /// The handler of a wiki whose users log in by `moin`, without superusers.
    pub fn new(settings: Settings) -> Handler {
        Handler {
            settings,
            auth: vec!["moin".to_owned()],
            superusers: Vec::new(),
            interwikiname: None,
            secret_key: String::new(),
        }
    }

    /// With these authentication methods.
    #[must_use]
    pub fn with_auth(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Handler {
        self.auth = methods.into_iter().map(Into::into).collect();
        self
    }

    /// With these users as superusers.
    #[must_use]
    pub fn with_superusers(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Handler {
        self.superusers = names.into_iter().map(Into::into).collect();
        self
    }

    /// With an `interwikiname`, which trails then name.
    #[must_use]
    pub fn with_interwikiname(mut self, name: Option<impl Into<String>>) -> Handler {
        self.interwikiname = name.map(Into::into);
        self
    }

    /// With the key of that name (2.0).
    #[must_use]
    pub fn with_secret_key(mut self, id: impl Into<String>) -> Handler {
        self.secret_key = id.into();
        self
    }

    /// With other settings.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Handler {
        self.settings = settings;
        self
    }

    /// Whether cookies that `other` signed are opened here (2.0).
    pub fn has_key_of(&self, other: &Handler) -> bool {
        self.secret_key == other.secret_key
    }

    /// What shapes the wiki's cookie.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The authentication methods.
    pub fn auth(&self) -> &[String] {
        &self.auth
    }

    fn behaviour(&self) -> Behaviour {
        self.settings.version.behaviour()
    }

    fn lifetimes(&self) -> Result<Lifetimes, Failure> {
        lifetimes(&self.settings).map_err(Failure::Lifetime)
    }

    /// Whether a cookie for anonymous visitors has a lifetime.
    fn has_anonymous_sessions(&self) -> Result<bool, Failure> {
        Ok(self.lifetimes()?.anonymous != super::Lifetime::None)
    }

    /// Begins a request: reads the Cookie header (`None`: there was none), loads the session, and finds the user it
    /// names. 1.9 calls this `get_session`.
    ///
    /// # Errors
    /// Where the wiki would answer with an error.
    pub fn start(&self, cookie: Option<&[u8]>, outside: &mut Outside<'_>) -> Result<Exchange, Failure> {
        if let Some(what) = self.settings.broken_domain() {
            return Err(Failure::Domain(what));
        }
        self.lifetimes()?;
        let id = cookie.and_then(|header| read_cookie(&self.settings, header));
        let mut exchange = match self.behaviour() {
            Behaviour::V1_7_0 | Behaviour::V1_7_3 | Behaviour::V1_8 => self.start_old(id, outside),
            Behaviour::V2 => Ok(self.start_flask(id.as_deref(), outside)),
            _ => self.start_new(id, outside),
        }?;
        if self.behaviour() >= Behaviour::V1_9_0 {
            self.setup_setuid(&mut exchange, outside);
        }
        Ok(exchange)
    }

    /// Goes on once it is clear who the user is: 1.7 and 1.8 send the cookie and move `expires` here, 2.0 stores the
    /// user. In 1.9 all of that waits for [`Handler::finish`].
    ///
    /// # Errors
    /// Where the wiki would answer with an error.
    pub fn after_auth(&self, exchange: &mut Exchange, outside: &mut Outside<'_>) -> Result<(), Failure> {
        match self.behaviour() {
            Behaviour::V1_7_0 | Behaviour::V1_7_3 | Behaviour::V1_8 => {
                self.after_auth_old(exchange, outside)?;
                self.setup_setuid(exchange, outside);
            }
            Behaviour::V2 => self.after_auth_flask(exchange, outside),
            _ => {}
        }
        Ok(())
    }

    /// Ends a request: saves or removes the session, and says what is answered. 1.9 calls this `finalize`.
    ///
    /// # Errors
    /// Where the wiki would answer with an error.
    pub fn finish(&self, mut exchange: Exchange, outside: &mut Outside<'_>) -> Result<Answer, Failure> {
        match self.behaviour() {
            Behaviour::V1_7_0 | Behaviour::V1_7_3 | Behaviour::V1_8 => finish_old(&exchange, outside),
            Behaviour::V1_9_0 | Behaviour::V1_9_1 => self.finalize_early(&mut exchange, outside)?,
            Behaviour::V2 => self.finish_flask(&mut exchange, outside),
            _ => self.finalize(&mut exchange, outside)?,
        }
        let Exchange { session, user, real_user, cookies, remarks } = exchange;
        let user = user.filter(|user| user.valid);
        Ok(Answer { set_cookie: cookies, real_user, user, session: session.id, remarks })
    }

    /// A whole request for a page, `None` for one that leaves no trail.
    ///
    /// # Errors
    /// Where the wiki would answer with an error; nothing is saved then.
    pub fn request(
        &self,
        cookie: Option<&[u8]>,
        action: &Action,
        page: Option<&str>,
        outside: &mut Outside<'_>,
    ) -> Result<Answer, Failure> {
        let mut exchange = self.start(cookie, outside)?;
        self.authenticate(&mut exchange, action, outside);
        self.after_auth(&mut exchange, outside)?;
        if let Action::SwitchUser { name } = action {
            self.switch_user(&mut exchange, name, outside);
        }
        if let Some(page) = page {
            self.add_trail(&mut exchange, page)?;
        }
        self.finish(exchange, outside)
    }
}

use old::finish_old;

impl Exchange {
    fn new(session: Session, user: Option<Login>) -> Exchange {
        Exchange { session, user, real_user: None, cookies: Vec::new(), remarks: Vec::new() }
    }

    /// The user whom the wiki sees, so far; `None` for anonymous.
    pub fn user(&self) -> Option<&Login> {
        self.user.as_ref().filter(|user| user.valid)
    }

    /// The session's `user.id`, which may be of nobody here.
    fn names_user(&self) -> bool {
        self.session.contains("user.id")
    }
}

/// The form of this wiki's ids.
fn form(handler: &Handler) -> IdForm {
    id_form(handler.settings.version)
}
