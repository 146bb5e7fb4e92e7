//! Comma-separated values (RFC 4180), with a header line.
//!
//! CSV has no escape for control characters. A program gets each value as it is; on a terminal a value is escaped as in
//! human output.

use std::io;

/// A header, if any, and records of as many values.
///
/// # Errors
/// If a record can't be written as CSV.
pub fn text<const N: usize>(
    header: Option<[&str; N]>,
    records: impl Iterator<Item = [String; N]>,
) -> io::Result<Vec<u8>> {
    let mut text = csv::Writer::from_writer(Vec::new());
    header.map(|header| text.write_record(header)).transpose()?;
    for record in records {
        text.write_record(record)?;
    }
    text.into_inner().map_err(|error| io::Error::other(error.to_string()))
}
