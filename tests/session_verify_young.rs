//! `wikifarm session verify` beside a wiki that writes in place: a young broken session is read again once it was written.

use std::fs;

use crate::support::{HOUR, NOW, Place, Session, output, traced};

/// How often the broken session, written at that time, is opened by a run at [`NOW`].
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
fn verify_reads_a_young_broken_session_again_only_if_it_is_written_again() {
    for written in [NOW - HOUR, NOW - 11, NOW - 10, NOW, NOW + 2, NOW + 3, NOW + HOUR] {
        assert_eq!(opened(written), 1, "written {} s after now", written - NOW);
    }
}
