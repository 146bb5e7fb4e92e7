//! Which sessions go, and as what.

use crate::pickle;
use crate::store::{
    EntryName, Facts, Fields, NewSession, Raw, RawRead, Session, State, Unreadable, is_older,
};

use super::rename::Mapped;
use super::report::Report;
use super::{Options, Problem, Ready, Stores, target_id};

/// As many problems are told one by one; more are only counted.
const MAX_PROBLEMS: usize = 1000;

/// Counts something that is worth saying.
pub(super) fn tell(report: &mut Report, text: String) {
    if report.problems.len() < MAX_PROBLEMS {
        report.problems.push(Problem(text));
    }
}

/// What is to be written of a session; `None` where it stays behind, and has been counted.
pub(super) fn ready(
    id: EntryName,
    read: RawRead,
    stores: &Stores,
    options: &Options,
    report: &mut Report,
) -> Option<Ready> {
    let from = report.from.clone();
    let raw = match read {
        Ok(Some(Ok(raw))) => raw,
        Ok(None) => {
            report.counts.gone += 1;
            return None;
        }
        Ok(Some(Err(why))) => {
            match why {
                Unreadable::Unsafe(_) => report.counts.unsafe_files += 1,
                _ => report.counts.unreadable += 1,
            }
            tell(report, format!("{from}: {id}: {why}"));
            return None;
        }
        Err(error) => {
            report.counts.failed += 1;
            tell(report, error.to_string());
            return None;
        }
    };
    if let (Some(us), Some((uid, _))) = (stores.from_owner, raw.owner)
        && uid != us
    {
        report.counts.unsafe_files += 1;
        tell(report, format!("{from}: {id}: belongs to user {uid}, the directory to user {us}"));
        return None;
    }
    if raw.sealed == Some(false) {
        report.counts.forbidden += 1;
        let why = "without the seal of the store's key: somebody else wrote it, a possible attack";
        tell(report, format!("{from}: {id}: {why}"));
        return None;
    }
    if !is_meant(id, &raw, options, report) {
        return None;
    }
    let tree = match pickle::read(&raw.bytes) {
        Ok(tree) => tree,
        Err(error) => {
            report.counts.unreadable += 1;
            tell(report, format!("{from}: {id}: {error}"));
            return None;
        }
    };
    if let Some(global) = options.allow.forbidden(&tree) {
        report.counts.forbidden += 1;
        let name = global.path();
        tell(
            report,
            format!(
                "{from}: {id}: names {name}, which Python would import and could call: a possible attack; if an \
                 extension keeps it there, say so in [migrate] allow_globals"
            ),
        );
        return None;
    }
    let Some(target) = target_id(&id, stores, options) else {
        report.counts.unfit_ids += 1;
        tell(
            report,
            format!("{from}: {id}: an id that {} does not take: see --rename-ids", stores.to.spec().layout),
        );
        return None;
    };
    let bytes = match &options.users_map {
        None => raw.bytes.clone(),
        Some(map) => match map.apply(tree) {
            Mapped::Same => raw.bytes.clone(),
            Mapped::Changed(bytes) => bytes,
            Mapped::Unknown(user) => {
                report.counts.without_user += 1;
                if !report.users_without_counterpart.contains(&user) {
                    report.users_without_counterpart.push(user);
                }
                return None;
            }
            Mapped::Failed(why) => {
                report.counts.failed += 1;
                tell(report, format!("{from}: {id}: {why}"));
                return None;
            }
        },
    };
    let new = NewSession {
        id: target,
        bytes,
        modified: raw.modified,
        mode: options.mode.or(raw.mode),
        owner: options.owner.or(raw.owner),
        instead_of: None,
    };
    Some(Ready { id, raw, new, told: false, before: None, copy: None })
}

/// Whether the filters mean a session; counted where they do not.
fn is_meant(id: EntryName, raw: &Raw, options: &Options, report: &mut Report) -> bool {
    let session = Session {
        id,
        inode: 0,
        modified: raw.modified.seconds,
        size: 0,
        bytes_on_disk: 0,
        stamp: raw.stamp,
        facts: Facts::from_bytes(&raw.bytes, Fields::default()),
    };
    let state = session.state(options.now, None);
    let facts = match &session.facts {
        Ok(facts) => facts,
        Err(why) => {
            report.counts.unreadable += 1;
            let text = format!("{}: {id}: {why}", report.from);
            tell(report, text);
            return false;
        }
    };
    let his = |users: &std::collections::BTreeSet<String>| {
        facts.user.as_ref().is_some_and(|user| users.contains(&user.id))
            || facts.setuid.as_ref().is_some_and(|user| users.contains(user))
    };
    let meant = (options.states.is_empty() || options.states.contains(&state))
        && options.older_than.is_none_or(|age| is_older(session.modified, age, options.now))
        && options.users.as_ref().is_none_or(his);
    if !meant {
        report.counts.filtered += 1;
        return false;
    }
    if state == State::Expired && !options.include_expired {
        report.counts.expired += 1;
        return false;
    }
    true
}
