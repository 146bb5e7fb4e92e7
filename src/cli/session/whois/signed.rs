//! Signed cookies of MoinMoin 2.0: contents and signature.

use std::path::Path;

use super::known::{CookieJson, Known, cut};
use crate::cli::session::json::{UserJson, hide_secrets};
use crate::cli::shared::{Context, Exit, Failure, Format};
use crate::moin::SignedCookie;
use crate::report::escape;
use crate::report::measure::{relative, rfc3339};
use crate::sys::read_input;

/// The maximum size of a secret file, in bytes.
const MOST_SECRET: u64 = 1 << 16;

/// Reads a key; ignores a line end after it.
pub(super) fn secret(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut secret = read_input(file, MOST_SECRET)
        .map_err(|error| Failure::usage(format!("can't read the secret file {}: {error}", file.display())))?;
    if secret.ends_with(b"\n") {
        secret.pop();
        if secret.ends_with(b"\r") {
            secret.pop();
        }
    }
    if secret.is_empty() {
        return Err(Failure::usage(format!("the secret file {} is empty", file.display())));
    }
    Ok(secret)
}

/// The contents of a signed cookie.
pub(super) fn known(
    text: &str,
    cookie: &SignedCookie,
    secret: Option<&[u8]>,
    reveal: bool,
    context: &mut Context<'_>,
) -> (Known, Exit) {
    let now = context.now();
    let state = cookie.age(now).name();
    let key_fits = secret.map(|secret| cookie.is_signed_with(secret));
    let mut payload = cookie.payload.clone();
    if !reveal {
        hide_secrets(&mut payload);
    }
    let signed_at = rfc3339(cookie.signed_at());
    let id = cut(text, reveal);
    if context.format == Format::Human {
        let out = &mut *context.out;
        let packed = if cookie.compressed { ", compressed" } else { "" };
        writeln!(out, "cookie    {}", escape(&id));
        writeln!(out, "store     none: the signed cookie of MoinMoin 2 contains the session{packed}");
        writeln!(out, "state     {state}, with the default lifetime of 31 days (PERMANENT_SESSION_LIFETIME)");
        let date = signed_at.clone().unwrap_or_else(|| "at an invalid time".to_owned());
        writeln!(out, "signed    {date}, {}", relative(cookie.signed_at(), now));
        match key_fits {
            None => writeln!(out, "key       not checked; use --secret-file"),
            Some(true) => writeln!(out, "key       matches: this key signed the cookie"),
            Some(false) => {
                writeln!(out, "key       does not match: wikis with this key reject the cookie")
            }
        }
        match cookie.user() {
            None => writeln!(out, "user      anonymous"),
            Some(user) => {
                let method = cookie.auth_method().unwrap_or("an unknown method");
                writeln!(out, "user      {}", escape(&format!("id:{user}, logged in by {method}")));
            }
        }
        writeln!(out, "payload");
        for line in serde_json::to_string_pretty(&payload).unwrap_or_default().lines() {
            writeln!(out, "  {}", escape(line));
        }
    }
    let user = cookie.user().map(|id| UserJson {
        id: id.to_owned(),
        name: None,
        auth_method: cookie.auth_method().map(str::to_owned),
    });
    let json = CookieJson {
        state,
        signed: cookie.timestamp,
        signed_at,
        compressed: cookie.compressed,
        user,
        key_fits,
        payload,
    };
    let exit = if key_fits == Some(false) { Exit::Found } else { Exit::Success };
    (Known { id, sessions: Vec::new(), cookie: Some(json) }, exit)
}
