//! Tests that need servers: redis-server, nginx, and Apache. `make check-servers` runs them (`cargo test
//! --test servers -- --ignored`). Each test starts and stops its own server, with its own socket or port.
//!
//! The prefix `python2_` marks a test that needs Python 2.7. On a machine without Python 2.7, `scripts/check`
//! skips these tests and prints their names.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in tests a panic is the answer; clippy.toml allows these only inside #[test] functions"
)]

use wikifarm::store::*;
use wikifarm::{store, sys};

/// Tests that all stores pass, from the library's own tests.
#[path = "../src/store/behavior.rs"]
mod behavior;

/// Running clients.
#[path = "support/clients.rs"]
mod clients;

/// Migrations that are killed.
#[path = "support/killed.rs"]
mod killed;

#[path = "servers/mod.rs"]
mod running;
