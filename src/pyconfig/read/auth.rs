//! Authentication methods and session handlers: what MoinMoin's own classes are called.
//!
//! A login is marked with its method's name (`user.auth_method`), and another wiki accepts it where its own `auth` list
//! has that name. Source: `name` of the classes in `MoinMoin/auth/` of 1.7.3, 1.8.7 and 1.9.11, `moin/auth/` of 2.0.

use std::rc::Rc;

use super::namespace::Class;
use super::value::{Item, Unknown, Val};
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

impl World<'_> {
    /// The name of an authentication method, `None` if it has none; the error is the reason why that is not known.
    pub(super) fn auth_name(&self, item: &Item) -> Result<Option<String>, Rc<Unknown>> {
        let odd = |why: &str| Err(Rc::new(Unknown { span: item.span.clone(), why: why.to_owned() }));
        let object = match &item.val {
            Val::Object(object) if object.all.lost().is_none() => object,
            Val::Class(_) | Val::Outside(_) => return odd("it is a class or function, not an object"),
            _ => return Err(item.reason("it is no authentication object")),
        };
        let text = |name: Option<&Item>| match name.map(|name| &name.val) {
            Some(Val::None) => Ok(None),
            Some(Val::Str(text)) => Ok(Some(text.text.to_string())),
            _ => odd("the name of its method is not known"),
        };
        let changed = |name: &str| self.changed.get(name).map(Rc::clone);
        if let Val::Outside(name) = &object.class
            && let Some(unknown) = changed(name)
        {
            return Err(unknown);
        }
        if let Some(own) = own_class(&object.class) {
            let named = NAMED.contains(&own);
            let given = object.given.keywords.iter().find(|(key, _)| named && key == "name");
            return match (given, known(own)) {
                (Some((_, name)), _) => text(Some(name)),
                // Its name is the 25th parameter or so.
                _ if named && !object.given.args.is_empty() => text(None),
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
            return text(object.given.get(*position, name));
        }
        if named && maker.is_some() || order.iter().any(|class| class.named_by.is_some()) {
            return text(None);
        }
        if self.set_by_method(*class, "name").is_some() {
            return odd("a method sets its name");
        }
        for class in order {
            if let Some(unknown) = changed(&class.name) {
                return Err(unknown);
            }
            let own = Val::Outside(Rc::from(class.name.as_str()));
            match (class.space.names.get("name"), &class.space.open) {
                (Some(binding), _) => return text(Some(&binding.item)),
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
        // With a database of its own it does what MoinMoin's does, as long as it is known where.
        let database = self.database(setting, item).map(|(_, read)| read.is_ok());
        let own = own_class(&object.class).unwrap_or_default();
        let (position, parameter, default) = match (setting, own, database) {
            _ if object.all.lost().is_some() || database == Some(false) => return custom,
            (_, _, Some(true)) => (1, "cookie_usage", "SESSION"),
            (Key::SessionService, "FileSessionService", _) => (0, "cookie_usage", "SESSION"),
            (Key::SessionIdHandler, "MoinCookieSessionIDHandler", _) => (0, "cookie_name", "MOIN_SESSION"),
            (Key::SessionHandler, "DefaultSessionHandler", _) => (0, "dataclass", "CacheSessionData"),
            _ => return custom,
        };
        let given = object.given.get(position, parameter)?;
        match if parameter == "dataclass" { own_class(&given.val) } else { given.text() } {
            Some(name) if name == default => None,
            Some(name)
                if parameter == "cookie_name" && !name.is_empty() && !name.contains(char::is_control) =>
            {
                Some(format!("{NAMES_COOKIE}{name}"))
            }
            _ => custom,
        }
    }
}
