//! `wikifarm session show`: shows sessions in full.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::session::json::{SessionJson, hide_secrets, shown};
use crate::cli::session::lines;
use crate::cli::shared::ids::{self, Open};
use crate::cli::shared::stores::StoreArgs;
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::pickle::Tree;
use crate::store::{Fields, Read, Session, StoreSpec};
use crate::text::escape;

/// Show a session: user, expiry, trail, and values
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, 1 no session has one of the ids, 2 several sessions have the prefix, 3 some stores could \
                  not be read.\n\nExample: wikifarm session show 031d8acb\n\nExample: echo \"$ID\" | wikifarm session show -"
)]
pub(in crate::cli) struct Options {
    /// Show the session with this id or prefix (`-`: standard input, hidden from `ps`)
    id: String,
    #[command(flatten)]
    stores: StoreArgs,
    /// Show whole session ids, and values that look like secrets
    #[arg(long)]
    reveal: bool,
}

/// The sessions with the given ids.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// One session for each store that has the id.
    sessions: Vec<SessionJson>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let wanted = ids::wanted(&options.id)?;
    let stores = options.stores.find(context, false)?;
    let mut users = Users::of(&stores.specs);
    let (open, opened) = ids::open(&stores.specs, context);
    let mut exit = stores.exit.and(opened);
    let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
    let mut sessions = Vec::new();
    let mut first = true;
    for id in &wanted {
        let name = match ids::find(id, &open) {
            Ok(Some(name)) => name,
            Ok(None) => {
                context.complain(&ids::no_session(id, exit));
                exit = exit.and(Exit::Found);
                continue;
            }
            Err(failure) => {
                context.complain(&failure.message);
                failure.help.iter().for_each(|help| context.help(help));
                exit = exit.and(failure.exit);
                continue;
            }
        };
        let mut met = false;
        for Open { position, store, prefixes } in &open {
            let Some(spec) = stores.specs.get(*position) else { continue };
            let entry = match store.read(&name, Fields { trail: true, ..Fields::default() }) {
                Ok(Some(session)) => session,
                Ok(None) => continue,
                Err(error) => {
                    exit = exit.and(context.store_failed(&error));
                    met = true;
                    continue;
                }
            };
            met = true;
            if let Some(why) = entry.refused() {
                context.problems([&spec.failed(&name, why.to_string())]);
                exit = exit.and(Exit::Partial);
            }
            let tree = store.read_value(&name).ok().and_then(Read::present);
            #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
            let state = entry.state(context.now() as i64, idle);
            let id = shown(&name, prefixes, options.reveal);
            let mut json = SessionJson::new(&entry, (*position, spec), state, id, &mut users);
            json.trail = Some(entry.facts.as_ref().map(|facts| facts.trail.clone()).unwrap_or_default());
            json.values = tree.as_ref().map(|tree| values(tree, options.reveal));
            if context.format == Format::Json {
                sessions.push(json);
                continue;
            }
            if !std::mem::take(&mut first) {
                writeln!(context.out);
            }
            human(&entry, &json, spec, context);
        }
        if !met {
            context.complain(&format!("{name}: removed just now"));
            exit = exit.and(Exit::Found);
        }
    }
    if context.format == Format::Json {
        context.document(&Document { sessions });
    }
    Ok(exit)
}

/// The values, without those that look like secrets unless `reveal`.
fn values(tree: &Tree, reveal: bool) -> serde_json::Value {
    let mut values = tree.to_display_json(tree.root());
    if !reveal {
        hide_secrets(&mut values);
    }
    values
}

fn human(session: &Session, json: &SessionJson, spec: &StoreSpec, context: &mut Context<'_>) {
    lines::write(session, json, spec, context);
    let out = &mut *context.out;
    for (number, page) in json.trail.iter().flatten().enumerate() {
        writeln!(out, "{}{}", if number == 0 { "trail     " } else { "          " }, escape(page));
    }
    if let Some(values) = &json.values {
        writeln!(out, "values");
        let text = serde_json::to_string_pretty(values).unwrap_or_default();
        for line in text.lines() {
            writeln!(out, "  {}", escape(line));
        }
    }
}
