//! The facts about a session directory, and the troubles that follow from them. Pure.

use std::path::PathBuf;
use std::time::Duration;

use super::mounts::Mount;
use super::trouble::{Kind, Trouble};
use crate::sys::{Account, FileSystem, Medium};
use crate::text::measure::span;
use crate::text::{shell_path, shell_word};

/// The facts about a session directory. What is unknown is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The directory.
    pub path: PathBuf,
    /// The user that the wiki runs as, and what this user can't do.
    pub barrier: Option<(Account, Barrier)>,
    /// The file system.
    pub file_system: Option<FileSystem>,
    /// The mount.
    pub mount: Option<Mount>,
    /// Whether this process runs in a systemd unit.
    pub in_unit: bool,
    /// The quota of the wiki's user that is used up.
    pub quota: Option<(Account, Exhausted)>,
    /// The security module that denied access to the directory during the last day.
    pub denied_by: Option<&'static str>,
    /// The mode of a session file that every local user can read.
    pub readable: Option<u32>,
    /// When a file was last created in the directory, in unix seconds.
    pub changed: Option<i64>,
}

/// What keeps a user from creating, renaming, and deleting session files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Barrier {
    /// A directory above that the user can't enter.
    Closed(PathBuf),
    /// The directory itself.
    Unwritable {
        /// The uid of the owner.
        owner: u32,
        /// The gid of the group.
        group: u32,
        /// The permission bits.
        mode: u32,
    },
    /// The directory does not exist, and the user can't create it in this one.
    NotCreatable(PathBuf),
}

/// What there is none left of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exhausted {
    /// Inodes: no file can be created.
    Inodes,
    /// Space: no file can be written.
    Space,
}

impl Exhausted {
    /// The plural noun.
    pub fn name(self) -> &'static str {
        match self {
            Exhausted::Inodes => "inodes",
            Exhausted::Space => "space",
        }
    }
}

/// A session needs a block of this size.
const BLOCK: u64 = 4096;

/// At most one part in this many is free: nearly full.
const NEARLY: u64 = 100;

/// How far the clock may be behind the last change of a directory, in seconds.
const BEHIND: i64 = 3600;

impl Facts {
    /// The troubles at `now` (unix seconds), in the order of [`Kind`].
    pub fn troubles(&self, now: i64) -> Vec<Trouble> {
        let found = [
            self.read_only(),
            self.full(),
            self.unwritable(),
            self.denied(),
            self.readable(),
            self.clock_behind(now),
            self.nearly_full(),
            self.on_network(),
        ];
        found.into_iter().flatten().collect()
    }

    /// The directory for messages: the mount point, or the session directory.
    fn directory(&self) -> String {
        self.mount.as_ref().map_or(&self.path, |mount| &mount.point).display().to_string()
    }

    fn read_only(&self) -> Option<Trouble> {
        let read_only = self.file_system.is_some_and(|found| found.read_only);
        let own_sandbox =
            self.mount.as_ref().is_some_and(|mount| super::in_unit_sandbox(mount, self.in_unit));
        (read_only && !own_sandbox).then(|| {
            let directory = self.directory();
            Trouble {
                kind: Kind::ReadOnly,
                message: format!("can't save sessions: {directory} is mounted read-only"),
                help: format!("read the kernel log (a damaged disk becomes read-only), then run `mount -o remount,rw {}`", shell_word(&directory)),
            }
        })
    }

    fn full(&self) -> Option<Trouble> {
        let (message, help) = if let Some((user, what)) = &self.quota {
            let message = format!("{user} has used up the quota of {} on {}", what.name(), self.directory());
            (message, "raise the quota with `setquota`, or remove files of the user".to_owned())
        } else {
            let free = self.file_system?.free;
            let what = match free.inodes_free {
                Some(0) => Exhausted::Inodes,
                _ if free.bytes > 0 && free.bytes_free < BLOCK => Exhausted::Space,
                _ => return None,
            };
            let prune = "run `wikifarm session prune`, then find what else fills the disk".to_owned();
            (format!("no free {} on {}", what.name(), self.directory()), prune)
        };
        Some(Trouble { kind: Kind::Full, message: format!("can't save sessions: {message}"), help })
    }

    fn nearly_full(&self) -> Option<Trouble> {
        let free = self.file_system?.free;
        let few = |free: u64, all: u64| all > 0 && free > 0 && free <= all / NEARLY;
        let (what, left) = match (free.inodes_free, free.inodes) {
            (Some(left), Some(all)) if few(left, all) => ("inodes", left.to_string()),
            _ if free.bytes_free >= BLOCK && few(free.bytes_free, free.bytes) => {
                ("space", format!("{} MiB", free.bytes_free >> 20))
            }
            _ => return None,
        };
        Some(Trouble {
            kind: Kind::NearlyFull,
            message: format!("at most 1 % of the {what} on {} is free: {left}", self.directory()),
            help: "run `wikifarm session prune`, then find what else fills the disk".to_owned(),
        })
    }

    fn unwritable(&self) -> Option<Trouble> {
        let (user, barrier) = self.barrier.as_ref()?;
        let (path, quoted) = (self.path.display(), shell_path(&self.path));
        let (what, help) = match barrier {
            Barrier::Closed(above) => {
                let dir = shell_path(above);
                (
                    format!("can't enter {}", above.display()),
                    format!("run `chmod o+x {dir}`, or `setfacl -m u:{}:x {dir}`", name(user)),
                )
            }
            Barrier::Unwritable { owner, group, mode } => {
                let help = match *owner == user.uid() {
                    true => format!("run `chmod u+rwx {quoted}`"),
                    false => format!(
                        "run `chown {} {quoted}`, or `chmod g+rwx {quoted}` with a group of that user",
                        name(user)
                    ),
                };
                let access = format!("owner {owner}, group {group}, mode {mode:04o}");
                (format!("can't create and delete files in {path} ({access})"), help)
            }
            Barrier::NotCreatable(above) => {
                let made = format!("run `install -d -m 0770 -o {} {quoted}`", name(user));
                (format!("can't create {path} in {}", above.display()), made)
            }
        };
        let message = format!("can't save sessions: {user} {what}");
        Some(Trouble { kind: Kind::Unwritable, message, help })
    }

    fn denied(&self) -> Option<Trouble> {
        let module = self.denied_by?;
        let path = self.path.display();
        let help = match module {
            "SELinux" => {
                "run `ausearch -m avc -ts recent`, then label the directory with `semanage fcontext` and `restorecon`"
            }
            _ => {
                "read the denials in the kernel log, then add the directory to the AppArmor profile of the wiki"
            }
        };
        let message = format!("can't save sessions: {module} denied access to {path} during the last day");
        Some(Trouble { kind: Kind::Denied, message, help: help.to_owned() })
    }

    fn readable(&self) -> Option<Trouble> {
        let mode = self.readable?;
        let path = self.path.display();
        Some(Trouble {
            kind: Kind::Readable,
            message: format!("every local user can read session files in {path} (mode {mode:04o})"),
            help: format!("run `chmod o= {}`, and start the wiki with umask 0007", shell_path(&self.path)),
        })
    }

    fn clock_behind(&self, now: i64) -> Option<Trouble> {
        let behind = self.changed?.saturating_sub(now);
        (behind > BEHIND).then(|| Trouble {
            kind: Kind::ClockBehind,
            message: format!(
                "the clock is {} behind the last change of {}: sessions last longer than they should, and `session prune` refuses to run",
                span(Duration::from_secs(behind.unsigned_abs()).as_secs_f64()),
                self.path.display()
            ),
            help: "set the clock, for instance with `timedatectl set-ntp true`".to_owned(),
        })
    }

    fn on_network(&self) -> Option<Trouble> {
        let Medium::Network(protocol) = self.file_system?.medium else { return None };
        let leftovers = match protocol {
            "NFS" => ", deleted files stay as .nfs* while a process has them open,",
            _ => "",
        };
        Some(Trouble {
            kind: Kind::OnNetwork,
            message: format!(
                "sessions are on {protocol}: the locks of wikifarm hold on this machine only{leftovers} and times of last access are not reliable"
            ),
            help: "run `session prune` on one machine only".to_owned(),
        })
    }
}

/// The user as in a command.
fn name(user: &Account) -> String {
    user.name().map_or_else(|| user.uid().to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::FreeSpace;
    use std::path::Path;

    const FREE: FreeSpace =
        FreeSpace { bytes: 1 << 30, bytes_free: 1 << 29, inodes: Some(1000), inodes_free: Some(500) };

    fn facts(read_only: bool, free: FreeSpace) -> Facts {
        let file_system = Some(FileSystem { medium: Medium::Disk, read_only, free });
        let point = "/srv".into();
        let mount = Mount { point, source: "/dev/sdb1".into(), read_only, file_system_read_only: false };
        Facts { path: "/srv/sessions".into(), file_system, mount: Some(mount), ..Facts::default() }
    }

    fn texts(facts: &Facts) -> Vec<String> {
        facts.troubles(1_000_000).into_iter().map(|trouble| trouble.message).collect()
    }

    #[test]
    fn full_disk_is_reported_by_what_is_missing() {
        assert_eq!(texts(&facts(false, FREE)), [""; 0]);
        let full = FreeSpace { inodes_free: Some(0), ..FREE };
        assert_eq!(texts(&facts(false, full)), ["can't save sessions: no free inodes on /srv"]);
        let full = FreeSpace { bytes_free: 4095, ..FREE };
        assert_eq!(texts(&facts(false, full)), ["can't save sessions: no free space on /srv"]);
        let nearly = FreeSpace { inodes_free: Some(10), ..FREE };
        assert_eq!(texts(&facts(false, nearly)), ["at most 1 % of the inodes on /srv is free: 10"]);
        let nearly = FreeSpace { bytes_free: 5 << 20, ..FREE };
        assert_eq!(texts(&facts(false, nearly)), ["at most 1 % of the space on /srv is free: 5 MiB"]);
        // btrfs has no fixed number of inodes; /proc has no blocks.
        let dynamic = FreeSpace { bytes: 0, bytes_free: 0, inodes: None, inodes_free: None };
        assert_eq!(texts(&facts(false, dynamic)), [""; 0]);
        let quota = Some((Account::of(3_999_999_999), Exhausted::Inodes));
        let found = texts(&Facts { quota, ..facts(false, FREE) });
        assert_eq!(found, ["can't save sessions: user 3999999999 has used up the quota of inodes on /srv"]);
    }

    #[test]
    fn read_only_mount_is_reported_unless_the_unit_of_this_process_made_it() {
        let mut found = facts(true, FREE);
        assert_eq!(texts(&found), ["can't save sessions: /srv is mounted read-only"]);
        found.in_unit = true;
        assert_eq!(texts(&found), [""; 0]);
    }

    #[test]
    fn barriers_name_the_user_and_the_directory() {
        let user = Account::of(3_999_999_999);
        let of = |barrier| {
            let barrier = Some((user.clone(), barrier));
            Facts { path: "/srv/sessions".into(), barrier, ..Facts::default() }.troubles(0).remove(0)
        };
        let own = of(Barrier::Unwritable { owner: 3_999_999_999, group: 33, mode: 0o550 });
        assert_eq!(
            own.message,
            "can't save sessions: user 3999999999 can't create and delete files in /srv/sessions (owner 3999999999, group 33, mode 0550)"
        );
        assert_eq!(own.help, "run `chmod u+rwx /srv/sessions`");
        let other = of(Barrier::Unwritable { owner: 0, group: 0, mode: 0o755 });
        assert!(other.help.starts_with("run `chown 3999999999 /srv/sessions`"), "{}", other.help);
        let closed = of(Barrier::Closed(Path::new("/srv").to_owned()));
        let spaced = of(Barrier::Closed(Path::new("/srv/a wiki").to_owned()));
        assert_eq!(
            spaced.help,
            "run `chmod o+x '/srv/a wiki'`, or `setfacl -m u:3999999999:x '/srv/a wiki'`"
        );
        assert_eq!(closed.message, "can't save sessions: user 3999999999 can't enter /srv");
        let missing = of(Barrier::NotCreatable(Path::new("/srv").to_owned()));
        assert_eq!(
            missing.message,
            "can't save sessions: user 3999999999 can't create /srv/sessions in /srv"
        );
    }

    #[test]
    fn clock_network_denials_and_modes_are_reported() {
        let mut found = Facts { path: "/s".into(), changed: Some(1_003_600), ..Facts::default() };
        assert_eq!(texts(&found), [""; 0]);
        found.changed = Some(1_260_000);
        found.denied_by = Some("SELinux");
        found.readable = Some(0o644);
        found.file_system = Some(FileSystem { medium: Medium::Network("NFS"), read_only: false, free: FREE });
        let kinds: Vec<Kind> = found.troubles(1_000_000).into_iter().map(|trouble| trouble.kind).collect();
        assert_eq!(kinds, [Kind::Denied, Kind::Readable, Kind::ClockBehind, Kind::OnNetwork]);
        assert!(texts(&found)[2].starts_with("the clock is 3 d behind the last change of /s: "));
    }
}
