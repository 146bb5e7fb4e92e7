//! `wikifarm config show`: prints each effective setting and its origin.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::farm::{Farm, Key, Origin, Wiki};
use crate::report::text::{Paint, paint};
use crate::report::{escape, table};

/// Show the effective settings of wikis, and where each setting comes from
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm -f farm.toml config show wiki1")]
pub(in crate::cli) struct Options {
    /// Show only the settings of this wiki
    wiki: Option<String>,
}

/// The effective settings of wikis.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// The settings, by wiki.
    settings: Vec<Row>,
}

/// One effective setting.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Setting")]
struct Row {
    /// The name of the wiki.
    wiki: String,
    /// The name of the setting.
    setting: &'static str,
    #[serde(skip)]
    shown: String,
    /// The value; directories include the directory of the farm file; null for Python's `None`.
    value: serde_json::Value,
    /// `file` if the farm file has the value, `default` if it is the default of the wiki's release.
    origin: &'static str,
    /// The farm file; null for a default.
    file: Option<String>,
    /// The line in the file, from 1; null for a default.
    line: Option<usize>,
    #[serde(skip)]
    source: String,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let farm = context.farm_to_predict()?;
    let wikis: Vec<&Wiki> = match &options.wiki {
        None => farm.wikis.iter().collect(),
        Some(name) => vec![find_wiki(&farm, name)?],
    };
    if context.format == Format::Json {
        let settings: Vec<Row> = wikis.iter().flat_map(|wiki| rows(&farm, wiki)).collect();
        context.document(&Document { settings });
        return Ok(Exit::Success);
    }
    for (position, wiki) in wikis.iter().enumerate() {
        if position > 0 {
            writeln!(context.out);
        }
        writeln!(context.out, "{}", paint(&escape(&wiki.name), Paint::Heading, context.color));
        let rows = rows(&farm, wiki);
        let lines =
            rows.iter().map(|row| [format!("  {}", row.setting), row.shown.clone(), row.source.clone()]);
        write!(context.out, "{}", table::plain(lines));
    }
    Ok(Exit::Success)
}

fn rows(farm: &Farm, wiki: &Wiki) -> Vec<Row> {
    let row = |key: Key| {
        let (shown, origin) = wiki.effective(key)?;
        let (origin, file, line, source) = match origin {
            Origin::File(span) => {
                let (path, position) = (farm.source.path_at(span.start), farm.source.position(span.start));
                let file = path.display().to_string();
                ("file", Some(file), Some(position.line), farm.source.file_line(span.start))
            }
            Origin::Default(version) => ("default", None, None, format!("default of {version}")),
        };
        // Defaults are valid JSON, except for Python's None.
        let value = match wiki.setting(key) {
            Some(setting) => wiki.json(setting),
            None => serde_json::from_str(&shown).unwrap_or(serde_json::Value::Null),
        };
        Some(Row { wiki: wiki.name.clone(), setting: key.name(), shown, value, origin, file, line, source })
    };
    Key::all().filter_map(row).collect()
}
