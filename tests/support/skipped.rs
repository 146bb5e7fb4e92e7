//! Tests that this machine does not allow.

use std::io::Write as _;

/// Prints the skipped test and the reason, even if the test passes. With `CHECK_STRICT` set, as in CI, the
/// test fails.
#[track_caller]
pub(crate) fn not_tested(what: &str, why: &str) {
    assert!(std::env::var_os("CHECK_STRICT").is_none(), "NOT TESTED: {what}: {why}");
    // The test harness hides what `eprintln!` prints in a test that passes.
    let _ = writeln!(std::io::stderr(), "NOT TESTED: {what}: {why}");
}
