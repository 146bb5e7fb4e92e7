//! What is known of a session, for people: a line a fact.

use crate::cli::session::json::SessionJson;
use crate::cli::shared::Context;
use crate::cli::shared::users::Users;
use crate::report::escape;
use crate::report::measure::{bytes, relative, rfc3339};
use crate::store::{Expires, Session, StoreSpec, seconds};

/// Writes the lines for a session of the store at `position`.
pub(super) fn write(
    session: &Session,
    json: &SessionJson,
    (position, spec): (usize, &StoreSpec),
    users: &mut Users,
    context: &mut Context<'_>,
) {
    let now = context.now();
    let out = &mut *context.out;
    let wikis = if json.wikis.is_empty() { String::new() } else { format!(" ({})", json.wikis.join(", ")) };
    writeln!(out, "session   {}", escape(&json.id));
    writeln!(out, "store     {}{}", escape(&spec.address()), escape(&wikis));
    writeln!(out, "state     {}", json.state);
    let time = |time: f64| format!("{}, {}", rfc3339(time).unwrap_or_default(), relative(time, now));
    match &session.facts {
        Err(why) => writeln!(out, "          {}", escape(&why.to_string())),
        Ok(facts) => {
            match facts.expires {
                Expires::At(end) => writeln!(out, "expires   {}", time(end)),
                Expires::Absent => writeln!(out, "expires   never said"),
                Expires::Invalid(what) => writeln!(out, "expires   {what}"),
            }
            match &facts.user {
                None => writeln!(out, "user      anonymous"),
                Some(user) => {
                    let name = json.user.as_ref().and_then(|user| user.name.clone());
                    let name = name.unwrap_or_else(|| "unknown to the user directory".to_owned());
                    let method = user.auth_method.as_deref().unwrap_or("no method");
                    let line = format!("{name} (id:{}), logged in by {method}", user.id);
                    writeln!(out, "user      {}", escape(&line));
                }
            }
            if let Some(setuid) = &facts.setuid {
                let name = users
                    .name(position, setuid)
                    .unwrap_or_else(|| "unknown to the user directory".to_owned());
                writeln!(out, "acts as   {}", escape(&format!("{name} (id:{setuid})")));
            }
        }
    }
    writeln!(out, "written   {}", time(seconds(session.modified)));
    writeln!(out, "size      {}", bytes(session.size));
}
