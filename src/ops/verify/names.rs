//! Names in a session directory that are not sessions.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::{Finding, Findings, Rule};
use crate::location::NameKind;
use crate::store::{SHORTEST_PREFIX, StoreSpec};

/// Reports a name of another form, or a name of the right form that is not a regular file.
pub(super) fn foreign(spec: &StoreSpec, name: &OsStr, found: &mut Findings) {
    let rule = if name == "__lock__" { Rule::StaleLock } else { Rule::UnreachableName };
    let ours = spec.location.kind(name.as_bytes()) != NameKind::Foreign;
    // The id of a session in another layout is a secret too.
    let text = name.to_string_lossy();
    let secret = longest_word(&text) >= 16;
    let shown: String =
        if secret { text.chars().take(SHORTEST_PREFIX).chain(['…']).collect() } else { text.into_owned() };
    let message = match rule {
        Rule::StaleLock => "lock that was never released".to_owned(),
        _ if ours => "name of a session, but not a regular file".to_owned(),
        _ => format!("not a session name of {}", spec.location.scheme()),
    };
    let path = spec.entry(&shown);
    found.add(Finding { rule, path, message, key: shown });
}

/// The length of the longest run of letters, digits, and underscores. Ids consist of these.
fn longest_word(text: &str) -> usize {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.map(str::len).max().unwrap_or(0)
}
