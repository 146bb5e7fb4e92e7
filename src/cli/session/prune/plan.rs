//! The plan of a dry run: what it would remove, by reason.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::cli::session::json::shown;
use crate::cli::shared::{Context, Failure};
use crate::ops::prune::{Plan, Reason, WithoutExpires};
use crate::store::EntryName;
use crate::text::measure::sessions;
use crate::text::{ellipsis, escape, hang};

/// How many removals of each reason are shown without `-v`.
const EXAMPLES: usize = 3;

/// The removals for one reason.
#[derive(Default)]
struct Due {
    found: usize,
    /// Those that are due longest.
    first: BTreeSet<(i64, EntryName)>,
}

/// Prints the removals by reason.
pub(super) fn show(plan: &Plan, reveal: bool, context: &mut Context<'_>) -> Result<(), Failure> {
    let most = if context.verbosity > 0 { usize::MAX } else { EXAMPLES };
    for store in plan.stores() {
        let counts = store.counts();
        let anonymous = store.victims().filter(|victim| victim.reason == Reason::Anonymous).count() as u64;
        let kept = counts.states.no_expires.saturating_sub(anonymous);
        if kept > 0 && store.without_expires() == WithoutExpires::Usual {
            let kept = format!(
                "{}: keeps {} without `expires`, which MoinMoin 1.9.0 never writes: set `idle` to remove old ones, and `anonymous` for those of visitors",
                store.spec().address(),
                sessions(kept)
            );
            write!(context.out, "{}", hang("", 2, &escape(&kept), context.width));
        }
        if store.planned() == 0 {
            continue;
        }
        writeln!(context.out, "{}", escape(&store.spec().address()));
        let mut due: BTreeMap<Reason, Due> = BTreeMap::new();
        for victim in store.victims() {
            let Due { found, first } = due.entry(victim.reason).or_default();
            *found += 1;
            first.insert((victim.since, victim.name));
            if first.len() > most {
                first.pop_last();
            }
        }
        let shown_ones = due.values().flat_map(|due| due.first.iter().map(|(_, name)| *name)).collect();
        let prefixes = store.prefixes(shown_ones).map_err(|error| Failure::partial(error.to_string()))?;
        for (reason, Due { found, first }) in due {
            writeln!(context.out, "  {}: {found}", reason.name());
            for (since, name) in first {
                let age = Duration::from_secs(u64::try_from(plan.now().saturating_sub(since)).unwrap_or(0));
                // The name of a temporary file of MoinMoin 1.8 begins with the whole id of its session.
                let shown = match reason {
                    Reason::StaleTemp if !reveal => name.to_string(),
                    _ => shown(&name, &prefixes, reveal),
                };
                let line = format!("{shown}  {}", reason.sentence(age));
                write!(context.out, "{}", hang("    ", 6, &line, context.width));
            }
            if found > most {
                writeln!(context.out, "    {} and {} more (-v lists all)", ellipsis(), found - most);
            }
        }
    }
    Ok(())
}
