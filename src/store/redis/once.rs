//! Makes each change once, although its request may be sent twice.
//!
//! If a connection is lost after a script has run and before its answer arrives, the script is sent again. It would
//! then find its own change and take it for the change of another client. So a script writes what it did into a key
//! of this run, which it reads first. The key expires after ten minutes.

use std::sync::atomic::{AtomicU64, Ordering};

/// KEYS: both keys of a session, the key with the last change, and the tombstone. ARGV: the examined pickle, the
/// number of this removal, and, if it leaves a tombstone, its expiry in seconds and in milliseconds. Returns 0 if the
/// session no longer exists, 1 if it was removed, 2 if it has changed.
///
/// The last change is written after the removal, because a full Redis accepts no write before it.
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

/// The keys with the changes of this run.
pub(super) struct Done {
    run: String,
    number: AtomicU64,
}

impl Done {
    /// The keys of a new run.
    pub(super) fn new(prefix: &str) -> Done {
        Done { run: format!("{prefix}done:{:032x}", fastrand::u128(..)), number: AtomicU64::new(0) }
    }

    /// The key with the number of the last removal, and the number of a new one.
    pub(super) fn of_removal(&self) -> (&str, u64) {
        (&self.run, self.number.fetch_add(1, Ordering::Relaxed))
    }

    /// The key for a batch of writes. It has the answer to each call.
    pub(super) fn of_batch(&self) -> String {
        format!("{}:{}", self.run, self.number.fetch_add(1, Ordering::Relaxed))
    }
}
