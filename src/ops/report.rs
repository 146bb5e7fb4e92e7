//! The report of prune and revoke. Its field names are a promise to users.

use schemars::JsonSchema;
use serde::Serialize;

use super::problems::Problem;
use super::refusal::Refused;

/// The counts of a store.
pub trait Counts: Copy + Default {
    /// Adds to the number of failures.
    fn fail(&mut self, more: u64);
}

/// The report of one store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "StoreResult")]
pub struct StoreResult<C, M> {
    /// The location of the store.
    pub store: String,
    /// The wikis that use it.
    pub wikis: Vec<String>,
    /// The counts.
    #[serde(flatten)]
    pub counts: C,
    /// Why a guard refused to remove anything; null if none refused.
    #[schemars(with = "Option<String>")]
    pub refused: Option<Refused>,
    /// Further results.
    #[serde(flatten)]
    pub more: M,
}

/// What a run did, or would do.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Report")]
pub struct Report<C, M, T> {
    /// Store by store.
    pub stores: Vec<StoreResult<C, M>>,
    /// The sums.
    pub total: T,
    /// Whether the run only planned.
    pub dry_run: bool,
    /// How long the run took.
    pub seconds: f64,
    /// The failures.
    #[serde(skip)]
    pub problems: Vec<Problem>,
    /// The unreadable sessions with reasons. No index skips them, so every run reads them.
    #[serde(skip)]
    pub unreadable: Vec<Problem>,
    /// Warnings that are not failures.
    #[serde(skip)]
    pub warnings: Vec<Problem>,
    /// Notes about normal states.
    #[serde(skip)]
    pub hints: Vec<Problem>,
    /// The refusal of the clock guard, which applies to every store.
    #[serde(skip)]
    pub clock: Option<Refused>,
    /// Whether the run was stopped early.
    #[serde(skip)]
    pub stopped: bool,
}
