//! A plan's removals, packed: a million of them take some 40 MB.

use std::time::Duration;

use crate::store::{EntryName, Stamp};

use super::verdict::Reason;

/// One entry that is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Victim {
    /// Its name: a secret.
    pub name: EntryName,
    /// To remove it only if it did not change.
    pub stamp: Stamp,
    /// Why.
    pub reason: Reason,
    /// Since when the reason counts, in seconds since 1970: its expiry for [`Reason::Expired`], else its last write.
    pub since: i64,
    /// Bytes in it, at most 4 GiB.
    pub size: u32,
}

impl Victim {
    /// For people: `expired 3 d 4 h ago`.
    pub fn why(&self, now: i64) -> String {
        let age = u64::try_from(now.saturating_sub(self.since)).unwrap_or(0);
        self.reason.sentence(Duration::from_secs(age))
    }
}

/// Many victims in little room.
#[derive(Debug, Default)]
pub struct Victims {
    /// Records, one after the other: form of the name, length of the name, name, reason, stamp, since, size.
    bytes: Vec<u8>,
    count: u64,
    guarded: u64,
}

/// Lower-case hexadecimal digits, two in a byte.
const HEX: u8 = 1;
const PLAIN: u8 = 0;

impl Victims {
    /// Puts one more at the end.
    pub fn push(&mut self, victim: &Victim) {
        let name = victim.name.reveal().as_bytes();
        match hex(name) {
            Some(packed) => self.name(HEX, &packed),
            None => self.name(PLAIN, name),
        }
        let reason = Reason::ALL.iter().position(|reason| *reason == victim.reason).unwrap_or(0);
        self.bytes.push(u8::try_from(reason).unwrap_or(0));
        self.bytes.extend(victim.stamp.to_bits().to_le_bytes());
        self.bytes.extend(victim.since.to_le_bytes());
        self.bytes.extend(victim.size.to_le_bytes());
        self.count += 1;
        self.guarded += u64::from(victim.reason.is_guarded());
    }

    fn name(&mut self, form: u8, name: &[u8]) {
        self.bytes.push(form);
        self.bytes.push(u8::try_from(name.len()).unwrap_or(0));
        self.bytes.extend(name);
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// How many of them `max_delete` counts.
    pub fn guarded(&self) -> u64 {
        self.guarded
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Each, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = Victim> + '_ {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || unpack(&mut rest))
    }

    /// Keeps only those that `keep` says.
    pub fn retain(&mut self, keep: impl Fn(&Victim) -> bool) {
        let mut kept = Victims::default();
        self.iter().filter(keep).for_each(|victim| kept.push(&victim));
        *self = kept;
    }
}

fn unpack(rest: &mut &[u8]) -> Option<Victim> {
    let [form, length] = take(rest)?;
    let (name, behind) = rest.split_at_checked(usize::from(length))?;
    *rest = behind;
    let name = match form {
        HEX => {
            let digits = name.iter().flat_map(|byte| [byte >> 4, byte & 15]);
            let text: Vec<u8> =
                digits.filter_map(|digit| char::from_digit(digit.into(), 16)).map(|c| c as u8).collect();
            EntryName::new(&text)?
        }
        _ => EntryName::new(name)?,
    };
    let [reason] = take(rest)?;
    Some(Victim {
        name,
        reason: *Reason::ALL.get(usize::from(reason))?,
        stamp: Stamp::from_bits(u64::from_le_bytes(take(rest)?)),
        since: i64::from_le_bytes(take(rest)?),
        size: u32::from_le_bytes(take(rest)?),
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*head)
}

/// Two digits in a byte; `None` unless all are lower-case digits, two by two.
fn hex(name: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = name.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
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
        fn what_was_packed_comes_out(all in prop::collection::vec(victim(), 0..40)) {
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
    fn a_hexadecimal_name_takes_half_its_length() {
        let mut packed = Victims::default();
        let name = EntryName::new(&[b'a'; 40]).unwrap();
        packed.push(&Victim { name, stamp: Stamp::from_bits(0), reason: Reason::Expired, since: 0, size: 0 });
        assert_eq!(packed.bytes.len(), 43);
        assert_eq!(packed.iter().next().unwrap().why(90_000), "expired 1 d 1 h ago");
    }
}
