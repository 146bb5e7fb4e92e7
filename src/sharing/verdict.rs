//! The prediction for an ordered pair of wikis.

use schemars::JsonSchema;
use serde::Serialize;

use super::effect::Effect;

/// The visitor who comes from A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum As {
    /// Logged in at A.
    User,
    /// With an anonymous session of A.
    Anonymous,
}

/// The verdict, from good to bad.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// B continues the session of A.
    Shared,
    /// The session of A does not reach B, and has no effect there.
    Separate,
    /// The farm file does not give enough.
    Unknown,
    /// B's own cookie hides the cookie of A.
    Shadowed,
    /// B receives A's cookie, which has an effect.
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
#[non_exhaustive]
pub struct Pair {
    /// The verdict.
    pub verdict: Verdict,
    /// The step that fails, from 1; `None` if all pass. Even then, a visit can have an effect.
    pub step: Option<usize>,
    /// Why, in one line.
    pub reason: String,
    /// Whether the browser sends A's cookie to B.
    pub cookie_sent: bool,
    /// The effect of B on the login at A, in words.
    pub effect: Option<String>,
}

/// The prediction for one ordered pair, without the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The step that fails, from 1; `None` if all pass.
    pub step: Option<usize>,
    /// Whether the browser sends A's cookie to B.
    pub cookie_sent: bool,
    /// The effect, if there is any.
    pub effect: Option<Effect>,
}

impl Judgement {
    /// Whether users notice, or the verdict is unknown.
    pub fn is_trouble(&self) -> bool {
        !matches!(self.verdict, Verdict::Shared | Verdict::Separate)
    }
}
