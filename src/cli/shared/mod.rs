//! What several commands use: arguments for stores, ids, and users, output, exit status, and the run summary.

pub(crate) mod browser;
mod context;
pub(crate) mod diff;
mod exit;
mod format;
pub(crate) mod ids;
pub(crate) mod index;
pub(crate) mod look;
pub(crate) mod output;
pub(crate) mod probe;
pub(crate) mod redact;
pub(crate) mod rejected;
pub(crate) mod snippets;
pub(crate) mod space;
pub(crate) mod stores;
pub(crate) mod summary;
pub(crate) mod users;
pub(crate) mod visitor;
pub(crate) mod wiki;

pub(crate) use context::must_be_trusted;
pub use context::{Context, Failure, Outcome};
pub use exit::Exit;
pub use format::Format;
pub(crate) use format::formats;
