//! `wikifarm session whois`: finds the user of a session id.

mod known;
mod pasted;
mod signed;

use std::path::PathBuf;

use clap::Args;

pub(super) use self::known::Document;
use self::known::{Ended, Known, cut};
use crate::cli::session::json::{SessionJson, shown};
use crate::cli::session::lines;
use crate::cli::shared::ids::{self, Open};
use crate::cli::shared::stores::{StoreArgs, Stores};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::moin::SignedCookie;
use crate::store::{EntryName, Fields};
use crate::text::measure::{relative, rfc3339};
use crate::text::{escape, message, shell_word, wrap};

/// Find the user, state, and stores of a session id
///
/// Accepts an id as pasted from a browser or log: alone, after `NAME=`, or in a `Cookie:` or `Set-Cookie:` line. Ignores
/// other cookies of the line.
///
/// Also reads the signed cookies of MoinMoin 2.0, which have dots in them and contain the session. They need no farm file;
/// with one, the name of the user comes from data/userprofiles of its wikis. With --secret-file, checks the signature.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 found all ids, 1 an id was not found, or the key did not sign the cookie, \
                        3 some stores could not be read.\n\n\
                        Example: wikifarm session whois 031d8acb\n\
                        Example: echo \"$COOKIE\" | wikifarm session whois - --secret-file key\n\
                        Example: xclip -o | wikifarm session whois -"
)]
pub(in crate::cli) struct Options {
    /// Find this id, prefix, or signed cookie (`-`: standard input, hidden from `ps`)
    id: String,
    #[command(flatten)]
    stores: StoreArgs,
    /// Check whether the SECRET_KEY in FILE signed the cookie; ignores a final newline
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Show whole session ids, and values that look like secrets
    #[arg(long)]
    reveal: bool,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let ids = match options.id.as_str() {
        "-" => pasted::ids(&ids::read()?)?,
        id => pasted::ids(id)?,
    };
    if ids.is_empty() {
        return Err(if options.id == "-" { ids::none() } else { Failure::usage("the id is empty") });
    }
    let secret = options.secret_file.as_deref().map(signed::secret).transpose()?;
    if secret.is_some() && !ids.iter().any(|id| is_signed(id)) {
        return Err(Failure::usage(
            "--secret-file requires a signed cookie of MoinMoin 2.0, which has dots in it",
        ));
    }
    // Parse all ids before printing anything.
    let mut stores = Searched::default();
    if !ids.iter().all(|id| is_signed(id)) {
        stores = Searched::find(&options.stores, context)?;
    }
    let mut asked = Vec::new();
    for id in &ids {
        asked.push(if is_signed(id) {
            let cookie = SignedCookie::parse(id);
            let short = ids::short(id);
            Asked::Cookie(Box::new(
                cookie
                    .map_err(|error| Failure::usage(format!("{short:?}… is not a signed cookie: {error}")))?,
            ))
        } else {
            Asked::Id(ids::find(id, &stores.open)?)
        });
    }

    // Only names come from the farm file: a cookie is shown without it, too.
    let has_user = |asked: &Asked| matches!(asked, Asked::Cookie(cookie) if cookie.user().is_some());
    let farm = match asked.iter().any(has_user).then(|| context.farm_if_any()) {
        None => None,
        Some(Ok(farm)) => farm,
        Some(Err(failure)) => {
            context.note(&format!("the names of users are unknown: {}", failure.message));
            None
        }
    };
    let mut exit = stores.stores.as_ref().map_or(Exit::Success, |stores| stores.exit).and(stores.exit);
    let mut documents = Vec::new();
    for (index, (id, asked)) in ids.iter().zip(&asked).enumerate() {
        let human = context.format == Format::Human;
        if human && index > 0 {
            writeln!(context.out);
        }
        let (known, found) = match asked {
            Asked::Cookie(cookie) => {
                signed::known(id, cookie, secret.as_deref(), options.reveal, farm.as_ref(), context)
            }
            Asked::Id(Some(name)) => stores.known(name, options.reveal, context)?,
            Asked::Id(None) => {
                let ended = stores.ended(id, context);
                let known = Known { id: cut(id, options.reveal), sessions: Vec::new(), cookie: None, ended };
                if human {
                    writeln!(context.out, "session   {}", escape(&known.id));
                    writeln!(context.out, "found in  {}", stores.nowhere(exit));
                    known.ended.iter().for_each(|ended| show_ended(ended, context));
                    stores.help(id, context);
                }
                (known, Exit::Found)
            }
        };
        exit = exit.and(found);
        documents.push(known);
    }
    if context.format == Format::Json {
        context.document(&Document { ids: documents });
    }
    Ok(exit)
}

/// Prints that a session was ended.
fn show_ended(Ended { store, until, until_at }: &Ended, context: &mut Context<'_>) {
    let until = until_at.as_deref().map_or_else(String::new, |at| {
        format!("; wikis reject the id until {at}, {}", relative(*until, context.now()))
    });
    let text = format!("in {store} by a logout or `session revoke`{until}");
    write!(context.out, "{}", wrap("ended     ", &escape(&text), context.width));
}

/// A parsed argument.
enum Asked {
    Cookie(Box<SignedCookie>),
    Id(Option<EntryName>),
}

fn is_signed(id: &str) -> bool {
    id.contains('.')
}

/// The stores to search.
#[derive(Default)]
struct Searched {
    stores: Option<Stores>,
    open: Vec<Open>,
    users: Users,
    exit: Exit,
}

impl Searched {
    fn find(args: &StoreArgs, context: &mut Context<'_>) -> Result<Searched, Failure> {
        let stores = args.find(context, false)?;
        let (open, exit) = ids::open(&stores.specs, context);
        Ok(Searched { users: Users::of(&stores.specs), stores: Some(stores), open, exit })
    }

    /// The text for an id that was not found.
    fn nowhere(&self, exit: Exit) -> String {
        if exit >= Exit::Partial {
            return "none of the stores that could be read".to_owned();
        }
        match self.stores.as_ref().map_or(0, |stores| stores.specs.len()) {
            1 => "no store (1 searched)".to_owned(),
            count => format!("no store ({count} searched)"),
        }
    }

    /// The stores in which an id was ended.
    fn ended(&self, id: &str, context: &mut Context<'_>) -> Vec<Ended> {
        let Some(name) = EntryName::new(id.as_bytes()) else { return Vec::new() };
        let mut ended = Vec::new();
        for open in &self.open {
            match open.store.ended_until(&name) {
                Ok(Some(until)) => {
                    let store = open.store.spec().address();
                    ended.push(Ended { store, until, until_at: rfc3339(until) });
                }
                Ok(None) => {}
                Err(error) => {
                    context.store_failed(&error);
                }
            }
        }
        ended
    }

    /// Suggests `session list` if the argument is like the name of a user.
    fn help(&self, id: &str, context: &mut Context<'_>) {
        if let Some(user) = self.users.near(id) {
            let command = context.command(&format!("session list --user {}", shell_word(&user)));
            let text = format!("to list the sessions of a user: `{command}`");
            write!(context.out, "{}", message("help", &text, context.color, context.width));
        }
    }

    /// The sessions with an id that some store has.
    fn known(
        &mut self,
        name: &EntryName,
        reveal: bool,
        context: &mut Context<'_>,
    ) -> Result<(Known, Exit), Failure> {
        let (sessions, ended) = (Vec::new(), Vec::new());
        let mut known = Known { id: String::new(), sessions, cookie: None, ended };
        let mut exit = Exit::Success;
        let Some(stores) = &self.stores else { return Ok((known, exit)) };
        let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
        for Open { position, store, prefixes } in &self.open {
            let Some(spec) = stores.specs.get(*position) else { continue };
            let session = match store.read(name, Fields::default()) {
                Ok(Some(session)) => session,
                Ok(None) => continue,
                Err(error) => {
                    exit = exit.and(context.store_failed(&error));
                    continue;
                }
            };
            if let Some(why) = session.refused() {
                context.problems([&spec.failed(name, why.to_string())]);
                exit = Exit::Partial;
            }
            #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
            let state = session.state(context.now() as i64, idle);
            let id = shown(name, prefixes, reveal);
            let json = SessionJson::new(&session, (*position, spec), state, id, &mut self.users);
            if context.format == Format::Human {
                if !known.sessions.is_empty() {
                    writeln!(context.out);
                }
                lines::write(&session, &json, spec, context);
            }
            if json.id.len() > known.id.len() {
                known.id.clone_from(&json.id);
            }
            known.sessions.push(json);
        }
        if known.sessions.is_empty() && exit == Exit::Success {
            // Removed after the names were listed.
            known.id = cut(name.reveal(), reveal);
            exit = Exit::Found;
            if context.format == Format::Human {
                writeln!(context.out, "session   {}\nfound in  no store: removed just now", known.id);
            }
        }
        Ok((known, exit))
    }
}
