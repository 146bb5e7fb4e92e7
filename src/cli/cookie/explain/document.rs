//! The explanation, for any format.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::cookie::new_logins::NewLoginJson;
use crate::sharing::{As, Pair, StepResult, Verdict};

/// Why a session of one wiki is good at another, or why not.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct Document<'a> {
    /// The wiki that users come from.
    pub(super) from: &'a str,
    /// The wiki that users go to.
    pub(super) to: &'a str,
    /// The prediction for users, and for anonymous visitors.
    pub(super) cases: Vec<Case>,
    /// The results of a new login, if one browser has another result than the other.
    pub(super) new_logins: Vec<NewLoginJson<'a>>,
}

/// The prediction for one kind of visitor.
#[derive(Serialize, JsonSchema)]
pub(super) struct Case {
    /// Whether the visitor is logged in.
    #[serde(rename = "as")]
    pub(super) visitor: As,
    #[serde(flatten)]
    pub(super) answer: Answer,
    /// Whether the browser sends the cookie of `from` to `to`.
    pub(super) cookie_sent: bool,
    /// The steps up to the first that fails.
    pub(super) steps: Vec<Line>,
    #[serde(skip)]
    pub(super) results: Vec<StepResult>,
    /// The prediction for other browsers, where it differs.
    pub(super) differs: Vec<Differs>,
    /// Other URLs of the two wikis, where the verdict differs.
    pub(super) by_url: Vec<ByUrl>,
}

/// A prediction.
#[derive(Serialize, JsonSchema)]
pub(super) struct Answer {
    /// The prediction.
    pub(super) verdict: Verdict,
    /// The step that fails, from 1 to 6; null if none does.
    pub(super) step: Option<usize>,
    /// Why.
    pub(super) reason: String,
    /// What users see, and why; null without effect.
    pub(super) effect: Option<String>,
}

/// The prediction for another browser.
#[derive(Serialize, JsonSchema)]
pub(super) struct Differs {
    /// The browser for which this holds.
    pub(super) browsers: [&'static str; 1],
    #[serde(skip)]
    pub(super) title: &'static str,
    #[serde(flatten)]
    pub(super) answer: Answer,
}

/// The prediction for other URLs.
#[derive(Serialize, JsonSchema)]
pub(super) struct ByUrl {
    /// The URL that users come from.
    pub(super) from_url: String,
    /// The URL that users go to.
    pub(super) to_url: String,
    #[serde(flatten)]
    pub(super) answer: Answer,
}

/// One of the six steps.
#[derive(Serialize, JsonSchema)]
pub(super) struct Line {
    /// The number of the step, from 1 to 6.
    pub(super) step: usize,
    /// What the step asks.
    pub(super) title: &'static str,
    /// `yes`, `no`, `shadowed`, or `unknown`.
    pub(super) result: &'static str,
    /// Why the step ends so.
    pub(super) evidence: String,
}

impl From<Pair> for Answer {
    fn from(Pair { verdict, step, reason, effect, .. }: Pair) -> Answer {
        Answer { verdict, step, reason, effect }
    }
}
