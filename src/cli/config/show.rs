//! `wikifarm config show`: each effective setting and where it comes from.

use clap::Args;
use serde::Serialize;

use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Format, Outcome};
use crate::farm::{Farm, Key, Origin, Wiki};
use crate::report::{escape, table};

/// Show each effective setting of one wiki or of all, and where it comes from
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm -f farm.toml config show wiki1")]
pub(in crate::cli) struct Options {
    /// The wiki's name; all wikis if absent
    wiki: Option<String>,
}

#[derive(Serialize)]
struct Row {
    wiki: String,
    setting: &'static str,
    #[serde(skip)]
    value: String,
    #[serde(rename = "value")]
    json: serde_json::Value,
    origin: String,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let farm = context.farm_to_predict()?;
    let wikis: Vec<&Wiki> = match &options.wiki {
        None => farm.wikis.iter().collect(),
        Some(name) => vec![find_wiki(&farm, name)?],
    };
    if context.format == Format::Json {
        let rows: Vec<Row> = wikis.iter().flat_map(|wiki| rows(&farm, wiki)).collect();
        context.json(&rows);
        return Ok(Exit::Success);
    }
    for (position, wiki) in wikis.iter().enumerate() {
        if position > 0 {
            writeln!(context.out);
        }
        writeln!(context.out, "{}", escape(&wiki.name));
        let rows = rows(&farm, wiki);
        let lines =
            rows.iter().map(|row| [format!("  {}", row.setting), row.value.clone(), row.origin.clone()]);
        write!(context.out, "{}", table::plain(lines));
    }
    Ok(Exit::Success)
}

fn rows(farm: &Farm, wiki: &Wiki) -> Vec<Row> {
    let row = |key: Key| {
        let (value, origin) = wiki.effective(key)?;
        let origin = match origin {
            Origin::File(span) => farm.source.file_line(span.start),
            Origin::Default(version) => format!("default of {version}"),
        };
        // Defaults are written so that they read as JSON, but for Python's None.
        let json = match wiki.setting(key) {
            Some(setting) => wiki.json(setting),
            None => serde_json::from_str(&value).unwrap_or(serde_json::Value::Null),
        };
        Some(Row { wiki: wiki.name.clone(), setting: key.name(), value, json, origin })
    };
    Key::all().filter_map(row).collect()
}
