//! Readable errors of the kernel.

use std::io;

use crate::text::Problem;

/// The text of an error without its number: `permission denied`.
pub fn why(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        // tempfile adds the random path of its file.
        Some((words, rest)) if error.raw_os_error().is_some() || rest.contains(") at path ") => {
            words.to_lowercase()
        }
        _ => text,
    }
}

/// The problem that an error holds, or one with its text.
pub fn problem(error: &io::Error) -> Problem {
    let held = error.get_ref().and_then(|inner| inner.downcast_ref::<Problem>());
    held.cloned().unwrap_or_else(|| why(error).into())
}
