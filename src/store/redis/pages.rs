//! The names in a server, page by page: as many as the server says it has keys, and some more, but never for ever.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::error::StoreError;
use crate::store::name::EntryName;

use super::trouble::{Trouble, shortened};
use super::{COUNT, RedisStore};

/// No store holds more sessions: their ids are kept, in some 100 bytes each.
const MOST_IDS: u64 = 10_000_000;

/// What may be seen beyond what the number of keys lets expect: keys that are made meanwhile, and empty parts of a table.
const MARGIN: u64 = 10_000;

/// How much of a server is gone through at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    pages: u64,
    keys: u64,
}

impl Limits {
    /// For a server that says it holds `keys` keys. A page is of some [`COUNT`] keys, or of ten times as many empty entries of
    /// the table; while the table is resized, a key may come twice. Of each there may be several times as much.
    fn of(keys: u64) -> Limits {
        let keys = keys.min(2 * MOST_IDS);
        Limits { pages: MARGIN + keys / 100, keys: MARGIN + keys * 4 }
    }
}

impl RedisStore {
    /// Tells the names behind the prefix, page by page, each once.
    pub(super) fn pages(
        &self,
        stop: &AtomicBool,
        mut page: impl FnMut(Vec<EntryName>, Vec<String>) -> Result<(), Trouble>,
    ) -> Result<(), StoreError> {
        // A user may not be allowed to ask (ACL): then what is enough for the largest server is.
        let size = self.server.ask(|to| redis::cmd("DBSIZE").query(to)).unwrap_or(u64::MAX);
        let limits = Limits::of(size);
        let (mut cursor, mut seen) = (0_u64, HashSet::new());
        let (mut pages, mut found) = (0, 0);
        let sessions = format!("{}s:", self.prefix);
        while !stop.load(Ordering::Relaxed) {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(format!("{}*", escaped(&sessions))).arg("COUNT").arg(COUNT);
            let (next, keys): (u64, Vec<Vec<u8>>) =
                self.server.ask(|to| scan.query(to)).map_err(|why| self.failed(&why))?;
            pages += 1;
            found += u64::try_from(keys.len()).unwrap_or(u64::MAX);
            let (mut ours, mut foreign) = (Vec::new(), Vec::new());
            for key in keys {
                let Some(name) = key.strip_prefix(sessions.as_bytes()) else { continue };
                match EntryName::id(name) {
                    Some(id) => {
                        if seen.insert(id) {
                            ours.push(id);
                        }
                    }
                    None => foreign.push(shortened(&String::from_utf8_lossy(name))),
                }
            }
            page(ours, foreign).map_err(|why| self.failed(&why))?;
            cursor = next;
            if cursor == 0 {
                break;
            }
            let ids = u64::try_from(seen.len()).unwrap_or(u64::MAX);
            let reached = match () {
                () if pages >= limits.pages => Some(format!("{pages} pages of names")),
                () if found >= limits.keys => Some(format!("{found} names")),
                () if ids >= MOST_IDS => Some(format!("{ids} sessions")),
                () => None,
            };
            if let Some(reached) = reached {
                return Err(self.failed(&Trouble::endless(&reached, size)));
            }
        }
        Ok(())
    }
}

/// A prefix so that a pattern of Redis means just it.
fn escaped(prefix: &str) -> String {
    let special = |c| matches!(c, '*' | '?' | '[' | ']' | '\\' | '^');
    prefix.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_leave_room_for_any_honest_server_and_have_an_end() {
        for keys in [0, 1, 1000, 123_456, 20_000_000] {
            let Limits { pages, keys: most } = Limits::of(keys);
            assert!(most >= 2 * keys + MARGIN && pages >= keys / 1000 + MARGIN, "{keys}");
        }
        assert_eq!(Limits::of(u64::MAX), Limits::of(2 * MOST_IDS));
    }
}
