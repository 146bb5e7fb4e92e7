//! What keeps a wiki from saving sessions: space, inodes, permissions, mounts, security modules, and the clock.
//!
//! [`Collector`] reads the facts, with the rights of the wiki's user where the kernel must answer. [`Facts::troubles`] is pure.
//! The module changes nothing, and a fact that can't be read is no trouble.
//!
//! Source: path_resolution(7), statvfs(3), proc_pid_mountinfo(5), quotactl(2), the formats of auditd and the kernel.

mod cleaners;
mod collect;
mod denials;
mod facts;
mod mounts;
mod trouble;
mod users;

pub use cleaners::{Cleaner, Deletion, Does, Target, find as find_cleaners, of_command};
pub use collect::Collector;
pub use facts::{Barrier, Exhausted, Facts};
pub use mounts::{Mount, in_unit_sandbox};
pub use trouble::{Kind, Trouble};
pub use users::{Owners, home, wikis_user};
