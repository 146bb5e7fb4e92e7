//! Comma-separated values (RFC 4180), with a header line.
//!
//! CSV has no escape for control characters. A program gets each value as it is; on a terminal a value is escaped as in
//! human output.

use std::io::{self, Write};

use super::{Sink, escape};

/// Writes a header and records of as many values.
///
/// # Errors
/// If the output can't be written.
pub fn write<const N: usize>(
    header: [&str; N],
    records: impl Iterator<Item = [String; N]>,
    out: &mut Sink,
    terminal: bool,
) -> io::Result<()> {
    if !terminal {
        return fill(out.whole(), header, records);
    }
    let shown = |value: String| escape(&value).into_owned();
    let mut text = Vec::new();
    fill(&mut text, header, records.map(|record| record.map(shown)))?;
    out.write_all(&text)
}

fn fill<const N: usize>(
    to: &mut dyn Write,
    header: [&str; N],
    records: impl Iterator<Item = [String; N]>,
) -> io::Result<()> {
    // Through a buffer: the writer of csv would hide that a pipe is closed.
    let mut text = csv::Writer::from_writer(Vec::new());
    text.write_record(header)?;
    for record in records {
        text.write_record(record)?;
    }
    let bytes = text.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    to.write_all(&bytes)
}
