//! Loads a farm, in TOML or in Python, and prints which of its wikis share a login, and where that differs from what
//! its `[[share]]` tables intend.
//!
//! ```text
//! $ cargo run --example check_sharing farm.example.toml
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wikifarm::browser::{BuiltinSuffixes, SharedSuffixes};
use wikifarm::load::load;
use wikifarm::location::RealDirectories;
use wikifarm::sharing::{As, Model, disagreements, groups};

/// The report on the farm at `path`.
fn report(path: &Path) -> Result<String, Box<dyn Error>> {
    let farm = load(path)?;
    // A farm that was understood in part predicts nothing.
    if let Some(problem) = farm.problems.iter().find(|problem| problem.fatal) {
        let place = farm.source.file_line(problem.span.start);
        return Err(format!("{place}: {}", problem.message).into());
    }
    let suffixes: SharedSuffixes = Arc::new(BuiltinSuffixes);
    let model = Model::new(&farm, &RealDirectories::default(), &suffixes);
    let mut report = String::new();
    for group in groups(&model) {
        let names: Vec<&str> =
            group.iter().filter_map(|wiki| model.sites().get(*wiki)).map(|site| site.name.as_str()).collect();
        report += &format!("share a login: {}\n", names.join(", "));
    }
    for wrong in disagreements(&farm, &model) {
        report += &format!("not as intended: {} to {}: {}\n", wrong.from, wrong.to, wrong.pair.reason);
    }
    // One pair, with the reason.
    if let [from, .., to] = model.sites() {
        let pair = model.pair(from, to, As::User);
        report += &format!("{} to {}: {}: {}\n", from.name, to.name, pair.verdict.name(), pair.reason);
    }
    Ok(report)
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("farm.example.toml"), PathBuf::from);
    print!("{}", report(&path)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_on_the_example_farm_names_the_wikis_that_share_a_login() -> Result<(), Box<dyn Error>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("farm.example.toml");
        let report = report(&path)?;
        let lines: Vec<&str> = report.lines().collect();
        assert_eq!(lines[0], "share a login: wiki1, wiki2");
        assert!(lines[1].starts_with("wiki1 to old: separate: "), "{report}");
        assert_eq!(lines.len(), 2, "{report}");
        Ok(())
    }
}
