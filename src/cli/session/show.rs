//! `wikifarm session show`: one session, whole.

use clap::Args;

use crate::cli::session::json::{SessionJson, hide_secrets, shown};
use crate::cli::session::lines;
use crate::cli::shared::ids::{self, Open};
use crate::cli::shared::stores::StoreArgs;
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::pickle::Tree;
use crate::report::escape;
use crate::store::{Fields, Read, Session, StoreSpec};

/// Show one session: whose it is, until when it lasts, the trail, the raw values
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, 1 no session has one of the ids (the others are shown), 2 several begin so, 3 a store \
                  could not be looked into.\n\nExample: wikifarm session show 031d8acb\n\nExample: echo \"$ID\" | wikifarm session show -"
)]
pub(in crate::cli) struct Options {
    /// The session's id or a unique prefix; - reads ids from standard input, so that they stay out of `ps`
    id: String,
    #[command(flatten)]
    stores: StoreArgs,
    /// Whole ids, and values that look like secrets
    #[arg(long)]
    reveal: bool,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let wanted = ids::wanted(&options.id)?;
    let stores = options.stores.find(context, false)?;
    let mut users = Users::of(&stores.specs);
    let (open, opened) = ids::open(&stores.specs, context);
    let mut exit = stores.exit.and(opened);
    let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
    let mut documents = Vec::new();
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
                    context.complain(&error.to_string());
                    exit = exit.and(Exit::Partial);
                    met = true;
                    continue;
                }
            };
            met = true;
            if let Some(why) = entry.refused() {
                context.complain(&spec.failed(&name, why));
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
                documents.push(json);
                continue;
            }
            if !std::mem::take(&mut first) {
                writeln!(context.out);
            }
            human(&entry, &json, spec, &mut users, *position, context);
        }
        if !met {
            context.complain(&format!("{name}: it has just been removed"));
            exit = exit.and(Exit::Found);
        }
    }
    if context.format == Format::Json {
        match (documents.as_slice(), wanted.as_slice()) {
            ([one], [_]) => context.json(one),
            // What is not there is no document.
            ([], [_]) => {}
            (several, _) => context.json(&several),
        }
    }
    Ok(exit)
}

/// The values for showing: what is named like a secret is left out unless asked for.
fn values(tree: &Tree, reveal: bool) -> serde_json::Value {
    let mut values = tree.to_display_json(tree.root());
    if !reveal {
        hide_secrets(&mut values);
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
) {
    lines::write(session, json, (position, spec), users, context);
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
