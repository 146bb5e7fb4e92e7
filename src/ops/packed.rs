//! Compact lists of names: a million ids of MoinMoin 1.9 with their stamps take about 30 MB.

use crate::store::{EntryName, Stamp};

/// Names with their stamps, and `N` extra bytes for each.
#[derive(Debug)]
pub(super) struct Packed<const N: usize> {
    /// Consecutive records: form of the name, length of the name, name, stamp, extra bytes.
    bytes: Vec<u8>,
    count: u64,
}

/// Form of a name: lower-case hexadecimal digits, two in a byte.
const HEX: u8 = 1;
const PLAIN: u8 = 0;

impl<const N: usize> Default for Packed<N> {
    fn default() -> Self {
        Packed { bytes: Vec::new(), count: 0 }
    }
}

impl<const N: usize> Packed<N> {
    /// Appends a name.
    pub(super) fn push(&mut self, name: &EntryName, stamp: Stamp, extra: [u8; N]) {
        let text = name.reveal().as_bytes();
        match hex(text) {
            Some(packed) => self.name(HEX, &packed),
            None => self.name(PLAIN, text),
        }
        self.bytes.extend(stamp.to_bits().to_le_bytes());
        self.bytes.extend(extra);
        self.count += 1;
    }

    fn name(&mut self, form: u8, name: &[u8]) {
        self.bytes.push(form);
        self.bytes.push(u8::try_from(name.len()).unwrap_or(0));
        self.bytes.extend(name);
    }

    /// The number of names.
    pub(super) fn len(&self) -> u64 {
        self.count
    }

    /// Whether the list is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The names in insertion order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (EntryName, Stamp, [u8; N])> + '_ {
        let mut rest = self.bytes.as_slice();
        std::iter::from_fn(move || unpack(&mut rest))
    }
}

fn unpack<const N: usize>(rest: &mut &[u8]) -> Option<(EntryName, Stamp, [u8; N])> {
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
    Some((name, Stamp::from_bits(u64::from_le_bytes(take(rest)?)), take(rest)?))
}

/// Splits the first `N` bytes off.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(*head)
}

/// Packs two digits in a byte. `None` unless the name is an even number of lower-case hexadecimal digits.
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

    #[test]
    fn hexadecimal_name_takes_half_its_length() {
        let mut packed = Packed::<1>::default();
        let name = EntryName::new(&[b'a'; 40]).unwrap();
        packed.push(&name, Stamp::from_bits(7), [9]);
        assert_eq!(packed.bytes.len(), 2 + 20 + 8 + 1);
        assert_eq!(packed.iter().collect::<Vec<_>>(), [(name, Stamp::from_bits(7), [9])]);
    }
}
