//! What is done to stores: prune, [`revoke`] and [`verify`].
//!
//! Plan, then act: [`plan`] takes the lock of every store, looks at every entry and decides, and changes nothing;
//! [`Plan::execute`] sees to every guard of every store, and only then removes, each file judged again. What it promises:
//!
//! * What goes, goes for a [`Reason`], by a [`Policy`]; a live session only where everything was asked for.
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
mod census;
pub mod find;
mod guard;
mod locks;
pub mod migrate;
mod outcome;
mod packed;
mod pass;
mod plan;
mod policy;
mod prune;
pub mod revoke;
mod states;
#[cfg(test)]
mod tests;
mod verdict;
pub mod verify;
mod victims;

pub use age::age_text;
pub use census::{Census, census, room, taken};
pub use guard::{ClockCheck, Refusal};
pub use outcome::{Counts, Problem, Problems, Report, StoreResult, Total};
pub use plan::{Options, Plan, StorePlan, plan};
pub use policy::{Policy, PolicyError};
pub use states::States;
pub use verdict::{Filter, Judge, Keep, Reason, Verdict, WithoutExpires};
pub use victims::{Victim, Victims};
