//! Decides which sessions are copied, and with which contents.

use crate::pickle::{self, Tree};
use crate::store::{
    EntryName, Expires, Facts, Fields, NewSession, Raw, RawRead, Read, Session, State, StoreSpec, Trust,
    is_older,
};

use super::journal;
use super::options::Options;
use super::rename::{Generation, Mapped};
use super::session::{Ready, Source};
use super::skip::Skip;

/// Everything that a decision depends on, except the session.
pub(super) struct Rules<'a> {
    /// The owner of the source directory. Sessions of other owners are refused.
    pub(super) from_owner: Option<u32>,
    pub(super) to: &'a StoreSpec,
    pub(super) options: &'a Options,
}

impl Rules<'_> {
    /// The session to write, or why it is not copied.
    pub(super) fn select(&self, id: EntryName, read: RawRead) -> Result<Ready, Skip> {
        let raw = present(read)?;
        self.check_origin(&raw)?;
        let (facts, tree) = Facts::and_tree(&raw.bytes, Fields::default()).map_err(Skip::Unreadable)?;
        let expires = facts.expires;
        self.check_filters(id, &raw, facts)?;
        if expires == Expires::Absent && self.wants_expires() {
            return Err(Skip::WithoutExpires);
        }
        if let Some(global) = tree.as_ref().and_then(|tree| self.options.allow.forbidden(tree)) {
            return Err(Skip::Forbidden(global.path()));
        }
        let target =
            self.target_id(&id).ok_or_else(|| Skip::UnfitId(Generation::named(self.to).to_owned()))?;
        let Raw { bytes, modified, mode, owner, stamp, .. } = raw;
        let (bytes, old) = self.map_users(bytes, tree)?;
        let source = Source { modified, mode, owner, stamp, bytes: old };
        let new = NewSession {
            id: target,
            bytes,
            modified,
            mode: self.options.mode.or(mode),
            owner: self.options.owner.or(owner),
            instead_of: None,
        };
        let hash = journal::hash(&new.bytes);
        Ok(Ready { id, source, new, hash, in_journal: false, replaced: false, before: None, copy: None })
    }

    /// The id at the target. `None` if the target rejects it.
    pub(super) fn target_id(&self, id: &EntryName) -> Option<EntryName> {
        let id = match self.options.rename_ids {
            Some(generation) => generation.id_for(id)?,
            None => *id,
        };
        Generation::fits(self.to, &id).then_some(id)
    }

    /// Checks that the wiki wrote the session.
    fn check_origin(&self, raw: &Raw) -> Result<(), Skip> {
        if let (Some(dir), Some((file, _))) = (self.from_owner, raw.owner)
            && file != dir
        {
            return Err(Skip::OtherOwner { file, dir });
        }
        if raw.trust == Some(Trust::Foreign) { Err(Skip::NoMac) } else { Ok(()) }
    }

    /// Checks the filters.
    fn check_filters(&self, id: EntryName, raw: &Raw, facts: Facts) -> Result<(), Skip> {
        let options = self.options;
        let is_theirs = options.users.as_ref().is_none_or(|users| {
            facts.user.as_ref().is_some_and(|user| users.contains(&user.id))
                || facts.setuid.as_ref().is_some_and(|user| users.contains(user))
        });
        let session = Session {
            id,
            inode: 0,
            modified: raw.modified.seconds,
            size: 0,
            bytes_on_disk: 0,
            access: None,
            stamp: raw.stamp,
            trust: raw.trust,
            facts: Ok(facts),
        };
        let state = session.state(options.now, None);
        let is_old = options.older_than.is_none_or(|age| is_older(session.modified, age, options.now));
        if !is_theirs || !is_old || !options.states.is_empty() && !options.states.contains(&state) {
            return Err(Skip::Filtered);
        }
        if state == State::Expired && !options.include_expired { Err(Skip::Expired) } else { Ok(()) }
    }

    /// Whether MoinMoin 1.7 or 1.8 reads the copies: it answers every request with an error if a session has no `expires`
    /// (`MoinMoin.session`, `CacheSessionData`).
    fn wants_expires(&self) -> bool {
        Generation::of(self.to) == Some(Generation::Old) || self.options.rename_ids == Some(Generation::Old)
    }

    /// The bytes to write, and the bytes that were read if they differ.
    fn map_users(&self, bytes: Vec<u8>, tree: Option<Tree>) -> Result<(Vec<u8>, Option<Vec<u8>>), Skip> {
        let Some(map) = &self.options.users_map else { return Ok((bytes, None)) };
        let tree = tree.map_or_else(|| pickle::read(&bytes), Ok);
        match map.apply(tree.map_err(|error| Skip::NotMapped(error.to_string()))?) {
            Mapped::Same => Ok((bytes, None)),
            Mapped::Changed(new) => Ok((new, Some(bytes))),
            Mapped::Unknown(user) => Err(Skip::UnknownUser(user)),
            Mapped::Failed(why) => Err(Skip::NotMapped(why)),
        }
    }
}

/// The session that was read.
fn present(read: RawRead) -> Result<Raw, Skip> {
    match read {
        Ok(Read::Present(raw)) => Ok(raw),
        Ok(Read::Unreadable(why)) => Err(Skip::Unreadable(why)),
        Ok(Read::Missing) => Err(Skip::Gone),
        Err(error) => Err(Skip::NotRead(error)),
    }
}
