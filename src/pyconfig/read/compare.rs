//! Comparisons, and where an item is.

use super::value::{Item, Val};

/// The position that an index means in so many items.
pub(super) fn position(index: &Val, count: usize) -> Option<usize> {
    let index = index.int()?;
    let from_end = i64::try_from(count).ok()?.checked_add(index)?;
    usize::try_from(if index < 0 { from_end } else { index }).ok().filter(|at| *at < count)
}

/// Where a key is in the items of a dictionary, with its value; the outer `None` if that is not known.
#[expect(clippy::option_option, reason = "not known and not there are different answers")]
pub(super) fn find(pairs: &[Item], key: &Item) -> Option<Option<(usize, Val)>> {
    // A key that can't be compared is none that is known.
    equal(&key.val, &key.val)?;
    let mut found = None;
    for (at, pair) in pairs.iter().enumerate() {
        let pair = pair.val.items()?;
        let (other, val) = (pair.first()?, pair.get(1)?);
        if equal(&other.val, &key.val)? {
            found = Some((at, val.val.clone()));
        }
    }
    Some(found)
}

/// Sets the value of a key in the items of a dictionary, if it is known where.
pub(super) fn set_key(pairs: &mut Vec<Item>, key: Item, value: Item) -> Option<()> {
    let found = find(pairs, &key)?.map(|(at, _)| at);
    let span = key.span.clone();
    let pair = Item::new(Val::holding(vec![key, value], Val::Tuple, &span), span);
    match found.and_then(|at| pairs.get_mut(at)) {
        // The first key stays.
        Some(old) => *old = pair,
        None => pairs.push(pair),
    }
    Some(())
}

/// Whether a comparison holds, if that is known.
pub(super) fn compare(left: &Item, operator: &str, right: &Item) -> Option<bool> {
    let none = |item: &Item| match &item.val {
        Val::None => Some(true),
        Val::Unknown(_) | Val::Outside(_) => None,
        _ => Some(false),
    };
    let holds = match operator {
        "==" | "!=" | "<>" => equal(&left.val, &right.val)?,
        "is" | "is not" => {
            let (left, right) = (none(left)?, none(right)?);
            (left || right).then_some(left && right)?
        }
        "in" | "not in" => match &right.val {
            Val::Str(text) => text.text.contains(left.text().filter(|it| it.is_ascii())?),
            Val::Dict(dict) => find(&dict.items()?, left)?.is_some(),
            other => {
                let mut items = other.items()?.into_iter();
                items.try_fold(false, |any, it| Some(equal(&it.val, &left.val)? || any))?
            }
        },
        _ => return None,
    };
    Some(holds == matches!(operator, "==" | "is" | "in"))
}

/// Whether two plain values are equal, if that is known.
fn equal(a: &Val, b: &Val) -> Option<bool> {
    match (a, b) {
        // For Python 2, bytes and text are different if they are not ASCII.
        (Val::Str(a), Val::Str(b)) => (a.text.is_ascii() && b.text.is_ascii()).then(|| a.text == b.text),
        (Val::None, Val::None) => Some(true),
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
