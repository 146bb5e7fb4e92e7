//! `wikifarm cookie diff`: what rolling out a changed farm file does to people who have cookies and sessions.

mod human;
mod markdown;
mod words;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::shared::browser::Browser;
use crate::cli::shared::look::look;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Farm, Trusted};
use crate::simulate::diff::{Counted, Diff};
use crate::store::{self, State};

/// Show what a changed farm file does to cookies in browsers and sessions on disk: who is logged out, who gets stuck
///
/// People are acted out who got their cookies from the wikis of OLD and come back to those of NEW: anonymous, logged in,
/// and remembered. They log in where they have to, and log out; what goes wrong that would not go wrong with a fresh
/// browser is shown, with the cookies that are in the way and until when they live.
///
/// The exit status is 0, whatever happens to people; with --fail-on-impact it is 1 if somebody is logged out or has an
/// old cookie in the way of a new one.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie diff farm.toml farm.new.toml")]
pub(in crate::cli) struct Options {
    /// The farm file as it is
    old: PathBuf,
    /// The farm file as it will be
    new: PathBuf,
    /// End with status 1 if somebody is logged out or shadowed, or of some wiki nothing can be said
    #[arg(long)]
    fail_on_impact: bool,
    #[command(flatten)]
    browser: Browser,
}

#[derive(Serialize)]
struct Document<'a> {
    old: String,
    new: String,
    impact: bool,
    #[serde(flatten)]
    diff: &'a Diff,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let old = context.farm_at(&options.old)?;
    let new = context.farm_at(&options.new)?;
    let mut diff = Diff::for_browser(&old, &new, &context.suffixes, options.browser.profile(), context.now());
    let exit = count(&mut diff, old, context)?;
    let names = (shown(&options.old), shown(&options.new));
    let impact = diff.hurts();
    match context.format {
        Format::Json => context.json(&Document { old: names.0, new: names.1, impact, diff: &diff }),
        Format::Markdown => markdown::show(&diff, &names, context),
        _ => human::show(&diff, &names, context),
    }
    let found = options.fail_on_impact && (impact || !diff.unknown.is_empty());
    Ok(if found { Exit::Found.and(exit) } else { exit })
}

/// Counts what lies in the directories of which no session is found any more, where they are on this machine.
///
/// As root, those of a farm file that another user could have written are not opened.
fn count(diff: &mut Diff, old: Farm, context: &mut Context<'_>) -> Result<Exit, Failure> {
    if !diff.stores.iter().any(|reached| reached.unreachable()) {
        return Ok(Exit::Success);
    }
    let path = old.source.path().to_owned();
    let old = match Trusted::new(old) {
        Ok(old) => old,
        Err(why) => {
            context.note(&format!("{}: sessions are not counted: {why}", path.display()));
            return Ok(Exit::Success);
        }
    };
    #[expect(clippy::cast_possible_truncation, reason = "out of range it saturates")]
    let now = context.now() as i64;
    let mut exit = Exit::Success;
    let specs = store::of_farm(&old).stores;
    for reached in diff.stores.iter_mut().filter(|reached| reached.unreachable()) {
        let spec = specs.iter().find(|spec| spec.wikis.iter().any(|wiki| reached.wikis.contains(&wiki.name)));
        let Some(spec) = spec.filter(|spec| spec.location.directory().is_some_and(Path::is_dir)) else {
            continue;
        };
        let mut counted = Counted::default();
        exit = exit.and(look(spec, context, |session| {
            if session.state(now, None) == State::Live {
                counted.live += 1;
                let user = session.facts.as_ref().is_ok_and(|facts| facts.user.is_some());
                counted.logged_in += usize::from(user);
            }
        })?);
        reached.sessions = Some(counted);
    }
    Ok(exit)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
