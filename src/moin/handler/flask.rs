//! 2.0: the session is the signed cookie.
//!
//! Source: `setup_user` in `moin/app.py`, `moin/auth/__init__.py` and `moin/user.py` of 2.0.0b5; `open_session` and
//! `save_session` of Flask's `SecureCookieSessionInterface`.

use super::exchange::{Action, Exchange, Failure, Outside};
use super::settings::Handler;
use crate::moin::cookie::{check_flask, deletion};
use crate::moin::{
    Login, NoCookie, Session, SessionData, Value, Visitor, session_cookie, signature_lifetime,
};

use super::sealed;

/// The items that name a user.
const USER: [&str; 5] =
    ["user.itemid", "user.trusted", "user.auth_method", "user.auth_attribs", "user.session_token"];

/// Takes the user out of a session.
pub(super) fn forget(session: &mut Session) {
    for name in USER {
        session.delete(name);
    }
}

/// The messages for the next page.
const FLASHES: &str = "_flashes";

/// Stores a message, and removes those that the answer shows: a redirection shows none. The login form always has a
/// message of its own, and so deletes a session with nothing in it.
pub(super) fn flash(exchange: &mut Exchange, action: &Action) {
    let logged_in = exchange.user().is_some();
    let message = match action {
        Action::Login { .. } if logged_in => "You are logged in.",
        Action::Login { .. } => "Invalid username or password.",
        Action::Logout => "You are logged out.",
        Action::LoginForm => "hint",
        Action::ChangePassword | Action::Visit | Action::SwitchUser { .. } => "",
    };
    if !message.is_empty() {
        exchange.session.set(FLASHES, Value::List(vec![Value::Text(message.to_owned())]));
    }
    if !(matches!(action, Action::Login { .. }) && logged_in) && *action != Action::Logout {
        exchange.session.delete(FLASHES);
    }
}

impl Handler {
    pub(super) fn start_flask(&self, cookie: Option<&[u8]>, outside: &mut Outside<'_>) -> Exchange {
        let max_age = signature_lifetime(&self.settings);
        let items = cookie.and_then(|value| sealed::open(value, &self.secret_key, outside.now, max_age));
        let is_new = items.is_none();
        let mut session = Session::new(String::new(), items.unwrap_or_default(), is_new);
        let item = |name| session.get(name).and_then(Value::as_str);
        let method = item("user.auth_method").unwrap_or_default();
        let named = item("user.itemid").filter(|_| self.auth.iter().any(|known| known == method));
        let Some(login) = named.map(|id| Login::of(outside.users, id, method)) else {
            return Exchange::new(session, None);
        };
        // The profile knows one token, and a new password makes another. A log-out makes none: copies stay valid.
        let known = outside.users.by_id(&login.id).is_some();
        if known && item("user.session_token") == Some(outside.users.token(&login.id).as_str()) {
            return Exchange::new(session, Some(login));
        }
        forget(&mut session);
        Exchange::new(session, None)
    }

    pub(super) fn after_auth_flask(&self, exchange: &mut Exchange, outside: &mut Outside<'_>) {
        let Some(user) = exchange.user().cloned() else { return };
        let token = outside.users.token(&user.id);
        let session = &mut exchange.session;
        session.set("user.itemid", Value::Text(user.id));
        session.set("user.trusted", Value::Bool(false));
        session.set("user.auth_method", Value::Text(user.auth_method));
        session.set("user.auth_attribs", Value::List(Vec::new()));
        session.set("user.session_token", Value::Text(token));
    }

    pub(super) fn finish_flask(
        &self,
        exchange: &mut Exchange,
        outside: &mut Outside<'_>,
    ) -> Result<(), Failure> {
        let session = &exchange.session;
        let permanent = session.get("_permanent") == Some(&Value::Bool(true));
        // Flask sends a permanent session with every answer.
        let refreshed = permanent && !session.items.is_empty();
        if !(session.modified || refreshed) {
            return Ok(());
        }
        let cookie = if session.items.is_empty() {
            check_flask(&self.settings).map(|()| deletion(&self.settings))
        } else {
            let value = sealed::sign(&session.items, &self.secret_key, outside.now);
            let visitor = if permanent { Visitor::Remember } else { Visitor::User };
            session_cookie(&self.settings, visitor, &value, outside.now)
        };
        match cookie {
            Ok(cookie) => exchange.cookies.push(cookie),
            Err(NoCookie::BrokenInFlask(what)) => return Err(Failure::Flask(what)),
            Err(_) => {}
        }
        Ok(())
    }
}
