//! `wikifarm cookie suggest`: settings under which wikis share logins as intended.

mod document;
mod human;
mod rollout;

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::Args;

pub(super) use self::document::Document;
use self::document::Shown;
use crate::cli::shared::diff::unified;
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::Farm;
use crate::lint::has_no_new_errors;
use crate::location::RealDirectories;
use crate::sharing::{Asked, Model, suggest};
use crate::sys;
use crate::sys::why;
use crate::text::list;

/// Suggest the smallest change after which wikis share logins as intended
///
/// Searches settings under which the wikis of each [[share]] share a login, no other wikis affect each other, and no cookie goes
/// to `other_hosts` without need. If the farm file has no [[share]], wikis that share a login now continue to share it.
///
/// Applies each suggestion in memory and checks it. Shows up to three suggestions, smallest first, each with the changes of the
/// farm file, the lines for MoinMoin's configuration, and the effects on users who have cookies now. The exit status is 1 if
/// nothing gives what is intended.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie suggest\n\
                        Example: wikifarm cookie suggest --share docs,plans --apart docs,old -o new.toml")]
pub(in crate::cli) struct Options {
    /// Share a login between these wikis, as a [[share]] does (repeatable)
    #[arg(long, value_name = "WIKI,WIKI")]
    share: Vec<String>,
    /// Keep these wikis separate (repeatable)
    #[arg(long, value_name = "WIKI,WIKI")]
    apart: Vec<String>,
    /// Write the farm file with the first suggestion to FILE, which must not exist
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let farm = context.farm_to_predict()?;
    if farm.source.comments().is_some() && (options.output.is_some() || context.format == Format::Diff) {
        return Err(Failure::usage("-o and --format diff need a farm file in TOML")
            .help("create one with `wikifarm config import PY -o farm.toml`"));
    }
    let asked = options.asked(&farm)?;
    let model = Model::new(&farm, &RealDirectories::default(), &context.suffixes);
    let suffixes = context.suffixes.clone();
    let accept = |changed: &Farm| has_no_new_errors(&farm, changed, &suffixes);
    let found = suggest(&farm, &model, &asked, &accept);
    let mut shown = rollout::all(&farm, &found, &asked, context);
    // As in `Found::by_affected`, with the effects that are already known.
    shown.sort_by_key(|one| (one.settings, one.rollout.log_in_again.len() + one.rollout.stuck.len()));
    match context.format {
        Format::Json => {
            context.document(&Document { met: found.met, suggestions: &shown, impossible: &found.impossible })
        }
        Format::Diff => diff(&farm, &shown, context),
        _ => human::show(&farm, found.met, &shown, &found.impossible, context),
    }
    let custom: Vec<&str> = farm
        .wikis
        .iter()
        .filter(|wiki| wiki.custom_handler().is_some())
        .map(|wiki| wiki.name.as_str())
        .collect();
    if !custom.is_empty() {
        let custom = list(&custom, "and", 4);
        context.note(&format!("not considered, because the session handler is custom: {custom}"));
    }
    if let (Some(path), Some(first)) = (&options.output, shown.first()) {
        write(path, first, context)?;
    }
    Ok(if found.impossible.is_empty() { Exit::Success } else { Exit::Found })
}

impl Options {
    /// The lists of wikis, whose names must exist. A list must not contradict another one.
    fn asked(&self, farm: &Farm) -> Result<Asked, Failure> {
        let lists = |option: &str, lists: &[String]| -> Result<Vec<Vec<String>>, Failure> {
            lists.iter().map(|list| names(option, list, farm)).collect()
        };
        let (share, apart) = (lists("--share", &self.share)?, lists("--apart", &self.apart)?);
        let in_file = farm.shares.iter().map(|it| it.wikis.iter().map(|(name, _)| name.clone()).collect());
        let together: Vec<BTreeSet<String>> =
            share.iter().map(|list| list.iter().cloned().collect()).chain(in_file).collect();
        for list in &apart {
            if let Some((a, b)) = together.iter().find_map(|share| two_of(list, share)) {
                return Err(Failure::usage(format!("--apart: {a} and {b} are in one [[share]] or --share"))
                    .help("remove one of them from the list of wikis that share a login"));
            }
        }
        Ok(Asked { share, apart })
    }
}

/// The first two wikis of a list that a share contains.
fn two_of<'a>(list: &'a [String], share: &BTreeSet<String>) -> Option<(&'a str, &'a str)> {
    let mut both = list.iter().filter(|name| share.contains(*name));
    Some((both.next()?, both.next()?))
}

/// The wikis of `a,b`.
fn names(option: &str, list: &str, farm: &Farm) -> Result<Vec<String>, Failure> {
    let names = list.split(',').map(|name| find_wiki(farm, name.trim()).map(|wiki| wiki.name.clone()));
    let names: Vec<String> = names.collect::<Result<_, Failure>>()?;
    match names.iter().collect::<BTreeSet<_>>().len() {
        0 | 1 => {
            let help = format!("name two or more wikis, such as {option} docs,plans");
            Err(Failure::usage(format!("{option} needs two or more wikis")).help(help))
        }
        _ => Ok(names),
    }
}

fn diff(farm: &Farm, shown: &[Shown], context: &mut Context<'_>) {
    let Some(text) = shown.first().and_then(|first| first.text.as_deref()) else { return };
    let text = unified(&farm.source, text, context);
    context.out.write_all(text.as_bytes());
}

fn write(path: &Path, first: &Shown, context: &mut Context<'_>) -> Result<(), Failure> {
    let text = first.text.as_deref().ok_or_else(|| {
        Failure::partial(format!(
            "{}: not written: the farm file can't be changed automatically",
            path.display()
        ))
    })?;
    sys::write_new(path, text.as_bytes(), 0o644).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::usage(format!("{} exists", path.display())).help("name another file")
        }
        _ => Failure::partial(format!("can't write {}: {}", path.display(), why(&error))),
    })?;
    if context.format == Format::Human {
        context.note(&format!("wrote {}", path.display()));
    }
    Ok(())
}
