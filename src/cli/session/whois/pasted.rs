//! Reads pasted ids: alone, after `NAME=`, or in a `Cookie:` or `Set-Cookie:` line.

use super::is_signed;
use crate::cli::shared::Failure;
use crate::cli::shared::ids;
use crate::moin::SignedCookie;
use crate::text::escape;

/// Every id in a text.
///
/// Ignores cookies that can't belong to a session by name and value, and other header lines.
pub(super) fn ids(text: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for line in text.lines() {
        // `curl -v` marks sent and received lines.
        let line = line.trim_start_matches(['<', '>']).trim();
        if let Some(cookie) = without_name(line, "set-cookie:") {
            let first = cookie.split(';').next().unwrap_or_default();
            found.push(pair(first).1.to_owned());
        } else if let Some(cookies) = without_name(line, "cookie:") {
            found.extend(of_header(cookies)?);
        } else if line.contains('=') {
            found.extend(of_header(line)?);
        } else if !(line.contains(": ") || line.contains(" HTTP/")) {
            found.extend(line.split_whitespace().map(|id| id.trim_matches(['"', ';']).to_owned()));
        }
    }
    Ok(found.iter().map(|id| ids::bare(id)).collect())
}

/// The text after a header name, which can be in upper or lower case.
fn without_name<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (begin, rest) = line.split_at_checked(name.len())?;
    begin.eq_ignore_ascii_case(name).then_some(rest)
}

fn of_header(text: &str) -> Result<Vec<String>, Failure> {
    let pairs: Vec<(&str, &str)> =
        text.split(';').map(str::trim).filter(|one| !one.is_empty()).map(pair).collect();
    if let [(_, value)] = pairs.as_slice() {
        return Ok(vec![(*value).to_owned()]);
    }
    let sessions = pairs.iter().filter(|(name, value)| is_session(name, value));
    let sessions: Vec<String> = sessions.map(|(_, value)| (*value).to_owned()).collect();
    if sessions.is_empty() {
        let names: Vec<String> =
            pairs.iter().filter(|(name, _)| !name.is_empty()).map(|(name, _)| ids::shortened(name)).collect();
        let what = "no session cookie in this header";
        let message =
            if names.is_empty() { what.to_owned() } else { format!("{what}: {}", names.join(", ")) };
        return Err(Failure::usage(escape(&message).into_owned()));
    }
    Ok(sessions)
}

/// Name and value. A text without `=` is a value.
fn pair(text: &str) -> (&str, &str) {
    let (name, value) = text.split_once('=').unwrap_or(("", text));
    (name.trim(), value.trim().trim_matches('"'))
}

/// Whether a cookie can belong to a session: by MoinMoin's names, or by the form of the value.
fn is_session(name: &str, value: &str) -> bool {
    let of_1_8 = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let id = match value.len() {
        32 => value.bytes().all(of_1_8),
        40 => value.bytes().all(|byte| byte.is_ascii_hexdigit()),
        _ => false,
    };
    name.starts_with("MOIN_SESSION")
        || name == "session"
        || id
        || (is_signed(value) && SignedCookie::parse(value).is_ok())
}
