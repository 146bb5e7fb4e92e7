//! `wikifarm config rules`: the rules, or one explained.

use clap::Args;

use super::{Context, Exit, Failure, Format, Outcome};
use crate::farm::nearest;
use crate::lint::{self, Rule, Safety};
use crate::report::table;

/// List the rules of `config check`, or explain one: why it matters, an example, the cure
///
/// The fourth column says what --fix can do: `safe` fixes change nothing that is predicted of the wikis, `unsafe` ones are
/// made only with --unsafe-fixes.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm config rules log-out-trap")]
pub(super) struct Options {
    /// The rule's name
    rule: Option<String>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    context.formats("config rules", &[Format::Human, Format::Json])?;
    let rules: Vec<&Rule> = match &options.rule {
        None => lint::rules().collect(),
        Some(name) => vec![find(name)?],
    };
    if context.format == Format::Json {
        context.json(&rules)?;
    } else if options.rule.is_none() {
        let rows = rules.iter().map(|rule| {
            let fix = rule.fix.map_or("-", Safety::name);
            [rule.name, rule.severity.name(), rule.family, fix, rule.title]
        });
        write!(context.out, "{}", table::plain(rows))?;
    } else {
        for rule in rules {
            explain(rule, context)?;
        }
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

fn explain(rule: &Rule, context: &mut Context<'_>) -> Result<(), Failure> {
    let out = &mut *context.out;
    writeln!(out, "{} ({}, {})", rule.name, rule.severity.name(), rule.family)?;
    writeln!(out, "{}\n", rule.title)?;
    writeln!(out, "{}\n", rule.why)?;
    for (title, example) in [("This is reported:", rule.bad), ("This is not:", rule.good)] {
        writeln!(out, "{title}\n")?;
        let lines = || example.lines().filter(|line| !line.trim().is_empty());
        let indent = lines().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        for line in example.trim_end().lines().skip_while(|line| line.trim().is_empty()) {
            writeln!(out, "{}", format!("    {}", line.get(indent..).unwrap_or_default()).trim_end())?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Cure: {}\n", rule.cure)?;
    match rule.fix {
        Some(Safety::Safe) => writeln!(out, "Fix: `config check --fix`, where it is clear what was meant\n")?,
        Some(Safety::Unsafe) => {
            writeln!(out, "Fix: `config check --fix --unsafe-fixes`, if you know that it is right\n")?;
        }
        None => {}
    }
    writeln!(out, "Since: wikifarm {}", rule.since)?;
    Ok(())
}
