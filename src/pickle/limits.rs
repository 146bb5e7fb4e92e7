//! The limits for reading one pickle, and the meter that counts the cost.

use super::error::ReadErrorKind;

/// The limits for reading one pickle. The commands use [`Limits::default`].
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The maximum size of a file in bytes (16 MiB), including bytes after the STOP opcode.
    pub bytes: usize,
    /// The maximum number of values in a file (1,000,000). The same limit applies to marks, memo entries, and
    /// recorded events. Four times as many references may be on the stack.
    pub nodes: usize,
    /// The maximum size of one big integer, in bytes of two's complement (64 KiB).
    pub bigint: usize,
    /// The budget of work (64 Mi): one for each opcode, one for each 16 bytes of payload, and the cost of
    /// copies and conversions. A file of 16 MiB that Python wrote needs less.
    pub ops: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 16 << 20, nodes: 1_000_000, bigint: 64 << 10, ops: 64 << 20 }
    }
}

/// The rest of the budget of one read.
#[derive(Debug)]
pub(super) struct Meter {
    left: u64,
}

impl Meter {
    pub(super) fn new(ops: u64) -> Self {
        Meter { left: ops }
    }

    /// Subtracts `cost` from the budget.
    pub(super) fn charge(&mut self, cost: u64) -> Result<(), ReadErrorKind> {
        self.left = self.left.checked_sub(cost).ok_or(ReadErrorKind::Limit("operations"))?;
        Ok(())
    }

    /// Subtracts the cost of reading `len` bytes once.
    pub(super) fn charge_bytes(&mut self, len: usize) -> Result<(), ReadErrorKind> {
        self.charge(len as u64 / 16)
    }
}
