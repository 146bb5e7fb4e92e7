//! What is predicted for an ordered pair of wikis.

use schemars::JsonSchema;
use serde::Serialize;

use super::effect::Effect;

/// As whom somebody comes from A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum As {
    /// Logged in at A.
    User,
    /// With an anonymous session of A's.
    Anonymous,
}

/// What comes of it, from good to bad.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "kebab-case")]
pub enum Verdict {
    /// B goes on with A's session.
    Shared,
    /// Nothing of A's reaches B, or it does no harm.
    Separate,
    /// The farm file does not decide it.
    Unknown,
    /// A cookie of B's own hides A's.
    Shadowed,
    /// B receives A's cookie, which has an effect; the effect says which.
    Conflict,
    /// The browser rejects A's cookie: nobody can log in at A.
    Rejected,
}

impl Verdict {
    /// The word in output.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The prediction for one ordered pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// What comes of it.
    pub verdict: Verdict,
    /// The step that failed, from 1; `None` where all passed: then the login is shared, though a visit may still
    /// hurt.
    pub step: Option<usize>,
    /// Why, in one line.
    pub reason: String,
    /// Whether the browser sends A's cookie to B.
    pub cookie_sent: bool,
    /// What B does to A's login, where it hurts.
    pub effect: Option<String>,
}

/// The prediction for one ordered pair, without the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// What comes of it.
    pub verdict: Verdict,
    /// The step that failed, from 1; `None` where all passed.
    pub step: Option<usize>,
    /// Whether the browser sends A's cookie to B.
    pub cookie_sent: bool,
    /// The harm, if there is any.
    pub effect: Option<Effect>,
}

impl Judgement {
    /// Whether people notice, or nothing can be said.
    pub fn is_trouble(&self) -> bool {
        !matches!(self.verdict, Verdict::Shared | Verdict::Separate)
    }
}
