//! `wikifarm cookie explain`: the six steps between two wikis.

mod diagram;
mod document;
mod human;

use clap::Args;

pub(super) use self::document::Document;
use self::document::{ByUrl, Case, Differs, Line};
use super::new_logins::new_logins;
use crate::browser::Profile;
use crate::cli::shared::browser::Browser;
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::location::RealDirectories;
use crate::sharing::{As, Model, Site, StepResult, TITLES};

/// Explain step by step why two wikis do or do not share a login
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie explain wiki1 wiki2")]
pub(in crate::cli) struct Options {
    /// The wiki that users come from
    from: String,
    /// The wiki that users go to
    to: String,
    #[command(flatten)]
    browser: Browser,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let farm = context.farm_to_predict()?;
    let (from, to) = (find_wiki(&farm, &options.from)?, find_wiki(&farm, &options.to)?);
    if from.name == to.name {
        return Err(Failure::usage(format!("{} is named twice", from.name)).help("name two different wikis"));
    }
    let directories = RealDirectories::default();
    let model = Model::for_browser(&farm, &directories, &context.suffixes, options.browser.profile());
    let other = options.browser.compared().map(|profile| model.in_browser(&farm, &directories, profile));
    let (Some(a), Some(b)) = (model.site(&from.name), model.site(&to.name)) else {
        return Err(Failure::usage(format!(
            "no browser can visit the URLs of {} and {}",
            from.name, to.name
        )));
    };
    let case = |visitor| Case {
        differs: other.iter().filter_map(|other| differs(&model, other, (a, b), visitor)).collect(),
        ..case(&model, (a, b), visitor)
    };
    let position = |name: &str| model.sites().iter().position(|site| site.name == name);
    let pair: Vec<_> = position(&from.name).zip(position(&to.name)).into_iter().collect();
    let (new_logins, lines) = new_logins(&model, other.as_ref(), &pair, true);
    let cases = [As::User, As::Anonymous].map(case).into();
    let document = Document { from: &from.name, to: &to.name, cases, new_logins };
    match context.format {
        Format::Json => context.document(&document),
        _ => human::show(&document, &lines, context),
    }
    Ok(Exit::Success)
}

/// The prediction for one browser.
fn case(model: &Model, (a, b): (&Site, &Site), visitor: As) -> Case {
    let pair = model.pair(a, b, visitor);
    let steps = model.steps(a, b, visitor);
    let results = steps.iter().map(|step| step.result).collect();
    let lines = (1..).zip(steps.into_iter().zip(TITLES)).map(|(number, (step, title))| Line {
        step: number,
        title,
        result: result(step.result),
        evidence: step.evidence,
    });
    let by_url = model.by_alias(a, b, visitor).into_iter().map(|(a, b, pair)| ByUrl {
        from_url: a.target.to_string(),
        to_url: b.target.to_string(),
        answer: pair.into(),
    });
    Case {
        visitor,
        cookie_sent: pair.cookie_sent,
        answer: pair.into(),
        steps: lines.collect(),
        results,
        differs: Vec::new(),
        by_url: by_url.collect(),
    }
}

/// The prediction for another browser, if it differs.
fn differs(model: &Model, other: &Model, (a, b): (&Site, &Site), visitor: As) -> Option<Differs> {
    let (other_a, other_b) = (other.site(&a.name)?, other.site(&b.name)?);
    let (here, there) = (model.judge(a, b, visitor), other.judge(other_a, other_b, visitor));
    let profile: Profile = other.profile();
    ((here.verdict, here.effect) != (there.verdict, there.effect)).then(|| Differs {
        browsers: [profile.name()],
        title: profile.title(),
        answer: other.pair(other_a, other_b, visitor).into(),
    })
}

fn result(result: StepResult) -> &'static str {
    match result {
        StepResult::Passed => "yes",
        StepResult::Failed => "no",
        StepResult::Shadowed => "shadowed",
        StepResult::Unknown => "unknown",
    }
}
