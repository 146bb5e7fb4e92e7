//! `wikifarm cookie preview`: who shares a login with whom.

mod addresses;
mod trouble;

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use self::addresses::ByAddress;
use super::browser::Browser;
use super::config_show::find_wiki;
use super::{Context, Exit, Failure, Format, Outcome};
use crate::farm::Farm;
use crate::report::{escape, table};
use crate::sharing::{
    As, Disagreement, Leak, Leaked, Model, RealPlaces, Site, Third, Verdict, disagreements, groups, leaks,
};

/// Up to so many wikis the JSON form lists every pair; beyond, examples of those that do not work.
const ALL_PAIRS: usize = 200;

/// A grid of more wikis is wider than any screen.
const MATRIX_MOST: usize = 100;

/// So many lines of pairs that do not work are shown; if there are more, wikis of one kind are taken together.
const MOST_LINES: usize = 20;

/// Show who shares a login with whom: groups first, then the pairs that do not work
///
/// Exit status 1 if a [[share]] of the farm file is not met, or wikis share that no [[share]] has together.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie preview --matrix")]
pub(super) struct Options {
    /// Only pairs among these wikis
    wikis: Vec<String>,
    /// Show every pair in a grid
    #[arg(long)]
    matrix: bool,
    #[command(flatten)]
    browser: Browser,
}

#[derive(Serialize)]
struct Document<'a> {
    wikis: Vec<&'a str>,
    groups: Vec<Vec<&'a str>>,
    pairs: Vec<Row<'a>>,
    /// Whether `pairs` has every ordered pair; of a large farm, for each wiki gone to one
    /// example of each kind that does not work.
    complete: bool,
    /// Wikis whose cookie hides another wiki's login at a third.
    thirds: Vec<ThirdJson<'a>>,
    /// Where other addresses of the wikis have another answer; of a large farm, from a wiki to itself only.
    by_address: Vec<ByAddress<'a>>,
    /// Where the prediction differs from the farm's [[share]] tables.
    disagreements: Vec<Difference>,
    /// Hosts that are no wikis and get login cookies.
    leaks: Vec<LeakJson>,
}

#[derive(Serialize)]
struct Row<'a> {
    from: &'a str,
    to: &'a str,
    #[serde(rename = "as")]
    visitor: As,
    verdict: Verdict,
    step: Option<usize>,
    reason: String,
    cookie_sent: bool,
    effect: Option<String>,
}

#[derive(Serialize)]
struct ThirdJson<'a> {
    from: &'a str,
    to: &'a str,
    by: &'a str,
    effect: String,
}

#[derive(Serialize)]
struct LeakJson {
    host: String,
    cookies: Vec<Leaked>,
}

#[derive(Serialize)]
struct Difference {
    from: String,
    to: String,
    intended: bool,
    verdict: Verdict,
    reason: String,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("cookie preview", &[Format::Human, Format::Json])?;
    let farm = context.farm()?;
    let model = Model::for_browser(&farm, &RealPlaces::default(), &context.suffixes, options.browser.mode());
    let chosen = chosen(&farm, &model, &options.wikis)?;
    let differences = disagreements(&farm, &model);
    let leaks = leaks(&farm, &model);
    let thirds = thirds(&model, &chosen);
    let by_address = addresses::different(&model, &chosen);
    let exit = if differences.is_empty() { Exit::Success } else { Exit::Found };
    let groups: Vec<Vec<&str>> = groups(&model)
        .into_iter()
        .map(|group| {
            group.into_iter().filter_map(|member| chosen.get(&member)).map(|s| s.name.as_str()).collect()
        })
        .filter(|group: &Vec<&str>| group.len() > 1)
        .collect();
    if context.format == Format::Json {
        let wikis: Vec<&str> = chosen.values().map(|site| site.name.as_str()).collect();
        let complete = chosen.len() <= ALL_PAIRS;
        let pairs = pairs(&model, &chosen, complete);
        let disagreements = differences
            .into_iter()
            .map(|d| Difference {
                from: d.from,
                to: d.to,
                intended: d.intended,
                verdict: d.pair.verdict,
                reason: d.pair.reason,
            })
            .collect();
        let leaks =
            leaks.into_iter().map(|leak| LeakJson { host: leak.host, cookies: leak.cookies }).collect();
        let name = |position: usize| model.sites().get(position).map_or("", |site| &site.name);
        let thirds = thirds.iter().map(|third| ThirdJson {
            from: name(third.from),
            to: name(third.to),
            by: name(third.by),
            effect: third.describe(&model),
        });
        let thirds = thirds.collect();
        context.json(&Document {
            wikis,
            groups,
            pairs,
            complete,
            thirds,
            by_address,
            disagreements,
            leaks,
        })?;
        return Ok(exit);
    }
    if options.matrix && chosen.len() > MATRIX_MOST {
        let many = chosen.len();
        return Err(Failure::usage(format!(
            "a grid of {many} wikis can't be read: name up to {MATRIX_MOST} of them"
        )));
    }
    if options.matrix {
        matrix(&model, &chosen, context)?;
    } else {
        show_groups(&groups, &chosen, context)?;
        trouble::show(&model, &chosen, &thirds, context)?;
        addresses::show(&by_address, context)?;
        show_leaks(&leaks, context)?;
    }
    show_differences(&differences, context)?;
    Ok(exit)
}

/// The sites asked for, by position; all if none were named.
fn chosen<'a>(farm: &Farm, model: &'a Model, names: &[String]) -> Result<BTreeMap<usize, &'a Site>, Failure> {
    for name in names {
        find_wiki(farm, name)?;
    }
    let wanted = |site: &&Site| names.is_empty() || names.contains(&site.name);
    Ok(model.sites().iter().enumerate().filter(|(_, site)| wanted(site)).collect())
}

/// Wikis that come between two others, all three among those asked for.
fn thirds(model: &Model, chosen: &BTreeMap<usize, &Site>) -> Vec<Third> {
    let among = |third: &Third| [third.from, third.to, third.by].iter().all(|one| chosen.contains_key(one));
    model.thirds().into_iter().filter(among).collect()
}

/// The pairs to ask about: all; or of a large farm enough that each kind of trouble at each wiki is among them.
fn asked(model: &Model, chosen: &BTreeMap<usize, &Site>) -> Vec<(usize, usize)> {
    if chosen.len() > ALL_PAIRS && chosen.len() == model.sites().len() {
        return model.encounters();
    }
    let all = chosen.keys().flat_map(|from| chosen.keys().map(move |to| (*from, *to)));
    all.filter(|(from, to)| from != to).collect()
}

/// All pairs; or of a large farm, for each wiki gone to one pair of each kind that does not work.
fn pairs<'a>(model: &'a Model, chosen: &BTreeMap<usize, &'a Site>, all: bool) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for (from, to) in asked(model, chosen) {
        let (Some(from), Some(to)) = (model.sites().get(from), model.sites().get(to)) else { continue };
        for visitor in [As::User, As::Anonymous] {
            if all || model.judge(from, to, visitor).is_trouble() {
                let pair = model.pair(from, to, visitor);
                rows.push(Row {
                    from: &from.name,
                    to: &to.name,
                    visitor,
                    verdict: pair.verdict,
                    step: pair.step,
                    reason: pair.reason,
                    cookie_sent: pair.cookie_sent,
                    effect: pair.effect,
                });
            }
        }
    }
    rows
}

fn show_groups(
    groups: &[Vec<&str>],
    chosen: &BTreeMap<usize, &Site>,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let out = &mut *context.out;
    if groups.is_empty() {
        writeln!(out, "No two wikis share a login.")?;
    } else {
        writeln!(out, "Wikis that share a login:")?;
    }
    for (number, group) in groups.iter().enumerate() {
        writeln!(out, "  {}. {}", number + 1, escape(&list(group, 12)))?;
    }
    let alone: Vec<&str> = chosen
        .values()
        .map(|site| site.name.as_str())
        .filter(|name| !groups.iter().any(|group| group.binary_search(name).is_ok() || group.contains(name)))
        .collect();
    if !alone.is_empty() && !groups.is_empty() {
        writeln!(out, "On their own: {}", escape(&list(&alone, 12)))?;
    }
    Ok(())
}

fn show_leaks(leaks: &[Leak], context: &mut Context<'_>) -> Result<(), Failure> {
    if leaks.is_empty() {
        return Ok(());
    }
    let out = &mut *context.out;
    writeln!(
        out,
        "\nHosts that are no wikis and get login cookies (who runs them can act as the users who visit):"
    )?;
    for leak in leaks {
        for Leaked { name, wikis, in_clear } in &leak.cookies {
            let clear = if *in_clear { ", over http too" } else { "" };
            let wikis: Vec<&str> = wikis.iter().map(String::as_str).collect();
            let line = format!("  {}: {name} of {}{clear}", leak.host, list(&wikis, 4));
            writeln!(out, "{}", escape(&line))?;
        }
    }
    Ok(())
}

fn show_differences(differences: &[Disagreement], context: &mut Context<'_>) -> Result<(), Failure> {
    if differences.is_empty() {
        return Ok(());
    }
    let out = &mut *context.out;
    writeln!(out, "\nOther than intended by [[share]]:")?;
    for found in differences {
        let (from, to) = (escape(&found.from), escape(&found.to));
        if found.intended {
            let step = found.pair.step.map_or(String::new(), |step| format!(" at step {step}"));
            let reason = escape(&found.pair.reason);
            writeln!(out, "  {from} -> {to}: {}{step}: {reason}", found.pair.verdict.name())?;
        } else {
            writeln!(out, "  {from} -> {to}: shared, though no [[share]] has both")?;
        }
    }
    Ok(())
}

/// Every pair in a grid: rows come from, columns go to.
fn matrix(model: &Model, chosen: &BTreeMap<usize, &Site>, context: &mut Context<'_>) -> Result<(), Failure> {
    let width = chosen.len().to_string().len();
    let numbers: Vec<String> = (1..=chosen.len()).map(|number| format!("{number:>width$}")).collect();
    let mut header = vec!["from \\ to"];
    header.extend(numbers.iter().map(String::as_str));
    let rows = chosen.values().zip(&numbers).map(|(from, number)| {
        let mut row = vec![format!("{number} {}", from.name)];
        row.extend(chosen.values().map(|to| {
            let mark =
                if from.name == to.name { "\\" } else { mark(model.judge(from, to, As::User).verdict) };
            format!("{mark:>width$}")
        }));
        row
    });
    write!(context.out, "{}", table::grid(&header, rows))?;
    writeln!(context.out, "= shared   . separate   ! conflict   x rejected   ~ shadowed   ? unknown")?;
    Ok(())
}

fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Shared => "=",
        Verdict::Separate => ".",
        Verdict::Conflict => "!",
        Verdict::Rejected => "x",
        Verdict::Shadowed => "~",
        Verdict::Unknown => "?",
    }
}

/// `a, b, c and 7 more`.
fn list(names: &[&str], most: usize) -> String {
    if names.len() <= most + 1 {
        return names.join(", ");
    }
    let (shown, rest) = names.split_at(most);
    format!("{} and {} more", shown.join(", "), rest.len())
}
