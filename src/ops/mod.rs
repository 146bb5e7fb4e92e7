//! Operations on stores: [`prune`], [`revoke`], [`migrate`], [`verify`], and [`find`].
//!
//! Prune and revoke share the steps in `run`. The plan locks every store, reads every entry, decides, and changes nothing.
//! Then every guard checks every store. Only then the run removes files, and judges each file again. Promises:
//!
//! * Every removal has a [`Reason`](prune::Reason) and follows a [`Policy`](prune::Policy). A live session is removed only
//!   by `idle` or on request.
//! * Never removed: files with foreign names, entries that are not regular files, sessions whose `expires` is not a finite
//!   number, and files that changed since the scan.
//! * If one guard refuses, no store is changed.
//! * One race remains. The kernel has no "unlink if it is still this file", so there is a system call between the last
//!   comparison and the removal: 5 µs on ext4, 2 µs on tmpfs, up to 0.1 ms in 1 of 1000 cases, and 20 ms if the thread is
//!   preempted (`make bench`). A wiki that saves the session at that moment loses it, if the session had expired, and was
//!   not written, for longer than `grace`. A write in place is detected, counted as a race, and named. A rename is not
//!   distinguishable from a removal.
//! * A plan with a million removals takes about 40 MB.
//!
//! Source: the clean-up in MoinMoin (`cleansessions`, `MoinMoin/session.py`), by version.

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
mod unreadable;
pub mod verify;

pub use crate::text::age_text;
pub use problems::{Problem, Problems};
pub use refusal::{Refusal, Refused};
pub use report::{Report, StoreResult};
pub use run::{Operation, Plan, StorePlan};
pub use states::States;
pub use store_usage::{StoreUsage, free_space, store_usage, troubles};
pub use unreadable::{problem_of, unreadable_effect, unreadable_reason};
