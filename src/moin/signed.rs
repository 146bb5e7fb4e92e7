//! The session cookie of MoinMoin 2.0, which is the session: Flask's signed cookie, read without its key.
//!
//! `payload.timestamp.signature`, each in URL-safe base64 without padding; a payload that begins with a dot is
//! compressed with zlib. Whoever has the cookie reads it, nobody changes it without the key: the signature is HMAC-SHA1
//! over payload and timestamp, under a key that is HMAC-SHA1 of the salt `cookie-session` under `SECRET_KEY`. Source:
//! Flask 2 and 3 (`sessions.py`), itsdangerous 2 (`URLSafeTimedSerializer`); the tests hold what they made.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;

/// The most a payload may grow to: browsers keep 4,096 bytes, which zlib may have made of a thousand times as much.
const MOST_PAYLOAD: usize = 1 << 20;
/// Flask's salt for session cookies.
const SALT: &[u8] = b"cookie-session";
/// How long Flask accepts a cookie after it was signed: the default of `PERMANENT_SESSION_LIFETIME`, in seconds.
pub const SIGNATURE_LIFETIME: f64 = 31.0 * 86_400.0;

/// A signed cookie, read but not trusted.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SignedCookie {
    /// What the signature is over: payload and timestamp as they stand in the cookie.
    signed: String,
    /// `None` where it is no base64.
    signature: Option<Vec<u8>>,
    /// The session's items.
    pub payload: Value,
    /// When it was signed, in unix seconds.
    pub timestamp: u64,
    /// Whether the payload was compressed.
    pub compressed: bool,
}

/// What a signed cookie is at a moment, by its timestamp and the wiki's lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Age {
    /// Young enough to be taken.
    Live,
    /// Too old.
    Expired,
    /// Signed later than that: not taken either.
    Future,
}

impl Age {
    /// The stable name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Why a text is no signed cookie.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedError {
    /// It has no three parts.
    #[error("expected payload, timestamp, and signature, separated by dots")]
    Parts,
    /// The part of that name is no URL-safe base64.
    #[error("the {0} is not URL-safe base64")]
    Base64(&'static str),
    /// The timestamp is no number of seconds.
    #[error("the timestamp is not a number of seconds")]
    Timestamp,
    /// The compressed payload does not unpack.
    #[error("the payload can't be decompressed")]
    Compression,
    /// The payload unpacks to more than 1 MiB.
    #[error("the decompressed payload is larger than 1 MiB")]
    TooLarge,
    /// The payload is no JSON object.
    #[error("the payload is not a JSON object")]
    NotAnObject,
}

impl SignedCookie {
    /// Reads the cookie's value. A signature that is cut off does not matter to the reader.
    ///
    /// # Errors
    /// Where it is no signed cookie.
    pub fn parse(text: &str) -> Result<Self, SignedError> {
        let (signed, signature) = text.rsplit_once('.').ok_or(SignedError::Parts)?;
        let (payload, timestamp) = signed.rsplit_once('.').ok_or(SignedError::Parts)?;
        let (encoded, compressed) = match payload.strip_prefix('.') {
            Some(rest) => (rest, true),
            None => (payload, false),
        };
        let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| SignedError::Base64("payload"))?;
        let json = if compressed { unpack(&json)? } else { json };
        let payload: Value = serde_json::from_slice(&json).map_err(|_| SignedError::NotAnObject)?;
        if !payload.is_object() {
            return Err(SignedError::NotAnObject);
        }
        let seconds = URL_SAFE_NO_PAD.decode(timestamp).map_err(|_| SignedError::Base64("timestamp"))?;
        if seconds.is_empty() || seconds.len() > 8 {
            return Err(SignedError::Timestamp);
        }
        Ok(SignedCookie {
            signed: signed.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok(),
            payload,
            timestamp: seconds.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)),
            compressed,
        })
    }

    /// Whether it was signed with that `SECRET_KEY`; compared in constant time.
    pub fn is_signed_with(&self, secret: &[u8]) -> bool {
        let (Some(signature), Some(salted)) = (&self.signature, mac(secret, SALT)) else { return false };
        let key = salted.finalize().into_bytes();
        mac(&key, self.signed.as_bytes()).is_some_and(|mac| mac.verify_slice(signature).is_ok())
    }

    /// The user it was signed for: `user.itemid`.
    pub fn user(&self) -> Option<&str> {
        self.payload.get("user.itemid")?.as_str()
    }

    /// How the user logged in.
    pub fn auth_method(&self) -> Option<&str> {
        self.payload.get("user.auth_method")?.as_str()
    }

    /// When it was signed, in unix seconds.
    #[expect(clippy::cast_precision_loss, reason = "exact for 285 million years")]
    pub fn signed_at(&self) -> f64 {
        self.timestamp as f64
    }

    /// What it is at `now`, in unix seconds, for a wiki with that `PERMANENT_SESSION_LIFETIME` in seconds.
    pub fn age(&self, now: f64, lifetime: f64) -> Age {
        // Flask compares whole seconds.
        match now.floor() - self.signed_at() {
            age if age < 0.0 => Age::Future,
            age if age > lifetime => Age::Expired,
            _ => Age::Live,
        }
    }
}

/// HMAC accepts keys of any length, so a signature always exists.
fn mac(key: &[u8], message: &[u8]) -> Option<Hmac<Sha1>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac)
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, SignedError> {
    use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
    decompress_to_vec_zlib_with_limit(packed, MOST_PAYLOAD).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => SignedError::TooLarge,
        _ => SignedError::Compression,
    })
}

impl fmt::Debug for SignedCookie {
    /// Without the signature, which makes it a key to somebody's account.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedCookie").field("timestamp", &self.timestamp).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by Flask 3.0.3 with itsdangerous 2.2.0 at 1795400000 under the key "a farm secret".
    const LOGIN: &str = ".eJxNy0EKwjAUhOGryKylVN3lKiKltlP6kCSSN1mV3t2IXbgb5uPfUJ2lMzHajIB-usxX3hacf6BSXWzSBo9vrFqHSK35W8RsCf8ySsWejrDhJIT7Yz_U6W45DcovplaqfzunQmH_AGYhL1o.awOhQA.Uw7tm1aDdHLHvIxcJqU5hhSrcuA";
    const EMPTY: &str = "e30.awOhQA.xjWLiqsRzzi-RGEI5-A9zHVYNTc";

    #[test]
    fn a_login_is_read_without_the_key() {
        let cookie = SignedCookie::parse(LOGIN).unwrap();
        assert_eq!(cookie.user(), Some("0c1d2e3f"));
        assert_eq!(cookie.auth_method(), Some("moin"));
        assert_eq!((cookie.timestamp, cookie.compressed), (1_795_400_000, true));
        assert_eq!(SignedCookie::parse(EMPTY).unwrap().payload, serde_json::json!({}));
    }

    #[test]
    fn only_its_key_signs_it() {
        for text in [LOGIN, EMPTY] {
            let cookie = SignedCookie::parse(text).unwrap();
            assert!(cookie.is_signed_with(b"a farm secret"));
            for key in [&b"a farm secreT"[..], b"", &[0; 100]] {
                assert!(!cookie.is_signed_with(key));
            }
        }
        for (from, to) in
            [("e30.", "eyJ9."), ("awOhQA", "awOhQB"), ("xjWL", "yjWL"), ("YNTc", "YNT!"), ("YNTc", "")]
        {
            let cookie = SignedCookie::parse(&EMPTY.replace(from, to));
            assert!(!cookie.is_ok_and(|cookie| cookie.is_signed_with(b"a farm secret")), "{from} {to}");
        }
    }

    #[test]
    fn it_lasts_31_days() {
        let cookie = SignedCookie::parse(EMPTY).unwrap();
        let at = |later: f64| cookie.age(1_795_400_000.0 + later, SIGNATURE_LIFETIME).name();
        assert_eq!(
            [at(-0.5), at(0.0), at(SIGNATURE_LIFETIME + 0.9), at(SIGNATURE_LIFETIME + 1.0)],
            ["future", "live", "live", "expired"]
        );
    }

    #[test]
    fn what_is_none_says_why() {
        let big = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; MOST_PAYLOAD + 1], 9);
        let big = format!(".{}.awOhQA.x", URL_SAFE_NO_PAD.encode(big));
        for (text, error) in [
            ("", SignedError::Parts),
            ("a.b", SignedError::Parts),
            ("...", SignedError::Compression),
            ("e30!.awOhQA.x", SignedError::Base64("payload")),
            ("e30.aw=.x", SignedError::Base64("timestamp")),
            ("e30..x", SignedError::Timestamp),
            ("e30.AAAAAAAAAAAA.x", SignedError::Timestamp),
            (".e30.awOhQA.x", SignedError::Compression),
            ("W10.awOhQA.x", SignedError::NotAnObject),
            (&big, SignedError::TooLarge),
        ] {
            assert_eq!(SignedCookie::parse(text), Err(error), "{text}");
        }
    }
}
