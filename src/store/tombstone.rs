//! Tombstones: that a session was ended before its time. While there is one, the wikis neither load nor save a session of
//! that id, so that neither a request in flight nor an old record that somebody puts back logs anybody in.
//!
//! As in `contrib/moin/wikifarm_stores.py`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::facts::{Expires, Facts, Fields};

/// In seconds. Browsers keep no cookie for more than 400 days after the last visit: a record that nobody wrote for so long
/// is over.
const LONGEST_LIFE: f64 = 401.0 * 86_400.0;

/// In seconds: a request that is being answered can save late.
const SHORTEST: f64 = 3600.0;

/// When the tombstone of a session with that pickle ends, in seconds since 1970: with the session, within bounds.
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
    fn a_tombstone_lasts_as_long_as_the_session_within_bounds() {
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
