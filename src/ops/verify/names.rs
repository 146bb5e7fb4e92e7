//! What lies there and is no session.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{Check, Finding, Findings};
use crate::location::NameKind;
use crate::store::{SHORTEST_PREFIX, StoreSpec};

/// A name of another form, or of the right form and no regular file.
pub(super) fn foreign(spec: &StoreSpec, name: &OsStr, found: &mut Findings) {
    let check = if name == "__lock__" { Check::LockLeftover } else { Check::NeverLookedUp };
    let ours = spec.location.kind(name.as_bytes()) != NameKind::Foreign;
    // An id that lies in the store of another layout is a secret all the same.
    let text = name.to_string_lossy();
    let secret = longest_word(&text) >= 16;
    let shown: String =
        if secret { text.chars().take(SHORTEST_PREFIX).chain(['…']).collect() } else { text.into_owned() };
    let message = match check {
        Check::LockLeftover => "a lock that nobody gave back".to_owned(),
        _ if ours => "no regular file, where a session should be".to_owned(),
        _ => format!("no name of a session of {}", spec.location.scheme()),
    };
    let path = spec.entry(&shown);
    found.add(Finding { check, path, message, key: shown });
}

/// The length of the longest run of letters, digits and underscores: what an id is made of.
fn longest_word(text: &str) -> usize {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.map(str::len).max().unwrap_or(0)
}
