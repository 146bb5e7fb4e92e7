//! Tables.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};

use crate::text::{Paint, escape, paint};

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
/// If the words do not fit, one blank is between columns.
///
/// Numbers are aligned to the right; from the third on, a column in which every number is zero is left out. A cell
/// breaks between words; the widest break after slashes where not all words fit.
pub fn list(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, width: Option<u16>) -> String {
    let escaped = |row: Vec<String>| row.iter().map(|cell| escape(cell).into_owned()).collect();
    laid_out(header, rows.into_iter().map(escaped), width)
}

/// The list of cells that are escaped.
fn laid_out(header: &[&str], rows: impl Iterator<Item = Vec<String>>, width: Option<u16>) -> String {
    let rows: Vec<Vec<String>> = rows.map(|row| row.iter().map(|cell| bounded(cell)).collect()).collect();
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column)).map(String::as_str);
    let kept: Vec<usize> =
        (0..header.len()).filter(|column| is_kept(header, *column) || !all_zero(cells(*column))).collect();
    let words = |column: &usize| Longest::of(header.get(*column).copied().into_iter().chain(cells(*column)));
    let words: Vec<Longest> = kept.iter().map(words).collect();
    let gap = if width.is_some_and(|width| total(&words, GAP) > width) { 1 } else { GAP };
    let widths = width.map(|width| least_widths(words, gap, width));
    let least = |position: usize| widths.as_ref().and_then(|widths| widths.get(position).copied());
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(kept.iter().filter_map(|column| header.get(*column)));
    table.add_rows(rows.iter().map(|row| {
        let cells = kept.iter().enumerate().filter_map(|(at, column)| Some((row.get(*column)?, least(at))));
        cells.map(|(cell, least)| least.map_or_else(|| cell.clone(), |least| broken(cell, least)))
    }));
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        // The blanks after the last column are cut off.
        table.set_width(width.saturating_add(gap));
    }
    for (position, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, gap));
        if kept.get(position).is_some_and(|column| all_numbers(cells(*column))) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if let Some(least) = least(position) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least + gap)));
        }
    }
    finish(&table)
}

/// The cells that are painted in a list, if they are one of these words: states and results.
const PAINTED: [(&str, Paint); 9] = [
    ("live", Paint::Good),
    ("expired", Paint::Faint),
    ("idle", Paint::Faint),
    ("no-expires", Paint::Warning),
    ("missing", Paint::Warning),
    ("invalid-expires", Paint::Bad),
    ("unreadable", Paint::Bad),
    ("failed", Paint::Bad),
    ("REFUSED", Paint::Bad),
];

/// Ends a cell that is painted, while a list is laid out (U+200B); [`escape`] leaves none in other cells.
const MARK: &str = "\u{200b}";

/// As [`list`], with the header, the states, and the results in color.
pub fn painted(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>, width: Option<u16>) -> String {
    let mark = |cell: String| match PAINTED.iter().any(|(word, _)| *word == cell) {
        true => cell + MARK,
        false => escape(&cell).into_owned(),
    };
    let rows = rows.into_iter().map(|row| row.into_iter().map(mark).collect());
    let list = laid_out(header, rows, width);
    let is_header = |line: &str| !line.contains(|c: char| c.is_lowercase() || c.is_ascii_digit());
    let header = list.lines().take_while(|line| is_header(line)).count();
    let paint_line = |(number, line): (usize, &str)| match number < header {
        true => paint(line, Paint::Heading, true) + "\n",
        false => painted_line(line) + "\n",
    };
    list.lines().enumerate().map(paint_line).collect()
}

fn painted_line(line: &str) -> String {
    PAINTED.iter().fold(line.to_owned(), |line, (word, color)| {
        line.replace(&format!("{word}{MARK}"), &paint(word, *color, true))
    })
}

/// Whether a column stays even if all its numbers are zero: the first two, and free space, where zero is the news.
fn is_kept(header: &[&str], column: usize) -> bool {
    column < 2 || header.get(column).is_some_and(|title| title.ends_with("FREE"))
}

/// The blanks between two columns of a list.
const GAP: u16 = 2;

/// The least width of each column: its longest word; the widest columns get less where not all words fit.
fn least_widths(mut words: Vec<Longest>, gap: u16, width: u16) -> Vec<u16> {
    let mut excess = total(&words, gap).saturating_sub(width);
    while excess > 0
        && let Some(widest) = words
            .iter_mut()
            .filter(|word| word.is_path && word.length > NARROWEST)
            .max_by_key(|word| word.length)
    {
        widest.length = widest.length.saturating_sub(excess).max(NARROWEST);
        excess = total(&words, gap).saturating_sub(width);
    }
    words.into_iter().map(|word| word.length).collect()
}

/// The least width of a table with these columns.
fn total(words: &[Longest], gap: u16) -> u16 {
    let widths = words.iter().fold(0u16, |sum, word| sum.saturating_add(word.length).saturating_add(gap));
    widths.saturating_sub(gap)
}

/// The longest word of a column.
struct Longest {
    /// Its length in characters.
    length: u16,
    /// Whether it can break after a slash. Other words, such as session ids, never break.
    is_path: bool,
}

impl Longest {
    fn of<'a>(cells: impl Iterator<Item = &'a str> + Clone) -> Longest {
        let is_path = cells.clone().any(|cell| cell.contains('/'));
        Longest { length: longest_word(cells), is_path }
    }
}

/// A column with a path is at least so wide.
const NARROWEST: u16 = 16;

/// The cell with line breaks after slashes, where a word is wider than `width`.
fn broken(cell: &str, width: u16) -> String {
    if longest_word(std::iter::once(cell)) <= width {
        return cell.to_owned();
    }
    let mut text = String::new();
    let mut column = 0;
    for part in cell.split_inclusive('/') {
        let length = part.chars().count();
        if column > 0 && column + length > usize::from(width) {
            text.push('\n');
            column = 0;
        }
        text.push_str(part);
        column += length;
    }
    text
}

/// The length of the longest word, in characters.
fn longest_word<'a>(cells: impl Iterator<Item = &'a str>) -> u16 {
    let lengths = cells.flat_map(|cell| cell.split(' ')).map(|word| word.chars().count());
    lengths.max().and_then(|length| u16::try_from(length).ok()).unwrap_or_default()
}

/// Whether the cells are numbers, and each is zero.
fn all_zero<'a>(mut cells: impl Iterator<Item = &'a str> + Clone) -> bool {
    cells.clone().next().is_some() && cells.all(|cell| matches!(cell, "0" | "0\u{a0}B"))
}

/// Whether each cell is a number, a size, or a sign for "none", and one has a digit.
fn all_numbers<'a>(cells: impl Iterator<Item = &'a str> + Clone) -> bool {
    let number = |cell: &str| {
        let (number, unit) = cell.split_once([' ', '\u{a0}']).unwrap_or((cell.trim_end_matches('%'), ""));
        (number.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',') || number == "-")
            && (unit.is_empty() || unit.ends_with('B'))
    };
    cells.clone().all(number) && cells.into_iter().any(|cell| cell.contains(|c: char| c.is_ascii_digit()))
}

/// A blank at which no line breaks (U+00A0), while a table is laid out.
const FIXED_BLANK: &str = "\u{a0}";

/// No cell of a list is longer, in characters: one hostile name must not bury the others.
const LONGEST: usize = 200;

/// The cell, cut if it is too long. A number keeps its unit beside it.
fn bounded(cell: &str) -> String {
    if all_numbers(std::iter::once(cell)) {
        return cell.replace(' ', FIXED_BLANK);
    }
    match cell.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", cell.get(..cut).unwrap_or_default()),
        None => cell.to_owned(),
    }
}

/// The lines without blanks at their ends.
fn finish(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().replace(FIXED_BLANK, " ") + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painted_colors_whole_cells_only_also_where_one_blank_is_between_columns() {
        let cells = || rows(&[&["live", "a live wiki"], &["live\u{200b}", "REFUSED"]]);
        let text = "\u{1b}[1mSTATE         WHAT\u{1b}[0m\n\u{1b}[32mlive\u{1b}[0m          a live wiki\nlive\\u{200b}  \u{1b}[1;31mREFUSED\u{1b}[0m\n";
        assert_eq!(painted(&["STATE", "WHAT"], cells(), None), text);
        assert!(painted(&["STATE", "WHAT"], cells(), Some(19)).contains(" \u{1b}[1;31mREFUSED\u{1b}[0m\n"));
    }

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn numbers_stand_right_and_columns_of_zeros_are_left_out() {
        let rows = rows(&[&["docs", "0", "1,200", "0", "3 B"], &["plans", "0", "7", "0", "1.5 KiB"]]);
        assert_eq!(
            list(&["STORE", "SESSIONS", "LIVE", "IDLE", "SIZE"], rows, None),
            "STORE  SESSIONS   LIVE     SIZE\ndocs          0  1,200      3 B\nplans         0      7  1.5 KiB\n"
        );
    }

    #[test]
    fn cells_and_headings_break_between_words_only() {
        let rows = rows(&[&["alpha beta gamma", "12", "unreadable"]]);
        let text = list(&["STORE", "NO EXPIRES", "STATE"], rows, Some(34));
        assert!(text.lines().all(|line| line.len() <= 34), "{text}");
        for word in ["alpha", "beta", "gamma", "EXPIRES", "unreadable"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }

    #[test]
    fn words_that_do_not_fit_have_one_blank_between_columns() {
        let rows = rows(&[&["alpha", "beta", "gamma"]]);
        assert_eq!(list(&["A", "B", "C"], rows.clone(), Some(18)), "A      B     C\nalpha  beta  gamma\n");
        assert_eq!(list(&["A", "B", "C"], rows, Some(16)), "A     B    C\nalpha beta gamma\n");
    }

    #[test]
    fn a_path_that_does_not_fit_breaks_at_slashes() {
        let rows = rows(&[&["moin-1.9:/srv/wiki/alpha/data/cache/__session__", "12", "unreadable"]]);
        let text = list(&["STORE", "SESSIONS", "STATE"], rows, Some(45));
        assert!(text.lines().all(|line| line.len() <= 45), "{text}");
        for word in ["/wiki/", "alpha/", "cache/", "__session__", "unreadable", "SESSIONS"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}
