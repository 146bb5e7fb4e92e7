//! Whether values are equal, and where an item is.

use super::value::{Item, Val};

/// How deep values are compared.
const DEEPEST: u8 = 8;

/// Whether two values are equal, if that is known.
pub(super) fn equal(a: &Val, b: &Val) -> Option<bool> {
    equal_within(a, b, DEEPEST)
}

/// The position that an index means in so many items.
pub(super) fn position(index: &Val, count: usize) -> Option<usize> {
    let index = index.int()?;
    let from_end = i64::try_from(count).ok()?.checked_add(index)?;
    usize::try_from(if index < 0 { from_end } else { index }).ok().filter(|at| *at < count)
}

/// Where a key is in a dictionary; the outer `None` if that is not known.
#[expect(clippy::option_option, reason = "not known and not there are different answers")]
pub(super) fn find(pairs: &[(Item, Item)], key: &Item) -> Option<Option<usize>> {
    let mut found = None;
    for (at, (other, _)) in pairs.iter().enumerate() {
        if equal(&other.val, &key.val)? {
            found = Some(at);
        }
    }
    // A key that can't be compared is none that is known.
    equal(&key.val, &key.val).map(|_| found)
}

fn equal_within(a: &Val, b: &Val, depth: u8) -> Option<bool> {
    match (a, b) {
        // Python 2 takes bytes and text for different if they are not ASCII.
        (Val::Str(a), Val::Str(b)) if a.unicode == b.unicode || (a.text.is_ascii() && b.text.is_ascii()) => {
            Some(a.text == b.text)
        }
        (Val::None, Val::None) => Some(true),
        (Val::Class(a), Val::Class(b)) => Some(a == b),
        (Val::Tuple(_), Val::Tuple(_)) | (Val::List(_), Val::List(_)) => {
            let (a, b, depth) = (a.items()?, b.items()?, depth.checked_sub(1)?);
            let mut pairs = a.iter().zip(&b);
            let same =
                pairs.try_fold(true, |all, (a, b)| Some(equal_within(&a.val, &b.val, depth)? && all))?;
            Some(same && a.len() == b.len())
        }
        (a, b) if a.number().is_some() && b.number().is_some() => Some(a.number() == b.number()),
        (a, b) => (plain(a) && plain(b) && a.kind() != b.kind()).then_some(false),
    }
}

/// Whether a value is nothing but what it is: it has no method that compares it.
fn plain(val: &Val) -> bool {
    matches!(
        val,
        Val::None | Val::Bool(_) | Val::Int(_) | Val::Float(_) | Val::Str(_) | Val::Tuple(_) | Val::List(_)
    )
}
