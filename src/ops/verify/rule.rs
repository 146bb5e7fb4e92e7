//! The rules of `session verify`, each with its title and suggestion.

use crate::location::Location;

/// A rule of `session verify`. A fact that `config check` reports, too, has the name and the severity of its rule there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter)]
#[allow(missing_docs, reason = "`title` explains each")]
pub enum Rule {
    ReadOnlySessions,
    DiskFull,
    AccessDenied,
    WorldWritable,
    ListableSessions,
    WritableParent,
    ReadableSessions,
    WritableSessions,
    UnwritableSessions,
    WrongOwner,
    ForbiddenClass,
    NoMac,
    OldMac,
    UnauthorizedSetuid,
    DuplicateId,
    IdLeaksToWiki,
    UnknownUser,
    Unreadable,
    InvalidExpires,
    NoExpires,
    ExpiresTooFar,
    UnreachableName,
    StaleTemp,
    StaleLock,
    OrphanStore,
}

impl Rule {
    /// All rules, in the order of the report.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// The stable name.
    pub fn name(self) -> &'static str {
        self.texts().0
    }

    /// What the rule reports, in a few words.
    pub fn title(self) -> &'static str {
        self.texts().1
    }

    /// What to do about a finding.
    pub fn suggestion(self) -> &'static str {
        self.texts().2
    }

    /// Whether findings of the rule are errors: somebody can act as the wiki or with a forged session, or users can't
    /// log in or stay logged in. All other findings are warnings.
    pub fn is_error(self) -> bool {
        use Rule::{
            AccessDenied, DiskFull, DuplicateId, ForbiddenClass, InvalidExpires, NoMac, ReadOnlySessions,
            UnauthorizedSetuid, Unreadable, UnwritableSessions, WorldWritable, WritableParent,
            WritableSessions, WrongOwner,
        };
        matches!(
            self,
            ReadOnlySessions
                | DiskFull
                | AccessDenied
                | WorldWritable
                | WritableParent
                | WritableSessions
                | UnwritableSessions
                | WrongOwner
                | ForbiddenClass
                | NoMac
                | UnauthorizedSetuid
                | DuplicateId
                | Unreadable
                | InvalidExpires
        )
    }

    /// The singular and the plural of what the findings are counted in.
    pub fn counted_in(self, location: &Location) -> (&'static str, &'static str) {
        match (self, location.directory()) {
            (
                Rule::ReadOnlySessions
                | Rule::DiskFull
                | Rule::AccessDenied
                | Rule::WorldWritable
                | Rule::ListableSessions
                | Rule::WritableParent
                | Rule::UnwritableSessions
                | Rule::OrphanStore,
                _,
            ) => ("directory", "directories"),
            (Rule::ReadableSessions | Rule::WritableSessions, _) | (_, Some(_)) => ("file", "files"),
            (_, None) => ("session", "sessions"),
        }
    }

    fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Rule::ReadOnlySessions => (
                "read-only-sessions",
                "session directory on a read-only mount: nobody can log in",
                "read the kernel log (a damaged disk becomes read-only), then run `mount -o remount,rw MOUNT`",
            ),
            Rule::DiskFull => (
                "disk-full",
                "session directory without free inodes or space: nobody can log in",
                "run `wikifarm session prune`, then find what else fills the disk",
            ),
            Rule::AccessDenied => (
                "access-denied",
                "session directory to which SELinux or AppArmor denied access during the last day",
                "label the directory for SELinux, or add it to the AppArmor profile of the wiki",
            ),
            Rule::WorldWritable => (
                "world-writable",
                "session directory that every local user can write to",
                "run `chmod o-w DIR`: the wiki runs the code in the files that others write",
            ),
            Rule::ListableSessions => (
                "listable-sessions",
                "session directory that every local user can list",
                "run `chmod o-rx DIR`: each file name is the value of a login cookie",
            ),
            Rule::WritableParent => (
                "writable-parent",
                "directory in which every local user can replace the session directory or database",
                "run `chmod o-w DIR`",
            ),
            Rule::ReadableSessions => (
                "readable-sessions",
                "session file that every local user can read",
                "run `chmod o-r FILE`, and set the wiki's umask to 0007 or 0077",
            ),
            Rule::WritableSessions => (
                "writable-sessions",
                "session file that every local user can change",
                "run `chmod o-w FILE`, and set the wiki's umask to 0007 or 0077",
            ),
            Rule::UnwritableSessions => (
                "unwritable-sessions",
                "session directory in which the wiki's user can't create, rename, and delete files",
                "run `chown USER DIR` with the wiki's user, or `chgrp GROUP DIR && chmod g+rwx DIR` with a group of \
                 that user",
            ),
            Rule::WrongOwner => (
                "wrong-owner",
                "session file that the wiki's user can't read, replace, or delete",
                "run `chown USER FILE` with the wiki's user, then stop the program that creates files as another user",
            ),
            Rule::ForbiddenClass => (
                "forbidden-class",
                "session that contains a class or function MoinMoin never stores",
                "treat it as an attack: the wiki runs the code when somebody sends the session id. Remove the session \
                 with `wikifarm session revoke ID`, and find out who could write it. If an extension you trust stores \
                 this class, add it to `[migrate] allow_globals`",
            ),
            Rule::NoMac => (
                "no-mac",
                "session without a MAC by the key of its store",
                "check that the wikis use the same key file: until then, the wikis treat the visitor as anonymous. If the session was \
                 moved here without `?key_file=`, move it again with the key. If another program writes to this store, \
                 remove the session with `wikifarm session revoke ID`",
            ),
            Rule::OldMac => (
                "old-mac",
                "session whose MAC (version 1) covers neither its times nor its store",
                "wait until the visitor returns: the wiki then writes a new MAC. To accept only new MACs, move the sessions \
                 with `wikifarm session migrate` to another file or prefix with another key",
            ),
            Rule::UnauthorizedSetuid => (
                "unauthorized-setuid",
                "session that acts as another user, but does not belong to a superuser",
                "remove it with `wikifarm session revoke ID`, and find out who made it. If the user is a superuser, add \
                 the name to `superuser` in the farm file",
            ),
            Rule::DuplicateId => (
                "duplicate-id",
                "session id in two stores whose wikis share a cookie",
                "separate the cookies (`wikifarm cookie suggest` finds settings), or give the wikis one `session_dir` if they are to share a \
                 login. Then run `wikifarm session revoke ID`",
            ),
            Rule::IdLeaksToWiki => (
                "id-leaks-to-wiki",
                "session id of a wiki in the store of another wiki: whoever can read one of the stores can act at the wikis of both",
                "separate the cookies: `wikifarm cookie suggest` finds settings. Then run `wikifarm session revoke ID`",
            ),
            Rule::UnknownUser => (
                "unknown-user",
                "session of a user who does not exist",
                "run `wikifarm session revoke --user id:ID`, or correct `user_dir` in the farm file",
            ),
            Rule::Unreadable => (
                "unreadable",
                "session that can't be read",
                "run `wikifarm session prune --unreadable`. Check and delete files by hand if they are too large or have \
                 several hard links: other programs may use them",
            ),
            Rule::InvalidExpires => (
                "invalid-expires",
                "session whose `expires` is not a finite number",
                "inspect it with `wikifarm session show ID`, then remove it with `wikifarm session revoke ID`: MoinMoin \
                 never writes such a value",
            ),
            Rule::NoExpires => (
                "no-expires",
                "old session without `expires`",
                "run `wikifarm session prune`: it removes these sessions after `no_expires`, those of MoinMoin 1.7 and \
                 1.8 after 30 days. `wikifarm session revoke ID` removes one at once",
            ),
            Rule::ExpiresTooFar => (
                "expires-too-far",
                "session that expires later than the configuration allows",
                "check whether an earlier configuration allowed it. If not, the session may be forged: remove it with \
                 `wikifarm session revoke ID`",
            ),
            Rule::UnreachableName => (
                "unreachable-name",
                "file with a name that no wiki looks up",
                "move or delete it: `wikifarm session prune` does not remove it",
            ),
            Rule::StaleTemp => ("stale-temp", "leftover temporary file", "run `wikifarm session prune`"),
            Rule::StaleLock => (
                "stale-lock",
                "leftover `__lock__` of a wiki that was stopped",
                "stop the wikis, then delete it",
            ),
            Rule::OrphanStore => (
                "orphan-store",
                "session directory that no wiki uses",
                "inspect it with `wikifarm session stats --store DIR`, then delete it",
            ),
        }
    }
}
