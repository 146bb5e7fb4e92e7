//! `wikifarm cookie preview`: who shares a login with whom.

mod addresses;
mod browsers;
mod chosen;
mod row;
mod sharers;
mod trouble;

use clap::Args;
use serde::Serialize;

use self::addresses::ByAddress;
use self::browsers::{Differences, NewLoginJson};
use self::chosen::Chosen;
use self::row::{Row, ThirdJson, list};
use crate::browser::Profile;
use crate::cli::shared::browser::Browser;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::Farm;
use crate::location::RealDirectories;
use crate::report::{escape, table};
use crate::sharing::{As, Disagreement, Leak, Leaked, Model, Third, Verdict, disagreements, groups, leaks};

/// A grid of more wikis is wider than any screen.
const MATRIX_MOST: usize = 100;

/// Show who shares a login with whom: groups first, then the pairs that do not work
///
/// One wiki named: its pairs with every other, both ways. Several: the pairs among them.
///
/// Every pair of up to 200 wikis is looked at. Of more there is, for each wiki gone to, one example of each kind of pair that
/// does not work ("complete": false in JSON); every pair of one wiki, or of up to 200, comes when they are named. Of more
/// than 200 wikis Firefox is compared by their headers only, not by the order of cookies.
///
/// Exit status 1 if a [[share]] of the farm file is not met, or wikis share that no [[share]] has together.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie preview --matrix\n\
                        Example: wikifarm cookie preview wiki1 --format json")]
pub(in crate::cli) struct Options {
    /// Only pairs among these wikis; of one, its pairs with every other
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
    /// Where a new login at a wiki has another result in one browser than in the other.
    new_logins: Vec<NewLoginJson<'a>>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    browsers: Option<[&'static str; 1]>,
}

/// A disagreement with `[[share]]`, and the browser it holds for, if it is only one.
type Unmet = (Option<Profile>, Disagreement);

impl From<Unmet> for Difference {
    fn from((only, found): Unmet) -> Difference {
        let Disagreement { from, to, intended, pair, .. } = found;
        let browsers = only.map(|profile| [profile.name()]);
        Difference { from, to, intended, verdict: pair.verdict, reason: pair.reason, browsers }
    }
}

/// Where one browser or both share other than `[[share]]` says.
fn unmet(farm: &Farm, model: &Model, other: Option<&Model>) -> Vec<Unmet> {
    let ours = disagreements(farm, model);
    let Some(other) = other else { return ours.into_iter().map(|found| (None, found)).collect() };
    let theirs = disagreements(farm, other);
    let has = |list: &[Disagreement], found: &Disagreement| {
        list.iter().any(|one| (&one.from, &one.to, one.intended) == (&found.from, &found.to, found.intended))
    };
    let only = |profile: Profile, list: &[Disagreement], found: &Disagreement| {
        if has(list, found) { None } else { Some(profile) }
    };
    let new: Vec<Unmet> = theirs
        .iter()
        .filter(|found| !has(&ours, found))
        .map(|found| (Some(other.profile()), found.clone()))
        .collect();
    let known = ours.into_iter().map(|found| (only(model.profile(), &theirs, &found), found));
    known.chain(new).collect()
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("cookie preview", &[Format::Human, Format::Json])?;
    let farm = context.farm_to_predict()?;
    let model =
        Model::for_browser(&farm, &RealDirectories::default(), &context.suffixes, options.browser.profile());
    let chosen = Chosen::new(&farm, &model, &options.wikis)?;
    let leaks: Vec<Leak> = leaks(&farm, &model).into_iter().filter_map(|leak| chosen.leak(leak)).collect();
    let all_thirds = model.thirds();
    let thirds: Vec<Third> = all_thirds.iter().filter(|third| chosen.has(third)).copied().collect();
    let by_address = addresses::different(&model, &chosen);
    let directories = RealDirectories::default();
    let other = options.browser.compared().map(|profile| model.in_browser(&farm, &directories, profile));
    let compared = other.as_ref().map(|other| Differences::new(&model, other, &chosen, &all_thirds));
    let unmet = unmet(&farm, &model, other.as_ref());
    let exit = if unmet.is_empty() { Exit::Success } else { Exit::Found };
    let groups: Vec<Vec<&str>> = groups(&model)
        .iter()
        .filter(|group| chosen.one.is_none_or(|one| group.contains(&one)))
        .map(|group| group.iter().filter_map(|at| chosen.sites.get(at)).map(|s| s.name.as_str()).collect())
        .filter(|group: &Vec<&str>| group.len() > 1)
        .collect();
    if context.format == Format::Json {
        let wikis: Vec<&str> = chosen.asked_about().map(|(_, site)| site.name.as_str()).collect();
        let complete = chosen.in_full();
        let mut pairs = pairs(&model, &chosen, complete);
        let mut thirds = thirds.iter().map(|third| ThirdJson::of(third, &model)).collect();
        let mut new_logins = Vec::new();
        if let Some(compared) = compared {
            new_logins = compared.merge(model.profile(), &mut pairs, &mut thirds);
        }
        let disagreements = unmet.into_iter().map(Difference::from).collect();
        let leaks =
            leaks.into_iter().map(|leak| LeakJson { host: leak.host, cookies: leak.cookies }).collect();
        context.json(&Document {
            wikis,
            groups,
            pairs,
            complete,
            thirds,
            by_address,
            disagreements,
            leaks,
            new_logins,
        });
        return Ok(exit);
    }
    if options.matrix && chosen.one.is_some() {
        return Err(Failure::usage("a grid of one wiki has nothing in it: name two or more, or none"));
    }
    if options.matrix && chosen.sites.len() > MATRIX_MOST {
        let many = chosen.sites.len();
        return Err(Failure::usage(format!(
            "a grid of {many} wikis can't be read: name up to {MATRIX_MOST} of them"
        )));
    }
    if options.matrix {
        matrix(&model, other.as_ref(), &chosen, context);
    } else {
        match chosen.one {
            Some(one) => sharers::show(&model, one, context),
            None => show_groups(&groups, &chosen, context),
        }
        trouble::show(&model, &chosen, &thirds, context);
        addresses::show(&by_address, context);
        show_leaks(&leaks, context);
        if let Some(compared) = &compared {
            compared.show(context);
        }
    }
    show_unmet(&unmet, context);
    Ok(exit)
}

/// All pairs; or of a large farm, for each wiki gone to one pair of each kind that does not work.
fn pairs<'a>(model: &'a Model, chosen: &Chosen<'a>, all: bool) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for pair in chosen.pairs.iter().copied() {
        let (Some(from), Some(to)) = (model.sites().get(pair.0), model.sites().get(pair.1)) else { continue };
        for visitor in [As::User, As::Anonymous] {
            if all || model.judge(from, to, visitor).is_trouble() {
                rows.extend(Row::of(model, pair, visitor));
            }
        }
    }
    rows
}

fn show_groups(groups: &[Vec<&str>], chosen: &Chosen<'_>, context: &mut Context<'_>) {
    let out = &mut *context.out;
    if groups.is_empty() {
        writeln!(out, "No two wikis share a login.");
    } else {
        writeln!(out, "Wikis that share a login:");
    }
    for (number, group) in groups.iter().enumerate() {
        writeln!(out, "  {}. {}", number + 1, escape(&list(group, 12)));
    }
    let alone: Vec<&str> = chosen
        .sites
        .values()
        .map(|site| site.name.as_str())
        .filter(|name| !groups.iter().any(|group| group.binary_search(name).is_ok() || group.contains(name)))
        .collect();
    if !alone.is_empty() && !groups.is_empty() {
        writeln!(out, "On their own: {}", escape(&list(&alone, 12)));
    }
}

fn show_leaks(leaks: &[Leak], context: &mut Context<'_>) {
    if leaks.is_empty() {
        return;
    }
    let out = &mut *context.out;
    writeln!(
        out,
        "\nHosts that are no wikis and get login cookies (who runs them can act as the users who visit):"
    );
    for leak in leaks {
        for Leaked { name, wikis, in_clear } in &leak.cookies {
            let clear = if *in_clear { ", over http too" } else { "" };
            let wikis: Vec<&str> = wikis.iter().map(String::as_str).collect();
            let line = format!("  {}: {name} of {}{clear}", leak.host, list(&wikis, 4));
            writeln!(out, "{}", escape(&line));
        }
    }
}

fn show_unmet(unmet: &[Unmet], context: &mut Context<'_>) {
    if unmet.is_empty() {
        return;
    }
    let out = &mut *context.out;
    writeln!(out, "\nOther than intended by [[share]]:");
    for (only, found) in unmet {
        let (from, to) = (escape(&found.from), escape(&found.to));
        let only = only.map_or(String::new(), |profile| format!("{} only: ", profile.title()));
        if found.intended {
            let step = found.pair.step.map_or(String::new(), |step| format!(" at step {step}"));
            let reason = escape(&found.pair.reason);
            writeln!(out, "  {only}{from} -> {to}: {}{step}: {reason}", found.pair.verdict.name());
        } else {
            writeln!(out, "  {only}{from} -> {to}: shared, though no [[share]] has both");
        }
    }
}

/// Every pair in a grid: rows come from, columns go to. Of two browsers the worse verdict counts.
fn matrix(model: &Model, other: Option<&Model>, chosen: &Chosen<'_>, context: &mut Context<'_>) {
    let width = chosen.sites.len().to_string().len();
    let numbers: Vec<String> = (1..=chosen.sites.len()).map(|number| format!("{number:>width$}")).collect();
    let mut header = vec!["from \\ to"];
    header.extend(numbers.iter().map(String::as_str));
    let rows = chosen.sites.values().zip(&numbers).map(|(from, number)| {
        let mut row = vec![format!("{number} {}", from.name)];
        row.extend(chosen.sites.values().map(|to| {
            let verdict = |model: &Model| {
                let (from, to) = (model.site(&from.name)?, model.site(&to.name)?);
                Some(model.judge(from, to, As::User).verdict)
            };
            let worse = verdict(model).max(other.and_then(verdict));
            let mark = if from.name == to.name { "\\" } else { worse.map_or("", mark) };
            format!("{mark:>width$}")
        }));
        row
    });
    write!(context.out, "{}", table::grid(&header, rows));
    writeln!(context.out, "= shared   . separate   ! conflict   x rejected   ~ shadowed   ? unknown");
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
