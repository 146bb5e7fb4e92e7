//! 1.7 and 1.8.
//!
//! Their session data writes itself to the file with each item set, if there is more than `expires` in it and that is
//! still to come. Here it is written once, when the request ends, which comes to the same.
//!
//! Source: `MoinMoin/session.py` of 1.7.0, 1.7.3 and 1.8.7.

use super::exchange::{Exchange, Failure, Outside};
use super::settings::Handler;
use crate::moin::{
    Behavior, Items, Lifetime, Loaded, Login, Session, SessionData, Value, Visitor, session_cookie,
};

/// What an id from a cookie may consist of; the rest is dropped.
const ID_BYTES: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";

/// How much longer a session is kept than its cookie: so the file need not be written with every request.
const SLACK: f64 = 3600.0;

impl Handler {
    pub(super) fn start_old(
        &self,
        cookie: Option<Vec<u8>>,
        outside: &mut Outside<'_>,
    ) -> Result<Exchange, Failure> {
        let kept = cookie.into_iter().flatten().filter(|byte| ID_BYTES.contains(byte)).take(32);
        let id: String = kept.map(char::from).collect();
        // An empty value is as good as none.
        let is_new = id.is_empty();
        let id = if is_new { (outside.new_id)(self.id_form()) } else { id };
        let items = match outside.sessions.load(&id) {
            Loaded::Items(items) => match items.get("expires").and_then(Value::number) {
                None => return Err(Failure::NoExpires),
                Some(expires) if expires <= outside.now => {
                    outside.sessions.remove(&id);
                    empty()
                }
                Some(_) => items,
            },
            // Of the ways not to unpickle, four count as missing, with others the request fails.
            Loaded::Missing | Loaded::Unreadable => empty(),
        };
        let mut session = Session::new(id, items, is_new);
        let user = match (is_new, session.get("user.id").and_then(Value::as_str)) {
            (false, Some(user)) => {
                let method = session.get("user.auth_method").and_then(Value::as_str).unwrap_or_default();
                self.auth.iter().any(|known| known == method).then(|| Login::of(outside.users, user, method))
            }
            _ => {
                session.is_stored = self.keeps_anonymous();
                None
            }
        };
        Ok(Exchange::new(session, user))
    }

    /// Whether sessions of anonymous visitors count as stored: 1.7 asks only whether the setting is there.
    fn keeps_anonymous(&self) -> bool {
        let setting = self.settings.anonymous_session_lifetime;
        setting.is_some_and(|hours| hours != 0.0 || self.behavior() < Behavior::V1_8)
    }

    pub(super) fn after_auth_old(
        &self,
        exchange: &mut Exchange,
        outside: &mut Outside<'_>,
    ) -> Result<(), Failure> {
        let visitor = match exchange.user() {
            Some(user) => {
                let user = user.clone();
                let named = exchange.session.get("user.id").and_then(Value::as_str);
                if named.is_some_and(|named| named != user.id) {
                    delete(&mut exchange.session, outside);
                }
                let session = &mut exchange.session;
                session.set("user.id", Value::bytes(&user.id));
                session.set("user.auth_method", Value::bytes(&user.auth_method));
                session.set("user.auth_attribs", Value::Tuple(Vec::new()));
                if user.remember_me { Visitor::Remember } else { Visitor::User }
            }
            None => {
                if exchange.names_user() {
                    delete(&mut exchange.session, outside);
                }
                Visitor::Anonymous
            }
        };
        let Lifetime::Seconds(lifetime) = self.lifetimes()?.of(visitor) else {
            delete(&mut exchange.session, outside);
            return Ok(());
        };
        let expires = outside.now + lifetime;
        exchange.cookies.extend(session_cookie(&self.settings, visitor, &exchange.session.id, outside.now));
        // Moved only forward, and an hour further than the cookie.
        let current = exchange.session.get("expires").and_then(Value::number).unwrap_or_default();
        if current < expires {
            exchange.session.set("expires", Value::Float(expires + SLACK));
        }
        Ok(())
    }
}

/// The data of a session that does not lie anywhere yet.
fn empty() -> Items {
    Items::from([("expires".to_owned(), Value::Int(0))])
}

/// Takes a session out of its store; what is set later has no lifetime.
fn delete(session: &mut Session, outside: &mut Outside<'_>) {
    outside.sessions.remove(&session.id);
    session.items = empty();
    (session.modified, session.shrunk) = (false, false);
}

/// Saves what was set. A session with no item but `expires` is not stored.
pub(super) fn finish_old(exchange: &Exchange, outside: &mut Outside<'_>) {
    let session = &exchange.session;
    let expires = session.get("expires").and_then(Value::number).unwrap_or_default();
    if session.shrunk && session.items.len() <= 1 {
        outside.sessions.remove(&session.id);
    } else if session.modified && session.items.len() > 1 && expires > outside.now {
        outside.sessions.save(&session.id, &session.items);
    }
}
