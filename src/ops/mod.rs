//! What is done to stores: [`prune`], [`revoke`], [`migrate`], [`verify`] and [`find`].
//!
//! Plan, then act, is common to prune and revoke (`run`): lock every store, look at every entry, decide, and change
//! nothing; then ask every guard of every store, and only then remove, each file judged again. What it promises:
//!
//! * What goes, goes for a [`Reason`](prune::Reason), by a [`Policy`](prune::Policy); a live session only where everything was asked for.
//! * Never removed: foreign names, what is no regular file, an `expires` that is no finite number, a file changed
//!   since it was looked at.
//! * A refusal of one guard leaves every store as it was.
//! * What cannot be ruled out: the kernel has no "unlink if it is still this file", so one system call lies between the
//!   last comparison and the removal. It takes 5 µs on ext4 and 2 µs on tmpfs, 1 in 1000 takes up to 0.1 ms, and a thread
//!   that loses its processor right there 20 ms (`make bench`). A wiki that saves a session in just that moment loses it,
//!   if the session was over, and not written, for longer than `grace`. Written in place that is noticed, counted as a
//!   race and named; renamed over, nobody can tell it from a removal.
//! * A million planned removals take some 40 MB.
//!
//! Source: MoinMoin's own clean-up by version (`cleansessions`, `MoinMoin/session.py`), and what it gets wrong.

mod age;
pub mod find;
mod locks;
pub mod migrate;
mod packed;
mod problems;
pub mod prune;
mod refusal;
mod report;
pub mod revoke;
mod run;
mod states;
mod store_usage;
pub mod verify;

pub use age::age_text;
pub use problems::{Problem, Problems};
pub use refusal::Refusal;
pub use report::{Report, StoreResult};
pub use run::{Operation, Plan, StorePlan};
pub use states::States;
pub use store_usage::{StoreUsage, free_space, store_usage};
