//! Support for the tests: runs the binary in a new directory, and compares its exact output.
//!
//! The binary gets a clean environment and its own home directories. If the tests run as root, the binary
//! runs as `nobody`, so that permissions have the same effect for all testers. Locks and the time of the last
//! run are in the test's directory instead of `/run` and `/var/lib`.

pub(crate) mod clients;
pub(crate) mod farms;
pub(crate) mod killed;
mod place;
mod run;
pub(crate) mod schema;
mod session;
mod skipped;
mod snapshot;
mod text;
mod traced;

pub(crate) use place::{Place, fixtures};
pub(crate) use run::{Ran, Run, is_root, unwrapped};
pub(crate) use session::{DAY, HOUR, NOW, Session, clock};
pub(crate) use skipped::not_tested;
pub(crate) use snapshot::{bless, same};
pub(crate) use text::unindent;
pub(crate) use traced::{output, signalled, traced};
