//! Tombstones of sessions that were ended before their expiry. While there is a tombstone, the wikis neither load nor save the
//! session: neither a running request nor an old record logs anybody in.
//!
//! As in `contrib/moin/wikifarm_stores.py`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::facts::{Expires, Facts, Fields};

/// The maximum lifetime in seconds. Browsers keep a cookie for at most 400 days after the last visit.
const LONGEST_LIFE: f64 = 401.0 * 86_400.0;

/// The minimum lifetime in seconds. A running request can save its session late.
const SHORTEST: f64 = 3600.0;

/// When the tombstone of a session with this pickle ends, in unix seconds: with the session, within the bounds.
pub(super) fn end(pickle: &[u8]) -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let expires = match Facts::from_bytes(pickle, Fields::default()) {
        Ok(Facts { expires: Expires::At(time), .. }) => time,
        _ => f64::INFINITY,
    };
    expires.max(now + SHORTEST).min(now + LONGEST_LIFE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tombstone_lasts_as_long_as_the_session_within_limits() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let lasts = |expires: f64| end(format!("(dS'expires'\nF{expires}\ns.").as_bytes()) - now;
        for (left, lasts) in [
            (lasts(now + 432_000.0), 432_000.0),
            (lasts(now - 60.0), SHORTEST),
            (lasts(4e9), LONGEST_LIFE),
            (end(b"(d.") - now, LONGEST_LIFE),
            (end(b"junk") - now, LONGEST_LIFE),
        ] {
            assert!((left - lasts).abs() < 10.0, "{left} {lasts}");
        }
    }
}
