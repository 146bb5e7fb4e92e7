//! Errors of the kernel in words.

use std::io;

/// Why something failed, without the number of the error: `permission denied`.
pub fn why(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        // tempfile adds the path of its file, whose name is random.
        Some((words, rest)) if error.raw_os_error().is_some() || rest.contains(") at path ") => {
            words.to_lowercase()
        }
        _ => text,
    }
}
