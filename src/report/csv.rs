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
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(header)?;
    for record in records {
        writer.write_record(record)?;
    }
    writer.flush()
}
