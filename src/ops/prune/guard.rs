//! The guards of prune. Each decides by the results of the scans, and changes nothing.

use std::time::Duration;

use crate::ops::refusal::Refusal;
use crate::ops::run::{Decision, Opened};
use crate::store::StoreSpec;

use super::clock::behind_file;
use super::options::Options;
use super::policy::Policy;
use super::scan::Scanned;

/// Asks every guard about every store.
pub(super) fn decide(options: &Options, stores: &[Opened], scans: &[Scanned]) -> Decision {
    let (all, by_files) = match options.clock.check(options.now) {
        Ok(enough) => (None, !enough),
        Err(refusal) => (Some(refusal), false),
    };
    let each = stores.iter().zip(scans).map(|(one, scan)| {
        let newest = if by_files { behind_newest(&one.spec, scan, options.now) } else { None };
        newest.or_else(|| too_many(scan, &options.policy))
    });
    Decision { all, each: each.collect() }
}

/// Refuses a clock that is behind the newest file.
fn behind_newest(spec: &StoreSpec, scan: &Scanned, now: i64) -> Option<Refusal> {
    let (written, name) = scan.found.newest?;
    let by: Duration = behind_file(now, written)?;
    let file = name.map(|name| spec.entry(&name).display().to_string());
    Some(Refusal::ClockBehindFile { by, file })
}

/// Refuses to remove more than `max_delete` for reasons other than expiry.
fn too_many(scan: &Scanned, policy: &Policy) -> Option<Refusal> {
    let (setting, sessions) = (policy.max_delete(), scan.counts.scanned);
    let limit = setting.of(sessions)?;
    let wanted = scan.found.victims.guarded();
    (wanted > limit).then_some(Refusal::MaxDelete { wanted, limit, setting, sessions })
}
