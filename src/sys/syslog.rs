//! A line to the system's log: a datagram on `/dev/log`, where journald, rsyslog, syslog-ng and BusyBox listen.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

/// Where the system's log listens.
pub const SYSLOG: &str = "/dev/log";

/// How much a line matters (RFC 5424, 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something was refused or failed.
    Error,
    /// Done in part, or something was found.
    Warning,
    /// All went well.
    Info,
}

/// The facility `daemon`, for what runs beside people.
const DAEMON: u8 = 3;

/// The longest line, in bytes: every listener takes so many.
const LONGEST: usize = 2000;

/// A listener that is stuck is waited for no longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends one line, as syslog(3) does: priority, `wikifarm[PID]:`, text (RFC 3164). Without a time, which the listener
/// puts there itself; it would have to be local time, and half of them ignore it.
///
/// # Errors
///
/// Where nobody listens, or does not take it.
pub fn syslog(socket: &Path, severity: Severity, text: &str) -> io::Result<()> {
    let severity = match severity {
        Severity::Error => 3,
        Severity::Warning => 4,
        Severity::Info => 6,
    };
    let mut line = format!("<{}>wikifarm[{}]: {text}", DAEMON * 8 + severity, std::process::id());
    let cut = (0..=LONGEST.min(line.len())).rev().find(|at| line.is_char_boundary(*at));
    line.truncate(cut.unwrap_or(0));
    let sender = UnixDatagram::unbound()?;
    sender.set_write_timeout(Some(PATIENCE))?;
    sender.connect(socket)?;
    sender.send(line.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_arrives_with_its_priority_and_is_never_too_long() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("log");
        assert!(syslog(&path, Severity::Info, "").is_err(), "nobody listens");
        let listener = UnixDatagram::bind(&path).unwrap();
        let mut buffer = [0; 4096];
        let mut sent = |severity, text: &str| {
            syslog(&path, severity, text).unwrap();
            let count = listener.recv(&mut buffer).unwrap();
            String::from_utf8(buffer[..count].to_vec()).unwrap()
        };
        let pid = std::process::id();
        assert_eq!(sent(Severity::Info, "prune status=0"), format!("<30>wikifarm[{pid}]: prune status=0"));
        assert!(sent(Severity::Warning, "x").starts_with("<28>"));
        assert!(sent(Severity::Error, "x").starts_with("<27>"));
        assert!((LONGEST - 1..=LONGEST).contains(&sent(Severity::Info, &"ä".repeat(LONGEST)).len()));
    }
}
