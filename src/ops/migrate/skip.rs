//! Why a session is not copied.

use crate::ops::Problem;
use crate::store::{EntryName, StoreError, StoreSpec, Unreadable};
use crate::text::shell_path;

use super::report::{Counts, Tally};

/// Why a session is not copied.
#[derive(Debug)]
pub(super) enum Skip {
    /// It ended at the source.
    Gone,
    /// It could not be read.
    NotRead(StoreError),
    /// It is unreadable, or must not be opened.
    Unreadable(Unreadable),
    /// Its owner is not the owner of the source directory.
    OtherOwner {
        /// The owner of the file.
        file: u32,
        /// The owner of the directory.
        dir: u32,
    },
    /// It has no MAC by the key of its store.
    NoMac,
    /// The filters exclude it.
    Filtered,
    /// It has expired.
    Expired,
    /// It has no `expires`, which the wikis at the target require.
    WithoutExpires,
    /// It contains this class or function.
    Forbidden(String),
    /// The target accepts only ids of this layout.
    UnfitId(String),
    /// Its user has no counterpart at the target.
    UnknownUser(String),
    /// Its user ids could not be replaced.
    NotMapped(String),
    /// It was ended at the target, which has a tombstone.
    Ended,
    /// The session with this id at the target is unreadable, and can't be replaced.
    NotReplaceable(Unreadable),
    /// The target has another session with the same id.
    Conflict,
}

impl Skip {
    /// Whether it is a failure.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Skip::NotRead(_) | Skip::NotMapped(_) | Skip::NotReplaceable(_))
    }

    /// The reason for people, and what to do. `None` if the count is enough.
    fn why(&self, from: &StoreSpec) -> Option<Problem> {
        Some(match self {
            Skip::Gone
            | Skip::Filtered
            | Skip::Expired
            | Skip::UnknownUser(_)
            | Skip::Ended
            | Skip::Conflict => return None,
            Skip::NotRead(error) => Problem::of(error),
            Skip::NotReplaceable(why) => format!("can't replace the session at the target: {why}").into(),
            Skip::Unreadable(why) => why.to_string().into(),
            Skip::NotMapped(why) => format!("can't replace the user ids: {why}").into(),
            Skip::OtherOwner { file, dir } => Problem::from(format!(
                "possible attack: user {file} owns the file, user {dir} owns the directory"
            ))
            .help(format!(
                "if the wiki runs as user {file}, run `chown {file} {}`",
                shell_path(&from.location.stem())
            )),
            Skip::NoMac => "possible attack: no MAC by the key of the store".into(),
            Skip::WithoutExpires => {
                "no `expires`: MoinMoin 1.7 and 1.8 would answer every request with an error".into()
            }
            Skip::Forbidden(name) => Problem::from(format!(
                "possible attack: contains {name}, which Python would import and could call"
            ))
            .help("if an extension you trust stores this class, add it to `[migrate] allow_globals`"),
            Skip::UnfitId(layout) => {
                Problem::from(format!("invalid id for {layout}")).help("use --rename-ids")
            }
        })
    }

    /// Adds the reason to the problems.
    pub(super) fn report_to(&self, tally: &mut Tally, from: &StoreSpec, id: &EntryName) {
        match (self, self.why(from)) {
            (_, None) => {}
            (Skip::NotRead(_), Some(why)) => tally.problem(why),
            (_, Some(why)) => tally.problem_of(from, *id, why),
        }
    }

    /// Counts the session, and reports the reason.
    pub(super) fn add_to(self, tally: &mut Tally, from: &StoreSpec, id: &EntryName) {
        *self.count(&mut tally.counts) += 1;
        self.report_to(tally, from, id);
        if let Skip::UnknownUser(user) = self {
            tally.without_counterpart(user);
        }
    }

    fn count<'a>(&self, counts: &'a mut Counts) -> &'a mut u64 {
        match self {
            Skip::Gone => &mut counts.gone,
            Skip::NotRead(_) | Skip::NotMapped(_) | Skip::NotReplaceable(_) => &mut counts.failed,
            Skip::Unreadable(Unreadable::Unsafe(_)) | Skip::OtherOwner { .. } => &mut counts.unsafe_files,
            Skip::Unreadable(_) => &mut counts.unreadable,
            Skip::NoMac | Skip::Forbidden(_) => &mut counts.forbidden,
            Skip::Filtered => &mut counts.filtered,
            Skip::Expired => &mut counts.expired,
            Skip::WithoutExpires => &mut counts.no_expires,
            Skip::UnfitId(_) => &mut counts.unfit_ids,
            Skip::UnknownUser(_) => &mut counts.without_user,
            Skip::Ended => &mut counts.ended,
            Skip::Conflict => &mut counts.conflicts,
        }
    }
}
