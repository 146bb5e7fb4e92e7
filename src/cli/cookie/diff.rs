//! `wikifarm cookie diff`: the effects of a changed farm file on users who have cookies and sessions.

mod browsers;
mod human;
mod logins;
mod markdown;
mod words;

use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use self::browsers::{Differs, cause, differences, name_causes};
use self::logins::{Logins, OtherLogins, before_or_after, declared_or_after, sentences_of};
use crate::browser::Jar;
use crate::cli::shared::browser::Browser;
use crate::cli::shared::look::look;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Farm, Trusted, Wiki};
use crate::lint::has_no_new_errors;
use crate::location::RealDirectories;
use crate::sharing::{Asked, Model, suggest};
use crate::simulate::diff::{Counted, Diff};
use crate::store::{self, State};

/// In larger farms, the new file is not searched for better settings: `cookie suggest` does that.
const MOST_WIKIS: usize = 200;

/// Predict whom a changed farm file logs out, and who gets stuck at login
///
/// Simulates users who have cookies and sessions from the wikis of OLD and come back to the wikis of NEW: anonymous, logged
/// in, and logged in with "remember me". They visit, log in if necessary, and log out. Shows problems that users with
/// a fresh browser do not have, the cookies that cause them, and when these cookies expire.
///
/// A change affects users if it logs them out, or if old cookies hide new ones. See --fail-on-impact for the exit status.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie diff farm.toml farm.new.toml")]
pub(in crate::cli) struct Options {
    /// The current farm file
    old: PathBuf,
    /// The changed farm file
    new: PathBuf,
    /// Exit with status 1 if users are affected, or if a wiki can't be predicted
    #[arg(long)]
    fail_on_impact: bool,
    #[command(flatten)]
    browser: Browser,
}

/// The effects of a changed farm file on users.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// The current farm file.
    old: String,
    /// The changed farm file.
    new: String,
    /// Whether users are logged out, or old cookies hide new ones, in any predicted browser.
    impact: bool,
    #[serde(flatten)]
    diff: &'a Diff,
    /// The wikis that stop or start sharing a login.
    #[serde(flatten)]
    logins: &'a Logins,
    /// The same in the other browser, if it differs; null with `--browser`.
    other_logins: Option<OtherLogins>,
    /// The effects in the other browser that differ.
    differs: Vec<Differs>,
    /// Changes of the new farm file after which wikis share logins as intended; null if they do already, or if nothing
    /// gives that.
    suggestion: Option<String>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let old = context.farm_at(&options.old)?;
    let new = relative_to(&old, context.farm_at(&options.new)?, context);
    let now = context.now();
    let browser = |profile| Jar::with_suffixes(profile, context.suffixes.clone());
    let act_out = |browser: &Jar| Diff::in_browser(&old, &new, browser, now);
    let first = browser(options.browser.profile());
    let mut diff = act_out(&first);
    let model = |farm| {
        let profile = options.browser.profile();
        Model::for_browser(farm, &RealDirectories::default(), &context.suffixes, profile)
    };
    let (old_model, new_model) = (model(&old), model(&new));
    let unknown: Vec<&str> = diff.unknown.iter().map(|unknown| unknown.wiki.as_str()).collect();
    let logins = Logins::new(&old_model, &new_model, &unknown);
    let most = if context.format == Format::Markdown { markdown::MOST } else { human::most(context) };
    let mut sentences = Vec::new();
    let other = options.browser.compared().map(|profile| (profile, act_out(&browser(profile))));
    let (mut differs, mut lines, mut other_logins) = (Vec::new(), Vec::new(), None);
    if let Some((profile, other)) = &other {
        let in_other = |model: &Model, farm| model.in_browser(farm, &RealDirectories::default(), *profile);
        let (old_other, new_other) = (in_other(&old_model, &old), in_other(&new_model, &new));
        differs = differences(&diff, other, &old_other);
        lines = browsers::lines(&differs, *profile);
        let causes = name_causes(&mut differs, [&old, &new], &first, *profile, now);
        lines.extend(causes.iter().map(cause));
        let theirs = Logins::new(&old_other, &new_other, &unknown);
        sentences = sentences_of([(&logins, first.profile()), (&theirs, *profile)], most);
        other_logins = OtherLogins::new(&logins, theirs, *profile);
    } else {
        sentences.extend(logins.lines(most));
    }
    let (asked, intent) = intents(&old, &new, [&old_model, &new_model], &logins);
    let suggestion = suggestion(&new, &new_model, asked, context);
    let impact = diff.hurts() || other.is_some_and(|(_, other)| other.hurts());
    let exit = count(&mut diff, old, context)?;
    let names = (shown(&options.old), shown(&options.new));
    match context.format {
        Format::Json => context.document(&Document {
            old: names.0,
            new: names.1,
            impact,
            diff: &diff,
            logins: &logins,
            other_logins,
            differs,
            suggestion,
        }),
        Format::Markdown => markdown::show(&diff, &sentences, &lines, &names, context),
        _ => {
            human::show(&diff, &sentences, &lines, &names, context);
            if let Some(words) = suggestion {
                human::advice(&format!("in {}, {words}, so that {intent}", names.1), context);
            }
        }
    }
    let found = options.fail_on_impact && (impact || !diff.unknown.is_empty());
    Ok(if found { Exit::Found.and(exit) } else { exit })
}

/// The lists of wikis that are to share a login in addition to those of the new file, and what is intended, in words.
fn intents(old: &Farm, new: &Farm, models: [&Model; 2], logins: &Logins) -> (Vec<Vec<String>>, String) {
    if new.shares.is_empty() && !old.shares.is_empty() {
        let path = old.source.path().display();
        (declared_or_after(old, models[1]), format!("wikis share logins as the [[share]] of {path} intends"))
    } else if new.shares.is_empty() && logins.any_lost() {
        (before_or_after(models), "wikis that share a login before the change keep it".to_owned())
    } else {
        (Vec::new(), "wikis share logins as intended".to_owned())
    }
}

/// What `cookie suggest` finds for the new farm, if it is not as intended.
fn suggestion(new: &Farm, model: &Model, share: Vec<Vec<String>>, context: &Context<'_>) -> Option<String> {
    if new.wikis.len() > MOST_WIKIS {
        return None;
    }
    let suffixes = &context.suffixes;
    let accept = |changed: &Farm| has_no_new_errors(new, changed, suffixes);
    let asked = Asked { share, ..Asked::default() };
    let found = suggest(new, model, &asked, &accept).by_affected(new, suffixes);
    Some(found.suggestions.first()?.words())
}

/// The new farm, with its relative paths read from the directory of the old file: usually one of the two is a copy.
fn relative_to(old: &Farm, new: Farm, context: &mut Context<'_>) -> Farm {
    let whole = |farm: &Farm| std::fs::canonicalize(farm.base()).unwrap_or_else(|_| farm.base());
    if whole(old) == whole(&new) || !new.wikis.iter().any(Wiki::has_relative_paths) {
        return new;
    }
    let (old_path, path) = (old.source.path().display(), new.source.path().display());
    context.note(&format!("{path}: relative paths are read from the directory of {old_path}"));
    new.based(&old.base())
}

/// Counts the sessions of stores that no wiki reaches any more, if they are directories on this machine.
///
/// As root, opens no store of a farm file that another user could have written.
fn count(diff: &mut Diff, old: Farm, context: &mut Context<'_>) -> Result<Exit, Failure> {
    if !diff.stores.iter().any(|reached| reached.unreachable()) {
        return Ok(Exit::Success);
    }
    let path = old.source.path().to_owned();
    let old = match Trusted::new(old) {
        Ok(old) => old,
        Err(why) => {
            context.note(&format!("{}: sessions not counted: {why}", path.display()));
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
