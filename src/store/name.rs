//! The name of a session, which is a secret: it is a login.

use std::ffi::CStr;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use crate::location::{Layout, NameKind, is_id};
use crate::sys::TEMP_PREFIX;

/// The maximum length of a name: `<32 characters>XXXXXX.tmp` and a NUL.
const MAX_BYTES: usize = 48;

/// The minimum length of a displayed prefix.
pub const SHORTEST_PREFIX: usize = 8;

/// The name of an entry: a session id, or the name of a temporary file, which may contain an id.
///
/// Both are secrets. `Display` and `Debug` show the first 8 characters and `…`. Only [`EntryName::reveal`] returns the whole
/// name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryName {
    /// ASCII without NUL, then NULs.
    bytes: [u8; MAX_BYTES],
}

impl EntryName {
    /// A name of up to 47 printable ASCII characters. `None` for any other name, which no store of MoinMoin has.
    pub fn new(name: &[u8]) -> Option<Self> {
        let plain = name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/');
        if name.is_empty() || name.len() >= MAX_BYTES || !plain {
            return None;
        }
        let mut bytes = [0; MAX_BYTES];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        Some(EntryName { bytes })
    }

    /// The session id of any version. `None` for other names.
    pub fn id(name: &[u8]) -> Option<Self> {
        is_id(name).then(|| EntryName::new(name)).flatten()
    }

    /// A name with its meaning in a layout. `None` for a foreign name.
    pub fn within(layout: Layout, name: &[u8]) -> Option<(Self, NameKind)> {
        match layout.kind(name) {
            NameKind::Foreign => None,
            kind => EntryName::new(name).map(|name| (name, kind)),
        }
    }

    /// The whole name.
    pub fn reveal(&self) -> &str {
        // `new` accepts only ASCII.
        std::str::from_utf8(self.as_c_str().to_bytes()).unwrap_or_default()
    }

    /// The whole name for system calls.
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }

    fn head(&self) -> [u8; HEAD] {
        self.bytes.first_chunk().copied().unwrap_or_default()
    }

    /// The length of the whole name.
    #[allow(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.reveal().len()
    }

    /// The first `characters` of the name, followed by `…` unless this is the whole name.
    pub fn short(&self, characters: usize) -> String {
        match self.reveal().get(..characters) {
            Some(prefix) if characters < self.len() => format!("{prefix}…"),
            _ => self.reveal().to_owned(),
        }
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.short(SHORTEST_PREFIX))
    }
}

impl fmt::Debug for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntryName({self})")
    }
}

/// Whether a name is the lock of MoinMoin, or a temporary file of wikifarm.
pub(super) fn is_passing(name: &[u8]) -> bool {
    name == b"__lock__" || name.starts_with(TEMP_PREFIX)
}

/// The shortest unique prefixes of names, with at least [`SHORTEST_PREFIX`] characters.
///
/// Keeps only the names for display. Of all others, [`Prefixes::see`] keeps the length of common prefixes.
#[derive(Debug, Default)]
pub struct Prefixes {
    sorted: Vec<EntryName>,
    /// The longest common prefix of each with a seen name.
    seen: Vec<u8>,
}

impl Prefixes {
    /// Prefixes of these names. Duplicates count once.
    pub fn new(mut names: Vec<EntryName>) -> Self {
        names.sort_unstable();
        names.dedup();
        let seen = vec![0; names.len()];
        Prefixes { sorted: names, seen }
    }

    /// Takes another name into account.
    pub fn see(&mut self, name: &EntryName) {
        let at = self.sorted.partition_point(|other| other < name);
        // The two neighbors have the longest common prefixes.
        let after = at + usize::from(self.sorted.get(at) == Some(name));
        for near in [at.checked_sub(1), Some(after)].into_iter().flatten() {
            if let (Some(other), Some(seen)) = (self.sorted.get(near), self.seen.get_mut(near)) {
                *seen = (*seen).max(u8::try_from(shared(name, other)).unwrap_or(u8::MAX));
            }
        }
    }

    /// The length of the shortest unique prefix of `name`.
    pub fn length(&self, name: &EntryName) -> usize {
        let at = self.sorted.partition_point(|other| other < name);
        let before = at.checked_sub(1).and_then(|before| self.sorted.get(before));
        let after = self.sorted.get(at..).unwrap_or_default().iter().find(|other| *other != name);
        let is_held = self.sorted.get(at) == Some(name);
        let seen = self.seen.get(at).filter(|_| is_held).map(|seen| usize::from(*seen));
        let shared = before.into_iter().chain(after).map(|other| shared(name, other)).chain(seen).max();
        shared.map_or(0, |shared| shared + 1).max(SHORTEST_PREFIX).min(name.len())
    }

    /// The shortest unique prefix of `name`, followed by `…`.
    pub fn short(&self, name: &EntryName) -> String {
        name.short(self.length(name))
    }

    /// The names that begin with `prefix`, in order.
    pub fn matching(&self, prefix: &str) -> &[EntryName] {
        let from = self.sorted.partition_point(|name| name.reveal() < prefix);
        let rest = self.sorted.get(from..).unwrap_or_default();
        let count = rest.partition_point(|name| name.reveal().starts_with(prefix));
        rest.get(..count).unwrap_or_default()
    }
}

/// How many characters of a name [`Heads`] considers. Longer prefixes of an id are never shown.
const HEAD: usize = 24;

/// The names of a store whose shortest unique prefix is longer than [`SHORTEST_PREFIX`], with its length. A
/// million ids have only a few of these.
#[derive(Debug, Default)]
pub struct Heads {
    sorted: Vec<([u8; HEAD], usize)>,
}

impl Heads {
    /// Built from the names that `list` passes on. Uses 32 bytes for each name until all are listed.
    ///
    /// # Errors
    ///
    /// The errors of `list`.
    pub fn of<E>(list: impl FnOnce(&mut dyn FnMut(EntryName)) -> Result<(), E>) -> Result<Self, E> {
        let mut heads = Vec::new();
        let hasher = RandomState::new();
        list(&mut |name| heads.push((name.head(), hasher.hash_one(name))))?;
        heads.sort_unstable();
        // A name can be listed twice.
        heads.dedup();
        let mut sorted: Vec<([u8; HEAD], usize)> = Vec::new();
        for pair in heads.windows(2) {
            let [(one, _), (other, _)] = pair else { continue };
            let shared = alike(one, other);
            if shared >= SHORTEST_PREFIX {
                sorted.extend([(*one, shared + 1), (*other, shared + 1)]);
            }
        }
        sorted.sort_unstable();
        Ok(Heads { sorted })
    }

    /// The length of the shortest unique prefix of `name`.
    pub fn length(&self, name: &EntryName) -> usize {
        let head = name.head();
        let after = self.sorted.partition_point(|(other, _)| *other <= head);
        // The maximum over both neighbors.
        let held =
            after.checked_sub(1).and_then(|at| self.sorted.get(at)).filter(|(other, _)| *other == head);
        held.map_or(SHORTEST_PREFIX, |(_, length)| *length).min(name.len())
    }
}

/// The length of the common prefix of two names.
fn shared(one: &EntryName, other: &EntryName) -> usize {
    alike(one.reveal().as_bytes(), other.reveal().as_bytes())
}

fn alike(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> EntryName {
        EntryName::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn name_is_shown_only_in_part() {
        let id = name("031d8acb800cc038fab650b412fa1073b51d67ec");
        assert_eq!(id.to_string(), "031d8acb…");
        assert_eq!(format!("{id:?}"), "EntryName(031d8acb…)");
        assert_eq!(id.reveal().len(), 40);
        assert_eq!(std::mem::size_of::<EntryName>(), 48);
        for text in ["", "a b", "a/b", "ä", "x\0y", &"x".repeat(48)] {
            assert!(EntryName::new(text.as_bytes()).is_none(), "{text:?}");
        }
    }

    #[test]
    fn prefixes_are_as_short_as_possible() {
        let prefixes =
            Prefixes::new(["aaaaaaaaaaaab", "aaaaaaaaaaaac", "aaaaaaaaab", "b"].map(name).to_vec());
        assert_eq!(prefixes.short(&name("aaaaaaaaaaaab")), "aaaaaaaaaaaab");
        assert_eq!(prefixes.short(&name("aaaaaaaaab")), "aaaaaaaaab");
        assert_eq!(prefixes.short(&name("b")), "b");
        assert_eq!(prefixes.short(&name("cccccccccccc")), "cccccccc…");
        assert_eq!(prefixes.matching("aaaaaaaaaa").len(), 2);
        assert_eq!(prefixes.matching("").len(), 4);
        assert_eq!(prefixes.matching("c"), []);
    }

    proptest! {
        #[test]
        fn short_prefix_matches_only_its_name(texts in prop::collection::hash_set("[ab]{12}", 1..60)) {
            let prefixes = Prefixes::new(texts.iter().map(|text| name(text)).collect());
            for text in &texts {
                let length = prefixes.length(&name(text));
                let begin = |length| prefixes.matching(text.get(..length).unwrap());
                prop_assert_eq!(begin(length), [name(text)]);
                prop_assert!(length == SHORTEST_PREFIX || begin(length - 1).len() > 1);
            }
        }

        #[test]
        fn to_have_seen_a_name_is_enough(texts in prop::collection::vec("[ab]{12}", 1..60), held in 0_usize..60) {
            let names: Vec<EntryName> = texts.iter().map(|text| name(text)).collect();
            let (shown, _) = names.split_at(held.min(names.len()));
            let all = Prefixes::new(names.clone());
            let mut some = Prefixes::new(shown.to_vec());
            names.iter().for_each(|name| some.see(name));
            let heads = Heads::of(|sink| { names.iter().for_each(|name| sink(*name)); Ok::<(), ()>(()) }).unwrap();
            for name in shown {
                prop_assert_eq!(some.length(name), all.length(name));
                prop_assert_eq!(heads.length(name), all.length(name));
            }
        }
    }

    #[test]
    fn names_of_wikis_and_wikifarm_fit() {
        let longest = "y4yaqsb3lkxvs5tmcuntmabfd5vi0xc1aB3_x9.tmp";
        assert!(EntryName::within(Layout::Moin18, longest.as_bytes()).is_some());
    }
}
