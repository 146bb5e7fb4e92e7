//! Sessions in a database: wikifarm's own modules for MoinMoin, `contrib/moin`, and the address that they are given.

use super::auth::own_class;
use super::value::{Item, Object, Val};
use super::world::World;
use crate::farm::{Key, session_store};
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
    /// The address of the database in which the value of `session_service` or `session_handler` keeps sessions; else why that
    /// is not known, and whether it is wrong. `None` for values that are not of our modules.
    pub(super) fn database(&self, setting: Key, item: &Item) -> Option<Result<Item, (Item, String, bool)>> {
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
        let Some(address) = made.given.get(0, "address") else {
            return Some(Err((item.clone(), "it is given no address".to_owned(), true)));
        };
        let Some(text) = address.text() else {
            let why = address.reason("its address is no string").why.clone();
            return Some(Err((address.clone(), why, false)));
        };
        Some(match whole(text) {
            Ok(true) => Ok(address.clone()),
            Ok(false) => {
                let why = "it is relative to the directory in which the wiki is started";
                Err((address.clone(), why.to_owned(), false))
            }
            Err(why) => Err((address.clone(), why, true)),
        })
    }
}

/// Whether every path in an address of a database begins at the root.
fn whole(text: &str) -> Result<bool, String> {
    if text.chars().any(char::is_control) {
        return Err("it holds a control character".to_owned());
    }
    match session_store(text)? {
        Location::Directory { .. } => {
            Err("it must be the address of a database: sqlite:FILE or redis://HOST".to_owned())
        }
        database => Ok(database.is_absolute()),
    }
}
