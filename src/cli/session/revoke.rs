//! `wikifarm session revoke`: end one session, or log a user out everywhere.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::cli::session::json::{SessionJson, shown};
use crate::cli::session::removal;
use crate::cli::shared::ids;
use crate::cli::shared::stores::{MOIN_2, StoreArgs, Stores};
use crate::cli::shared::summary::{self, LogArgs, Told};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Farm, parse_duration, parse_time};
use crate::moin::Behaviour;
use crate::ops::revoke::{self, Counts, Plan, Report, Returned, StorePlan, Target};
use crate::report::{measure, table};
use crate::store::seconds;

/// End one session, or log a user out everywhere
///
/// What is given together must all be true of a session. --user also ends the sessions in which a superuser acts as that
/// user. A request in flight writes a session back after it was removed: for the time of --settle, whatever comes back is
/// removed again at once. If a session still comes back at the end, its user is still logged in.
///
/// A session does not tell when it was issued: --issued-before ends those last written before that time; those written
/// since stay, and make the exit status 3. The sessions of MoinMoin 2 are signed cookies, and no file here ends them.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, also if --user has no session, 1 no session has the ID, 3 a user is still logged in, \
                  or an unreadable file could be meant, 4 refused by a guard.\n\nExample: wikifarm session revoke --user JoeDoe --dry-run\n\
                  Example: echo \"$ID\" | wikifarm session revoke -"
)]
pub(in crate::cli) struct Options {
    /// The session's id or a unique prefix; - reads ids from standard input, so that they stay out of `ps`
    id: Option<String>,
    /// Every session of that user, and those in which a superuser acts as that user: NAME or id:ID
    #[arg(long, value_name = "NAME|id:ID")]
    user: Option<String>,
    /// Logins that this method vouched for, as moin or openid
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// Sessions last written before that time (RFC 3339 or unix seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    issued_before: Option<f64>,
    #[command(flatten)]
    stores: StoreArgs,
    /// Show the plan, remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Watch this long for sessions that come back, and remove them again; 0s: look once, and miss a request in flight
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5s")]
    settle: Duration,
    /// Wait for another copy that is at work in a store, instead of exiting with status 4
    #[arg(long)]
    wait: bool,
    /// Whole ids: they are secrets
    #[arg(long)]
    reveal: bool,
    #[command(flatten)]
    log: LogArgs,
}

/// Without `-v` a dry run shows so many sessions of each store.
const EXAMPLES: usize = 100;

/// The document of `--format json`.
#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    report: Report,
    /// What is meant, as it was before.
    sessions: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    reason: &'static str,
    #[serde(flatten)]
    session: SessionJson,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let by_filter =
        options.user.is_some() || options.auth_method.is_some() || options.issued_before.is_some();
    if options.id.is_none() && !by_filter {
        return Err(Failure::usage(
            "nothing says which sessions: give an ID, --user, --auth-method or --issued-before",
        ));
    }
    let log = options.log.log.as_deref();
    summary::tell("revoke", None, log, context, |context, told| revoke(options, context, told))
}

fn revoke(options: &Options, context: &mut Context<'_>, told: &mut Told) -> Outcome {
    if let Some(id) = options.id.as_ref().filter(|id| *id != "-") {
        told.say("id", ids::shortened(id));
    }
    if let Some(user) = &options.user {
        told.say("user", user);
    }
    if let Some(method) = &options.auth_method {
        told.say("auth_method", method);
    }
    if let Some(time) = options.issued_before {
        told.say("issued_before", time);
    }
    let stores = options.stores.find(context, true)?;
    if let Some(farm) = &stores.farm {
        moin_2(farm, context);
    }
    let Stores { specs, mut exit, .. } = stores;
    let mut users = Users::of(&specs);
    #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
    let issued_before = options.issued_before.map(|time| time.ceil() as i64);
    let mut target = Target { auth_method: options.auth_method.clone(), issued_before, ..Target::default() };
    if let Some(user) = &options.user {
        let (ids, complete) = users.ids_found(user, context)?;
        if !complete {
            context.complain(&format!("not every user could be read: another may be called {user:?} too"));
            exit = exit.and(Exit::Partial);
        }
        target.users = Some(ids);
    }
    if let Some(id) = &options.id {
        let (open, opened) = ids::open(&specs, context);
        exit = exit.and(opened);
        let mut named = BTreeSet::new();
        for id in ids::wanted(id)? {
            match ids::find(&id, &open)? {
                Some(name) => {
                    named.insert(name);
                }
                None => {
                    context.complain(&ids::no_session(&id, exit));
                    exit = exit.and(Exit::Found);
                }
            }
        }
        if named.is_empty() {
            return Ok(exit);
        }
        target.ids = Some(named);
    }
    let dry_run = options.dry_run || context.pinned_now.is_some();
    let json = context.format == Format::Json;
    let shown = match context.verbosity {
        _ if json => usize::MAX,
        1.. => usize::MAX,
        0 if dry_run => EXAMPLES,
        _ => 0,
    };
    let run = revoke::Options {
        target,
        lock_dir: removal::lock_dir(dry_run)?,
        wait: options.wait,
        dry_run,
        settle: options.settle,
        shown,
    };
    let (plan, stop) = removal::plan(specs, run, revoke::plan, context)?;
    let sessions = listed(&plan, options.reveal, &mut users, context);
    if !json {
        let planned: u64 = plan.stores().iter().map(StorePlan::planned).sum();
        let more = planned.saturating_sub(sessions.len() as u64);
        show_plan(&sessions, if shown > 0 { more } else { 0 }, context);
    }
    let report = plan.execute(&stop);
    tell(&report, told);
    let status = exit.and(status(&report));
    complain(&report, context);
    still_there(&report, &mut users, context);
    if json {
        context.json(&Document { report, sessions });
    } else if context.verbosity >= 0 {
        let total = &report.total;
        let verb = if dry_run { "would revoke" } else { "revoked" };
        let revoked = total.revoked;
        writeln!(context.out, "{verb} {revoked} of {}", measure::sessions(total.scanned));
        if total.came_back > 0 {
            let times = measure::count(total.returns, "time", "times");
            let sessions = measure::sessions(total.came_back);
            writeln!(context.out, "removed again: {sessions}, which came back {times} by requests in flight");
        }
    }
    Ok(status)
}

/// For the log.
fn tell(report: &Report, told: &mut Told) {
    let total = &report.total;
    let counts = [
        ("scanned", total.scanned),
        ("revoked", total.revoked),
        ("came_back", total.came_back),
        ("still_there", total.still_there),
        ("unreadable", total.unreadable),
        ("failed", total.failed),
    ];
    removal::tell(report, &counts, told);
}

/// For wikis whose sessions are no files: what to do instead.
fn moin_2(farm: &Farm, context: &mut Context<'_>) {
    let wikis: Vec<&str> = farm
        .wikis
        .iter()
        .filter(|wiki| wiki.version().behaviour() == Behaviour::V2)
        .map(|wiki| wiki.name.as_str())
        .collect();
    if wikis.is_empty() {
        return;
    }
    context.note(&format!("{}: MoinMoin 2 keeps sessions in signed cookies: {MOIN_2}", wikis.join(", ")))
}

/// The sessions that are meant.
fn listed(plan: &Plan, reveal: bool, users: &mut Users, context: &Context<'_>) -> Vec<Listed> {
    let mut all = Vec::new();
    for (position, store) in plan.stores().iter().enumerate() {
        let names = store.shown().map(|victim| victim.session.id).collect();
        // Without the others' names the shortest prefix does.
        let prefixes = store.prefixes(names).unwrap_or_default();
        for victim in store.shown() {
            #[expect(clippy::cast_possible_truncation, reason = "times are bounded where they are read")]
            let state = victim.session.state(context.now() as i64, None);
            let id = shown(&victim.session.id, &prefixes, reveal);
            let session = SessionJson::new(&victim.session, (position, store.spec()), state, id, users);
            all.push(Listed { reason: victim.why.name(), session });
        }
    }
    all
}

fn show_plan(listed: &[Listed], more: u64, context: &mut Context<'_>) {
    if listed.is_empty() {
        return;
    }
    let now = context.now();
    let rows = listed.iter().map(|Listed { reason, session }| {
        vec![
            session.id.clone(),
            if session.wikis.is_empty() { session.store.clone() } else { session.wikis.join(", ") },
            session.who(),
            session.setuid.as_ref().map(|id| format!("id:{id}")).unwrap_or_default(),
            session.state.to_string(),
            measure::relative(seconds(session.modified), now),
            (*reason).to_owned(),
        ]
    });
    let header = ["SESSION", "WIKIS", "USER", "ACTS AS", "STATE", "WRITTEN", "REASON"];
    write!(context.out, "{}", table::list(&header, rows, context.width));
    if more > 0 {
        writeln!(context.out, "and {more} more; -v lists them");
    }
}

fn complain(report: &Report, context: &mut Context<'_>) {
    let how_far = || {
        let Counts { scanned, revoked, .. } = report.total;
        format!("{} looked at, {revoked} revoked, and not watched to the end", measure::sessions(scanned))
    };
    removal::problems(report, how_far, context);
    removal::refusals(report, context);
    for store in &report.stores {
        let (unreadable, undecided) = (store.counts.unreadable, store.counts.undecided);
        if unreadable > 0 {
            let what = "that can't be read and could be meant: `session list --state unreadable` says why; what has \
                        more than one name or is too large is never opened: remove it by hand";
            context.complain(&format!("{}: {} {what}", store.store, measure::sessions(unreadable)));
        }
        if undecided > 0 {
            let what = "written since, which may have been issued before: they stay";
            context.complain(&format!("{}: {} {what}", store.store, measure::sessions(undecided)));
        }
    }
    removal::nothing_removed(report, context);
}

/// Whom the run did not log out, and what to do about it.
fn still_there(report: &Report, users: &mut Users, context: &mut Context<'_>) {
    for (position, store) in report.stores.iter().enumerate() {
        let place = if store.wikis.is_empty() { store.store.clone() } else { store.wikis.join(", ") };
        for one in &store.more.returned {
            let Returned { id, user, times, still_there, .. } = one;
            let again = match times {
                0 => "in each attempt to remove it".to_owned(),
                _ => format!("{} up to the end of --settle", measure::count(*times, "time", "times")),
            };
            let who = user.as_ref().map(|id| users.name(position, id).unwrap_or_else(|| format!("id:{id}")));
            match who {
                _ if !still_there => {
                    if context.verbosity > 0 {
                        let times = measure::count(*times, "time", "times");
                        context
                            .note(&format!("{place}: session {id} came back {times} and was removed again"));
                    }
                }
                Some(who) => context.complain(&format!(
                    "{place}: {who} is STILL LOGGED IN: a wiki wrote session {id} again, {again}"
                )),
                None => context.complain(&format!(
                    "{place}: session {id} is STILL THERE: a wiki wrote it again, {again}"
                )),
            }
        }
        let named = store.more.returned.iter().filter(|one| one.still_there).count() as u64;
        if named < store.counts.still_there {
            let more = measure::sessions(store.counts.still_there - named);
            context.complain(&format!("{place}: {more} more are still there"));
        }
    }
    if report.total.still_there > 0 {
        context.help("stop the wiki and run this again, or change the wiki's cookie_name");
    }
}

fn status(report: &Report) -> Exit {
    let Counts { failed, still_there, unreadable, undecided, .. } = report.total;
    removal::status(report, failed + still_there + unreadable + undecided > 0)
}
