//! `wikifarm config rules`: the list of rules, or the page of one.

use clap::Args;
use serde::Serialize;

use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::nearest;
use crate::lint::{self, Rule, Safety, Severity};
use crate::report::table;

/// List the rules of `config check`, or explain one with an example
///
/// The columns are name, severity, family, fix, and what the rule reports. `config check --fix` applies `safe` fixes, which
/// keep every prediction for the wikis; it applies `unsafe` ones only with --unsafe-fixes.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm config rules log-out-trap")]
pub(in crate::cli) struct Options {
    /// The rule's name
    rule: Option<String>,
}

/// A rule as JSON.
#[derive(Serialize)]
struct Json {
    name: &'static str,
    family: &'static str,
    severity: Severity,
    /// What the rule reports, in one line.
    summary: String,
    fix: Option<Safety>,
    /// Whether `[lint]` can't change the severity.
    fatal: bool,
    /// The documentation as Markdown.
    page: &'static str,
}

impl Json {
    fn of(rule: &Rule) -> Json {
        let Rule { name, family, severity, page, fix, fatal, .. } = *rule;
        Json { name, family, severity, summary: page.summary(), fix, fatal, page: page.markdown() }
    }
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let rules: Vec<&Rule> = match &options.rule {
        None => lint::rules().collect(),
        Some(name) => vec![find(name)?],
    };
    if context.format == Format::Json {
        context.json(&rules.iter().map(|rule| Json::of(rule)).collect::<Vec<_>>());
    } else if options.rule.is_none() {
        let row = |rule: &&Rule| {
            let fix = rule.fix.map_or("-", Safety::name);
            let [name, severity, family, fix] =
                [rule.name, rule.severity.name(), rule.family, fix].map(str::to_owned);
            [name, severity, family, fix, rule.page.summary()]
        };
        write!(context.out, "{}", table::plain(rules.iter().map(row)));
    } else {
        rules.iter().for_each(|rule| write!(context.out, "{}", rule.page.plain()));
    }
    Ok(Exit::Success)
}

fn find(name: &str) -> Result<&'static Rule, Failure> {
    lint::rules().find(|rule| rule.name == name).ok_or_else(|| {
        let hint = match nearest(&name.replace('-', "_"), lint::rules().map(|rule| rule.name)) {
            Some(near) => format!("; did you mean {near:?}?"),
            None => "; `wikifarm config rules` lists them".to_owned(),
        };
        Failure::usage(format!("there is no rule {name:?}{hint}"))
    })
}
