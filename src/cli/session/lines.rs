//! The details of a session for people.

use crate::cli::session::json::SessionJson;
use crate::cli::shared::Context;
use crate::store::{Expires, Session, State, StoreSpec, seconds};
use crate::text::measure::{bytes, relative, rfc3339};
use crate::text::{Paint, escape, paint, wrap};

/// Shown for a user id without a name.
const NO_NAME: &str = "not in the user directory";

/// Prints the details of a session.
pub(super) fn write(session: &Session, json: &SessionJson, spec: &StoreSpec, context: &mut Context<'_>) {
    let now = context.now();
    let out = &mut *context.out;
    let wikis = if json.wikis.is_empty() { String::new() } else { format!(" ({})", json.wikis.join(", ")) };
    writeln!(out, "session   {}", escape(&json.id));
    let store = format!("{}{wikis}", spec.address());
    write!(out, "{}", wrap("store     ", &escape(&store), context.width));
    let color = match json.state {
        State::Live => Paint::Good,
        State::Expired | State::Idle => Paint::Faint,
        State::NoExpires => Paint::Warning,
        State::InvalidExpires | State::Unreadable => Paint::Bad,
    };
    writeln!(out, "state     {}", paint(json.state.name(), color, context.color));
    let time = |time: f64| format!("{}, {}", rfc3339(time).unwrap_or_default(), relative(time, now));
    if let Some(problem) = &json.problem {
        write!(out, "{}", wrap("          ", &escape(problem), context.width));
    }
    match &session.facts {
        Err(_) => {}
        Ok(facts) => {
            match facts.expires {
                Expires::At(end) if json.state == State::Expired => writeln!(out, "expired   {}", time(end)),
                Expires::At(end) => writeln!(out, "expires   {}", time(end)),
                Expires::Absent => writeln!(out, "expires   not set"),
                Expires::Invalid(what) => writeln!(out, "expires   invalid: {what}"),
            }
            match &facts.user {
                None => writeln!(out, "user      anonymous"),
                Some(user) => {
                    let name = json.user.as_ref().and_then(|user| user.name.clone());
                    let name = name.unwrap_or_else(|| NO_NAME.to_owned());
                    let method = user.auth_method.as_deref().unwrap_or("an unknown method");
                    let line = format!("{name} (id:{}), logged in by {method}", user.id);
                    writeln!(out, "user      {}", escape(&line));
                }
            }
            if let Some(setuid) = &facts.setuid {
                let name = json.setuid_name.clone().unwrap_or_else(|| NO_NAME.to_owned());
                writeln!(out, "acts as   {}", escape(&format!("{name} (id:{setuid})")));
            }
        }
    }
    writeln!(out, "written   {}", time(seconds(session.modified)));
    writeln!(out, "size      {}", bytes(session.size));
}
