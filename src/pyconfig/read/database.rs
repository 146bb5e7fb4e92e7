//! Sessions in a database: wikifarm's own modules for MoinMoin, `contrib/moin`, and the address that they are given.

use super::auth::own_class;
use super::settings::Read;
use super::value::{Item, Object, Val};
use super::world::World;
use crate::farm::{Key, Value};
use crate::location::Location;

/// The modules. They are not read, even where they lie beside the configuration.
pub(super) const OURS: [&str; 3] = ["wikifarm_session18", "wikifarm_session19", "wikifarm_stores"];

/// Their functions that make a session handler, or its class of data.
pub(super) const FUNCTIONS: [&str; 2] = [HANDLER, DATA];

const SERVICE: &str = "wikifarm_session19.WikifarmSessionService";
const HANDLER: &str = "wikifarm_session18.session_handler";
const DATA: &str = "wikifarm_session18.session_data";

/// What is called, by its dotted name.
fn called(object: &Object) -> &str {
    if let Val::Outside(name) = &object.class { name } else { "" }
}

impl World<'_> {
    /// The address of the database in which the value of `session_service` or `session_handler` keeps sessions, and what it
    /// means for `session_store`. `None` for values that are not of our modules.
    pub(super) fn database(&self, setting: Key, item: &Item) -> Option<(Item, Read)> {
        let Val::Object(object) = &item.val else { return None };
        let made = match (setting, called(object)) {
            (Key::SessionService, SERVICE) | (Key::SessionHandler, HANDLER) => object,
            (Key::SessionHandler, _) if own_class(&object.class) == Some("DefaultSessionHandler") => {
                match &object.given.get(0, "dataclass")?.val {
                    Val::Object(data) if called(data) == DATA => data,
                    _ => return None,
                }
            }
            _ => return None,
        };
        let odd = |item: &Item, why: &str, wrong| {
            Some((item.clone(), Err((item.span.clone(), why.to_owned(), wrong))))
        };
        let Some(address) = made.given.get(0, "address") else {
            return odd(item, "it is given no address", true);
        };
        let Some(text) = address.text() else {
            return odd(address, &address.reason("its address is no string").why, false);
        };
        match Value::store(text) {
            _ if text.contains(char::is_control) => odd(address, "it holds a control character", true),
            Err(why) => odd(address, &why, true),
            Ok(Value::Store { location, .. }) if matches!(*location, Location::Directory { .. }) => {
                odd(address, "it must be the address of a database: sqlite:FILE or redis://HOST", true)
            }
            Ok(Value::Store { location, .. }) if !location.is_absolute() => {
                odd(address, "it is relative to the directory in which the wiki is started", false)
            }
            Ok(store) => Some((address.clone(), Ok(Some(store)))),
        }
    }
}
