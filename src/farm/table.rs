//! The tables of a farm file, each with the keys that it may have: the parser and the schema both go by it.

use super::Key;
use super::policy::{LINT_KEYS, MIGRATE_KEYS, PRUNE_KEYS};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub const ALL: [Table; 8] = {
        use Table as T;
        [T::File, T::Farm, T::Group, T::Wiki, T::Share, T::Prune, T::Migrate, T::Lint]
    };

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
