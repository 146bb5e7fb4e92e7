//! The trail: the pages last visited.
//!
//! Source: `addTrail` and `_wantTrail` in `MoinMoin/user.py` of 1.7 to 1.9, `add_trail` in `moin/user.py` of 2.0. That
//! the page exists, may be read, and that the user wants a trail (the default) is taken for granted.

use super::exchange::{Exchange, Failure};
use super::settings::Handler;
use crate::moin::{Behavior, SessionData, Value};

/// `trail_size`, by default.
const SIZE: usize = 5;

impl Handler {
    /// Notes in the session that a page was visited.
    ///
    /// # Errors
    /// Where the wiki would answer with an error.
    pub fn add_trail(&self, exchange: &mut Exchange, page: &str) -> Result<(), Failure> {
        let behavior = self.behavior();
        let wanted = exchange.user().is_some()
            || match behavior {
                Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => exchange.session.is_stored,
                Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => true,
                _ => self.has_anonymous_sessions()?,
            };
        let until_answered = behavior < Behavior::V1_9_0 && exchange.session.is_new;
        if !wanted || until_answered {
            return Ok(());
        }
        let page = match &self.interwikiname {
            Some(wiki) if behavior < Behavior::V2 => Value::Text(format!("{wiki}:{page}")),
            Some(_) | None if behavior >= Behavior::V2 => {
                // A name and its aliases.
                Value::List(vec![Value::Text(page.to_owned()), Value::List(Vec::new())])
            }
            _ => Value::Text(page.to_owned()),
        };
        let old = exchange.session.get("trail").map(Value::items).unwrap_or_default();
        if old.last() == Some(&page) {
            return Ok(());
        }
        let mut trail: Vec<Value> = old.iter().filter(|other| **other != page).cloned().collect();
        trail.push(page);
        // 1.9.0 and 1.9.1 keep one less.
        let early = matches!(behavior, Behavior::V1_9_0 | Behavior::V1_9_1);
        let keep = if early { SIZE - 1 } else { SIZE };
        trail.drain(..trail.len().saturating_sub(keep));
        exchange.session.set("trail", Value::List(trail));
        Ok(())
    }
}
