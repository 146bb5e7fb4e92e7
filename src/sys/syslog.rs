//! Writes to the system log: a datagram on `/dev/log`, where journald, rsyslog, syslog-ng, and BusyBox listen.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

/// The socket of the system log.
pub const SYSLOG: &str = "/dev/log";

/// The severity of a line (RFC 5424, 6.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something was refused or failed.
    Error,
    /// Partly done, or something was found.
    Warning,
    /// Success.
    Info,
}

/// The facility `daemon`.
const DAEMON: u8 = 3;

/// The maximum length of a line, in bytes, that every listener accepts.
const LONGEST: usize = 2000;

/// How long to wait for a blocked listener.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends one line, as syslog(3): priority, `wikifarm[PID]:`, text (RFC 3164). Without a time, which the listener adds.
///
/// # Errors
///
/// If no program listens, or it does not accept the line.
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
    fn line_has_its_priority_and_a_maximum_length() {
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
