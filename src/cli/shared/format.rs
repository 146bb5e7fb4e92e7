//! `--format`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, ValueEnum};

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Format {
    /// Text for people.
    Human,
    /// One JSON document.
    Json,
    /// One JSON object per line (lists).
    Ndjson,
    /// Comma-separated values with a header line (lists).
    Csv,
    /// SARIF 2.1.0 (checks).
    Sarif,
    /// Markdown, for a merge request (cookie diff).
    Markdown,
    /// A unified diff (cookie suggest).
    Diff,
    /// Annotations of GitHub Actions (checks).
    Github,
    /// JUnit XML (checks).
    Junit,
}

impl Format {
    /// The word for `--format`.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The option `--format` of a command that has these formats.
pub(crate) fn formats(known: &'static [Format]) -> Arg {
    let names = PossibleValuesParser::new(known.iter().map(|format| format.name()));
    Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .help("Print the output in this format")
        .default_value("human")
        .hide(known.len() == 1)
        .value_parser(names.try_map(|name| Format::from_str(&name, true)))
}
