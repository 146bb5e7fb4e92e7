//! Searches settings under which the wikis that are to share a login do so, and no others affect each other.
//!
//! The search starts with a construction that surely works if anything does (`build.rs`): a cookie of its own for each party
//! of wikis that share a login, and one session storage for the party. Then it reverts each change that is not needed
//! (`undo.rs`), checks the whole farm after each step (`check.rs`), and ranks what is left (`find.rs`). A farm is built in a
//! few ways, so that people can choose. Nothing is suggested that was not checked.

mod build;
mod change;
mod check;
mod file;
mod find;
mod intents;
mod names;
mod party;
mod reason;
mod search;
mod undo;

pub use change::{Change, Suggestion, Together};
pub use check::leaks_id;
pub use file::edited;
pub use find::{Found, changed, suggest};
pub use intents::{Asked, Intents, Wanted};

#[cfg(test)]
mod property;
#[cfg(test)]
mod tests;
