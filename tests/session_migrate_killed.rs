//! `wikifarm session migrate`, killed at any point: the same command continues the migration, and no session
//! is lost, duplicated, or incomplete.
//!
//! With `WIKIFARM_STRESS=60`, the test runs for a minute instead of a second.

use std::time::Instant;

use crate::support::killed::{SESSIONS, Then, budget, round};

#[test]
fn migrate_killed_at_any_point_continues_with_the_same_command() {
    let begun = Instant::now();
    let (mut kills, mut rounds) = (0, 0);
    let all: &[(&str, Then)] = &[
        ("moin-1.9:b", Then::Back),
        ("moin-1.9:b", Then::Undo),
        ("json:j", Then::Back),
        ("json:j", Then::Undo),
        #[cfg(feature = "sqlite")]
        ("sqlite:s.db", Then::Back),
        #[cfg(feature = "sqlite")]
        ("sqlite:s.db", Then::Undo),
    ];
    while rounds < all.len() || begun.elapsed() < budget() {
        let (target, then) = all[rounds % all.len()];
        kills += round(target, then);
        rounds += 1;
    }
    println!("{kills} kills in {rounds} rounds of {SESSIONS} sessions");
    assert!(kills > 0);
}
