//! How the manual's tests run: a fresh directory, the binary in it, and the exact output expected.
//!
//! The binary sees a clean environment, and homes of its own. Where the tests run as root, it runs as `nobody`, so
//! that permissions mean the same to every tester, and locks and the time of the last run stay in the test's directory
//! instead of `/run` and `/var/lib`.

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
pub(crate) use run::{Ran, Run, is_root};
pub(crate) use session::{DAY, HOUR, NOW, Session, clock};
pub(crate) use skipped::not_tested;
pub(crate) use snapshot::same;
pub(crate) use text::unindent;
pub(crate) use traced::{output, signalled, traced};
