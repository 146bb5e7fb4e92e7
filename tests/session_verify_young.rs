//! `wikifarm session verify` beside a wiki that writes in place: an unreadable session that was just written
//! is read again after the next write.

use std::fs;

use crate::support::{HOUR, NOW, Place, Session, output, traced};

/// How often a run at [`NOW`] opens the unreadable session that was written at `written`.
fn opened(written: i64) -> usize {
    let place = Place::new()
        .session("sessions", Session::new('a').expires(NOW + HOUR))
        .session("sessions", Session::new('b').raw(b"(dS'expires'").written(written));
    let trace = place.path().join("trace");
    let options = ["-e", "trace=openat", "-o", trace.to_str().unwrap()];
    let ran = output(traced(&place, options, "session verify --now 1795400000 --store moin-1.9:sessions"));
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(text.contains("error[unreadable]: session that can't be read (1 file)\n"), "{text}");
    fs::read_to_string(trace).unwrap().lines().filter(|line| line.contains(&"b".repeat(40))).count()
}

#[test]
fn verify_reads_a_new_unreadable_session_again_only_after_a_write() {
    for written in [NOW - HOUR, NOW - 11, NOW - 10, NOW, NOW + 2, NOW + 3, NOW + HOUR] {
        assert_eq!(opened(written), 1, "written {} s after now", written - NOW);
    }
}
