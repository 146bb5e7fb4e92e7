//! Which settings a version of MoinMoin ignores.

use super::{Key, Wiki};
use crate::moin::{Behaviour, CookieLifetime};

impl Wiki {
    /// Why the wiki's version ignores `key`, if it does.
    ///
    /// Source: `multiconfig.py`, `session.py` and `auth/` of the releases named.
    pub fn ignores(&self, key: Key) -> Option<&'static str> {
        let behaviour = self.version().behaviour();
        let before_1_9 = behaviour < Behaviour::V1_9_0;
        let v2 = behaviour == Behaviour::V2;
        let scalar = matches!(self.moin().cookie_lifetime, Some(CookieLifetime::Hours(_)));
        match key {
            Key::CookieName if before_1_9 => {
                Some("session_id_handler names the cookie; cookie_name came with 1.9.1")
            }
            Key::CookieName if behaviour < Behaviour::V1_9_1 => {
                Some("the name is always MOIN_SESSION; cookie_name came with 1.9.1")
            }
            Key::CookieSecure if behaviour < Behaviour::V1_7_3 => Some("it came with 1.7.3"),
            Key::CookieHttponly if before_1_9 => Some("it came with 1.9.0"),
            Key::CookieSamesite if !v2 => Some("no MoinMoin before 2.0 sends SameSite"),
            Key::SecretKeyId if !v2 => Some("only 2.0 signs its cookies"),
            // From 1.9.1 on it is read beside an old-style cookie_lifetime.
            Key::AnonymousSessionLifetime if !before_1_9 && (v2 || !scalar) => {
                Some("since 1.9 the first number of cookie_lifetime says it")
            }
            Key::SessionDir if before_1_9 => {
                Some("sessions lie in <cache_dir>/__common__/session; session_dir came with 1.9")
            }
            Key::SessionDir | Key::SessionStore if v2 => Some("2.0 keeps the session in the cookie itself"),
            Key::SessionHandler | Key::SessionIdHandler if !before_1_9 => {
                Some("1.9 replaced it by session_service")
            }
            Key::SessionService if before_1_9 => {
                Some("session_service came with 1.9; here it is session_handler")
            }
            Key::SessionService if v2 => Some("2.0 leaves sessions to Flask"),
            _ => None,
        }
    }
}
