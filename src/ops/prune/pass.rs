//! A scan with an index: sessions that can't be due are not read again.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::ops::Problem;
use crate::store::index::{Gather, Index, Kind, Known, Totals};
use crate::store::{Expires, Facts, Fields, SessionStore, Sink, StoreError, seconds};

use super::verdict::{Judge, Verdict};

/// The index of one store before, during, and after a scan.
#[derive(Debug)]
pub(super) struct Pass {
    index: Index,
    known: Option<Known>,
    gathered: Option<Gather>,
}

impl Pass {
    /// Opens the index in the directory `dir`. `None` if the store can't have an index.
    pub(super) fn begin(store: &dyn SessionStore, dir: &Path) -> Option<Self> {
        let index = Index::open(dir, store.spec().location.layout()?, store.stamp()?);
        Some(Pass { index, known: None, gathered: None })
    }

    /// Why an existing index is not used.
    pub(super) fn ignored(&self) -> Option<&Problem> {
        self.index.ignored()
    }

    /// The totals of the store, if nothing changed since the last scan and no entry is due or in another state.
    pub(super) fn nothing_to_do<'a>(&self, judge: impl Fn(bool) -> Judge<'a>) -> Option<&Totals> {
        let totals = self.index.unchanged()?;
        let judge = judge(totals.of(Kind::Ends).count + totals.of(Kind::InvalidExpires).count > 0);
        is_quiet(totals, &judge).then_some(totals)
    }

    /// Scans the store except for sessions that the index knows to be live. With `keep`, gathers a new index.
    pub(super) fn scan(
        &mut self,
        store: &dyn SessionStore,
        judge: &Judge<'_>,
        keep: bool,
        stop: &AtomicBool,
        sink: Sink<'_>,
    ) -> Result<(), StoreError> {
        self.known = self.index.known();
        // Fails without a random key: then no index is written.
        self.gathered = if keep { self.index.gather(self.known.as_ref()).ok() } else { None };
        let Pass { known, gathered, .. } = self;
        let mut gather = |found| {
            if let Some(gathered) = gathered.as_mut() {
                gathered.take(&found, matches!(judge.verdict(&found), Verdict::Remove(_)));
            }
            sink(found);
        };
        match known {
            Some(known) => {
                let (now, idle) = (judge.now, judge.policy.idle());
                let skip = |name: &_, inode| known.is_live(name, inode, now, idle);
                store.scan_but(&skip, Fields::default(), stop, &mut gather)
            }
            None => store.scan(Fields::default(), stop, &mut gather),
        }
    }

    /// How many live sessions the scan skipped, and the latest write of these.
    pub(super) fn left_out(&self) -> (u64, Option<i64>) {
        self.known.as_ref().map_or((0, None), Known::left_out)
    }

    /// Writes the new index.
    pub(super) fn write(self) -> Result<(), Problem> {
        match self.gathered {
            Some(gathered) => self.index.write(gathered, self.known.as_ref()),
            None => Ok(()),
        }
    }
}

/// Whether every entry is kept, and every session with an expiry is live. Checks the first expiry and the oldest entries.
fn is_quiet(totals: &Totals, judge: &Judge<'_>) -> bool {
    let kept = |kind, expires| {
        let total = totals.of(kind);
        let facts = Facts { expires, user: None, setuid: None, trail: Vec::new(), globals: Vec::new() };
        total.count == 0
            || !judge.is_idle(total.oldest)
                && matches!(judge.readable(&facts, total.oldest), Verdict::Keep(_))
    };
    let temps = totals.of(Kind::Temp);
    totals.first_end >= judge.now
        && kept(Kind::Ends, Expires::At(seconds(totals.first_end)))
        && kept(Kind::WithoutExpires, Expires::Absent)
        && kept(Kind::InvalidExpires, Expires::Invalid("unknown"))
        && (temps.count == 0 || !judge.is_stale(temps.oldest))
}
