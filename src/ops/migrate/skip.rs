//! Why a session stays behind.

use crate::store::{EntryName, StoreError, StoreSpec, Unreadable};

use super::report::{Counts, Tally};

/// Why a session stays behind.
#[derive(Debug)]
pub(super) enum Skip {
    /// It is gone from the source.
    Gone,
    /// It could not be read.
    NotRead(StoreError),
    /// Nobody can tell what its bytes mean, or it must not be opened.
    Unreadable(Unreadable),
    /// Its file belongs to another user than the directory of the source.
    StrangeOwner {
        /// Of the file.
        file: u32,
        /// Of the directory.
        dir: u32,
    },
    /// It lacks a MAC by the key of its store.
    NoMac,
    /// The filters leave it out.
    Filtered,
    /// It has expired.
    Expired,
    /// It has no `expires`, and the wikis of the target fail without.
    WithoutExpires,
    /// It names this class or function.
    Forbidden(String),
    /// The target takes no id like it, but those of this kind.
    UnfitId(String),
    /// Its user has no counterpart.
    UnknownUser(String),
    /// Other user ids could not be put into it.
    NotMapped(String),
    /// It was ended at the target, which left a tombstone.
    Ended,
    /// What is under this id at the target cannot be read, and so not replaced.
    NotReplaceable(EntryName, Unreadable),
    /// Another of its id is at the target.
    Conflict,
}

impl Skip {
    /// Whether it is a failure, and no decision.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Skip::NotRead(_) | Skip::NotMapped(_) | Skip::NotReplaceable(..))
    }

    /// For people; `None` where a count says enough.
    pub(super) fn describe(&self, from: &StoreSpec, id: &EntryName) -> Option<String> {
        let why = match self {
            Skip::Gone
            | Skip::Filtered
            | Skip::Expired
            | Skip::UnknownUser(_)
            | Skip::Ended
            | Skip::Conflict => return None,
            Skip::NotRead(error) => return Some(error.to_string()),
            Skip::NotReplaceable(id, why) => {
                return Some(format!("{id}: what is under this id at the target cannot be replaced: {why}"));
            }
            Skip::Unreadable(why) => why.to_string(),
            Skip::NotMapped(why) => why.clone(),
            Skip::StrangeOwner { file, dir } => format!(
                "belongs to user {file}, the directory to user {dir}: if the wiki runs as user {file}, chown the \
                 directory to that user; else somebody planted it"
            ),
            Skip::NoMac => {
                "without a MAC by the store's key: somebody else wrote it, a possible attack".to_owned()
            }
            Skip::WithoutExpires => {
                "has no expires, without which MoinMoin 1.7 and 1.8 end every request with an error"
                    .to_owned()
            }
            Skip::Forbidden(name) => format!(
                "names {name}, which Python would import and could call: a possible attack; if an extension keeps it \
                 there, say so in [migrate] allow_globals"
            ),
            Skip::UnfitId(layout) => format!("an id that {layout} does not take: see --rename-ids"),
        };
        Some(format!("{}: {id}: {why}", from.address()))
    }

    /// Counts it, and describes it.
    pub(super) fn add_to(self, tally: &mut Tally, from: &StoreSpec, id: &EntryName) {
        *self.count(&mut tally.counts) += 1;
        if let Some(text) = self.describe(from, id) {
            tally.tell(text);
        }
        if let Skip::UnknownUser(user) = self {
            tally.without_counterpart(user);
        }
    }

    fn count<'a>(&self, counts: &'a mut Counts) -> &'a mut u64 {
        match self {
            Skip::Gone => &mut counts.gone,
            Skip::NotRead(_) | Skip::NotMapped(_) | Skip::NotReplaceable(..) => &mut counts.failed,
            Skip::Unreadable(Unreadable::Unsafe(_)) | Skip::StrangeOwner { .. } => &mut counts.unsafe_files,
            Skip::Unreadable(_) => &mut counts.unreadable,
            Skip::NoMac | Skip::Forbidden(_) => &mut counts.forbidden,
            Skip::Filtered => &mut counts.filtered,
            Skip::Expired => &mut counts.expired,
            Skip::WithoutExpires => &mut counts.without_expires,
            Skip::UnfitId(_) => &mut counts.unfit_ids,
            Skip::UnknownUser(_) => &mut counts.without_user,
            Skip::Ended => &mut counts.ended,
            Skip::Conflict => &mut counts.conflicts,
        }
    }
}
