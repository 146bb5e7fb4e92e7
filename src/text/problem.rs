//! A problem with what to do about it.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// An error or a warning about an entry or a store. Holds at most 8 characters of an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// What happened.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl<T: Into<String>> From<T> for Problem {
    fn from(message: T) -> Problem {
        Problem { message: message.into(), help: None }
    }
}

impl Problem {
    /// The problem with what to do.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Problem {
        Problem { help: Some(help.into()), ..self }
    }

    /// The problem with its place in front: `PLACE: MESSAGE`.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Problem {
        Problem { message: format!("{place}: {}", self.message), ..self }
    }
}
