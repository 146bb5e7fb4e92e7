//! That something is done once, though the question is put twice.
//!
//! Where a connection is lost after a script has run and before its answer has come, the script is sent again. It would
//! then find its own work, and take it for another's. So a script leaves word of what it did, in a key of this run, which
//! is looked for first, and ends by itself after ten minutes.

use std::sync::atomic::{AtomicU64, Ordering};

/// KEYS: both keys of a session, the key of what was done, and that of the tombstone. ARGV: the pickle that was judged, the
/// number of this removal, and, where it is to leave a tombstone, when that ends, in seconds and in milliseconds. 0: it is
/// gone; 1: removed; 2: it is another.
///
/// The word is left after the removal: where Redis is full, nothing could be written before it.
pub(super) const REMOVE: &str = "
local now = redis.call('GET', KEYS[1])
if not now then
  if redis.call('GET', KEYS[3]) == ARGV[2] then return 1 end
  return 0
end
if now ~= ARGV[1] then return 2 end
redis.call('DEL', KEYS[1], KEYS[2])
if ARGV[3] and tonumber(redis.call('GET', KEYS[4]) or 0) < tonumber(ARGV[3]) then
  redis.pcall('SET', KEYS[4], ARGV[3], 'PXAT', ARGV[4])
end
redis.pcall('SET', KEYS[3], ARGV[2], 'PX', 600000)
return 1";

/// The keys of what was done by this run.
pub(super) struct Done {
    run: String,
    number: AtomicU64,
}

impl Done {
    /// For a run of its own.
    pub(super) fn new(prefix: &str) -> Done {
        Done { run: format!("{prefix}done:{:032x}", fastrand::u128(..)), number: AtomicU64::new(0) }
    }

    /// The key for removals, which holds the number of the last one; and the number of a new one.
    pub(super) fn of_removal(&self) -> (&str, u64) {
        (&self.run, self.number.fetch_add(1, Ordering::Relaxed))
    }

    /// A key for a batch of what is to be written, which holds the answer to each call.
    pub(super) fn of_batch(&self) -> String {
        format!("{}:{}", self.run, self.number.fetch_add(1, Ordering::Relaxed))
    }
}
