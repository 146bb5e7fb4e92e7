//! A trouble with a session directory.

/// The kind of a trouble, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The mount is read-only.
    ReadOnly,
    /// No inode or no space is left.
    Full,
    /// The wiki's user can't create and delete files.
    Unwritable,
    /// A security module denied access.
    Denied,
    /// Every local user can read session files.
    Readable,
    /// The clock is behind the last change.
    ClockBehind,
    /// Few inodes or little space is left.
    NearlyFull,
    /// The directory is on a network file system.
    OnNetwork,
}

impl Kind {
    /// Whether the wiki can't save any session.
    pub fn stops_saving(self) -> bool {
        matches!(self, Kind::ReadOnly | Kind::Full | Kind::Unwritable | Kind::Denied)
    }
}

/// A trouble with a session directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The kind.
    pub kind: Kind,
    /// What happens to the wiki and why, without the name of the wiki.
    pub message: String,
    /// What to do.
    pub help: String,
}
