//! The tables of a farm file, each with the keys that it may have: the parser and the schema both go by it.

use super::Key;

/// What a value of `[prune]` must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PruneKind {
    /// A duration like `12h`.
    Duration,
    /// A count or a share.
    Limit,
    /// true, false or a directory.
    Index,
}

/// The keys of `[prune]`: each with what it must be, what it is, and what it is where it is absent.
pub const PRUNE_KEYS: [(&str, PruneKind, &str, Option<&str>); 7] = [
    ("grace", PruneKind::Duration, "keep a session this long past its expiry, at least 10m", Some("1h")),
    ("idle", PruneKind::Duration, "also remove what was not used for this long; absent: off", None),
    (
        "no_expires",
        PruneKind::Duration,
        "remove sessions without `expires` that are older, where 1.9.1 or later wrote them",
        Some("1d"),
    ),
    ("stale_temp", PruneKind::Duration, "remove half-written files that are older", Some("1d")),
    ("unreadable", PruneKind::Duration, "remove unreadable files that are older; absent: never", None),
    (
        "max_delete",
        PruneKind::Limit,
        "most that may go of one store for other reasons than its own expiry: a count or a share",
        Some("50%"),
    ),
    (
        "index",
        PruneKind::Index,
        "whether an index spares reading what cannot be due: true, false, or the directory to keep it in",
        None,
    ),
];

/// The keys of `[migrate]`.
pub const MIGRATE_KEYS: [&str; 1] = ["allow_globals"];

/// The keys of `[lint]`.
pub const LINT_KEYS: [&str; 3] = ["allow", "warn", "deny"];

/// The names in [`PRUNE_KEYS`].
#[expect(clippy::indexing_slicing, reason = "both have one length, and the compiler looks")]
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
#[expect(missing_docs, reason = "they are called as in the farm file")]
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

    /// Every key that it may have: the settings of a wiki that may stand there, and its own.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        let settings = Key::all().filter(move |key| self.has_setting(*key)).map(Key::name);
        settings.chain(self.own().iter().copied())
    }

    /// Whether a setting of a wiki may stand there.
    pub fn has_setting(self, key: Key) -> bool {
        match self {
            // For all wikis it stands at the top.
            Table::File => key == Key::Moin,
            Table::Farm => key.inheritable() && key != Key::Moin,
            Table::Group => key.inheritable(),
            Table::Wiki => true,
            Table::Share | Table::Prune | Table::Migrate | Table::Lint => false,
        }
    }

    /// Its keys that are no settings of a wiki.
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
