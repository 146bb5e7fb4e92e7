//! Tables.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use super::escape;

/// Columns without lines or header, two spaces apart; every cell is escaped.
pub fn plain<const N: usize>(rows: impl IntoIterator<Item = [impl AsRef<str>; N]>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    for row in rows {
        table.add_row(row.iter().map(|cell| escape(cell.as_ref()).into_owned()));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    finish(&table)
}

/// A tight grid with a header: one blank between columns, a line under the header; every cell is escaped.
pub fn grid(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(header.iter().map(|cell| escape(cell).into_owned()));
    for row in rows {
        table.add_row(row.iter().map(|cell| escape(cell).into_owned()));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    finish(&table)
}

/// A list with a header line, two blanks between columns, narrowed to `width` columns if given; every cell is escaped.
pub fn list(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(header);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| bounded(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    finish(&table)
}

/// No cell of a list is longer, in characters: one hostile name must not bury the others.
const LONGEST: usize = 200;

/// The cell escaped, and cut if it is too long.
fn bounded(cell: &str) -> String {
    let cell = escape(cell);
    match cell.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", cell.get(..cut).unwrap_or_default()),
        None => cell.into_owned(),
    }
}

/// The lines without blanks at their ends.
fn finish(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}
