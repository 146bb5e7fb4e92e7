//! Which sessions go, and as what.

use crate::pickle;
use crate::store::{
    EntryName, Expires, Facts, Fields, NameKind, NewSession, Raw, RawRead, Read, Session, State, Trust,
    Unreadable, is_older,
};

use super::journal;
use super::options::Options;
use super::rename::{Generation, Mapped};
use super::report::Tally;
use super::session::{Ready, Source};
use super::stores::Stores;

/// What is to be written of a session; `None` where it stays behind, and has been counted.
pub(super) fn ready(
    id: EntryName,
    read: RawRead,
    stores: &Stores,
    options: &Options,
    tally: &mut Tally,
) -> Option<Ready> {
    let from = || stores.from.spec().address();
    let raw = match read {
        Ok(Read::Present(raw)) => raw,
        Ok(Read::Missing) => {
            tally.counts.gone += 1;
            return None;
        }
        Ok(Read::Unreadable(why)) => {
            match why {
                Unreadable::Unsafe(_) => tally.counts.unsafe_files += 1,
                _ => tally.counts.unreadable += 1,
            }
            tally.tell(format!("{}: {id}: {why}", from()));
            return None;
        }
        Err(error) => {
            tally.counts.failed += 1;
            tally.tell(error.to_string());
            return None;
        }
    };
    if let (Some(us), Some((uid, _))) = (stores.from_owner, raw.owner)
        && uid != us
    {
        tally.counts.unsafe_files += 1;
        tally.tell(format!(
            "{}: {id}: belongs to user {uid}, the directory to user {us}: if the wiki runs as user {uid}, chown the \
             directory to that user; else somebody planted it",
            from()
        ));
        return None;
    }
    if raw.trust == Some(Trust::Foreign) {
        tally.counts.forbidden += 1;
        let why = "without a MAC by the store's key: somebody else wrote it, a possible attack";
        tally.tell(format!("{}: {id}: {why}", from()));
        return None;
    }
    let (facts, tree) = match Facts::and_tree(&raw.bytes, Fields::default()) {
        Ok(found) => found,
        Err(why) => {
            tally.counts.unreadable += 1;
            tally.tell(format!("{}: {id}: {why}", from()));
            return None;
        }
    };
    let expires = facts.expires;
    if !is_meant(id, &raw, facts, options, tally) {
        return None;
    }
    if expires == Expires::Absent && wants_expires(stores, options) {
        tally.counts.without_expires += 1;
        let why = "has no expires, without which MoinMoin 1.7 and 1.8 end every request with an error";
        tally.tell(format!("{}: {id}: {why}", from()));
        return None;
    }
    if let Some(global) = tree.as_ref().and_then(|tree| options.allow.forbidden(tree)) {
        tally.counts.forbidden += 1;
        let name = global.path();
        tally.tell(format!(
            "{}: {id}: names {name}, which Python would import and could call: a possible attack; if an extension \
             keeps it there, say so in [migrate] allow_globals",
            from()
        ));
        return None;
    }
    let Some(target) = target_id(&id, stores, options) else {
        tally.counts.unfit_ids += 1;
        let layout = Generation::ids_of(stores.to.spec());
        tally.tell(format!("{}: {id}: an id that {layout} does not take: see --rename-ids", from()));
        return None;
    };
    let mut source =
        Source { modified: raw.modified, mode: raw.mode, owner: raw.owner, stamp: raw.stamp, bytes: None };
    let mapped = match &options.users_map {
        None => Mapped::Same,
        Some(map) => match tree.map_or_else(|| pickle::read(&raw.bytes), Ok) {
            Ok(tree) => map.apply(tree),
            Err(error) => Mapped::Failed(error.to_string()),
        },
    };
    let bytes = match mapped {
        Mapped::Same => raw.bytes,
        Mapped::Changed(bytes) => {
            source.bytes = Some(raw.bytes);
            bytes
        }
        Mapped::Unknown(user) => {
            tally.counts.without_user += 1;
            tally.without_counterpart(user);
            return None;
        }
        Mapped::Failed(why) => {
            tally.counts.failed += 1;
            tally.tell(format!("{}: {id}: {why}", from()));
            return None;
        }
    };
    let new = NewSession {
        id: target,
        bytes,
        modified: raw.modified,
        mode: options.mode.or(raw.mode),
        owner: options.owner.or(raw.owner),
        instead_of: None,
    };
    let hash = journal::hash(&new.bytes);
    Some(Ready { id, source, new, hash, told: false, replaced: false, before: None, copy: None })
}

/// Whether wikis of 1.7 and 1.8 are to read what is written: a session without `expires` ends every request with an
/// error there (`MoinMoin.session`, `CacheSessionData`).
fn wants_expires(stores: &Stores, options: &Options) -> bool {
    Generation::of(stores.to.spec()) == Some(Generation::Old) || options.rename_ids == Some(Generation::Old)
}

/// Whether the filters mean a session; counted where they do not.
fn is_meant(id: EntryName, raw: &Raw, facts: Facts, options: &Options, tally: &mut Tally) -> bool {
    let his = |users: &std::collections::BTreeSet<String>| {
        facts.user.as_ref().is_some_and(|user| users.contains(&user.id))
            || facts.setuid.as_ref().is_some_and(|user| users.contains(user))
    };
    let is_his = options.users.as_ref().is_none_or(his);
    let session = Session {
        id,
        inode: 0,
        modified: raw.modified.seconds,
        size: 0,
        bytes_on_disk: 0,
        stamp: raw.stamp,
        trust: raw.trust,
        facts: Ok(facts),
    };
    let state = session.state(options.now, None);
    let meant = (options.states.is_empty() || options.states.contains(&state))
        && options.older_than.is_none_or(|age| is_older(session.modified, age, options.now))
        && is_his;
    if !meant {
        tally.counts.filtered += 1;
        return false;
    }
    if state == State::Expired && !options.include_expired {
        tally.counts.expired += 1;
        return false;
    }
    true
}

/// The id a session gets at the target; `None` where the target takes none like it.
pub(super) fn target_id(id: &EntryName, stores: &Stores, options: &Options) -> Option<EntryName> {
    let id = match options.rename_ids {
        Some(generation) => generation.id_for(id)?,
        None => *id,
    };
    let fits = Generation::ids_of(stores.to.spec()).kind(id.reveal().as_bytes()) == NameKind::Session;
    fits.then_some(id)
}
