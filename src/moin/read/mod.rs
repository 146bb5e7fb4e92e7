//! Reading the Cookie header: which value of our name a version uses.
//!
//! Up to 1.9.8 Python's own `Cookie` module reads the header, from 1.9.9 the bundled Werkzeug. The last of two cookies
//! of one name wins up to 1.9.10, the first from 1.9.11; `duplicate_cookie` overrides. Measured on 1.7.3 to 1.9.11.

mod python;
mod quoted;
mod werkzeug;

use self::quoted::Pair;
use super::{Behavior, Duplicate, Settings, Version};

/// The value of this wiki's session cookie in a Cookie header, unquoted; `None` where the wiki sees no such cookie.
///
/// The value may be empty, which is not an id for any version. Foreign cookies can hide ours: one
/// with `[` or `]` in its name up to 1.9.8 if it comes first, one with `:` anywhere in 1.7 and 1.8, one without a name
/// that comes first in 1.9.9.
pub fn read_cookie(settings: &Settings, header: &[u8]) -> Option<Vec<u8>> {
    let name = settings.session_cookie_name();
    let pairs = understood(settings.version, header);
    let mut ours = pairs.into_iter().filter(|(key, _)| key == name.as_bytes()).map(|(_, value)| value);
    match settings.takes() {
        Duplicate::First => ours.next(),
        Duplicate::Last => ours.next_back(),
    }
}

/// All cookies that `version` sees in a header.
fn understood(version: Version, header: &[u8]) -> Vec<Pair> {
    match version.behavior() {
        Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => python::strict(header),
        Behavior::V1_9_0 | Behavior::V1_9_1 | Behavior::V1_9_2 => python::lenient(header, <[u8]>::to_vec),
        Behavior::V1_9_4 => python::lenient(header, quoted::unquote),
        Behavior::V1_9_9 if version.reads_names_over_semicolons() => werkzeug::old(header),
        Behavior::V1_9_9 | Behavior::V1_9_11 => werkzeug::new(header, quoted::unquote),
        Behavior::V2 => werkzeug::new(header, <[u8]>::to_vec),
        Behavior::V2Beta | Behavior::V2Dev => werkzeug::current(header),
    }
}

#[cfg(test)]
mod tests;
