//! Signed cookies of MoinMoin 2.0: contents and signature.

use std::path::Path;

use super::known::{CookieJson, Known, cut};
use crate::cli::session::json::{UserJson, hide_secrets};
use crate::cli::shared::stores::of_moin_2;
use crate::cli::shared::{Context, Exit, Failure, Format};
use crate::farm::Trusted;
use crate::moin::{SIGNATURE_LIFETIME, SignedCookie, signature_lifetime};
use crate::store::profile;
use crate::sys::read_input;
use crate::text::escape;
use crate::text::measure::{relative, rfc3339, span};

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

/// The wikis of MoinMoin 2 that know a user, and what their profiles say.
#[derive(Default)]
struct Owner {
    name: Option<String>,
    disabled: bool,
    wikis: Vec<String>,
    /// The lifetimes of signatures at these wikis, in seconds.
    lifetimes: Vec<f64>,
}

/// Looks for the user of a cookie in the wikis of the farm file, if there is one.
fn owner(itemid: &str, farm: Option<&Trusted>, context: &mut Context<'_>) -> Owner {
    let mut owner = Owner::default();
    for wiki in farm.into_iter().flat_map(|farm| of_moin_2(farm)) {
        let Some(dir) = wiki.user_dir() else { continue };
        match profile(&dir, itemid) {
            Ok(Some(user)) => {
                owner.disabled |= user.disabled;
                owner.name = owner.name.or(Some(user.name).filter(|name| !name.is_empty()));
                owner.wikis.push(wiki.name.clone());
                owner.lifetimes.push(signature_lifetime(wiki.moin()));
            }
            Ok(None) => {}
            Err(error) => context.note(&format!("{}: can't look up the user: {error}", wiki.name)),
        }
    }
    owner
}

/// The contents of a signed cookie.
pub(super) fn known(
    text: &str,
    cookie: &SignedCookie,
    secret: Option<&[u8]>,
    reveal: bool,
    farm: Option<&Trusted>,
    context: &mut Context<'_>,
) -> (Known, Exit) {
    let now = context.now();
    let owner = cookie.user().map(|id| owner(id, farm, context)).unwrap_or_default();
    let of_wikis = owner.lifetimes.iter().copied().reduce(f64::max);
    let lifetime = of_wikis.unwrap_or(SIGNATURE_LIFETIME);
    let key_fits = secret.map(|secret| cookie.is_signed_with(secret));
    let mut payload = cookie.payload.clone();
    if !reveal {
        hide_secrets(&mut payload);
    }
    let json = CookieJson {
        state: cookie.age(now, lifetime).name(),
        lifetime,
        signed: cookie.timestamp,
        signed_at: rfc3339(cookie.signed_at()),
        compressed: cookie.compressed,
        user: cookie.user().map(|id| UserJson {
            id: id.to_owned(),
            name: owner.name.clone(),
            auth_method: cookie.auth_method().map(str::to_owned),
        }),
        wikis: owner.wikis.clone(),
        key_fits,
        payload,
    };
    let id = cut(text, reveal);
    if context.format == Format::Human {
        show(&id, &json, &owner, farm.is_some(), cookie, context);
    }
    let exit = if key_fits == Some(false) { Exit::Found } else { Exit::Success };
    (Known { id, sessions: Vec::new(), cookie: Some(json), ended: Vec::new() }, exit)
}

fn show(
    id: &str,
    json: &CookieJson,
    owner: &Owner,
    has_farm: bool,
    cookie: &SignedCookie,
    context: &mut Context<'_>,
) {
    let now = context.now();
    let out = &mut *context.out;
    let packed = if json.compressed { ", compressed" } else { "" };
    writeln!(out, "cookie    {}", escape(id));
    writeln!(out, "store     none: the signed cookie of MoinMoin 2 contains the session{packed}");
    let whose = if owner.wikis.is_empty() { "the default lifetime" } else { "the lifetime" };
    let lifetime = span(json.lifetime);
    writeln!(out, "state     {}, with {whose} of {lifetime} (PERMANENT_SESSION_LIFETIME)", json.state);
    let date = json.signed_at.clone().unwrap_or_else(|| "at an invalid time".to_owned());
    writeln!(out, "signed    {date}, {}", relative(cookie.signed_at(), now));
    match json.key_fits {
        None => writeln!(out, "key       not checked; use --secret-file"),
        Some(true) => writeln!(out, "key       matches: this key signed the cookie"),
        Some(false) => writeln!(out, "key       does not match: wikis with this key reject the cookie"),
    }
    match &json.user {
        None => writeln!(out, "user      anonymous"),
        Some(user) => {
            let who = owner
                .name
                .as_ref()
                .map_or_else(|| format!("id:{}", user.id), |name| format!("{name} (id:{})", user.id));
            let method = user.auth_method.as_deref().unwrap_or("an unknown method");
            let disabled = if owner.disabled { ", disabled" } else { "" };
            writeln!(out, "user      {}", escape(&format!("{who}, logged in by {method}{disabled}")));
            if !owner.wikis.is_empty() {
                writeln!(out, "profile   {}", escape(&owner.wikis.join(", ")));
            } else if has_farm {
                writeln!(out, "profile   none in the farm file's wikis: they do not know this user");
            }
        }
    }
    writeln!(out, "payload");
    for line in serde_json::to_string_pretty(&json.payload).unwrap_or_default().lines() {
        writeln!(out, "  {}", escape(line));
    }
}
