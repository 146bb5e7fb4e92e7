//! Every pair in a grid: rows come from, columns go to.

use super::prediction::Prediction;
use crate::cli::Context;
use crate::sharing::{As, Model, Verdict};
use crate::text::{Paint, escape, paint};

/// The width if the output is not a terminal.
const WIDTH: u16 = 80;

/// What each mark stands for.
const LEGEND: &str = "= shared   . separate   ! conflict   x rejected   ~ shadowed   ? unknown";

/// Shows the grid, in several parts if it is wider than the terminal. The worse verdict of two browsers counts.
pub(super) fn show(prediction: &Prediction<'_>, context: &mut Context<'_>) {
    let names: Vec<&str> = prediction.chosen.sites.values().map(|site| site.name.as_str()).collect();
    let digits = names.len().to_string().len();
    let titles: Vec<String> =
        (1..).zip(&names).map(|(number, name)| format!("{number:>digits$} {}", escape(name))).collect();
    let first = "from \\ to";
    let width =
        titles.iter().map(|title| title.chars().count()).chain([first.len()]).max().unwrap_or_default();
    let columns: Vec<usize> = (0..names.len()).collect();
    let available = usize::from(context.width.unwrap_or(WIDTH)).saturating_sub(width) / 2;
    for (part, columns) in columns.chunks(available.max(1)).enumerate() {
        if part > 0 {
            writeln!(context.out);
        }
        // The numbers of the columns, a digit in each line.
        for line in 0..digits {
            let title = if line + 1 == digits { first } else { "" };
            let number = |column: &usize| format!("{:>digits$}", column + 1).chars().nth(line).unwrap_or(' ');
            let numbers: String = columns.iter().flat_map(|column| [' ', number(column)]).collect();
            writeln!(context.out, "{}", format!("{title:<width$}{numbers}").trim_end());
        }
        for (from, title) in names.iter().zip(&titles) {
            let mut row = format!("{title:<width$}");
            for to in columns.iter().filter_map(|column| names.get(*column)) {
                row.push(' ');
                row.push_str(&cell(prediction, from, to, context.color));
            }
            writeln!(context.out, "{row}");
        }
    }
    writeln!(context.out, "{LEGEND}");
}

fn cell(prediction: &Prediction<'_>, from: &str, to: &str, colored: bool) -> String {
    if from == to {
        return "\\".to_owned();
    }
    let verdict = |model: &Model| Some(model.judge(model.site(from)?, model.site(to)?, As::User).verdict);
    let worse = verdict(prediction.model).max(prediction.other.and_then(verdict));
    worse.map_or_else(|| " ".to_owned(), |verdict| mark(verdict, colored))
}

fn mark(verdict: Verdict, colored: bool) -> String {
    match verdict {
        Verdict::Shared => paint("=", Paint::Good, colored),
        Verdict::Separate => ".".to_owned(),
        Verdict::Conflict => paint("!", Paint::Bad, colored),
        Verdict::Rejected => paint("x", Paint::Bad, colored),
        Verdict::Shadowed => paint("~", Paint::Warning, colored),
        Verdict::Unknown => paint("?", Paint::Warning, colored),
    }
}
