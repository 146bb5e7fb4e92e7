//! `wikifarm config check`: checks the farm file with every rule.

mod fix;

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::PossibleValue;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::must_be_trusted;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Position, Source};
use crate::lint::{self, Finding, Severity};
use crate::load::{self, LoadError};
use crate::report::{findings, github, junit, sarif};

/// Check the farm file with every rule
///
/// The exit status is 0 without errors (warnings may remain), 1 with errors, and 2 if the file can't be read. `[lint]` in the
/// farm file, `lint` of a wiki, and a comment `# wikifarm: allow(RULE) REASON` hide findings or change their severity. `wikifarm config
/// rules` lists the rules, and shows which rules have a fix.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm config check farm.toml --deny warnings\n\
                        Example: wikifarm config check --diff\n\
                        Example: wikifarm config check --format sarif >check.sarif")]
pub(in crate::cli) struct Options {
    /// Check this farm file (as with -f)
    file: Option<PathBuf>,
    /// Report a rule, a family, or all `warnings` as errors
    #[arg(long, value_name = "RULE|FAMILY|warnings", value_delimiter = ',')]
    deny: Vec<String>,
    /// Hide the findings of a rule or a family
    #[arg(long, value_name = "RULE|FAMILY", value_delimiter = ',')]
    allow: Vec<String>,
    /// Leave out the rules about directories and jobs: for a check on another machine, as in CI
    #[arg(long)]
    no_disk: bool,
    /// Apply the safe fixes to the farm file, then check it again
    ///
    /// Safe fixes keep every prediction. Comments and the order of lines stay as they are.
    #[arg(long)]
    fix: bool,
    /// Print the safe fixes as a diff, and write nothing; use without --fix
    ///
    /// The exit status is 1 if there are changes.
    #[arg(long, conflicts_with = "fix")]
    diff: bool,
    /// Also apply fixes that need your review or a matching change in MoinMoin
    #[arg(long)]
    unsafe_fixes: bool,
    /// Hide findings below this severity
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

/// The findings of a check, in the order of the file.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// The findings.
    findings: Vec<findings::Json<'a>>,
    /// The number of errors.
    errors: usize,
    /// The number of warnings.
    warnings: usize,
    /// The number of notes; 0 unless `--min-severity note` shows them.
    notes: usize,
    /// The findings that `--fix` removed; absent without `--fix`.
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<Vec<fix::Json<'a>>>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    use Format as F;
    for (flag, names) in [("--deny", &options.deny), ("--allow", &options.allow)] {
        names.iter().try_for_each(|name| known(flag, name))?;
    }
    if options.unsafe_fixes && !(options.fix || options.diff) {
        return Err(Failure::usage("--unsafe-fixes works only with --fix or --diff"));
    }
    if options.diff && context.format != F::Human {
        return Err(Failure::usage(format!(
            "--diff prints text: it does not work with --format {}",
            context.format.name()
        )));
    }
    if let Some(file) = &options.file {
        if context.farm_file.is_some() {
            return Err(Failure::usage("two farm files: one with -f, and one as the argument"));
        }
        context.farm_file = Some(file.clone());
    }
    let overrides = lint::Overrides {
        allow: options.allow.clone(),
        deny: options.deny.clone(),
        no_disk: options.no_disk,
    };
    let path = context.farm_path()?;
    if (options.fix || options.diff) && crate::pyconfig::read::is_python(&path) {
        let message = format!("{}: wikifarm does not change Python files", path.display());
        return Err(Failure::usage(message).help("create a farm file with `wikifarm config import`"));
    }
    let farm = match load::load(&path) {
        Ok(farm) => farm,
        // For people, the error is on stderr.
        Err(LoadError::Syntax(errors)) if context.format != F::Human => {
            write(&errors.source, &lint::syntax_findings(&errors), None, (0, 0), context);
            return Err(LoadError::Syntax(errors).into());
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
    let hides = |finding: &&Finding| (Severity::Warning..options.min_severity).contains(&finding.severity);
    let hidden = found.iter().filter(hides).count();
    found.retain(|finding| finding.severity >= options.min_severity);
    write(&farm.source, &found, fixed.as_deref(), (farm.wikis_written, hidden), context);
    let failed = found.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if failed { Exit::Found } else { Exit::Success })
}

/// Checks that a name is a rule or a family.
fn known(flag: &str, name: &str) -> Result<(), Failure> {
    let near = match lint::known_name(name) {
        Ok(()) if flag == "--deny" || name != lint::WARNINGS => return Ok(()),
        Ok(()) => None,
        Err(near) => near,
    };
    let help = match near {
        Some(near) => format!("did you mean {near:?}?"),
        None => "run `wikifarm config rules` to list the rules".to_owned(),
    };
    Err(Failure::usage(format!("{flag}: there is no rule or family {name:?}")).help(help))
}

/// Prints the findings in the wanted format; `hidden` is the number of findings below the least severity.
fn write(
    source: &Source,
    found: &[Finding],
    fixed: Option<&[(Finding, Position)]>,
    (wikis, hidden): (usize, usize),
    context: &mut Context<'_>,
) {
    let count = |severity| found.iter().filter(|finding| finding.severity == severity).count();
    let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(count);
    let results = findings::Results::new(source, relative, found);
    // The other formats can't list the fixed findings, except for JSON.
    if !matches!(context.format, Format::Human | Format::Json) {
        fix::note(source.path(), fixed.unwrap_or_default(), context);
    }
    match context.format {
        Format::Json => {
            let layout = findings::layout(source, found);
            let findings =
                found.iter().map(|finding| findings::json(source, layout.as_ref(), finding)).collect();
            let fixed = fixed.map(|fixed| fixed.iter().map(fix::json).collect());
            context.document(&Document { findings, errors, warnings, notes, fixed });
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
        Format::Human | Format::Csv | Format::Markdown | Format::Diff => {
            let text = findings::human(source, found, context.color, context.width);
            if context.verbosity >= 0 {
                match fixed {
                    Some([]) => fix::nothing(found, context),
                    fixed => fix::list(source.path(), fixed.unwrap_or_default(), context),
                }
            }
            context.out.write_all(text.as_bytes());
            if context.verbosity >= 0 {
                let counts = findings::Counts { errors, warnings, notes, hidden };
                let summary = findings::summary(source, wikis, counts, context.color);
                writeln!(context.out, "{summary}");
            }
        }
    }
}

/// The rules in the form of SARIF and JUnit.
fn rules<'a>() -> impl Iterator<Item = sarif::Rule<'a>> {
    lint::rules().map(|rule| sarif::Rule {
        id: rule.name,
        title: rule.page.summary().into(),
        help: rule.page.suggestion().into(),
        page: Some(rule.page.markdown()),
    })
}

/// The path relative to the working directory, as CI shows it; other paths stay as they are.
fn relative(path: &Path) -> &Path {
    std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path)
}
