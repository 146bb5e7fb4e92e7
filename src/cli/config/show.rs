//! `wikifarm config show`: prints each effective setting and its origin.

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::farm::{Farm, Key, Origin, Wiki};
use crate::text::{Paint, columns, escape, length, paint};

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
        write!(context.out, "{}", listing(&rows(&farm, wiki), columns(context.width)));
    }
    Ok(Exit::Success)
}

/// The settings in columns. The origin of a value that leaves no space for it is on the next line.
fn listing(rows: &[Row], width: usize) -> String {
    let longest =
        |cell: fn(&Row) -> &str| rows.iter().map(|row| length(&escape(cell(row)))).max().unwrap_or(0);
    let (settings, sources) = (longest(|row| row.setting), longest(|row| &row.source));
    let space = width.saturating_sub(2 + settings + 2 + 2 + sources);
    let fits = |row: &&Row| length(&escape(&row.shown)) <= space;
    let values = rows.iter().filter(fits).map(|row| length(&escape(&row.shown))).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let (value, source) = (escape(&row.shown), escape(&row.source));
        let line = format!("  {:<settings$}  {value:<values$}  {source}\n", row.setting);
        let two =
            format!("  {:<settings$}  {value}\n  {:settings$}  {:values$}  {source}\n", row.setting, "", "");
        text.push_str(if fits(&row) { &line } else { &two });
    }
    text
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
