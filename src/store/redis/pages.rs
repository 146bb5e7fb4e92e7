//! Lists the names on a server in pages, with a limit that depends on the reported number of keys.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::store::error::StoreError;
use crate::store::name::EntryName;

use super::trouble::{Trouble, shortened};
use super::{COUNT, RedisStore};

/// The maximum number of sessions in a store. Their ids are in memory, about 100 bytes each.
const MOST_IDS: u64 = 10_000_000;

/// How much more than the reported number of keys is read: keys can be created meanwhile, and parts of the table are
/// empty.
const MARGIN: u64 = 10_000;

/// The limits of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    pages: u64,
    keys: u64,
}

impl Limits {
    /// The limits for a server that reports `keys` keys. A page has about [`COUNT`] keys, or ten times as many empty
    /// entries of the table, and while the table is resized, a key may come twice. The limits are several times
    /// higher.
    fn of(keys: u64) -> Limits {
        let keys = keys.min(2 * MOST_IDS);
        Limits { pages: MARGIN + keys / 100, keys: MARGIN + keys * 4 }
    }
}

impl RedisStore {
    /// Calls the sink with each name after the prefix once, page by page.
    pub(super) fn pages(
        &self,
        stop: &AtomicBool,
        mut page: impl FnMut(Vec<EntryName>, Vec<String>) -> Result<(), Trouble>,
    ) -> Result<(), StoreError> {
        // The ACL may not allow the user to ask. Then use the limits of the largest server.
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

/// Escapes a prefix for a pattern of Redis.
fn escaped(prefix: &str) -> String {
    let special = |c| matches!(c, '*' | '?' | '[' | ']' | '\\' | '^');
    prefix.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_above_any_correct_server_and_finite() {
        for keys in [0, 1, 1000, 123_456, 20_000_000] {
            let Limits { pages, keys: most } = Limits::of(keys);
            assert!(most >= 2 * keys + MARGIN && pages >= keys / 1000 + MARGIN, "{keys}");
        }
        assert_eq!(Limits::of(u64::MAX), Limits::of(2 * MOST_IDS));
    }
}
