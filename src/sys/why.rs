//! Errors of the kernel in words.

use std::io;

/// Why something failed, without the number of the error: `permission denied`.
pub fn why(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) if error.raw_os_error().is_some() => words.to_lowercase(),
        _ => text,
    }
}
