//! `wikifarm session show`: one session, whole.

use std::io::Read;

use clap::Args;

use super::session_json::{SessionJson, shown};
use super::stores::StoreArgs;
use super::users::Users;
use super::{Context, Exit, Failure, Format, Outcome};
use crate::pickle::Tree;
use crate::report::escape;
use crate::report::measure::{bytes, relative, rfc3339};
use crate::store::{self, EntryName, Expires, Fields, Prefixes, Session, SessionStore, StoreSpec, seconds};

/// Show one session: whose it is, until when it lasts, the trail, the raw values
#[derive(Debug, Args)]
#[command(
    after_help = "Example: wikifarm session show 031d8acb\n\nExample: echo \"$ID\" | wikifarm session show -"
)]
pub(super) struct Options {
    /// The session's id or a unique prefix; - reads ids from standard input, so that they stay out of `ps`
    id: String,
    #[command(flatten)]
    stores: StoreArgs,
    /// Whole ids, and values that look like secrets
    #[arg(long)]
    reveal: bool,
}

/// The most that is read from standard input, in bytes.
const MOST_INPUT: u64 = 1 << 20;

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("session show", &[Format::Human, Format::Json])?;
    let ids = wanted(&options.id)?;
    let stores = options.stores.find(context, false)?;
    let mut exit = stores.exit;
    let mut users = Users::of(&stores.specs);
    let mut open: Vec<(usize, Box<dyn SessionStore>, Prefixes)> = Vec::new();
    for (position, spec) in stores.specs.iter().enumerate() {
        let mut names = Vec::new();
        let found = store::open(spec.clone()).and_then(|store| {
            store.names(&mut |name| names.push(name))?;
            Ok(store)
        });
        match found {
            Ok(store) => open.push((position, store, Prefixes::new(names))),
            Err(error) if error.is_missing() && !spec.wikis.is_empty() => {}
            Err(error) => {
                context.complain(&error.to_string())?;
                exit = Exit::Partial;
            }
        }
    }
    let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
    let mut documents = Vec::new();
    let mut first = true;
    for id in ids {
        let name =
            resolve(&id, &open).map_err(|failure| Failure { exit: failure.exit.and(exit), ..failure })?;
        for (position, store, prefixes) in &open {
            let Some(spec) = stores.specs.get(*position) else { continue };
            let entry = match store.read(&name, Fields { trail: true }) {
                Ok(Some(session)) => session,
                Ok(None) => continue,
                Err(error) => {
                    context.complain(&error.to_string())?;
                    exit = exit.and(Exit::Partial);
                    continue;
                }
            };
            let tree = store.read_value(&name).ok().flatten().and_then(Result::ok);
            #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
            let state = entry.state(context.now() as i64, idle);
            let id = shown(&name, prefixes, options.reveal);
            let mut json = SessionJson::new(&entry, (*position, spec), state, id, &mut users);
            json.trail = Some(entry.facts.as_ref().map(|facts| facts.trail.clone()).unwrap_or_default());
            json.values = tree.as_ref().map(|tree| values(tree, options.reveal));
            if context.format == Format::Json {
                documents.push(json);
                continue;
            }
            if !std::mem::take(&mut first) {
                writeln!(context.out)?;
            }
            human(&entry, &json, spec, &mut users, *position, context)?;
        }
    }
    if context.format == Format::Json {
        match documents.as_slice() {
            [one] => context.json(one)?,
            several => context.json(&several)?,
        }
    }
    Ok(exit)
}

/// The ids asked for.
fn wanted(argument: &str) -> Result<Vec<String>, Failure> {
    if argument != "-" {
        return Ok(vec![argument.to_owned()]);
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(MOST_INPUT).read_to_string(&mut text);
    read.map_err(|error| Failure::usage(format!("can't read ids from standard input: {error}")))?;
    let ids: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    if ids.is_empty() { Err(Failure::usage("standard input holds no id")) } else { Ok(ids) }
}

/// The one session that begins with `prefix`, by all stores.
fn resolve(prefix: &str, stores: &[(usize, Box<dyn SessionStore>, Prefixes)]) -> Result<EntryName, Failure> {
    let prefix = prefix.trim_end_matches('…');
    // What was typed may be a whole id: never repeated in a message beyond its beginning.
    let mut short: String = prefix.chars().take(store::SHORTEST_PREFIX).collect();
    if prefix.chars().count() > store::SHORTEST_PREFIX {
        short.push('…');
    }
    let mut found: Vec<EntryName> =
        stores.iter().flat_map(|(_, _, prefixes)| prefixes.matching(prefix).iter().copied()).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        _ if prefix.is_empty() => Err(Failure::usage("the id is empty")),
        [one] => Ok(*one),
        [] => Err(Failure::usage(format!("no session's id begins with {short:?}"))),
        many => Err(Failure::usage(format!(
            "{} sessions' ids begin with {short:?}: give more of the id",
            many.len()
        ))),
    }
}

/// The values for showing: what is named like a secret is left out unless asked for.
fn values(tree: &Tree, reveal: bool) -> serde_json::Value {
    let mut values = tree.to_display_json(tree.root());
    if let serde_json::Value::Object(items) = &mut values
        && !reveal
    {
        for (key, value) in items.iter_mut() {
            let key = key.to_lowercase();
            if ["passw", "secret", "token", "ticket"].iter().any(|word| key.contains(word)) {
                *value = serde_json::json!({"$py": "hidden"});
            }
        }
    }
    values
}

fn human(
    session: &Session,
    json: &SessionJson,
    spec: &StoreSpec,
    users: &mut Users,
    position: usize,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let now = context.now();
    let out = &mut *context.out;
    let wikis = if json.wikis.is_empty() { String::new() } else { format!(" ({})", json.wikis.join(", ")) };
    writeln!(out, "session   {}", escape(&json.id))?;
    writeln!(out, "store     {}{}", escape(&spec.address()), escape(&wikis))?;
    writeln!(out, "state     {}", json.state)?;
    let time = |time: f64| format!("{}, {}", rfc3339(time).unwrap_or_default(), relative(time, now));
    match &session.facts {
        Err(why) => writeln!(out, "          {}", escape(&why.to_string()))?,
        Ok(facts) => {
            match facts.expires {
                Expires::At(end) => writeln!(out, "expires   {}", time(end))?,
                Expires::Absent => writeln!(out, "expires   never said")?,
                Expires::Invalid(what) => writeln!(out, "expires   {what}")?,
            }
            match &facts.user {
                None => writeln!(out, "user      anonymous")?,
                Some(user) => {
                    let name = json.user.as_ref().and_then(|user| user.name.clone());
                    let name = name.unwrap_or_else(|| "unknown to the user directory".to_owned());
                    let method = user.auth_method.as_deref().unwrap_or("no method");
                    let line = format!("{name} (id:{}), logged in by {method}", user.id);
                    writeln!(out, "user      {}", escape(&line))?;
                }
            }
            if let Some(setuid) = &facts.setuid {
                let name = users
                    .name(position, setuid)
                    .unwrap_or_else(|| "unknown to the user directory".to_owned());
                writeln!(out, "acts as   {}", escape(&format!("{name} (id:{setuid})")))?;
            }
        }
    }
    writeln!(out, "written   {}", time(seconds(session.modified)))?;
    writeln!(out, "size      {}", bytes(session.size))?;
    for (number, page) in json.trail.iter().flatten().enumerate() {
        writeln!(out, "{}{}", if number == 0 { "trail     " } else { "          " }, escape(page))?;
    }
    if let Some(values) = &json.values {
        writeln!(out, "values")?;
        let text = serde_json::to_string_pretty(values).unwrap_or_default();
        for line in text.lines() {
            writeln!(out, "  {}", escape(line))?;
        }
    }
    Ok(())
}
