//! What is to be done about a session, given what is at the target under its id.

use crate::store::{RawRead, Read, Trust, Unreadable};

use super::journal::{self, Known};
use super::options::{OnConflict, Options};
use super::session::Ready;
use super::skip::Skip;

/// The session as it is to be dealt with: what it takes the place of, or that it is there already; or why it stays behind.
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
        // Its wiki would neither load nor save it.
        Ok(Read::Unreadable(Unreadable::Ended)) => return Err(Skip::Ended),
        Ok(Read::Unreadable(why)) => return Err(Skip::NotReplaceable(ready.new.id, why)),
        Err(error) => return Err(Skip::NotRead(error)),
    };
    let ours = known.tells(&ready.new.id, || journal::hash(&there.bytes));
    let same = there.bytes == ready.new.bytes;
    // The same, but nobody vouches for it: it was put there without the key; or only for its id.
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
