//! `wikifarm session migrate`: move sessions between stores.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::shared::look::states;
use crate::cli::shared::stores::{help_of, of_wiki};
use crate::cli::shared::summary::{self, LogArgs, Told};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Failure, Outcome};
use crate::farm::{Trusted, parse_duration};
use crate::location::options_help;
use crate::ops::migrate::{self, AllowList, Error, Generation, OnConflict, Options as Run, Stores, UserMap};
use crate::store::{Address, State, StoreSpec, UserDir, shown_address, tally};
use crate::sys;

mod cookie_map;
mod report;
mod user_map;
mod who;

use report::{held_back, status, status_undone, tell, tell_undone};

const AFTER: &str = "Exit status: 0 done, 3 some were held back or could not be handled, each named, 4 refused by a \
                     guard.\n\nExample: wikifarm session migrate --from moin-1.9:/srv/wiki/sessions --to sqlite:/srv/wiki/sessions.db --dry-run";

const ADDRESSES: &str =
    "Options of the address of a database, as in redis://HOST:PORT/DB?prefix=lab:&timeout=5:";

/// Move sessions between stores: directories, layouts, databases
///
/// Copies what is in --from to --to, byte for byte; with --move, a session leaves the source once its copy was read back
/// and compared. Expired ones stay behind; so does one that ends at the source meanwhile. Killed at any point, the same
/// command goes on; --rollback undoes. A session that names a class which sessions have no business to name is held back
/// and reported: Python would run it; so is one without the seal of a store whose address names a key.
///
/// The journal is migrate-….jsonl in the state directory (/var/lib/wikifarm for root, else ~/.local/state/wikifarm), with
/// mode 0600: it holds whole ids and the pickles of sessions that would else be lost. --rollback needs it; remove it once
/// the move is final. What a user ends at the source between two runs is not taken back at the target.
#[derive(Debug, Args)]
#[command(after_help = AFTER, after_long_help = format!("{ADDRESSES}\n{}\n\n{AFTER}", options_help()))]
pub(in crate::cli) struct Options {
    #[arg(long, value_name = "STORE", help = help_of("Where sessions are"))]
    from: OsString,
    /// Where they go. A directory of MoinMoin's must be there, with the owner and mode the wiki needs
    #[arg(long, value_name = "STORE")]
    to: OsString,
    /// Show what would be done, change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Remove each session from the source once its copy was read back and compared
    #[arg(long = "move")]
    remove: bool,
    /// Undo an earlier run between these stores, except what has changed at the target since
    #[arg(long, conflicts_with_all = ["dry_run", "remove", "user", "state", "older_than", "include_expired"])]
    rollback: bool,
    /// Only sessions of that user: NAME or id:ID; as which a superuser acts counts too
    #[arg(long)]
    user: Option<String>,
    /// Only sessions in that state (repeatable)
    #[arg(long, value_name = "STATE", value_parser = states())]
    state: Vec<State>,
    /// Only sessions last written longer ago than that
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    older_than: Option<Duration>,
    /// Expired ones too
    #[arg(long)]
    include_expired: bool,
    /// About an id that is at the target too, with other contents
    #[arg(long, value_enum, value_name = "WHAT", default_value = "skip")]
    on_conflict: Conflict,
    /// New ids for sessions whose ids the target's wikis do not take, always the same for the same; for a database whose wikis
    /// no farm file tells say which generation reads it
    #[arg(long, value_enum, value_name = "GENERATION", num_args = 0..=1, default_missing_value = "auto")]
    rename_ids: Option<Rename>,
    /// Write what nginx or Apache needs to put the new cookie in place of the old one that browsers send, so that new ids
    /// log nobody out: KIND is nginx, apache or json. Ids that the server can't look up are left out (exit status 3)
    #[arg(long, num_args = 2, value_names = ["KIND", "FILE"], requires = "rename_ids", conflicts_with = "rollback")]
    cookie_map: Vec<OsString>,
    /// The name of the cookie at the source, where no farm file tells
    #[arg(long, value_name = "NAME", requires = "cookie_map")]
    old_cookie: Option<String>,
    /// The name of the cookie at the target, where no farm file tells
    #[arg(long, value_name = "NAME", requires = "cookie_map")]
    new_cookie: Option<String>,
    /// Put the target's user ids in place of the source's, matched by user name
    #[arg(long)]
    map_users: bool,
    /// The source's user directory, where no farm file tells
    #[arg(long, value_name = "DIR", requires = "map_users")]
    from_users: Option<PathBuf>,
    /// The target's user directory, where no farm file tells
    #[arg(long, value_name = "DIR", requires = "map_users")]
    to_users: Option<PathBuf>,
    /// Wait for another copy that is at work in a store, instead of exiting with status 4
    #[arg(long)]
    wait: bool,
    /// User (and group) of the files at the target, instead of those at the source; only root can give files away
    #[arg(long, value_name = "USER[:GROUP]", value_parser = who::parse)]
    owner: Option<who::Owner>,
    /// Permission bits of the files at the target, instead of those at the source
    #[arg(long, value_name = "OCTAL", value_parser = mode)]
    mode: Option<u32>,
    #[command(flatten)]
    log: LogArgs,
}

/// `--on-conflict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Conflict {
    /// Leave both as they are
    Skip,
    /// The one that was written last wins
    Newer,
    /// Refuse before anything is written
    Fail,
}

/// `--rename-ids`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rename {
    /// By the target
    Auto,
    /// 1.7 and 1.8: 32 of a-z 0-9 _
    #[value(name = "1.8")]
    Old,
    /// 1.9: 40 hexadecimal digits
    #[value(name = "1.9")]
    New,
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    match mode {
        Some(mode) if mode & 0o007 != 0 => Err("others could read or write sessions".to_owned()),
        Some(mode) if mode & 0o600 == 0o600 => Ok(mode),
        _ => Err("expected permission bits like 0660, with which the owner can read and write".to_owned()),
    }
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let log = options.log.log.as_deref();
    summary::tell("migrate", None, log, context, |context, told| migrate(options, context, told))
}

fn migrate(options: &Options, context: &mut Context<'_>, told: &mut Told) -> Outcome {
    let mut farm = None;
    told.say("from", shown_address(&options.from));
    told.say("to", shown_address(&options.to));
    if let Some(owner) = &options.owner {
        owner.may_be_given().map_err(Failure::usage)?;
    }
    let from = spec("--from", &options.from, &mut farm, context)?;
    let to = spec("--to", &options.to, &mut farm, context)?;
    // Its allow list counts even where both stores are named by address.
    if farm.is_none() {
        farm = context.farm_if_any()?;
    }
    let dry_run = options.dry_run || context.pinned_now.is_some();
    let users = match &options.user {
        Some(user) => Some(Users::of(std::slice::from_ref(&from)).ids(user, context)?),
        None => None,
    };
    let users_map = if options.map_users {
        Some(user_map::of((&from, options.from_users.as_deref()), (&to, options.to_users.as_deref()))?)
    } else {
        None
    };
    let names = [&options.old_cookie, &options.new_cookie].map(Option::as_deref);
    let cookie_map =
        cookie_map::ask(&options.cookie_map, (&from, names[0]), (&to, names[1]), farm.as_deref())?;
    let rename_ids = options.rename_ids.map(|rename| generation(rename, &to)).transpose()?;
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let now = context.now() as i64;
    let place =
        |found: Result<PathBuf, sys::OwnDirError>| found.map_err(|error| Failure::refused(error.to_string()));
    let run = Run {
        now,
        users,
        states: options.state.clone(),
        older_than: options.older_than,
        include_expired: options.include_expired || options.state.contains(&State::Expired),
        remove: options.remove,
        on_conflict: match options.on_conflict {
            Conflict::Skip => OnConflict::Skip,
            Conflict::Newer => OnConflict::Newer,
            Conflict::Fail => OnConflict::Fail,
        },
        rename_ids,
        users_map,
        allow: AllowList::with(farm.map_or(Vec::new(), |farm| farm.allow_globals.clone())),
        owner: options.owner.map(|owner| (owner.uid, owner.gid)),
        mode: options.mode,
        pairs: cookie_map.is_some(),
        dry_run,
        state_dir: place(sys::state_dir())?,
        lock_dir: place(sys::lock_dir())?,
        wait: options.wait,
    };
    let source = from.clone();
    let stores = Stores::open(from, to, dry_run).map_err(failure)?;
    if options.rollback {
        if dry_run {
            return Err(Failure::usage(
                "--rollback cannot be tried with another --now: it undoes by the journal",
            ));
        }
        let undone = migrate::rollback(&stores, &run).map_err(failure)?;
        told.say("rollback", true);
        told.say("taken_back", undone.taken_back);
        told.say("restored", undone.restored);
        told.say("changed", undone.changed);
        told.say("failed", undone.failed);
        let exit = status_undone(&undone);
        tell_undone(&undone, context);
        return Ok(exit);
    }
    let stop = context.stop()?;
    let moving = context.progress("Moving sessions", &tally::MOVED, &[source]);
    let mut report = migrate::migrate(&stores, &run, &stop).map_err(failure)?;
    drop(moving);
    told.say("dry_run", report.dry_run);
    told.say("copied", report.tally.counts.copied);
    told.say("replaced", report.tally.counts.replaced);
    told.say("same", report.tally.counts.same);
    told.say("removed", report.tally.counts.removed);
    told.say("held_back", held_back(&report));
    let written = cookie_map.map(|asked| asked.write(&mut report, now)).transpose();
    let (written, unwritten) = match written {
        Ok(written) => (written, None),
        Err(failure) => (None, Some(failure)),
    };
    let exit = status(&report).and(written.as_ref().map_or(Exit::Success, cookie_map::Written::status));
    tell(&report, written.as_ref(), options.remove, context);
    unwritten.map_or(Ok(exit), Err)
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Usage(why) => Failure::usage(why),
        Error::Refused(why) => Failure::refused(why),
        Error::Failed(why) => Failure::partial(why),
    }
}

/// The store of an address, or of a wiki.
fn spec(
    flag: &str,
    text: &OsString,
    farm: &mut Option<Trusted>,
    context: &mut Context<'_>,
) -> Result<StoreSpec, Failure> {
    if let Some(name) = text.to_str().and_then(|text| text.strip_prefix("wiki:")) {
        if farm.is_none() {
            *farm = Some(context.farm()?);
        }
        return match farm {
            Some(farm) => of_wiki(farm, name, true),
            None => Err(Failure::usage("there is no farm file")),
        };
    }
    let address = Address::parse(text)
        .map_err(|error| Failure::usage(format!("{flag} {}: {error}", shown_address(text))))?;
    address.resolve().map_err(|error| {
        let text = format!("{flag}: {error}");
        if error.is_unsafe() { Failure::refused(text) } else { Failure::usage(text) }
    })
}

fn generation(rename: Rename, to: &StoreSpec) -> Result<Generation, Failure> {
    match rename {
        Rename::Old => Ok(Generation::Old),
        Rename::New => Ok(Generation::New),
        Rename::Auto => Generation::of(to).ok_or_else(|| {
            let layout = to.location.scheme();
            Failure::usage(format!(
                "{layout} takes ids of every generation: say --rename-ids=1.8 or --rename-ids=1.9"
            ))
        }),
    }
}
