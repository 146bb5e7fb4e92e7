//! Work on many files shared among threads, in order.

use std::panic::resume_unwind;
use std::thread;

/// Fewer are not worth a thread.
const FEW: usize = 64;

/// How many threads share work on one directory: the processors, at most 4.
fn workers() -> usize {
    thread::available_parallelism().map_or(2, |count| count.get().clamp(1, 4))
}

/// What `work` makes of the items, part by part, in their order. `work` gives one result an item.
pub fn in_parts<T: Sync, R: Send>(items: &[T], work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let share = items.len().div_ceil(workers()).max(FEW);
    if items.len() <= share {
        return work(items);
    }
    thread::scope(|scope| {
        let work = &work;
        let parts: Vec<_> = items.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        for count in [0, 1, 64, 65, 1000] {
            let items: Vec<usize> = (0..count).collect();
            let doubled = in_parts(&items, |part| part.iter().map(|item| item * 2).collect());
            assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        }
    }
}
