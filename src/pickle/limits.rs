//! How much one pickle may cost, as numbers, and the meter that counts it.

use super::error::ReadErrorKind;

/// Bounds on reading one pickle. [`Limits::default`] is what the commands use.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest file, in bytes (16 MiB). What follows the STOP opcode counts too.
    pub bytes: usize,
    /// Most values in one file (1,000,000). The same number bounds marks, memo entries and recorded events;
    /// four times as many references may wait on the stack.
    pub nodes: usize,
    /// Longest single big integer, in bytes of two's complement (64 KiB).
    pub bigint: usize,
    /// Budget of work (64 Mi): one an opcode, one for each 16 bytes of payload, and what copies and conversions
    /// cost. A file of 16 MiB that Python wrote stays below it.
    pub ops: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 16 << 20, nodes: 1_000_000, bigint: 64 << 10, ops: 64 << 20 }
    }
}

/// Counts down the budget of one reading.
#[derive(Debug)]
pub(super) struct Meter {
    left: u64,
}

impl Meter {
    pub(super) fn new(ops: u64) -> Self {
        Meter { left: ops }
    }

    /// Takes `cost` from the budget.
    pub(super) fn charge(&mut self, cost: u64) -> Result<(), ReadErrorKind> {
        self.left = self.left.checked_sub(cost).ok_or(ReadErrorKind::Limit("operations"))?;
        Ok(())
    }

    /// Takes what going once over `len` bytes costs.
    pub(super) fn charge_bytes(&mut self, len: usize) -> Result<(), ReadErrorKind> {
        self.charge(len as u64 / 16)
    }
}
