//! `wikifarm session revoke`: ends a session, or logs a user out everywhere.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::session::json::{SessionJson, shown};
use crate::cli::session::removal;
use crate::cli::shared::ids;
use crate::cli::shared::stores::{MOIN_2, StoreArgs, Stores, of_moin_2};
use crate::cli::shared::summary::{self, LogArgs, RunSummary};
use crate::cli::shared::users::Users;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Farm, parse_duration, parse_time};
use crate::ops::revoke::{self, Counts, Plan, Report, Returned, StorePlan, Target};
use crate::store::seconds;
use crate::text::ellipsis;
use crate::text::measure;

/// End a session, or log a user out everywhere
///
/// Ends the sessions that match all given options. --user also matches sessions in which a superuser acts as the user.
///
/// A running request can save its session again after the removal. During --settle, wikifarm removes these sessions again at
/// once. It reports sessions that still exist at the end: their users are still logged in.
///
/// Sessions do not record when they were issued. --issued-before ends sessions that were last written before TIME. It
/// keeps sessions that were written later, and exits with status 3. Sessions of MoinMoin 2 are signed cookies: a new
/// password ends those of a user, a new SECRET_KEY ends all.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 done, also if the user has no session, 1 no session has the ID, 3 a user is still logged in, \
                  or an unreadable session may match, 4 refused by a guard.\n\nExample: wikifarm session revoke --user JoeDoe --dry-run\n\
                  Example: echo \"$ID\" | wikifarm session revoke -"
)]
pub(in crate::cli) struct Options {
    /// End the session with this id or prefix (`-`: standard input, hidden from `ps`)
    id: Option<String>,
    /// End all sessions that belong to or act as this user
    #[arg(long, value_name = "NAME|id:ID")]
    user: Option<String>,
    /// End sessions with a login by this method, such as moin or openid
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// End sessions that were last written before TIME (RFC 3339 or unix seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    issued_before: Option<f64>,
    #[command(flatten)]
    stores: StoreArgs,
    /// Show what the run would remove, and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Remove sessions that running requests save again during this time (0s: once)
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5s", hide_short_help = true)]
    settle: Duration,
    /// Wait while another wikifarm uses a store, instead of exiting with status 4
    #[arg(long, hide_short_help = true)]
    wait: bool,
    /// Show whole session ids, which are secrets
    #[arg(long, hide_short_help = true)]
    reveal: bool,
    #[command(flatten)]
    log: LogArgs,
}

/// How many sessions of each store a dry run shows without `-v`.
const EXAMPLES: usize = 100;

/// The sessions that were ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    #[serde(flatten)]
    report: Report,
    /// The matching sessions before the run.
    sessions: Vec<Listed>,
}

/// A session that matches.
#[derive(Serialize, JsonSchema)]
struct Listed {
    /// Why it matches: `named`, `user`, `acts-as`, `auth-method`, or `issued-before`.
    reason: &'static str,
    #[serde(flatten)]
    session: SessionJson,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let by_filter =
        options.user.is_some() || options.auth_method.is_some() || options.issued_before.is_some();
    if options.id.is_none() && !by_filter {
        return Err(Failure::usage("no sessions selected")
            .help("add an ID, --user, --auth-method, or --issued-before"));
    }
    let log = options.log.log.as_deref();
    summary::record("revoke", None, log, context, |context, summary| revoke(options, context, summary))
}

fn revoke(options: &Options, context: &mut Context<'_>, summary: &mut RunSummary) -> Outcome {
    if let Some(id) = options.id.as_ref().filter(|id| *id != "-") {
        summary.field("id", ids::shortened(id));
    }
    if let Some(user) = &options.user {
        summary.field("user", user);
    }
    if let Some(method) = &options.auth_method {
        summary.field("auth_method", method);
    }
    if let Some(time) = options.issued_before {
        summary.field("issued_before", time);
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
            context.complain(&format!(
                "some users could not be read: another user may also have the name {user:?}"
            ));
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
    record(&report, summary);
    let status = exit.and(status(&report));
    complain(&report, context);
    still_there(&report, &mut users, context);
    if json {
        context.document(&Document { report, sessions });
    } else if context.verbosity >= 0 {
        let total = &report.total;
        let verb = if dry_run { "would revoke" } else { "revoked" };
        let revoked = total.revoked + total.would_revoke;
        writeln!(context.out, "{verb} {revoked} of {}", measure::sessions(total.scanned));
        if total.came_back > 0 {
            let times = measure::count(total.returns, "time", "times");
            let sessions = measure::sessions(total.came_back);
            writeln!(context.out, "removed again: {sessions}, saved {times} by running requests");
        }
    }
    Ok(status)
}

/// For the log.
fn record(report: &Report, summary: &mut RunSummary) {
    let total = &report.total;
    let counts = [
        ("scanned", total.scanned),
        ("revoked", total.revoked),
        ("came_back", total.came_back),
        ("still_there", total.still_there),
        ("unreadable", total.unreadable),
        ("failed", total.failed),
    ];
    removal::record(report, &counts, summary);
}

/// Explains how to end logins at wikis that have no session files.
fn moin_2(farm: &Farm, context: &mut Context<'_>) {
    let wikis: Vec<&str> = of_moin_2(farm).map(|wiki| wiki.name.as_str()).collect();
    if wikis.is_empty() {
        return;
    }
    context.note(&format!("{}: MoinMoin 2 stores sessions in signed cookies: {MOIN_2}", wikis.join(", ")))
}

/// The matching sessions.
fn listed(plan: &Plan, reveal: bool, users: &mut Users, context: &Context<'_>) -> Vec<Listed> {
    let mut all = Vec::new();
    for (position, store) in plan.stores().iter().enumerate() {
        let names = store.shown().map(|victim| victim.session.id).collect();
        // If the names can't be listed, use the shortest prefix.
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
            session.acts_as().unwrap_or_default(),
            session.state.to_string(),
            measure::relative(seconds(session.modified), now),
            (*reason).to_owned(),
        ]
    });
    let header = ["SESSION", "WIKIS", "USER", "ACTS AS", "STATE", "WRITTEN", "REASON"];
    context.list(&header, rows);
    if more > 0 {
        writeln!(context.out, "{} and {more} more (-v lists all)", ellipsis());
    }
}

fn complain(report: &Report, context: &mut Context<'_>) {
    let how_far = || {
        let Counts { scanned, revoked, .. } = report.total;
        format!(
            "{} scanned, {revoked} revoked; the watch for returning sessions is incomplete",
            measure::sessions(scanned)
        )
    };
    removal::problems(report, how_far, context);
    removal::refusals(report, context);
    let mut help = false;
    for store in &report.stores {
        let (unreadable, undecided) = (store.counts.unreadable, store.counts.undecided);
        if unreadable > 0 {
            let count = measure::count(unreadable, "unreadable session", "unreadable sessions");
            context.complain(&format!("{}: can't check {count} that may match", store.store));
            help = true;
        }
        if undecided > 0 {
            let count = measure::sessions(undecided);
            let what = "written after --issued-before: the time of issue is unknown";
            context.complain(&format!("{}: keeps {count} {what}", store.store));
        }
    }
    if help {
        context.help(
            "`wikifarm session list --state unreadable` shows the reasons; remove the files with `wikifarm session prune \
             --unreadable`, or by hand if they are too large or have several hard links, then revoke again",
        );
    }
    removal::nothing_removed(report, context);
}

/// Reports users who are still logged in.
fn still_there(report: &Report, users: &mut Users, context: &mut Context<'_>) {
    for (position, store) in report.stores.iter().enumerate() {
        let at = if store.wikis.is_empty() { store.store.clone() } else { store.wikis.join(", ") };
        for one in &store.more.returned {
            let Returned { id, user, times, still_there, .. } = one;
            let again = match times {
                0 => "during every attempt to remove it".to_owned(),
                _ => format!("{} until the end of --settle", measure::count(*times, "time", "times")),
            };
            let who = user.as_ref().map(|id| users.name(position, id).unwrap_or_else(|| format!("id:{id}")));
            match who {
                _ if !still_there => {
                    if context.verbosity > 0 {
                        let times = measure::count(*times, "time", "times");
                        context.note(&format!("{at}: session {id} was saved again {times}, and removed"));
                    }
                }
                Some(who) => context.complain(&format!(
                    "{at}: {who} is STILL LOGGED IN: a wiki saved session {id} again {again}"
                )),
                None => context
                    .complain(&format!("{at}: session {id} STILL EXISTS: a wiki saved it again {again}")),
            }
        }
        let named = store.more.returned.iter().filter(|one| one.still_there).count() as u64;
        if named < store.counts.still_there {
            let more = measure::sessions(store.counts.still_there - named);
            context.complain(&format!("{at}: {more} more STILL EXIST"));
        }
    }
    if report.total.still_there > 0 {
        context.help("stop the wiki and run the command again, or change the wiki's cookie_name");
    }
}

fn status(report: &Report) -> Exit {
    let Counts { failed, still_there, unreadable, undecided, .. } = report.total;
    removal::status(report, failed + still_there + unreadable + undecided > 0)
}
