//! The tables of a farm file, each with its keys. The parser, the schema, and the reference use them.

use super::Key;

/// The type of a value in `[prune]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruneKind {
    /// A duration like `12h`.
    Duration,
    /// A count or a share.
    Limit,
    /// true, false, or a directory.
    Index,
}

/// The keys of `[prune]`: each with its type, its meaning, and its default.
pub const PRUNE_KEYS: [(&str, PruneKind, &str, Option<&str>); 8] = [
    ("grace", PruneKind::Duration, "keep a session for this long after its expiry, at least 10m", Some("1h")),
    ("idle", PruneKind::Duration, "also remove sessions that were not used for this long; absent: off", None),
    (
        "no_expires",
        PruneKind::Duration,
        "remove sessions of 1.9.1 and later that have no `expires` and are older than this",
        Some("1d"),
    ),
    (
        "anonymous",
        PruneKind::Duration,
        "remove anonymous sessions of 1.9.0 that were not written for this long plus `grace`; absent: only by `idle`",
        None,
    ),
    (
        "stale_temp",
        PruneKind::Duration,
        "remove leftover temporary files that are older than this",
        Some("1d"),
    ),
    (
        "unreadable",
        PruneKind::Duration,
        "remove unreadable files that are older than this; absent: never",
        None,
    ),
    (
        "max_delete",
        PruneKind::Limit,
        "refuse a run that removes more than this (a count or a share) of a store's sessions for reasons other than expiry",
        Some("50%"),
    ),
    (
        "index",
        PruneKind::Index,
        "keep an index of expiry times, so that a run reads only sessions that may have expired: true, false, or the directory of the index",
        None,
    ),
];

/// The keys of `[migrate]`.
pub const MIGRATE_KEYS: [&str; 1] = ["allow_globals"];

/// The keys of `[lint]`.
pub const LINT_KEYS: [&str; 3] = ["allow", "warn", "deny"];

/// The names in [`PRUNE_KEYS`].
#[expect(
    clippy::indexing_slicing,
    reason = "the arrays have the same length, and the compiler checks the index"
)]
const PRUNE_NAMES: [&str; PRUNE_KEYS.len()] = {
    let mut names = [""; PRUNE_KEYS.len()];
    let mut row = 0;
    while row < names.len() {
        names[row] = PRUNE_KEYS[row].0;
        row += 1;
    }
    names
};

/// A table of a farm file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumIter)]
#[expect(missing_docs, reason = "each has its name in the farm file")]
pub enum Table {
    File,
    Farm,
    Group,
    Wiki,
    Share,
    Prune,
    Migrate,
    Lint,
}

impl Table {
    /// All tables, the file itself first.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// Every key of the table: the settings of wikis that it can have, and its own keys.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        let settings = Key::all().filter(move |key| self.has_setting(*key)).map(Key::name);
        settings.chain(self.own().iter().copied())
    }

    /// Whether the table can have a setting of wikis.
    pub fn has_setting(self, key: Key) -> bool {
        match self {
            // At the top of the file it applies to all wikis.
            Table::File => key == Key::Moin,
            Table::Farm => key.inheritable() && key != Key::Moin,
            Table::Group => key.inheritable(),
            Table::Wiki => true,
            Table::Share | Table::Prune | Table::Migrate | Table::Lint => false,
        }
    }

    /// The keys that are not settings of wikis.
    pub fn own(self) -> &'static [&'static str] {
        match self {
            Table::File => &["farm", "groups", "wikis", "share", "prune", "migrate", "lint"],
            Table::Farm => &["other_hosts"],
            Table::Group => &["group", "unset"],
            Table::Wiki => &["group", "unset", "lint"],
            Table::Share => &["wikis"],
            Table::Prune => &PRUNE_NAMES,
            Table::Migrate => &MIGRATE_KEYS,
            Table::Lint => &LINT_KEYS,
        }
    }
}
