//! `wikifarm config rules`: lists the rules, or prints the page of one.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::nearest;
use crate::lint::{self, Rule, Safety, Severity};
use crate::text::{Paint, paint, wrap};

/// List the rules of `config check`, or explain one with an example
///
/// The list shows the rules of each family with severity and summary. `wikifarm config check --fix` applies safe fixes, which
/// keep every prediction. --unsafe-fixes also applies unsafe fixes.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm config rules log-out-trap")]
pub(in crate::cli) struct Options {
    /// Explain this rule
    rule: Option<String>,
}

/// The rules of `config check`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// The rules, by family.
    rules: Vec<Json>,
}

/// A rule.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rule")]
struct Json {
    /// The name.
    rule: &'static str,
    /// The family.
    family: &'static str,
    /// The severity, unless `[lint]` changes it.
    severity: Severity,
    /// What the rule reports, in one line.
    summary: String,
    /// Whether `--fix` (`safe`) or `--unsafe-fixes` (`unsafe`) can fix findings; null if neither can.
    fix: Option<Safety>,
    /// Whether `[lint]` can't change the severity.
    fatal: bool,
    /// The documentation as Markdown.
    page: &'static str,
}

impl Json {
    fn of(rule: &Rule) -> Json {
        let Rule { name, family, severity, page, fix, fatal, .. } = *rule;
        Json { rule: name, family, severity, summary: page.summary(), fix, fatal, page: page.markdown() }
    }
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let rules: Vec<&Rule> = match &options.rule {
        None => lint::rules().collect(),
        Some(name) => vec![find(name)?],
    };
    if context.format == Format::Json {
        context.document(&Document { rules: rules.into_iter().map(Json::of).collect() });
    } else if options.rule.is_none() {
        list(&rules, context);
    } else {
        for rule in rules {
            let page = rule.page.plain(context.width);
            let heading = paint(rule.name, Paint::Heading, context.color);
            write!(context.out, "{}", page.replacen(rule.name, &heading, 1));
        }
    }
    Ok(Exit::Success)
}

/// Prints a line for each rule, under the name of its family.
fn list(rules: &[&Rule], context: &mut Context<'_>) {
    let names = rules.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    let mut family = "";
    for rule in rules {
        if rule.family != family {
            let blank = if family.is_empty() { "" } else { "\n" };
            family = rule.family;
            writeln!(context.out, "{blank}{}", paint(family, Paint::Heading, context.color));
        }
        let severity = rule.severity.name();
        let fix = rule.fix.map(|safety| format!(" ({} fix)", safety.name())).unwrap_or_default();
        let head = format!("  {:<names$}  {severity:<7}  ", rule.name);
        // A pipe gets one line for each rule.
        let width = if context.terminal { context.width } else { Some(u16::MAX) };
        let line = wrap(&head, &format!("{}{fix}", rule.page.summary()), width);
        let meaning = match rule.severity {
            Severity::Error => Paint::Bad,
            Severity::Warning => Paint::Warning,
            Severity::Note => Paint::Faint,
        };
        let painted = format!("  {}", paint(severity, meaning, context.color));
        write!(context.out, "{}", line.replacen(&format!("  {severity}"), &painted, 1));
    }
}

fn find(name: &str) -> Result<&'static Rule, Failure> {
    lint::rules().find(|rule| rule.name == name).ok_or_else(|| {
        let help = match nearest(&name.replace('-', "_"), lint::rules().map(|rule| rule.name)) {
            Some(near) => format!("did you mean {near:?}?"),
            None => "run `wikifarm config rules` to list the rules".to_owned(),
        };
        Failure::usage(format!("there is no rule {name:?}")).help(help)
    })
}
