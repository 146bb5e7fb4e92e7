//! 1.9.
//!
//! Source: `MoinMoin/web/session.py` of 1.9.0, 1.9.1, 1.9.2 and 1.9.11 (1.9.2 to 1.9.11 differ only in whose session store
//! they import), `FilesystemSessionStore` of the Werkzeug in each.

use super::exchange::{Exchange, Failure, Outside};
use super::settings::Handler;
use crate::moin::cookie::deletion;
use crate::moin::{
    Behavior, IdForm, Items, Lifetime, Loaded, Login, Session, SessionData, Value, Visitor, session_cookie,
};

/// The items that name a user.
const USER: [&str; 4] = ["user.id", "user.auth_method", "user.auth_attribs", "setuid"];

impl Handler {
    pub(super) fn start_new(
        &self,
        cookie: Option<Vec<u8>>,
        outside: &mut Outside<'_>,
    ) -> Result<Exchange, Failure> {
        let behavior = self.behavior();
        let id =
            cookie.and_then(|value| String::from_utf8(value).ok()).filter(|id| is_id(self.id_form(), id));
        let found = match &id {
            Some(id) => outside.sessions.load(id),
            None => Loaded::Missing,
        };
        let mut session = match (id, found) {
            (Some(_), Loaded::Unreadable) if behavior == Behavior::V1_9_0 => {
                return Err(Failure::Unreadable);
            }
            (Some(id), Loaded::Items(items)) => Session::new(id, items, false),
            // 1.9.1 catches three of the ways not to unpickle, later releases all.
            (Some(id), Loaded::Missing | Loaded::Unreadable) if behavior >= Behavior::V1_9_1 => {
                Session::new(id, Items::new(), false)
            }
            _ => self.fresh(outside),
        };
        // 1.9.0 and 1.9.1 never look at the expiry.
        let expires = session.get("expires").and_then(Value::number);
        if behavior >= Behavior::V1_9_2 && expires.is_some_and(|expires| expires < outside.now) {
            outside.sessions.remove(&session.id);
            session = self.fresh(outside);
        }
        let item = |name| session.get(name).and_then(Value::as_str);
        let method = item("user.auth_method").unwrap_or_default();
        let user = item("user.id").filter(|_| self.auth.iter().any(|known| known == method));
        let user = user.map(|id| Login::of(outside.users, id, method));
        session.is_stored = user.as_ref().is_some_and(|user| user.valid) || self.has_anonymous_sessions()?;
        Ok(Exchange::new(session, user))
    }

    fn fresh(&self, outside: &mut Outside<'_>) -> Session {
        Session::new((outside.new_id)(self.id_form()), Items::new(), true)
    }

    /// `finalize` of 1.9.0 and 1.9.1: a user is stored, or the session of one who is none any more destroyed; then the
    /// cookie is sent all the same, if there is a lifetime.
    pub(super) fn finalize_early(
        &self,
        exchange: &mut Exchange,
        outside: &mut Outside<'_>,
    ) -> Result<(), Failure> {
        let first = self.behavior() == Behavior::V1_9_0;
        let visitor = visitor(exchange);
        match owner(exchange) {
            Some(user) => {
                let session = &mut exchange.session;
                session.set("user.id", Value::bytes(&user.id));
                session.set("user.auth_method", Value::bytes(&user.auth_method));
                session.set("user.auth_attribs", Value::Tuple(Vec::new()));
                store_setuid(exchange);
            }
            None if exchange.names_user() => {
                self.destroy(exchange, outside);
                exchange.cookies.push(deletion(&self.settings));
            }
            None => {}
        }
        let Lifetime::Seconds(lifetime) = self.lifetimes()?.of(visitor) else { return Ok(()) };
        exchange.cookies.extend(session_cookie(&self.settings, visitor, &exchange.session.id, outside.now));
        let session = &mut exchange.session;
        if first {
            if session.modified || session.is_new {
                outside.sessions.save(&session.id, &session.items);
            }
        } else if session.modified && (visitor != Visitor::Anonymous || !session.is_new) {
            session.set("expires", Value::Float(outside.now + lifetime));
            outside.sessions.save(&session.id, &session.items);
        }
        Ok(())
    }

    /// `finalize` of 1.9.2 and later.
    pub(super) fn finalize(&self, exchange: &mut Exchange, outside: &mut Outside<'_>) -> Result<(), Failure> {
        let visitor = visitor(exchange);
        let user = owner(exchange);
        let lifetime = match self.lifetimes()?.of(visitor) {
            Lifetime::Seconds(seconds) => Some(seconds),
            Lifetime::None | Lifetime::BrowserSession => None,
        };
        // Who has just logged out leaves nothing behind, not even a trail.
        let kill = user.is_none() && exchange.names_user();
        let keep = lifetime.filter(|_| !kill);
        if keep.is_some() {
            exchange.cookies.extend(session_cookie(
                &self.settings,
                visitor,
                &exchange.session.id,
                outside.now,
            ));
        } else if !exchange.session.is_new {
            exchange.cookies.push(deletion(&self.settings));
        }
        if !exchange.session.is_new {
            // A grid of a minute, so that not every request writes.
            #[expect(
                clippy::cast_possible_truncation,
                reason = "unix times and ten years are far below 2^63"
            )]
            let expires = ((outside.now / 60.0).trunc() * 60.0 + lifetime.unwrap_or_default()) as i64;
            exchange.session.update("expires", Value::Int(expires));
        }
        if keep.is_none() {
            if !exchange.session.is_new {
                self.destroy(exchange, outside);
            }
            return Ok(());
        }
        let anonymous = user.is_none();
        match user {
            Some(user) => {
                let session = &mut exchange.session;
                session.update("user.id", Value::bytes(&user.id));
                session.update("user.auth_method", Value::bytes(&user.auth_method));
                session.update("user.auth_attribs", Value::Tuple(Vec::new()));
                store_setuid(exchange);
            }
            None => {
                for name in USER {
                    exchange.session.delete(name);
                }
            }
        }
        // A client that sends no cookies back leaves a file a login, but none a visit.
        let session = &exchange.session;
        if session.modified && !(anonymous && session.is_new) {
            outside.sessions.save(&session.id, &session.items);
        }
        Ok(())
    }

    fn destroy(&self, exchange: &mut Exchange, outside: &mut Outside<'_>) {
        exchange.session.items.clear();
        exchange.session.modified = true;
        outside.sessions.remove(&exchange.session.id);
    }
}

/// The user whose session it is: the superuser, where one has switched.
fn owner(exchange: &Exchange) -> Option<Login> {
    exchange.real_user.as_ref().or(exchange.user.as_ref()).filter(|user| user.valid).cloned()
}

fn visitor(exchange: &Exchange) -> Visitor {
    match owner(exchange) {
        Some(user) if user.remember_me => Visitor::Remember,
        Some(_) => Visitor::User,
        None => Visitor::Anonymous,
    }
}

/// Keeps or ends the switch to another user.
fn store_setuid(exchange: &mut Exchange) {
    match exchange.user.as_ref().filter(|_| exchange.real_user.is_some()) {
        Some(user) => exchange.session.update("setuid", Value::bytes(&user.id)),
        None => {
            exchange.session.delete("setuid");
        }
    }
}

/// `is_valid_key` of the session store.
fn is_id(form: IdForm, id: &str) -> bool {
    id.len() == 40
        && id
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() && (form == IdForm::Hex40 || !byte.is_ascii_uppercase()))
}
