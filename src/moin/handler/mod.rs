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
//! with each, `setup_user` in `moin/app.py` of 2.0.0b5 and Flask's `SecureCookieSessionInterface`.

mod auth;
mod exchange;
mod flask;
mod new;
mod old;
mod sealed;
mod settings;
#[cfg(test)]
mod tests;
mod trail;

use self::old::finish_old;
use super::{Behavior, read_cookie};

pub use exchange::{Action, Answer, Exchange, Failure, Outside, Remark};
pub use settings::Handler;

impl Handler {
    /// Begins a request: reads the Cookie header (`None`: there was none), loads the session, and finds the user it
    /// names. 1.9 calls this `get_session`.
    ///
    /// # Errors
    /// Where the wiki would answer with an error.
    pub fn start(&self, cookie: Option<&[u8]>, outside: &mut Outside<'_>) -> Result<Exchange, Failure> {
        // 2.0 fails only where it sends a cookie.
        if let Some(what) = self.settings.broken_domain().filter(|_| self.behavior() < Behavior::V2) {
            return Err(Failure::Domain(what));
        }
        self.lifetimes()?;
        let id = cookie.and_then(|header| read_cookie(&self.settings, header));
        let mut exchange = match self.behavior() {
            Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => self.start_old(id, outside),
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => Ok(self.start_flask(id.as_deref(), outside)),
            _ => self.start_new(id, outside),
        }?;
        if self.behavior() >= Behavior::V1_9_0 {
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
        match self.behavior() {
            Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => {
                self.after_auth_old(exchange, outside)?;
                self.setup_setuid(exchange, outside);
            }
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => self.after_auth_flask(exchange, outside),
            _ => {}
        }
        Ok(())
    }

    /// Ends a request: saves or removes the session, and returns the answer. 1.9 calls this `finalize`.
    ///
    /// # Errors
    /// Where the wiki would answer with an error.
    pub fn finish(&self, mut exchange: Exchange, outside: &mut Outside<'_>) -> Result<Answer, Failure> {
        match self.behavior() {
            Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => finish_old(&exchange, outside),
            Behavior::V1_9_0 | Behavior::V1_9_1 => self.finalize_early(&mut exchange, outside)?,
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => self.finish_flask(&mut exchange, outside)?,
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
        // In 2.0 the answer to both is a redirection, which is no visit of a page.
        let redirected = matches!(action, Action::Login { .. } | Action::Logout);
        if let Some(page) = page.filter(|_| !redirected || self.behavior() < Behavior::V2) {
            self.add_trail(&mut exchange, page)?;
        }
        self.finish(exchange, outside)
    }
}
