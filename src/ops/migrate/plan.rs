//! Decides about a session by the session with the same id at the target.

use crate::store::{RawRead, Read, Trust, Unreadable};

use super::journal::{self, Known};
use super::options::{OnConflict, Options};
use super::session::Ready;
use super::skip::Skip;

/// Completes a session with what it replaces or equals at the target, or returns why it is not copied.
pub(super) fn plan(
    mut ready: Ready,
    there: RawRead,
    options: &Options,
    known: &Known,
) -> Result<Ready, Skip> {
    (ready.new.instead_of, ready.before, ready.copy) = (None, None, None);
    let there = match there {
        Ok(Read::Missing) => return Ok(ready),
        Ok(Read::Present(raw)) => raw,
        // The wiki would neither load nor save it.
        Ok(Read::Unreadable(Unreadable::Ended)) => return Err(Skip::Ended),
        Ok(Read::Unreadable(why)) => return Err(Skip::NotReplaceable(why)),
        Err(error) => return Err(Skip::NotRead(error)),
    };
    let ours = known.wrote(&ready.new.id, || journal::hash(&there.bytes));
    let same = there.bytes == ready.new.bytes;
    // The same bytes, without a MAC or with an old one.
    let without_mac = same && matches!(there.trust, Some(Trust::Foreign | Trust::Old));
    let newer = options.on_conflict == OnConflict::Newer && ready.source.modified > there.modified;
    if same && !without_mac {
        ready.copy = Some(there.stamp);
    } else if without_mac || ours || newer {
        ready.new.instead_of = Some(there.stamp);
    } else {
        return Err(Skip::Conflict);
    }
    if !ours {
        ready.before = Some(there);
    }
    Ok(ready)
}
