//! Authentication methods and session handlers: what MoinMoin's own classes are called.
//!
//! A login is marked with its method's name (`user.auth_method`), and another wiki accepts it where its own `auth` list
//! has that name. Source: `name` of the classes in `MoinMoin/auth/` of 1.7.3, 1.8.7 and 1.9.11, `moin/auth/` of 2.0.

use std::rc::Rc;

use super::namespace::Class;
use super::value::{Item, Object, Unknown, Val};
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

/// The name of the method of one of MoinMoin's classes; the outer `None` if the class is not known.
#[expect(clippy::option_option, reason = "a class without a name is not a class that is not known")]
fn known(own: &str) -> Option<Option<&'static str>> {
    CLASSES.iter().find(|(class, _)| *class == own).map(|(_, name)| *name)
}

/// The arguments of a call that give what a parameter stands for.
pub(super) fn argument<'a>(object: &'a Object, position: usize, name: &str) -> Option<&'a Item> {
    let by_name = object.keywords.iter().find(|(key, _)| key == name).map(|(_, item)| item);
    by_name.or_else(|| object.args.get(position))
}

impl World<'_> {
    /// The name of an authentication method, `None` if it has none; the error is the reason why that is not known.
    pub(super) fn auth_name(&self, item: &Item) -> Result<Option<String>, Rc<Unknown>> {
        let odd = |why: &str| Err(Rc::new(Unknown { span: item.span.clone(), why: why.to_owned() }));
        let object = match &item.val {
            Val::Object(object) if object.all.lost().is_none() => object,
            Val::Class(_) | Val::Outside(_) => return odd("it is a class or function, not an object"),
            _ => return Err(item.reason("it is no authentication object")),
        };
        let text = |name: &Item| match &name.val {
            Val::None => Ok(None),
            Val::Str(text) => Ok(Some(text.text.to_string())),
            _ => Err(name.reason("the name of its method is no string")),
        };
        if let Some(own) = own_class(&object.class) {
            let given = object.keywords.iter().find(|(key, _)| NAMED.contains(&own) && key == "name");
            return match (given, known(own)) {
                (Some((_, name)), _) => text(name),
                // Its name is the 25th parameter or so.
                _ if NAMED.contains(&own) && !object.args.is_empty() => {
                    odd("the name of its method is not known")
                }
                (None, Some(name)) => Ok(name.map(str::to_owned)),
                (None, None) => odd(&format!("the method name of {own} is not known")),
            };
        }
        let Val::Class(class) = &object.class else { return odd("its class is not among the files") };
        let order = self.classes.get(*class).map(|class| class.order.as_slice()).unwrap_or_default();
        let order: Vec<&Class> = order.iter().filter_map(|class| self.classes.get(*class)).collect();
        // The class of the files that makes the object can keep a parameter as the name.
        let maker = order.iter().find(|class| class.space.names.contains_key("__init__"));
        let named = order.iter().any(|class| NAMED.iter().any(|own| class.name.ends_with(own)));
        if let Some((position, name)) = maker.and_then(|class| class.named_by.as_ref()).filter(|_| !named) {
            return match argument(object, *position, name) {
                Some(name) => text(name),
                None => odd("the name of its method is not known"),
            };
        }
        if named && maker.is_some() || order.iter().any(|class| class.named_by.is_some()) {
            return odd("the name of its method is not known");
        }
        if self.set_by_method(*class, "name").is_some() {
            return odd("a method sets its name");
        }
        for class in order {
            let own = Val::Outside(Rc::from(class.name.as_str()));
            match (class.space.names.get("name"), &class.space.open) {
                (Some(binding), _) => return text(&binding.item),
                (None, None) => {}
                (None, Some(unknown)) => {
                    return match own_class(&own).and_then(known) {
                        Some(name) => Ok(name.map(str::to_owned)),
                        None => Err(Rc::clone(unknown)),
                    };
                }
            }
        }
        odd("its class has no method name")
    }

    /// What the value of `session_service`, `session_handler` or `session_id_handler` is, as the farm file has it; `None` if it
    /// does what MoinMoin's own does.
    pub(super) fn handler(&self, setting: Key, item: &Item) -> Option<String> {
        let custom = Some(HANDLERS[1].to_owned());
        let Val::Object(object) = &item.val else { return custom };
        if object.all.lost().is_some() {
            return custom;
        }
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
