//! What is to be done about a session, given what is at the target under its id.

use crate::store::{RawRead, Read, Trust, Unreadable};

use super::journal::{self, Known};
use super::options::{OnConflict, Options};
use super::report::Tally;
use super::session::Ready;

/// The session as it is to be dealt with: what it takes the place of, or that it is there already. `None` where it stays
/// behind, and has been counted.
pub(super) fn plan(
    mut ready: Ready,
    there: RawRead,
    options: &Options,
    known: &Known,
    tally: &mut Tally,
) -> Option<Ready> {
    (ready.new.instead_of, ready.before, ready.copy) = (None, None, None);
    let there = match there {
        Ok(Read::Missing) => return Some(ready),
        Ok(Read::Present(raw)) => raw,
        // Its wiki would neither load nor save it.
        Ok(Read::Unreadable(Unreadable::Ended)) => {
            tally.counts.ended += 1;
            return None;
        }
        // Not to be read, and so not to be replaced.
        Ok(Read::Unreadable(why)) => {
            tally.counts.failed += 1;
            tally.tell(format!(
                "{}: what is under this id at the target cannot be replaced: {why}",
                ready.new.id
            ));
            return None;
        }
        Err(error) => {
            tally.counts.failed += 1;
            tally.tell(error.to_string());
            return None;
        }
    };
    let ours = known.tells(&ready.new.id, || journal::hash(&there.bytes));
    let same = there.bytes == ready.new.bytes;
    // The same, but nobody vouches for it: it was put there without the key; or only for its id.
    let unsealed = same && matches!(there.trust, Some(Trust::Foreign | Trust::Old));
    let newer = options.on_conflict == OnConflict::Newer && ready.source.modified > there.modified;
    if same && !unsealed {
        ready.copy = Some(there.stamp);
    } else if unsealed || ours || newer {
        ready.new.instead_of = Some(there.stamp);
    } else {
        tally.counts.conflicts += 1;
        return None;
    }
    if !ours {
        ready.before = Some(there);
    }
    Some(ready)
}
