//! Tests that need servers: redis-server, nginx and Apache. `make check-servers` runs them (`cargo test --test servers --
//! --ignored`). Each starts a server of its own, on a socket or a port of its own, and stops it after.
//!
//! A name that begins with `python2_` marks a test that needs Python 2.7: `scripts/check` skips it on a machine without one, and
//! prints what was not tested.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in tests a panic is the answer; clippy.toml allows these only inside #[test] functions"
)]

use wikifarm::store::*;
use wikifarm::{store, sys};

/// What every store is held to, in the words of the library's own tests.
#[path = "../src/store/behavior.rs"]
mod behavior;

/// Clients at work.
#[path = "support/clients.rs"]
mod clients;

/// Moves that are killed.
#[path = "support/killed.rs"]
mod killed;

#[path = "servers/mod.rs"]
mod running;
