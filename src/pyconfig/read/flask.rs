//! Flask's settings, which MoinMoin 2 has at the level of the module.

use sha2::{Digest, Sha256};

use super::namespace::Namespace;
use super::settings::{Found, Read, not_known, wrong};
use super::value::{Item, Val};
use super::world::World;
use crate::farm::{Key, Kind, Value};
use crate::moin::{Behavior, Version, domain_of_server};

/// The parameters of `timedelta`, in seconds.
const UNITS: [(&str, f64); 7] = [
    ("days", 86_400.0),
    ("seconds", 1.0),
    ("microseconds", 1e-6),
    ("milliseconds", 1e-3),
    ("minutes", 60.0),
    ("hours", 3_600.0),
    ("weeks", 604_800.0),
];

impl World<'_> {
    /// Flask's settings: names of the module.
    pub(super) fn flask_settings(&self, names: &Namespace, version: Version, found: &mut Found) {
        for key in Key::all() {
            if let Some(binding) = key.row().flask.and_then(|name| names.get(name)) {
                found.take(key, &binding, self.flask_value(key, &binding.item));
            }
        }
        // Without a path of its own the cookie has the application's.
        if let Some(binding) = names.get("APPLICATION_ROOT")
            && !found.has(Key::CookiePath)
        {
            let read = match (&binding.item.val, not_known(&binding.item)) {
                (_, Some(unknown)) => Err(unknown),
                (Val::Str(text), _) if text.text.is_empty() => {
                    Err((binding.item.span.clone(), "APPLICATION_ROOT must not be empty".to_owned(), true))
                }
                (Val::Str(_), _) => self.text(&binding.item),
                _ => wrong(&binding.item, "a path"),
            };
            found.take(Key::CookiePath, &binding, read);
        }
        self.server_name(names, version, found);
    }

    /// 2.0.0a1 reads the domain from `SERVER_NAME`, unless `SESSION_COOKIE_DOMAIN` is set: even to False.
    fn server_name(&self, names: &Namespace, version: Version, found: &mut Found) {
        let set = names.get("SESSION_COOKIE_DOMAIN").is_some_and(|it| !matches!(it.item.val, Val::None));
        let Some(binding) = names.get("SERVER_NAME").filter(|_| !set && version.behavior() == Behavior::V2)
        else {
            return;
        };
        let read = match (not_known(&binding.item), self.text(&binding.item)) {
            (Some(unknown), _) => Err(unknown),
            (None, Ok(Some(Value::Text(_)))) if found.left_out.iter().any(|it| it.key == Key::CookiePath) => {
                Err((binding.item.span.clone(), "the domain depends on the cookie's path".to_owned(), false))
            }
            (None, Ok(Some(Value::Text(server)))) => {
                let path = found.settings.get(&Key::CookiePath).and_then(|setting| setting.value.text());
                Ok(domain_of_server(&server, path.unwrap_or("/"), version).map(Value::Text))
            }
            (None, read) => read,
        };
        found.take(Key::CookieDomain, &binding, read);
    }

    fn flask_value(&self, key: Key, item: &Item) -> Read {
        match (key, key.kind(), &item.val) {
            (key, ..) if key != Key::CookieLifetime && not_known(item).is_some() => {
                Err(not_known(item).unwrap_or_default())
            }
            (Key::CookieName, _, Val::None) => wrong(item, "a string"),
            (Key::CookiePath, _, Val::Str(text)) if text.text.is_empty() => Ok(None),
            (Key::CookieHttponly, _, Val::None) => Ok(Some(Value::Bool(false))),
            (Key::SecretKeyId, _, Val::Str(text)) => Ok(Some(Value::Text(key_id(&text.text)))),
            (Key::CookieLifetime, ..) => self.flask_lifetime(item),
            // False is Flask's word for: no domain.
            (Key::CookieDomain, _, Val::Bool(false)) => Ok(None),
            (Key::CookiePath, _, Val::Bool(false)) => Ok(None),
            (_, Kind::Choice(words), Val::Str(text)) => {
                match words.iter().find(|word| text.text.eq_ignore_ascii_case(word)) {
                    Some(word) => Ok(Some(Value::Text((*word).to_owned()))),
                    None => {
                        let why =
                            format!("it must be one of {words:?}, not {:?}: every login fails", text.text);
                        Err((item.span.clone(), why, true))
                    }
                }
            }
            // Flask sends other values as `Secure=0`, which browsers take for Secure.
            (_, Kind::Bool, Val::Bool(_) | Val::None) => self.truth(item),
            (_, Kind::Bool, _) => wrong(item, "True or False"),
            _ => self.text(item),
        }
    }

    /// Flask's lifetime: a timedelta, or seconds.
    fn flask_lifetime(&self, item: &Item) -> Read {
        let delta = |it: &Val| matches!(it, Val::Outside(name) if name.as_ref() == "datetime.timedelta");
        let seconds = match &item.val {
            Val::Object(object) if delta(&object.class) => {
                let given = |(at, (name, unit)): (usize, &(&str, f64))| match object.given.get(at, name) {
                    Some(given) => given.val.number().map(|number| number * unit),
                    None => Some(0.0),
                };
                UNITS.iter().enumerate().map(given).sum::<Option<f64>>()
            }
            _ if not_known(item).is_some() => return Err(not_known(item).unwrap_or_default()),
            other => other.number(),
        };
        match seconds.filter(|seconds| seconds.is_finite() && seconds.abs() < 3e13) {
            Some(seconds) => Ok(Some(Value::Number(seconds / 3600.0))),
            None => wrong(item, "a timedelta or a number of seconds"),
        }
    }
}

/// Which key it is, without the key: a short hash distinguishes keys without revealing them.
fn key_id(key: &str) -> String {
    let hash = Sha256::new().chain_update(b"wikifarm secret_key_id\0").chain_update(key).finalize();
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::farm::SAMPLE_SECRET_KEY;

    #[test]
    fn the_key_of_the_sample_is_known() {
        let [key, id] = SAMPLE_SECRET_KEY;
        assert_eq!(key_id(key), id);
    }
}
