//! The tables `[prune]`, `[migrate]`, and `[lint]`.

use std::path::PathBuf;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{MIGRATE_KEYS, Problem, Span, Table, nearest, parse_duration, read, the_one_near};

/// `[prune]`: the policy of `session prune`. A field that is `None` has the default of that command.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct PrunePolicy {
    /// Keep sessions for this long after their expiry, at least 10 minutes.
    pub grace: Option<Duration>,
    /// Also remove sessions that were not used for this long.
    pub idle: Option<Duration>,
    /// Remove sessions without `expires` that are older than this.
    pub no_expires: Option<Duration>,
    /// The anonymous lifetime of MoinMoin 1.9.0: remove its anonymous sessions without `expires` after this and `grace`.
    pub anonymous: Option<Duration>,
    /// Remove leftover temporary files that are older than this.
    pub stale_temp: Option<Duration>,
    /// Remove unreadable files that are older than this.
    pub unreadable: Option<Duration>,
    /// The most sessions of one store to remove for other reasons than their expiry.
    pub max_delete: Option<Limit>,
    /// Whether and where indexes of the stores are kept.
    pub index: Option<IndexDir>,
    /// Whether the farm file has `[prune]`.
    pub present: bool,
    /// The name of the table.
    pub span: Span,
}

/// Whether and where `session prune` keeps indexes, which save it from reading sessions that can't be due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexDir {
    /// No indexes: each run reads every session.
    Nowhere,
    /// In the default directory; see [`cache_dir`](crate::sys::cache_dir).
    Usual,
    /// In this directory.
    Dir(PathBuf),
}

/// A limit on a store: a count, or a share of it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// A number of sessions.
    Count(u64),
    /// A part of the store, from 0 to 1.
    Share(f64),
}

/// Stores with fewer sessions have no limit.
const GUARDED_FROM: u64 = 100;

impl Limit {
    /// The most sessions to remove from a store with this many sessions; `None` for no limit.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sessions are fewer than 2^53, and a share of them is neither negative nor more"
    )]
    pub fn of(self, sessions: u64) -> Option<u64> {
        if sessions < GUARDED_FROM {
            return None;
        }
        Some(match self {
            Limit::Count(count) => count,
            Limit::Share(share) => (sessions as f64 * share).floor() as u64,
        })
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Limit::Count(count) => write!(f, "{count}"),
            Limit::Share(share) => write!(f, "{}%", share * 100.0),
        }
    }
}

/// The shortest `grace`: a running request can save its session late.
const SHORTEST_GRACE: Duration = Duration::from_secs(600);

impl std::str::FromStr for Limit {
    type Err = String;

    /// Reads `500` or `50%`.
    fn from_str(text: &str) -> Result<Limit, String> {
        let error = || "expected a count such as 500, or a share such as 50%".to_owned();
        let text = text.trim();
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(error());
        }
        match text.strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.parse().map_err(|_| error())?;
                if percent <= 100.0 { Ok(Limit::Share(percent / 100.0)) } else { Err(error()) }
            }
            None => text.parse().map(Limit::Count).map_err(|_| error()),
        }
    }
}

/// `[lint]`, or the `lint` of a wiki: names of rules and families, with their spans.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct LintLevels {
    /// Rules that are not reported.
    pub allow: Vec<(String, Span)>,
    /// Rules that are reported as warnings.
    pub warn: Vec<(String, Span)>,
    /// Rules that are reported as errors.
    pub deny: Vec<(String, Span)>,
}

/// Reads `[prune]`.
pub(super) fn prune(span: Span, table: &DeTable<'_>, problems: &mut Vec<Problem>) -> PrunePolicy {
    let mut policy = PrunePolicy { present: true, span, ..PrunePolicy::default() };
    for (key, raw) in table {
        let name = key.get_ref().as_ref();
        let slot = match name {
            "grace" => &mut policy.grace,
            "idle" => &mut policy.idle,
            "no_expires" => &mut policy.no_expires,
            "anonymous" => &mut policy.anonymous,
            "stale_temp" => &mut policy.stale_temp,
            "unreadable" => &mut policy.unreadable,
            "max_delete" => {
                match limit(raw) {
                    Ok(limit) => policy.max_delete = Some(limit),
                    Err(problem) => problems.push(problem),
                }
                continue;
            }
            "index" => {
                match index(raw) {
                    Ok(index) => policy.index = Some(index),
                    Err(problem) => problems.push(problem),
                }
                continue;
            }
            _ => {
                problems.push(unknown("[prune]", table, key, Table::Prune));
                continue;
            }
        };
        match duration(name, raw) {
            Ok(duration) if name == "grace" && duration < SHORTEST_GRACE => problems.push(
                Problem::new(
                    "invalid-value",
                    raw.span(),
                    "grace must be at least 10m: a running request can save its session late",
                )
                .help("write a longer time, or delete grace: the default is 1h"),
            ),
            Ok(duration) => *slot = Some(duration),
            Err(problem) => problems.push(problem),
        }
    }
    policy
}

/// Reads `[migrate]`: the classes that migrated sessions can contain in addition to the known ones.
pub(super) fn migrate(table: &DeTable<'_>, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut allowed = Vec::new();
    for (key, raw) in table {
        if !MIGRATE_KEYS.contains(&key.get_ref().as_ref()) {
            problems.push(unknown("[migrate]", table, key, Table::Migrate));
            continue;
        }
        match read::names(key.get_ref(), raw) {
            Ok(names) => {
                for (name, span) in names {
                    if name.split('.').all(|part| !part.is_empty()) && name.contains('.') {
                        allowed.push(name);
                    } else {
                        let message = format!("allow_globals: {name:?} is not the name of a class");
                        let problem = Problem::new("invalid-value", span, message);
                        problems.push(problem.help("write module.Class, or module.* for a whole module"));
                    }
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    allowed
}

impl LintLevels {
    /// Whether no rule is named.
    pub fn is_empty(&self) -> bool {
        self.allow.is_empty() && self.warn.is_empty() && self.deny.is_empty()
    }
}

/// Reads a table of levels; `title` names the table in messages.
pub(super) fn lint(title: &str, table: &DeTable<'_>, problems: &mut Vec<Problem>) -> LintLevels {
    let mut levels = LintLevels::default();
    for (key, raw) in table {
        let slot = match key.get_ref().as_ref() {
            "allow" => &mut levels.allow,
            "warn" => &mut levels.warn,
            "deny" => &mut levels.deny,
            _ => {
                problems.push(unknown(title, table, key, Table::Lint));
                continue;
            }
        };
        match read::names(key.get_ref(), raw) {
            Ok(names) => *slot = names,
            Err(problem) => problems.push(problem),
        }
    }
    levels
}

/// The problem of an unknown key, with the nearest known one; `title` names the table.
pub(super) fn unknown(
    title: &str,
    table: &DeTable<'_>,
    key: &Spanned<toml::de::DeString<'_>>,
    kind: Table,
) -> Problem {
    let shown: String = key.get_ref().chars().take(100).collect();
    let problem = Problem::new("unknown-key", key.span(), format!("unknown key {shown:?} in {title}"));
    let problem = match nearest(key.get_ref(), kind.keys()) {
        Some(near) => problem.help(format!("did you mean {near:?}?")),
        None => problem,
    };
    match the_one_near(key.get_ref(), kind.keys()).filter(|near| !table.contains_key(*near)) {
        Some(near) => problem.instead(near),
        None => problem,
    }
}

fn duration(name: &str, raw: &Spanned<DeValue<'_>>) -> Result<Duration, Problem> {
    match raw.get_ref() {
        DeValue::String(text) => parse_duration(text).map_err(|error| {
            Problem::new("invalid-value", raw.span(), format!("{name} = {text:?}: {error}"))
        }),
        _ => Err(read::wrong_type(name, "a duration such as \"12h\"", raw)),
    }
}

fn limit(raw: &Spanned<DeValue<'_>>) -> Result<Limit, Problem> {
    let text = match raw.get_ref() {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().to_owned(),
        _ => {
            return Err(read::wrong_type(
                "max_delete",
                "a count such as 500, or a share such as \"50%\"",
                raw,
            ));
        }
    };
    text.parse()
        .map_err(|error| Problem::new("invalid-value", raw.span(), format!("max_delete = {text:?}: {error}")))
}

fn index(raw: &Spanned<DeValue<'_>>) -> Result<IndexDir, Problem> {
    match raw.get_ref() {
        DeValue::Boolean(true) => Ok(IndexDir::Usual),
        DeValue::Boolean(false) => Ok(IndexDir::Nowhere),
        DeValue::String(text) if !text.is_empty() && !text.contains('\0') => {
            Ok(IndexDir::Dir(PathBuf::from(text.as_ref())))
        }
        _ => Err(read::wrong_type("index", "true, false, or a directory", raw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_is_a_count_or_a_share_and_spares_small_stores() {
        assert_eq!("50%".parse(), Ok(Limit::Share(0.5)));
        assert_eq!("12.5%".parse(), Ok(Limit::Share(0.125)));
        assert_eq!("20".parse(), Ok(Limit::Count(20)));
        for text in ["", "%", "101%", "-1", "-1%", "nan%", "inf%", "1.5", "+5", "x"] {
            assert!(text.parse::<Limit>().is_err(), "{text}");
        }
        assert_eq!(Limit::Share(0.5).of(99), None);
        assert_eq!(Limit::Share(0.5).of(101), Some(50));
        assert_eq!(Limit::Count(3).of(100), Some(3));
        assert_eq!(Limit::Share(0.5).to_string(), "50%");
    }
}
