//! A stand-in for the signed cookie of 2.0: the session itself, the time, and a mark of the key.
//!
//! Flask signs with a secret key, by HMAC; a farm file never holds the key, only its name (`secret_key_id`). So the mark
//! here is no signature, only different for different keys: enough to act out what becomes of a session, and of no use
//! to anybody. The form (payload, time, mark, joined by dots, in URL-safe base64) is that of `itsdangerous`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::moin::{Items, Value};

/// The cookie's value for a session.
pub(super) fn sign(items: &Items, key: &str, now: f64) -> String {
    let json = serde_json::Value::Object(items.iter().map(|(k, v)| (k.clone(), to_json(v))).collect());
    let payload = encode(json.to_string().as_bytes());
    let time = encode(format!("{}", now.floor()).as_bytes());
    let mark = mark(&payload, &time, key);
    format!("{payload}.{time}.{mark}")
}

/// The session in a cookie's value, unless it was marked by another key, or more than `max_age` seconds ago, or later than
/// now. Like `itsdangerous`, compares whole seconds.
pub(super) fn open(value: &[u8], key: &str, now: f64, max_age: f64) -> Option<Items> {
    let mut parts = std::str::from_utf8(value).ok()?.split('.');
    let (payload, time, marked) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || mark(payload, time, key) != marked {
        return None;
    }
    let since: f64 = String::from_utf8(decode(time)?).ok()?.parse().ok()?;
    if !(0.0..=max_age).contains(&(now.floor() - since)) {
        return None;
    }
    match serde_json::from_slice(&decode(payload)?).ok()? {
        serde_json::Value::Object(map) => Some(map.into_iter().map(|(k, v)| (k, from_json(&v))).collect()),
        _ => None,
    }
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::None => serde_json::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Int(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Tuple(items) | Value::List(items) => items.iter().map(to_json).collect::<Vec<_>>().into(),
    }
}

fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(from_json).collect()),
        serde_json::Value::Null | serde_json::Value::Object(_) => Value::None,
    }
}

/// FNV-1a over all three: not secret, not a signature.
fn mark(payload: &str, time: &str, key: &str) -> String {
    let bytes = [payload, ".", time, ".", key].into_iter().flat_map(str::bytes);
    let hash = bytes
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    encode(&hash.to_be_bytes())
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
            proptest::prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn no_value_is_too_odd(value in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40)) {
            open(&value, "k", 0.0, 1.0);
        }
    }

    #[test]
    fn a_session_is_opened_by_its_key_alone_and_in_time() {
        let items = Items::from([("user.itemid".to_owned(), Value::Text("7".to_owned()))]);
        let value = sign(&items, "k", 1000.5);
        assert!(value.starts_with("eyJ1c2VyLml0ZW1pZCI6IjcifQ."), "{value}");
        assert_eq!(open(value.as_bytes(), "k", 1001.0, 60.0), Some(items));
        assert_eq!(open(value.as_bytes(), "other", 1001.0, 60.0), None);
        assert!(open(value.as_bytes(), "k", 1060.9, 60.0).is_some());
        assert_eq!(open(value.as_bytes(), "k", 1061.0, 60.0), None);
        assert_eq!(open(value.as_bytes(), "k", 999.0, 60.0), None);
        assert_eq!(open(b"031d8acb800cc038fab650b412fa1073b51d67ec", "k", 0.0, 60.0), None);
    }
}
