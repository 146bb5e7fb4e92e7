//! `wikifarm config check`: every rule over the farm file.

mod fix;

use std::path::Path;

use clap::Args;
use clap::builder::PossibleValue;
use serde::Serialize;

use crate::cli::shared::must_be_trusted;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Position, Source};
use crate::lint::{self, Finding, Severity};
use crate::load::{self, LoadError};
use crate::report::{findings, github, junit, sarif};

/// Check the farm file with every rule; the exit status is CI's answer
///
/// Exit status 0 if there are no errors (there may be warnings), 1 if there are, 2 if the file can't be read. Rules are
/// allowed or made errors by `[lint]`, by `lint` of a wiki, and by a comment `# wikifarm: allow(rule) reason` on the line.
/// `wikifarm config rules` says which of them --fix can mend: comments and order stay, and the file is checked again before
/// it is written.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm -f farm.toml config check --deny warnings\n\
                        Example: wikifarm -f farm.toml config check --diff\n\
                        Example: wikifarm -f farm.toml config check --format sarif >check.sarif")]
pub(in crate::cli) struct Options {
    /// Make errors of a rule, of a family of rules, or of all `warnings`
    #[arg(long, value_name = "RULE|FAMILY|warnings", value_delimiter = ',')]
    deny: Vec<String>,
    /// Say nothing of a rule or of a family of rules, such as what is on disk where the disk is another machine's
    #[arg(long, value_name = "RULE|FAMILY", value_delimiter = ',')]
    allow: Vec<String>,
    /// Mend in the farm file what can be mended without changing what is predicted, and check it again
    #[arg(long)]
    fix: bool,
    /// Show what --fix would change, and change nothing; exit status 1 if that is anything
    #[arg(long, conflicts_with = "fix")]
    diff: bool,
    /// Mend also what only you can know, or must bring about in MoinMoin's own configuration
    #[arg(long)]
    unsafe_fixes: bool,
    /// Say nothing of what is less bad; notes are advice that not every farm wants
    #[arg(long, value_enum, default_value = "warning", value_name = "SEVERITY")]
    min_severity: Severity,
}

impl clap::ValueEnum for Severity {
    fn value_variants<'a>() -> &'a [Severity] {
        &[Severity::Note, Severity::Warning, Severity::Error]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

#[derive(Serialize)]
struct Document<'a> {
    findings: Vec<findings::Json<'a>>,
    errors: usize,
    warnings: usize,
    /// With `--fix`: what was mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<Vec<fix::Json<'a>>>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    use Format as F;
    for (flag, names) in [("--deny", &options.deny), ("--allow", &options.allow)] {
        names.iter().try_for_each(|name| known(flag, name))?;
    }
    if options.unsafe_fixes && !(options.fix || options.diff) {
        return Err(Failure::usage("--unsafe-fixes goes with --fix or --diff"));
    }
    if options.diff && context.format != F::Human {
        return Err(Failure::usage("--diff shows a diff for people: it goes with no --format"));
    }
    let overrides = lint::Overrides { allow: options.allow.clone(), deny: options.deny.clone() };
    let path = context.farm_path()?;
    if (options.fix || options.diff) && crate::pyconfig::read::is_python(&path) {
        return Err(Failure::usage(format!("{} is Python, which wikifarm does not change", path.display())));
    }
    let farm = match load::load(&path) {
        Ok(farm) => farm,
        // A code host shows it where it is; other programs get a document of a farm, or nothing.
        Err(LoadError::Syntax(errors)) if matches!(context.format, F::Sarif | F::Github | F::Junit) => {
            write(&errors.source, &lint::syntax_findings(&errors), None, 0, context);
            return Err(Failure::usage(LoadError::Syntax(errors).to_string()));
        }
        Err(_) => context.farm_with_problems()?,
    };
    let disk = lint::disk_for(&farm);
    let (farm, mut found, fixed) = if options.fix || options.diff {
        let wanted = lint::Wanted { min_severity: options.min_severity, unsafe_fixes: options.unsafe_fixes };
        if options.fix {
            must_be_trusted(&farm)?;
        }
        let before = farm.source.clone();
        let fixed = lint::fix(farm, disk, &context.suffixes, &overrides, wanted);
        if options.diff {
            return fix::show(&before, &fixed, context);
        }
        fix::write(&before, &fixed)?;
        (fixed.farm, fixed.left, Some(fixed.fixed))
    } else {
        let found = lint::check(&farm, disk, &context.suffixes, &overrides);
        (farm, found, None)
    };
    found.retain(|finding| finding.severity >= options.min_severity);
    write(&farm.source, &found, fixed.as_deref(), farm.wikis_written, context);
    let failed = found.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if failed { Exit::Found } else { Exit::Success })
}

/// Refuses names that are no rules.
fn known(flag: &str, name: &str) -> Result<(), Failure> {
    let near = match lint::known_name(name) {
        Ok(()) if flag == "--deny" || name != lint::WARNINGS => return Ok(()),
        Ok(()) => None,
        Err(near) => near,
    };
    let hint = match near {
        Some(near) => format!("; did you mean {near:?}?"),
        None => "; `wikifarm config rules` lists them".to_owned(),
    };
    Err(Failure::usage(format!("{flag}: there is no rule or family {name:?}{hint}")))
}

/// Shows what was found, in the format that was asked for.
fn write(
    source: &Source,
    found: &[Finding],
    fixed: Option<&[(Finding, Position)]>,
    wikis: usize,
    context: &mut Context<'_>,
) {
    let count = |severity| found.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let results = findings::Results::new(source, relative, found);
    // The other formats have no word for it, or say it in their document.
    if !matches!(context.format, Format::Human | Format::Json) {
        fix::note(source.path(), fixed.unwrap_or_default(), context);
    }
    match context.format {
        Format::Json => {
            let layout = findings::layout(source, found);
            let findings =
                found.iter().map(|finding| findings::json(source, layout.as_ref(), finding)).collect();
            let fixed = fixed.map(|fixed| fixed.iter().map(fix::json).collect());
            context.json(&Document { findings, errors, warnings, fixed });
        }
        Format::Ndjson => {
            let layout = findings::layout(source, found);
            for finding in found {
                context.json_line(&findings::json(source, layout.as_ref(), finding));
            }
        }
        Format::Sarif => context.json(&sarif::document(rules(), results.findings())),
        Format::Github => write!(context.out, "{}", github::annotations(results.findings())),
        Format::Junit => {
            write!(context.out, "{}", junit::document("wikifarm config check", rules(), results.findings()));
        }
        Format::Human | Format::Csv | Format::Markdown => {
            let text = findings::human(source, found, context.colour);
            if context.verbosity >= 0 {
                fix::list(source.path(), fixed.unwrap_or_default(), context);
            }
            context.out.write_all(text.as_bytes());
            if context.verbosity >= 0 {
                writeln!(context.out, "{}", findings::summary(source, wikis, errors, warnings));
            }
        }
    }
}

/// The rules as SARIF and JUnit name them.
fn rules<'a>() -> impl Iterator<Item = sarif::Rule<'a>> {
    lint::rules().map(|rule| sarif::Rule {
        id: rule.name,
        title: rule.page.summary().into(),
        help: rule.page.suggestion().into(),
        page: Some(rule.page.markdown()),
    })
}

/// The path as CI knows it: below the directory that the check runs in, if it is there.
fn relative(path: &Path) -> &Path {
    std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}
