//! 2.0: the session is the signed cookie.
//!
//! Source: `setup_user` in `moin/app.py`, `moin/auth/__init__.py` and `moin/user.py` of 2.0; `open_session` and
//! `save_session` of Flask's `SecureCookieSessionInterface`.

use super::exchange::{Exchange, Outside};
use super::settings::Handler;
use crate::moin::cookie::deletion;
use crate::moin::{Items, Lifetime, Login, Session, SessionData, Value, Visitor, session_cookie};

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

impl Handler {
    pub(super) fn start_flask(&self, cookie: Option<&[u8]>, outside: &mut Outside<'_>) -> Exchange {
        // Whatever its own lifetime, no cookie is taken that is older than a permanent one would get.
        let max_age = match self.lifetimes().map(|lifetimes| lifetimes.remember) {
            Ok(Lifetime::Seconds(seconds)) => seconds,
            _ => 0.0,
        };
        let items = cookie.and_then(|value| sealed::open(value, &self.secret_key, outside.now, max_age));
        let is_new = items.is_none();
        let mut session = Session::new(String::new(), items.unwrap_or_default(), is_new);
        let item = |name| session.get(name).and_then(Value::as_str);
        let method = item("user.auth_method").unwrap_or_default();
        let named = item("user.itemid").filter(|_| self.auth.iter().any(|known| known == method));
        let Some(login) = named.map(|id| Login::of(outside.users, id, method)) else {
            return Exchange::new(session, None);
        };
        // The profile knows one token: a log-out anywhere, or a new password, made another.
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

    pub(super) fn finish_flask(&self, exchange: &mut Exchange, outside: &mut Outside<'_>) {
        let session = &exchange.session;
        let permanent = session.get("_permanent") == Some(&Value::Bool(true));
        if session.items == Items::new() {
            if session.modified {
                exchange.cookies.push(deletion(&self.settings));
            }
        } else if session.modified || permanent {
            let value = sealed::sign(&session.items, &self.secret_key, outside.now);
            let visitor = if permanent { Visitor::Remember } else { Visitor::User };
            exchange.cookies.extend(session_cookie(&self.settings, visitor, &value, outside.now));
        }
    }
}
