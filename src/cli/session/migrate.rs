//! `wikifarm session migrate`: copies or moves sessions between stores.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::shared::look::states;
use crate::cli::shared::stores::{help_of, of_wiki};
use crate::cli::shared::summary::{self, LogArgs, RunSummary};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Failure, Outcome};
use crate::farm::{Trusted, parse_duration};
use crate::location::options_help;
use crate::ops::migrate::{
    self, AllowList, Generation, MigrateError, OnConflict, Options as Run, Stores, UserMap,
};
use crate::store::{Address, State, StoreSpec, UserDir, shown_address, tally};
use crate::sys;

mod cookie_map;
mod report;
mod user_map;
mod who;

pub(super) use report::Document;
use report::{print, print_undone, refused, status, status_undone};

const AFTER: &str = "Exit status: 0 done, 3 some sessions were refused or failed, 4 refused by a guard: nothing was \
                     changed.\n\nExample: wikifarm session migrate --from wiki:wiki1 --to sqlite:new.db --dry-run";

const ADDRESSES: &str =
    "Options in the address of a database, as in redis://HOST:PORT/DB?prefix=lab:&timeout=5:";

/// Copy or move sessions between directories, layouts, and databases
///
/// Copies sessions byte for byte. With --move, reads back and compares each copy, then removes the session from the
/// source. Skips expired sessions. If a session ends at the source during the run, removes its copy. If the run is
/// killed, the same command continues it. --rollback undoes it.
///
/// Refuses sessions that contain a class or function that MoinMoin never stores, because Python would run it. If the address
/// of a store names a key, refuses sessions without a MAC by this key.
///
/// The journal is migrate-….jsonl in the state directory (/var/lib/wikifarm for root, ~/.local/state/wikifarm for other
/// users), with mode 0600: it contains whole session ids, and sessions that were removed or replaced. --rollback needs
/// it. Delete it when the move is final. A session that ends at the source between two runs stays at the target.
#[derive(Debug, Args)]
#[command(after_help = AFTER, after_long_help = format!("{ADDRESSES}\n{}\n\n{AFTER}", options_help()))]
pub(in crate::cli) struct Options {
    #[arg(long, value_name = "STORE", help = help_of("Copy sessions from this store"))]
    from: OsString,
    /// Copy sessions to this store; a MoinMoin directory must already exist
    #[arg(long, value_name = "STORE")]
    to: OsString,
    /// Show what the run would copy, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Remove each session from the source after verifying its copy
    #[arg(long = "move")]
    remove: bool,
    /// Undo an earlier run; keep sessions that changed at the target
    #[arg(long, conflicts_with_all = ["dry_run", "remove", "user", "state", "older_than", "include_expired"])]
    rollback: bool,
    /// Copy only sessions that belong to or act as this user (NAME or id:ID)
    #[arg(long, hide_short_help = true)]
    user: Option<String>,
    /// Copy only sessions in this state (repeatable)
    #[arg(long, value_name = "STATE", value_parser = states(), hide_short_help = true)]
    state: Vec<State>,
    /// Copy only sessions last written longer ago than this
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, hide_short_help = true)]
    older_than: Option<Duration>,
    /// Also copy expired sessions
    #[arg(long, hide_short_help = true)]
    include_expired: bool,
    /// Choose the session to keep if the target has another one with the same id
    #[arg(long, value_enum, value_name = "WHAT", default_value = "skip", hide_short_help = true)]
    on_conflict: Conflict,
    /// Replace ids that the target's wikis reject
    ///
    /// The same id always gets the same new id. For a database that is not in the farm file, name the MoinMoin
    /// generation that reads it.
    #[arg(long, value_enum, value_name = "GENERATION", num_args = 0..=1, default_missing_value = "auto")]
    rename_ids: Option<Rename>,
    /// Write a web server configuration that replaces old ids in cookies, so that nobody is logged out
    ///
    /// KIND is nginx, apache, or json. Omits ids that the server can't look up (exit status 3).
    #[arg(long, num_args = 2, value_names = ["KIND", "FILE"], requires = "rename_ids")]
    cookie_map: Vec<OsString>,
    /// Use this cookie name for the source, if no farm file sets it
    #[arg(long, value_name = "NAME", requires = "cookie_map", hide_short_help = true)]
    old_cookie: Option<String>,
    /// Use this cookie name for the target, if no farm file sets it
    #[arg(long, value_name = "NAME", requires = "cookie_map", hide_short_help = true)]
    new_cookie: Option<String>,
    /// Replace each user id with the target's id of the user with the same name
    #[arg(long, hide_short_help = true)]
    map_users: bool,
    /// Read the source's users from this directory, if no farm file names it
    #[arg(long, value_name = "DIR", requires = "map_users", hide_short_help = true)]
    from_users: Option<PathBuf>,
    /// Read the target's users from this directory, if no farm file names it
    #[arg(long, value_name = "DIR", requires = "map_users", hide_short_help = true)]
    to_users: Option<PathBuf>,
    /// Wait while another wikifarm uses a store, instead of exiting with status 4
    #[arg(long, hide_short_help = true)]
    wait: bool,
    /// Set this owner and group on the copies instead of the source's; may need root
    #[arg(long, value_name = "USER[:GROUP]", value_parser = who::parse, hide_short_help = true)]
    owner: Option<who::Owner>,
    /// Set these permission bits on the copies instead of the source's
    #[arg(long, value_name = "OCTAL", value_parser = mode, hide_short_help = true)]
    mode: Option<u32>,
    #[command(flatten)]
    log: LogArgs,
}

/// `--on-conflict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Conflict {
    /// Keep the session at the target, and do not copy
    Skip,
    /// Keep the session that was written last
    Newer,
    /// Refuse the run, and write nothing
    Fail,
}

/// `--rename-ids`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Rename {
    /// Use the form that the target's wikis accept
    Auto,
    /// MoinMoin 1.7 and 1.8: 32 characters of a-z 0-9 _
    #[value(name = "1.8")]
    Old,
    /// MoinMoin 1.9: 40 hexadecimal digits
    #[value(name = "1.9")]
    New,
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    match mode {
        Some(mode) if mode & 0o007 != 0 => Err("other local users could read or write sessions".to_owned()),
        Some(mode) if mode & 0o600 == 0o600 => Ok(mode),
        _ => Err("expected octal permission bits that let the owner read and write, such as 0660".to_owned()),
    }
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let log = options.log.log.as_deref();
    summary::record("migrate", None, log, context, |context, summary| migrate(options, context, summary))
}

fn migrate(options: &Options, context: &mut Context<'_>, summary: &mut RunSummary) -> Outcome {
    let mut farm = None;
    summary.field("from", shown_address(&options.from));
    summary.field("to", shown_address(&options.to));
    if let Some(owner) = &options.owner {
        owner.may_be_given()?;
    }
    let from = spec("--from", &options.from, &mut farm, context)?;
    let to = spec("--to", &options.to, &mut farm, context)?;
    // The allow list of the farm file applies even if both stores are addresses.
    if farm.is_none() {
        farm = context.farm_if_any()?;
    }
    let dry_run = options.dry_run || context.pinned_now.is_some();
    if options.rollback && !options.cookie_map.is_empty() {
        let why = "the new ids in the map end with the copies that a rollback removes";
        return Err(Failure::usage(format!("--rollback can't be combined with --cookie-map: {why}"))
            .help("omit --cookie-map, and remove the map of the earlier run from the web server"));
    }
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
    let directory =
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
        state_dir: directory(sys::state_dir())?,
        lock_dir: directory(sys::lock_dir())?,
        wait: options.wait,
    };
    let source = from.clone();
    let passwords = rewrites_passwords(&from, &to, rename_ids);
    let stores = Stores::open(from, to, dry_run).map_err(failure)?;
    if options.rollback {
        if dry_run {
            return Err(Failure::usage("--rollback can't be combined with --now"));
        }
        let undone = migrate::rollback(&stores, &run).map_err(failure)?;
        summary.field("rollback", true);
        summary.field("deleted", undone.deleted);
        summary.field("restored", undone.restored);
        summary.field("changed", undone.changed);
        summary.field("failed", undone.failed);
        let exit = status_undone(&undone);
        print_undone(&undone, context);
        return Ok(exit);
    }
    let stop = context.stop()?;
    let moving = context.progress("Moving sessions", &tally::MOVED, &[source]);
    let mut report = migrate::migrate(&stores, &run, &stop).map_err(failure)?;
    drop(moving);
    summary.field("dry_run", report.dry_run);
    summary.field("copied", report.tally.counts.copied);
    summary.field("replaced", report.tally.counts.replaced);
    summary.field("same", report.tally.counts.same);
    summary.field("deleted", report.tally.counts.deleted);
    summary.field("refused", refused(&report));
    let written = cookie_map.map(|asked| asked.write(&mut report, now)).transpose();
    let (written, unwritten) = match written {
        Ok(written) => (written, None),
        Err(failure) => (None, Some(failure)),
    };
    let exit = status(&report).and(written.as_ref().map_or(Exit::Success, cookie_map::Written::status));
    print(&report, written.as_ref(), options.remove, passwords, context);
    unwritten.map_or(Ok(exit), Err)
}

/// Whether the wikis of the target may rewrite passwords so that those of the source refuse them.
fn rewrites_passwords(from: &StoreSpec, to: &StoreSpec, renamed: Option<Generation>) -> bool {
    let old = from.wikis.iter().any(|wiki| !wiki.version.rewrites_passwords());
    let new = to.wikis.iter().any(|wiki| wiki.version.rewrites_passwords());
    (old || renamed == Some(Generation::New)) && (new || to.wikis.is_empty())
}

fn failure(error: MigrateError) -> Failure {
    match error {
        MigrateError::Usage(why) => Failure::of(Exit::Usage, why),
        MigrateError::Refused(why) => Failure::of(Exit::Refused, why),
        MigrateError::Locked(error) => Failure::refused(error.to_string()).help(error.help()),
        MigrateError::Failed(why) => Failure::of(Exit::Partial, why),
    }
}

/// The store at an address, or of a wiki.
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
            None => Err(Failure::usage("no farm file found")),
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
            Failure::usage(format!("--rename-ids: {layout} accepts ids of both generations"))
                .help("name the generation: --rename-ids=1.8 or --rename-ids=1.9")
        }),
    }
}
