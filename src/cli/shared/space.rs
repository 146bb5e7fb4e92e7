//! The file system of a store, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use crate::sys::FreeSpace;

/// The file system that a store lies on.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(crate) struct Space {
    /// The size in bytes.
    pub(crate) bytes: u64,
    /// Free bytes for users other than root.
    pub(crate) bytes_free: u64,
    /// The number of inodes; null if the file system has no fixed number.
    pub(crate) inodes: Option<u64>,
    /// Used inodes.
    pub(crate) inodes_used: Option<u64>,
    /// Free inodes for users other than root.
    pub(crate) inodes_free: Option<u64>,
}

impl From<FreeSpace> for Space {
    fn from(free_space: FreeSpace) -> Self {
        Space {
            bytes: free_space.bytes,
            bytes_free: free_space.bytes_free,
            inodes: free_space.inodes,
            inodes_used: free_space.inodes_used(),
            inodes_free: free_space.inodes_free,
        }
    }
}
