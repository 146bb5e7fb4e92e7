//! Authentication methods and session handlers: what MoinMoin's own classes are called.
//!
//! A login is marked with its method's name (`user.auth_method`), and another wiki accepts it where its own `auth` list
//! has that name. Source: `name` of the classes in `MoinMoin/auth/` of 1.7.3, 1.8.7 and 1.9.11, `moin/auth/` of 2.0.

use super::value::{Item, Object, Val};
use super::world::World;
use crate::farm::{HANDLERS, Key, NAMES_COOKIE};

/// Classes of MoinMoin with the names of their methods; `None`: it never logs anybody in by itself.
const CLASSES: [(&str, Option<&str>); 16] = [
    ("MoinAuth", Some("moin")),
    ("GivenAuth", Some("given")),
    ("HTTPAuth", Some("http")),
    ("HTTPAuthMoin", Some("http")),
    ("LDAPAuth", Some("ldap")),
    ("OpenIDAuth", Some("openid")),
    ("CASAuth", Some("CAS")),
    ("SSLClientCertAuth", Some("sslclientcert")),
    ("InterwikiAuth", Some("interwiki")),
    ("PHPSessionAuth", Some("php_session")),
    ("BotBouncer", Some("botbouncer")),
    ("AuthLog", Some("log")),
    ("BaseAuth", None),
    ("MysqlGroupAuth", None),
    ("SMBMount", None),
    ("AutoNewUser", None),
];

/// The classes whose name can be given: `LDAPAuth(name='ldap2')`.
const NAMED: [&str; 1] = ["LDAPAuth"];

/// Whether a class is MoinMoin's own of that name.
pub(super) fn own_class(val: &Val) -> Option<&str> {
    let Val::Outside(dotted) = val else { return None };
    let own = matches!(dotted.split('.').next(), Some("MoinMoin" | "moin"));
    dotted.rsplit('.').next().filter(|_| own)
}

/// The arguments of a call that give what a parameter stands for.
pub(super) fn argument<'a>(object: &'a Object, position: usize, name: &str) -> Option<&'a Item> {
    let by_name = object.keywords.iter().find(|(key, _)| key == name).map(|(_, item)| item);
    by_name.or_else(|| object.args.get(position))
}

impl World<'_> {
    /// The name of an authentication method, `None` if it has none; the error says why that is not known.
    pub(super) fn auth_name(&self, item: &Item) -> Result<Option<String>, (Item, String)> {
        let odd = |why: &str| Err((item.clone(), why.to_owned()));
        let object = match &item.val {
            Val::Object(object) => object,
            Val::Unknown(unknown) => {
                let place = Item::new(item.val.clone(), unknown.span.clone());
                return Err((place, unknown.why.clone()));
            }
            Val::Class(_) | Val::Outside(_) => return odd("it is a class or function, not an object"),
            _ => return odd("it is no authentication object"),
        };
        if let Some(own) = own_class(&object.class) {
            if NAMED.contains(&own)
                && let Some((_, name)) = object.keywords.iter().find(|(key, _)| key == "name")
            {
                return match name.text() {
                    Some(name) => Ok(Some(name.to_owned())),
                    None => Err((name.clone(), "the name of its method is not known".to_owned())),
                };
            }
            return match CLASSES.iter().find(|(class, _)| *class == own) {
                Some((_, name)) => Ok(name.map(str::to_owned)),
                None => odd(&format!("what {own} calls its method is not known")),
            };
        }
        let Val::Class(class) = &object.class else {
            return odd("its class is not among the files");
        };
        if let Some(binding) = self.class_attribute(*class, "name") {
            return match &binding.item.val {
                Val::None => Ok(None),
                Val::Str(text) => Ok(Some(text.text.to_string())),
                _ => Err((binding.item.clone(), "the name of its method is not known".to_owned())),
            };
        }
        // It inherits the name from a class of MoinMoin.
        let bases = self.classes.get(*class).map(|class| class.missing.as_slice()).unwrap_or_default();
        let named = bases
            .iter()
            .filter_map(|base| own_class(&base.val))
            .find_map(|own| CLASSES.iter().find(|(class, _)| *class == own));
        match named {
            Some((_, name)) => Ok(name.map(str::to_owned)),
            None => odd("what its class calls its method is not known"),
        }
    }

    /// What the value of `session_service`, `session_handler` or `session_id_handler` is, as the farm file has it; `None` if it
    /// does what MoinMoin's own does.
    pub(super) fn handler(&self, setting: Key, item: &Item) -> Option<String> {
        let custom = Some(HANDLERS[1].to_owned());
        let Val::Object(object) = &item.val else { return custom };
        let plain = |position| match argument(object, position, "cookie_usage") {
            None => None,
            Some(item) if item.text() == Some("SESSION") => None,
            Some(_) => custom.clone(),
        };
        // With a database of its own it does what MoinMoin's does, as long as it is known where.
        if let Some(address) = self.database(setting, item) {
            return if address.is_ok() { plain(1) } else { custom };
        }
        match (setting, own_class(&object.class).unwrap_or_default()) {
            (Key::SessionService, "FileSessionService") => plain(0),
            (Key::SessionIdHandler, "MoinCookieSessionIDHandler") => match argument(object, 0, "cookie_name")
            {
                None => None,
                Some(item) => match item.text() {
                    Some("MOIN_SESSION") => None,
                    Some(name) if !name.is_empty() && !name.chars().any(char::is_control) => {
                        Some(format!("{NAMES_COOKIE}{name}"))
                    }
                    _ => custom,
                },
            },
            (Key::SessionHandler, "DefaultSessionHandler") => match argument(object, 0, "dataclass") {
                None => None,
                Some(item) if own_class(&item.val) == Some("CacheSessionData") => None,
                Some(_) => custom,
            },
            _ => custom,
        }
    }
}
