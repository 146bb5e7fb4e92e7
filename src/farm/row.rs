//! The facts about one setting.

use super::kind::Kind;
use super::value::Value;
use crate::moin::{Behavior, Settings};

/// The facts about a setting.
pub(crate) struct Row {
    /// The name in the farm file, which is MoinMoin's own.
    pub(crate) name: &'static str,
    /// The type of the value.
    pub(crate) kind: Kind,
    /// A value, as TOML.
    pub(crate) example: &'static str,
    /// The meaning, in a few words.
    pub(crate) about: &'static str,
    /// Whether `[farm]` and groups can set it for many wikis.
    pub(crate) inheritable: bool,
    /// The versions that ignore it, with the reason.
    pub(super) ignored: &'static [Ignored],
    /// MoinMoin's default from each version on, as TOML, or Python's `None`. Defaults that follow from other settings are in
    /// [`Wiki::effective`](super::Wiki::effective).
    pub(super) defaults: &'static [(Behavior, &'static str)],
    /// Whether MoinMoin's configuration class has an attribute of the same name. If not, Python files have the setting in a
    /// comment: `# wikifarm: NAME = …`.
    pub(crate) is_attribute: bool,
    /// The name of Flask's setting, which 2.0 has at module level.
    pub(crate) flask: Option<&'static str>,
    /// The effect on the session cookie, if it has one.
    pub(crate) shapes_cookie: Option<fn(&mut Settings, &Value)>,
    /// How `config import --check` compares a farm file and Python files.
    pub(crate) drift: Compare,
}

/// Versions that ignore a setting, and the reason.
pub(super) enum Ignored {
    /// All versions before this one.
    Before(Behavior, &'static str),
    /// This version and all later ones.
    From(Behavior, &'static str),
}

/// How a setting in a farm file is compared with Python files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    /// By value. A missing value means MoinMoin's default.
    Value,
    /// By value. A missing value means MoinMoin's own handler.
    Handler,
    /// By value. Python files have it only in comments, so a value in the farm file alone is no difference.
    Added,
    /// As all addresses of the wiki, in any order.
    Addresses,
    /// Together with another setting.
    Elsewhere,
    /// By version. Python files often show only the release series.
    Version,
    /// By value. A missing value means the name of the wiki.
    Siteid,
    /// By location, in any spelling.
    Store,
    /// Names of keys: only whether two wikis have the same key counts.
    SecretKey,
}

/// The row of a setting that is an attribute in every version.
pub(super) const fn row(name: &'static str, kind: Kind, example: &'static str, about: &'static str) -> Row {
    Row {
        name,
        kind,
        example,
        about,
        inheritable: true,
        ignored: &[],
        defaults: &[],
        is_attribute: true,
        flask: None,
        shapes_cookie: None,
        drift: Compare::Value,
    }
}

/// The row of a setting that only wikifarm has.
pub(super) const fn ours(
    name: &'static str,
    kind: Kind,
    example: &'static str,
    about: &'static str,
    drift: Compare,
) -> Row {
    Row { is_attribute: false, drift, ..row(name, kind, example, about) }
}
