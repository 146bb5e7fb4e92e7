//! `wikifarm cookie explain`: the six steps between two wikis.

mod diagram;

use clap::Args;
use serde::Serialize;

use crate::browser::Profile;
use crate::cli::shared::browser::Browser;
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::location::RealDirectories;
use crate::report::escape;
use crate::sharing::{As, Model, Pair, StepResult, TITLES};

/// Explain in six steps, each with its evidence, whether a login at one wiki is good at another
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie explain wiki1 wiki2")]
pub(in crate::cli) struct Options {
    /// The wiki somebody logs in at
    from: String,
    /// The wiki he goes to
    to: String,
    #[command(flatten)]
    browser: Browser,
}

#[derive(Serialize)]
struct Document<'a> {
    from: &'a str,
    to: &'a str,
    cases: Vec<Case>,
}

/// One case: as a user, or as an anonymous visitor.
#[derive(Serialize)]
struct Case {
    #[serde(rename = "as")]
    visitor: As,
    verdict: &'static str,
    step: Option<usize>,
    reason: String,
    cookie_sent: bool,
    effect: Option<String>,
    steps: Vec<Line>,
    #[serde(skip)]
    results: Vec<StepResult>,
    /// What holds in another browser, if it differs.
    differs: Vec<Differs>,
    /// By which other addresses of the two wikis the verdict is another.
    by_alias: Vec<ByAlias>,
}

/// The same pair in another browser.
#[derive(Serialize)]
struct Differs {
    browsers: [&'static str; 1],
    #[serde(skip)]
    title: &'static str,
    verdict: &'static str,
    step: Option<usize>,
    reason: String,
    effect: Option<String>,
}

/// The same pair by other addresses.
#[derive(Serialize)]
struct ByAlias {
    from: String,
    to: String,
    verdict: &'static str,
    step: Option<usize>,
    reason: String,
    effect: Option<String>,
}

#[derive(Serialize)]
struct Line {
    step: usize,
    title: &'static str,
    result: &'static str,
    evidence: String,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("cookie explain", &[Format::Human, Format::Json])?;
    let farm = context.farm_to_predict()?;
    let (from, to) = (find_wiki(&farm, &options.from)?, find_wiki(&farm, &options.to)?);
    if from.name == to.name {
        return Err(Failure::usage(format!("{0} and {0} are one wiki: name two", from.name)));
    }
    let model =
        Model::for_browser(&farm, &RealDirectories::default(), &context.suffixes, options.browser.profile());
    let compared = options.browser.compared();
    let other = compared.map(|profile| model.in_browser(&farm, &RealDirectories::default(), profile));
    let (Some(a), Some(b)) = (model.site(&from.name), model.site(&to.name)) else {
        return Err(Failure::usage(format!("the URLs of {} and {} can't be visited", from.name, to.name)));
    };
    let differing = |visitor| {
        let other = other.as_ref()?;
        let (a, b) = (other.site(&from.name)?, other.site(&to.name)?);
        let (here, there) = (
            model.judge(model.site(&from.name)?, model.site(&to.name)?, visitor),
            other.judge(a, b, visitor),
        );
        ((here.verdict, here.effect) != (there.verdict, there.effect)).then(|| other.pair(a, b, visitor))
    };
    let cases = [As::User, As::Anonymous].map(|visitor| {
        let Pair { verdict, step, reason, cookie_sent, effect } = model.pair(a, b, visitor);
        let steps = model.steps(a, b, visitor);
        let results = steps.iter().map(|step| step.result).collect();
        let lines = steps.into_iter().zip(TITLES).enumerate();
        let steps = lines.map(|(number, (step, title))| Line {
            step: number + 1,
            title,
            result: result(step.result),
            evidence: step.evidence,
        });
        let by_alias = model.by_alias(a, b, visitor).into_iter().map(|(a, b, pair)| ByAlias {
            from: a.target.to_string(),
            to: b.target.to_string(),
            verdict: pair.verdict.name(),
            step: pair.step,
            reason: pair.reason,
            effect: pair.effect,
        });
        Case {
            visitor,
            verdict: verdict.name(),
            step,
            reason,
            cookie_sent,
            effect,
            steps: steps.collect(),
            results,
            differs: compared.zip(differing(visitor)).into_iter().map(differs).collect(),
            by_alias: by_alias.collect(),
        }
    });
    if context.format == Format::Json {
        context.json(&Document { from: &from.name, to: &to.name, cases: cases.into() });
        return Ok(Exit::Success);
    }
    let out = &mut *context.out;
    for (position, case) in cases.iter().enumerate() {
        let who = match case.visitor {
            As::User => "Logged in at",
            As::Anonymous => "With an anonymous session of",
        };
        if position > 0 {
            writeln!(out);
        }
        writeln!(out, "{who} {}, going to {}: {}", escape(&from.name), escape(&to.name), case.verdict);
        let drawing = diagram::draw(&from.name, &to.name, &case.results, diagram::only_ascii());
        write!(out, "\n{drawing}\n");
        for title in TITLES.iter().enumerate() {
            let (number, title) = (title.0 + 1, title.1);
            match case.steps.get(number - 1) {
                Some(line) => {
                    writeln!(out, "  {number}. {title:<32} {:<8} {}", line.result, escape(&line.evidence));
                }
                None => writeln!(out, "  {number}. {title:<32} -"),
            }
        }
        if let Some(effect) = &case.effect {
            writeln!(out, "  effect: {}", escape(effect));
        }
        for other in &case.differs {
            let what = other.effect.as_ref().unwrap_or(&other.reason);
            let step = other.step.map_or(String::new(), |step| format!(" at step {step}"));
            let line = format!("  {} differs: {}{step}: {what}", other.title, other.verdict);
            writeln!(out, "{}", escape(&line));
        }
        for other in &case.by_alias {
            let step = other.step.map_or(String::new(), |step| format!(" at step {step}"));
            let what = other.effect.as_ref().unwrap_or(&other.reason);
            let line = format!("  {} -> {}: {}{step}: {what}", other.from, other.to, other.verdict);
            writeln!(out, "{}", escape(&line));
        }
    }
    Ok(Exit::Success)
}

fn result(result: StepResult) -> &'static str {
    match result {
        StepResult::Passed => "yes",
        StepResult::Failed => "no",
        StepResult::Shadowed => "shadowed",
        StepResult::Unknown => "unknown",
    }
}

fn differs((profile, pair): (Profile, Pair)) -> Differs {
    let Pair { verdict, step, reason, effect, .. } = pair;
    let (browsers, title) = ([profile.name()], profile.title());
    Differs { browsers, title, verdict: verdict.name(), step, reason, effect }
}
