//! The file system of a store, as JSON.

use serde::Serialize;

use crate::sys::Room;

/// The file system that a store lies on.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Space {
    pub(crate) bytes: u64,
    pub(crate) bytes_free: u64,
    pub(crate) inodes: Option<u64>,
    pub(crate) inodes_used: Option<u64>,
    pub(crate) inodes_free: Option<u64>,
}

impl From<Room> for Space {
    fn from(room: Room) -> Self {
        Space {
            bytes: room.bytes,
            bytes_free: room.bytes_free,
            inodes: room.inodes,
            inodes_used: room.inodes_used(),
            inodes_free: room.inodes_free,
        }
    }
}
