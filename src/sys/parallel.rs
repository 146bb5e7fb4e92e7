//! Parallel work on many files, with results in order.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

/// The minimum number of items for each thread.
const FEW: usize = 64;

/// The number of threads for one directory: the number of processors, at most 4.
fn workers() -> usize {
    thread::available_parallelism().map_or(2, |count| count.get().clamp(1, 4))
}

/// Runs `work` on parts of the items, and returns the results in order. `work` returns one result for each item.
pub fn in_parts<T: Sync, R: Send>(items: &[T], work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let share = items.len().div_ceil(workers()).max(FEW);
    if items.len() <= share {
        return work(items);
    }
    thread::scope(|scope| {
        let work = &work;
        // This thread takes one part: allocations in other threads cost more.
        let mut parts = items.chunks(share);
        let first = parts.next().unwrap_or_default();
        let start = |part| Builder::new().spawn_scoped(scope, move || work(part)).map_err(|_| part);
        let others: Vec<_> = parts.map(start).collect();
        let mut done = work(first);
        for part in others {
            done.extend(match part {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                // The thread limit of the user is reached.
                Err(part) => work(part),
            });
        }
        done
    })
}

/// Runs `work` on each item, and returns the results in order. A free thread takes the next item. For few slow items.
pub fn one_by_one<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let some = || {
        let mut done = Vec::new();
        loop {
            let position = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(position) else { return done };
            done.push((position, work(item)));
        }
    };
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let start = |_| Builder::new().spawn_scoped(scope, some).ok();
        let others: Vec<_> = (1..workers()).filter_map(start).collect();
        let mut done = some();
        done.extend(others.into_iter().flat_map(|it| it.join().unwrap_or_else(|panic| resume_unwind(panic))));
        done
    });
    done.sort_unstable_by_key(|(position, _)| *position);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_the_order_of_the_items() {
        for count in [0, 1, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = in_parts(&items, |part| part.iter().map(|item| item * 2).collect());
            assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
            assert_eq!(one_by_one(&items, |item| item * 2), doubled);
        }
    }
}
