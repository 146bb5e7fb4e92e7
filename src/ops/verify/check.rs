//! The checks, each with its explanation and suggestion.

use crate::location::Location;

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter)]
#[allow(missing_docs, reason = "`title` says it")]
pub enum Check {
    UnsafeDirectory,
    UnsafeFile,
    UnwritableDirectory,
    WrongOwner,
    StrangeClass,
    NoMac,
    OldMac,
    Setuid,
    DuplicateId,
    UnknownUser,
    Unreadable,
    InvalidExpires,
    NoExpires,
    ExpiresTooFar,
    NeverLookedUp,
    StaleTemp,
    LockLeftover,
    OrphanStore,
}

impl Check {
    /// All, in the order in which they are reported.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// A stable name.
    pub fn name(self) -> &'static str {
        self.texts().0
    }

    /// What it reports, in a few words.
    pub fn title(self) -> &'static str {
        self.texts().1
    }

    /// What to do about it.
    pub fn suggestion(self) -> &'static str {
        self.texts().2
    }

    /// Whether it lets somebody in, or keeps somebody out; else it is a warning.
    pub fn is_error(self) -> bool {
        use Check::{
            DuplicateId, InvalidExpires, NoMac, Setuid, StrangeClass, Unreadable, UnsafeDirectory,
            UnsafeFile, UnwritableDirectory, WrongOwner,
        };
        matches!(
            self,
            UnsafeDirectory
                | UnsafeFile
                | UnwritableDirectory
                | WrongOwner
                | StrangeClass
                | NoMac
                | Setuid
                | DuplicateId
                | Unreadable
                | InvalidExpires
        )
    }

    /// What its findings are counted in, one and many.
    pub fn counted_in(self, location: &Location) -> (&'static str, &'static str) {
        match (self, location.directory()) {
            (Check::UnsafeDirectory | Check::UnwritableDirectory | Check::OrphanStore, _) => {
                ("directory", "directories")
            }
            (Check::UnsafeFile, _) | (_, Some(_)) => ("file", "files"),
            (_, None) => ("session", "sessions"),
        }
    }

    fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Check::UnsafeDirectory => (
                "unsafe-directory",
                "a session directory that lets strangers in",
                "chmod o-rwx the directory: only the wiki's own user needs it",
            ),
            Check::UnsafeFile => (
                "unsafe-file",
                "a session file that strangers can read or write",
                "chmod o-rwx the files, and set the wiki's umask to 0007 or 0077",
            ),
            Check::UnwritableDirectory => (
                "unwritable-directory",
                "a session directory in which the wiki's user can't create, rename, and delete files",
                "chown the directory to the wiki's user, or chgrp it to that user's group and chmod g+rwx",
            ),
            Check::WrongOwner => (
                "wrong-owner",
                "a session file that the wiki's user can't read, replace, or delete",
                "chown the files to the wiki's user, and find the program that creates them as another user",
            ),
            Check::StrangeClass => (
                "strange-class",
                "a session that names a class or function which sessions have no business to name",
                "its wiki runs that as soon as somebody sends this id: find out who could write it, and end it with \
                 `wikifarm session revoke`; if an extension of yours keeps such, name it in `[migrate] allow_globals`",
            ),
            Check::NoMac => (
                "unsealed",
                "a session without a MAC by the store's key",
                "its visitor is anonymous, and cannot log in: compare the key with that of the wikis; if it was moved here \
                 without `?key_file=`, move it again with it; else somebody else writes into this store: end it with \
                 `wikifarm session revoke`, and see who can",
            ),
            Check::OldMac => (
                "old-mac",
                "a session whose MAC covers neither its times nor its store",
                "its wiki writes a new one at the next visit; to accept no more of these, move the sessions with \
                 `wikifarm session migrate` to another file or prefix with another key",
            ),
            Check::Setuid => (
                "setuid-by-no-superuser",
                "a session that acts as another user, of somebody who is no superuser",
                "end it with `wikifarm session revoke`, and see how it came to be; or the name is missing from \
                 `superuser` in the farm file",
            ),
            Check::DuplicateId => (
                "duplicate-id",
                "one id in two stores of one cookie",
                "the wikis log each other out or share by halves: give them one session_dir or two cookie names, and \
                 revoke the id",
            ),
            Check::UnknownUser => (
                "unknown-user",
                "a session of a user who does not exist",
                "end it with `wikifarm session revoke --user id:ID`, or see whether `user_dir` is right",
            ),
            Check::Unreadable => (
                "unreadable",
                "a session that is not to be read",
                "its wiki fails on it or forgets it: remove it with `wikifarm session prune --unreadable`; what is too large or has \
                 more than one name, by hand, as it may be more than a session",
            ),
            Check::InvalidExpires => (
                "invalid-expires",
                "an `expires` that is no finite number",
                "no wiki writes this: see it with `wikifarm session show`, end it with `wikifarm session revoke`",
            ),
            Check::NoExpires => (
                "no-expires",
                "an old session without `expires`",
                "`wikifarm session prune` removes it when it is old enough, in 1.7 and 1.8 after 30 days; `session revoke` at once",
            ),
            Check::ExpiresTooFar => (
                "expires-too-far",
                "an expiry beyond what the configuration can produce",
                "from an older configuration, or forged: end it with `wikifarm session revoke`",
            ),
            Check::NeverLookedUp => (
                "never-looked-up",
                "a name that no wiki would ever look up here",
                "move it elsewhere, or remove it; `wikifarm session prune` leaves it alone",
            ),
            Check::StaleTemp => {
                ("stale-temp", "a half-written file left behind", "remove it with `wikifarm session prune`")
            }
            Check::LockLeftover => (
                "lock-leftover",
                "a `__lock__` left behind by a wiki that was stopped",
                "remove it while the wikis are stopped",
            ),
            Check::OrphanStore => (
                "orphan-store",
                "a session directory that no wiki uses",
                "its sessions are dead: look into it with `wikifarm session stats --store`, then remove it",
            ),
        }
    }
}
