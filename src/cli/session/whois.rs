//! `wikifarm session whois`: whose an id is, and who knows it.

mod known;
mod pasted;
mod signed;

use std::path::PathBuf;

use clap::Args;

use self::known::{Known, cut};
use crate::cli::session::json::{SessionJson, shown};
use crate::cli::session::lines;
use crate::cli::shared::ids::{self, Open};
use crate::cli::shared::stores::{StoreArgs, Stores};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::moin::SignedCookie;
use crate::report::escape;
use crate::store::{EntryName, Fields};

/// Say which wikis and stores know a session's id, whose session it is, and whether it is live
///
/// The signed cookie of MoinMoin 2.0, which has dots in it, is the session itself: it is read, and with --secret-file
/// held against a key. Then no farm file is needed. What stands around the id may stay: `NAME=`, or a whole `Cookie:` or
/// `Set-Cookie:` line, of which the cookies count that can be a session's.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 every id is known, 1 one is known nowhere, or the key does not sign the cookie, \
                        3 a store could not be looked into.\n\n\
                        Example: wikifarm session whois 031d8acb\n\
                        Example: echo \"$COOKIE\" | wikifarm session whois - --secret-file key\n\
                        Example: xclip -o | wikifarm session whois -"
)]
pub(in crate::cli) struct Options {
    /// The session's id, a unique prefix, or a signed cookie; - reads them from standard input, so that they stay out
    /// of `ps`
    id: String,
    #[command(flatten)]
    stores: StoreArgs,
    /// Say whether the key in that file, the SECRET_KEY of a wiki, signs the cookie; a line end after it does not count
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Whole ids, and values that look like secrets
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
            "--secret-file is for signed cookies of MoinMoin 2.0, which have dots in them",
        ));
    }
    // Everything is understood before anything is said.
    let mut places = Directories::default();
    if !ids.iter().all(|id| is_signed(id)) {
        places = Directories::find(&options.stores, context)?;
    }
    let mut asked = Vec::new();
    for id in &ids {
        asked.push(if is_signed(id) {
            let cookie = SignedCookie::parse(id);
            let short = ids::short(id);
            Asked::Cookie(Box::new(
                cookie.map_err(|error| Failure::usage(format!("{short:?}… is no signed cookie: {error}")))?,
            ))
        } else {
            Asked::Id(ids::find(id, &places.open)?)
        });
    }

    let mut exit = places.stores.as_ref().map_or(Exit::Success, |stores| stores.exit).and(places.exit);
    let mut documents = Vec::new();
    for (index, (id, asked)) in ids.iter().zip(&asked).enumerate() {
        let human = context.format == Format::Human;
        if human && index > 0 {
            writeln!(context.out);
        }
        let (known, found) = match asked {
            Asked::Cookie(cookie) => signed::known(id, cookie, secret.as_deref(), options.reveal, context),
            Asked::Id(Some(name)) => places.known(name, options.reveal, context)?,
            Asked::Id(None) => {
                let known = Known { id: cut(id, options.reveal), sessions: Vec::new(), signed: None };
                if human {
                    writeln!(context.out, "session   {}", escape(&known.id));
                    writeln!(context.out, "known     {}", places.nowhere(exit));
                }
                (known, Exit::Found)
            }
        };
        exit = exit.and(found);
        documents.push(known);
    }
    if context.format == Format::Json {
        context.json(&documents);
    }
    Ok(exit)
}

/// What an argument turned out to be.
enum Asked {
    Cookie(Box<SignedCookie>),
    Id(Option<EntryName>),
}

fn is_signed(id: &str) -> bool {
    id.contains('.')
}

/// Where ids are looked up.
#[derive(Default)]
struct Directories {
    stores: Option<Stores>,
    open: Vec<Open>,
    users: Users,
    exit: Exit,
}

impl Directories {
    fn find(args: &StoreArgs, context: &mut Context<'_>) -> Result<Directories, Failure> {
        let stores = args.find(context, false)?;
        let (open, exit) = ids::open(&stores.specs, context);
        Ok(Directories { users: Users::of(&stores.specs), stores: Some(stores), open, exit })
    }

    /// 'Nowhere', unless a store was refused or could not be looked into.
    fn nowhere(&self, exit: Exit) -> String {
        if exit >= Exit::Partial {
            return "nowhere that could be looked into".to_owned();
        }
        match self.stores.as_ref().map_or(0, |stores| stores.specs.len()) {
            1 => "nowhere: no id in the store begins so".to_owned(),
            count => format!("nowhere: no id in {count} stores begins so"),
        }
    }

    /// Everything that is known of an id that some store has.
    fn known(
        &mut self,
        name: &EntryName,
        reveal: bool,
        context: &mut Context<'_>,
    ) -> Result<(Known, Exit), Failure> {
        let mut known = Known { id: String::new(), sessions: Vec::new(), signed: None };
        let mut exit = Exit::Success;
        let Some(stores) = &self.stores else { return Ok((known, exit)) };
        let idle = stores.farm.as_ref().and_then(|farm| farm.prune.idle);
        for Open { position, store, prefixes } in &self.open {
            let Some(spec) = stores.specs.get(*position) else { continue };
            let session = match store.read(name, Fields::default()) {
                Ok(Some(session)) => session,
                Ok(None) => continue,
                Err(error) => {
                    context.complain(&error.to_string());
                    exit = Exit::Partial;
                    continue;
                }
            };
            if let Some(why) = session.refused() {
                context.complain(&spec.failed(name, why));
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
                lines::write(&session, &json, (*position, spec), &mut self.users, context);
            }
            if json.id.len() > known.id.len() {
                known.id.clone_from(&json.id);
            }
            known.sessions.push(json);
        }
        if known.sessions.is_empty() && exit == Exit::Success {
            // It was there when the names were read.
            known.id = cut(name.reveal(), reveal);
            exit = Exit::Found;
            if context.format == Format::Human {
                writeln!(context.out, "session   {}\nknown     no more: it has just been removed", known.id);
            }
        }
        Ok((known, exit))
    }
}
