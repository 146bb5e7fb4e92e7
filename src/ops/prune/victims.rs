//! The victims of a plan in a compact form: a million take about 40 MB.

use std::time::Duration;

use crate::ops::packed::{Packed, take};
use crate::store::{EntryName, Stamp};

use super::reason::Reason;

/// An entry to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Victim {
    /// The name, a secret.
    pub name: EntryName,
    /// The stamp, to detect changes.
    pub stamp: Stamp,
    /// The reason.
    pub reason: Reason,
    /// The expiry for [`Reason::Expired`], the last write for other reasons, in unix seconds.
    pub since: i64,
    /// The size in bytes, at most 4 GiB.
    pub size: u32,
}

impl Victim {
    /// For people: `expired 3 d 4 h ago`.
    pub fn why(&self, now: i64) -> String {
        let age = u64::try_from(now.saturating_sub(self.since)).unwrap_or(0);
        self.reason.sentence(Duration::from_secs(age))
    }
}

/// A compact list of victims.
#[derive(Debug, Default)]
pub struct Victims {
    /// Extra bytes: reason, since, size.
    packed: Packed<13>,
    guarded: u64,
}

impl Victims {
    /// Appends a victim.
    pub fn push(&mut self, victim: &Victim) {
        let reason = Reason::ALL.iter().position(|reason| *reason == victim.reason).unwrap_or(0);
        let [a, b, c, d, e, f, g, h] = victim.since.to_le_bytes();
        let [i, j, k, l] = victim.size.to_le_bytes();
        let reason = u8::try_from(reason).unwrap_or(0);
        self.packed.push(&victim.name, victim.stamp, [reason, a, b, c, d, e, f, g, h, i, j, k, l]);
        self.guarded += u64::from(victim.reason.is_guarded());
    }

    /// The number of victims.
    pub fn len(&self) -> u64 {
        self.packed.len()
    }

    /// The number of victims that `max_delete` counts.
    pub fn guarded(&self) -> u64 {
        self.guarded
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// The victims in insertion order.
    pub fn iter(&self) -> impl Iterator<Item = Victim> + '_ {
        self.packed.iter().filter_map(|(name, stamp, more)| {
            let mut rest = more.as_slice();
            let [reason] = take(&mut rest)?;
            Some(Victim {
                name,
                stamp,
                reason: *Reason::ALL.get(usize::from(reason))?,
                since: i64::from_le_bytes(take(&mut rest)?),
                size: u32::from_le_bytes(take(&mut rest)?),
            })
        })
    }

    /// Keeps only the victims for which `keep` is true.
    pub fn retain(&mut self, keep: impl Fn(&Victim) -> bool) {
        let mut kept = Victims::default();
        self.iter().filter(keep).for_each(|victim| kept.push(&victim));
        *self = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn victim() -> impl Strategy<Value = Victim> {
        let name =
            prop_oneof!["[0-9a-f]{40}", "[0-9a-fA-F]{40}", "[a-z0-9_]{32}", "tmp[a-zA-Z0-9]{6}[.]__session"];
        (name, any::<u64>(), 0..Reason::ALL.len(), any::<i64>(), any::<u32>()).prop_map(
            |(name, stamp, reason, since, size)| Victim {
                name: EntryName::new(name.as_bytes()).unwrap(),
                stamp: Stamp::from_bits(stamp),
                reason: Reason::ALL[reason],
                since,
                size,
            },
        )
    }

    proptest! {
        #[test]
        fn packed_victims_are_unpacked_unchanged(all in prop::collection::vec(victim(), 0..40)) {
            let mut packed = Victims::default();
            all.iter().for_each(|victim| packed.push(victim));
            prop_assert_eq!(packed.len(), all.len() as u64);
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), all.clone());
            packed.retain(|victim| victim.reason != Reason::Idle);
            let kept: Vec<_> = all.into_iter().filter(|victim| victim.reason != Reason::Idle).collect();
            let guarded = kept.iter().filter(|victim| victim.reason.is_guarded()).count();
            prop_assert_eq!(packed.guarded(), guarded as u64);
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), kept);
        }
    }

    #[test]
    fn why_shows_the_age() {
        let name = EntryName::new(&[b'a'; 40]).unwrap();
        let victim = Victim { name, stamp: Stamp::from_bits(0), reason: Reason::Expired, since: 0, size: 0 };
        assert_eq!(victim.why(90_000), "expired 1 d 1 h ago");
    }
}
