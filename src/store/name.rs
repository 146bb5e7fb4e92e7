//! The name of a session, which is a secret: who knows it is logged in.

use std::ffi::CStr;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use crate::location::{Layout, NameKind, is_id};
use crate::sys::TEMP_PREFIX;

/// The longest name that can be ours: `<32 characters>XXXXXX.tmp`, and the NUL the kernel wants.
const ROOM: usize = 48;

/// How many characters of a name are shown where nothing longer is needed to tell it from others.
pub const SHORTEST_PREFIX: usize = 8;

/// The name of an entry: a session's id, or the name of a half-written file, which may hold an id.
///
/// Both are secrets. `Display` and `Debug` show the first 8 characters and `…`; the whole comes only from
/// [`EntryName::reveal`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryName {
    /// ASCII without NUL, then NULs.
    bytes: [u8; ROOM],
}

impl EntryName {
    /// A name of up to 47 printable ASCII characters; `None` for any other: no store of MoinMoin holds such.
    pub fn new(name: &[u8]) -> Option<Self> {
        let plain = name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/');
        if name.is_empty() || name.len() >= ROOM || !plain {
            return None;
        }
        let mut bytes = [0; ROOM];
        bytes.get_mut(..name.len())?.copy_from_slice(name);
        Some(EntryName { bytes })
    }

    /// The id of a session of any version; `None` for other names.
    pub fn id(name: &[u8]) -> Option<Self> {
        is_id(name).then(|| EntryName::new(name)).flatten()
    }

    /// A name with its meaning in a directory of MoinMoin's; `None` for a foreign one.
    pub fn within(layout: Layout, name: &[u8]) -> Option<(Self, NameKind)> {
        match layout.kind(name) {
            NameKind::Foreign => None,
            kind => EntryName::new(name).map(|name| (name, kind)),
        }
    }

    /// The whole name.
    pub fn reveal(&self) -> &str {
        // Always ASCII, as `new` saw to it.
        std::str::from_utf8(self.as_c_str().to_bytes()).unwrap_or_default()
    }

    /// The whole name as the kernel wants it.
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

    /// The first `characters` of the name, followed by `…` unless that is all of it.
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

/// Whether a name is that of MoinMoin's lock, or of what we are writing.
pub(super) fn is_passing(name: &[u8]) -> bool {
    name == b"__lock__" || name.starts_with(TEMP_PREFIX)
}

/// The shortest prefixes that tell names apart, at least [`SHORTEST_PREFIX`] characters long.
///
/// Only the names that are to be shown need to be held: of all others, [`Prefixes::see`] keeps what they have in common
/// with these.
#[derive(Debug, Default)]
pub struct Prefixes {
    sorted: Vec<EntryName>,
    /// How many characters each has in common with one that was seen.
    seen: Vec<u8>,
}

impl Prefixes {
    /// Over these names; doubles count once.
    pub fn new(mut names: Vec<EntryName>) -> Self {
        names.sort_unstable();
        names.dedup();
        let seen = vec![0; names.len()];
        Prefixes { sorted: names, seen }
    }

    /// Tells that there is such a name, too, from which those held here are to be told.
    pub fn see(&mut self, name: &EntryName) {
        let at = self.sorted.partition_point(|other| other < name);
        // Whatever else has something in common with it has no less in common with one of these two.
        let after = at + usize::from(self.sorted.get(at) == Some(name));
        for near in [at.checked_sub(1), Some(after)].into_iter().flatten() {
            if let (Some(other), Some(seen)) = (self.sorted.get(near), self.seen.get_mut(near)) {
                *seen = (*seen).max(u8::try_from(shared(name, other)).unwrap_or(u8::MAX));
            }
        }
    }

    /// How many characters of `name` it takes to tell it from every other name here.
    pub fn length(&self, name: &EntryName) -> usize {
        let at = self.sorted.partition_point(|other| other < name);
        let before = at.checked_sub(1).and_then(|before| self.sorted.get(before));
        let after = self.sorted.get(at..).unwrap_or_default().iter().find(|other| *other != name);
        let is_held = self.sorted.get(at) == Some(name);
        let seen = self.seen.get(at).filter(|_| is_held).map(|seen| usize::from(*seen));
        let shared = before.into_iter().chain(after).map(|other| shared(name, other)).chain(seen).max();
        shared.map_or(0, |shared| shared + 1).max(SHORTEST_PREFIX).min(name.len())
    }

    /// The shortest unique prefix of `name`, with `…` behind it.
    pub fn short(&self, name: &EntryName) -> String {
        name.short(self.length(name))
    }

    /// Every name that begins with `prefix`, in order.
    pub fn matching(&self, prefix: &str) -> &[EntryName] {
        let from = self.sorted.partition_point(|name| name.reveal() < prefix);
        let rest = self.sorted.get(from..).unwrap_or_default();
        let count = rest.partition_point(|name| name.reveal().starts_with(prefix));
        rest.get(..count).unwrap_or_default()
    }
}

/// As many characters of a name count in [`Heads`]: more of an id are never shown.
const HEAD: usize = 24;

/// The names of a store that it takes more than [`SHORTEST_PREFIX`] characters to tell from all others, with how many:
/// hardly any of a million ids.
#[derive(Debug, Default)]
pub struct Heads {
    sorted: Vec<([u8; HEAD], usize)>,
}

impl Heads {
    /// Of names that are given one by one to what `list` is called with. Until all are there, 32 bytes of each are held.
    ///
    /// # Errors
    ///
    /// Those of `list`.
    pub fn of<E>(list: impl FnOnce(&mut dyn FnMut(EntryName)) -> Result<(), E>) -> Result<Self, E> {
        let mut heads = Vec::new();
        let hasher = RandomState::new();
        list(&mut |name| heads.push((name.head(), hasher.hash_one(name))))?;
        heads.sort_unstable();
        // A name that is listed twice is one name.
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

    /// How many characters of `name` it takes to tell it from every other name, as far as heads tell.
    pub fn length(&self, name: &EntryName) -> usize {
        let head = name.head();
        let after = self.sorted.partition_point(|(other, _)| *other <= head);
        // Of those with one neighbor and the other, the last is the longest.
        let held =
            after.checked_sub(1).and_then(|at| self.sorted.get(at)).filter(|(other, _)| *other == head);
        held.map_or(SHORTEST_PREFIX, |(_, length)| *length).min(name.len())
    }
}

/// How many characters two names begin with alike.
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
    fn a_name_is_shown_only_in_part() {
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
    fn prefixes_grow_only_where_they_must() {
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
        fn a_short_prefix_matches_its_name_alone(texts in prop::collection::hash_set("[ab]{12}", 1..60)) {
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
    fn whatever_is_ours_fits_in_a_name() {
        let longest = "y4yaqsb3lkxvs5tmcuntmabfd5vi0xc1aB3_x9.tmp";
        assert!(EntryName::within(Layout::Moin18, longest.as_bytes()).is_some());
    }
}
