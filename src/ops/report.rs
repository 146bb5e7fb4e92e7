//! What a run of prune or revoke reports; the field names are a promise to users.

use serde::Serialize;

use super::problems::Problem;

/// What a run counts in a store.
pub trait Counts: Copy + Default {
    /// Counts what could not be looked at or removed.
    fn fail(&mut self, more: u64);
}

/// One store's part of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreResult<C, M> {
    /// Its address.
    pub store: String,
    /// The wikis that use it.
    pub wikis: Vec<String>,
    /// What was counted.
    #[serde(flatten)]
    pub counts: C,
    /// Why nothing was removed, where a guard refused.
    pub refused: Option<String>,
    /// What else is known of it.
    #[serde(flatten)]
    pub more: M,
}

/// What a run did, or would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report<C, M, T> {
    /// Store by store.
    pub stores: Vec<StoreResult<C, M>>,
    /// All together.
    pub total: T,
    /// Nothing was removed, as nothing was to be.
    pub dry_run: bool,
    /// How long it took.
    pub seconds: f64,
    /// What could not be handled.
    #[serde(skip)]
    pub problems: Vec<Problem>,
    /// The unreadable sessions, each with its reason; none of these is live by an index, so every run reads them.
    #[serde(skip)]
    pub unreadable: Vec<Problem>,
    /// What is odd, and no failure.
    #[serde(skip)]
    pub warnings: Vec<Problem>,
    /// What is as it should be, and good to know for whoever looks on.
    #[serde(skip)]
    pub hints: Vec<Problem>,
    /// The clock's refusal, which concerns every store.
    #[serde(skip)]
    pub clock: Option<String>,
    /// It was stopped before its end.
    #[serde(skip)]
    pub stopped: bool,
}
