//! SIGINT and SIGTERM.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level::pipe};

/// The flag of this process.
static STOP: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);

/// The time of the signal.
static ASKED: OnceLock<Instant> = OnceLock::new();

/// How long after the signal to wait for another program or machine, such as an answer of Redis.
const GRACE: Duration = Duration::from_secs(1);

/// How long after the signal the process ends, even if it is blocked.
const LATEST: Duration = Duration::from_millis(1600);

/// The exit status of such a process: partly done.
const PARTLY: i32 = 3;

/// A flag that the first SIGINT or SIGTERM sets, for work that stops between two files. The second signal ends the process.
/// If the work does not stop within `LATEST`, the process ends with status 3.
///
/// Until the first call, both signals have their default action.
///
/// # Errors
///
/// The error of the kernel.
pub fn stop_flag() -> io::Result<Arc<AtomicBool>> {
    let mut stop = STOP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stop) = &*stop {
        return Ok(Arc::clone(stop));
    }
    let asked = Arc::new(AtomicBool::new(false));
    let (came, comes) = UnixStream::pair()?;
    for signal in [SIGINT, SIGTERM] {
        // In this order: the flag is unset at the first signal.
        flag::register_conditional_default(signal, Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
        pipe::register(signal, comes.try_clone()?)?;
    }
    thread::Builder::new().name("signals".to_owned()).spawn(move || end_after(came))?;
    *stop = Some(Arc::clone(&asked));
    Ok(asked)
}

/// Waits for the signal, and ends the process if the work does not stop: a file system, a resolver, or the reader of the
/// output can block it.
#[expect(clippy::exit, reason = "the main thread is blocked")]
fn end_after(mut came: UnixStream) {
    if came.read_exact(&mut [0]).is_err() {
        return;
    }
    ASKED.get_or_init(Instant::now);
    thread::sleep(LATEST);
    // Both can block on the reader of the output.
    thread::spawn(|| {
        eprintln!("error: stopped by a signal before the work was complete");
        std::process::exit(PARTLY);
    });
    thread::sleep(Duration::from_millis(200));
    let _ = kill_process(getpid(), Signal::KILL);
}

/// Whether the flag is used and set.
pub fn asked_to_stop() -> bool {
    let stop = STOP.lock().unwrap_or_else(PoisonError::into_inner);
    stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
}

/// Whether the signal came so long ago that work must stop even if a result is lost.
pub fn must_stop() -> bool {
    asked_to_stop() && ASKED.get_or_init(Instant::now).elapsed() >= GRACE
}

/// Why [`within`] has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GaveUp {
    /// A signal asked to stop.
    Stopped,
    /// The time limit was reached.
    TooLate,
}

/// Runs `work` on another thread, and waits for the result until `limit` or a signal. For calls that can block forever, such
/// as opening a file by its path. A blocked thread is abandoned.
///
/// # Errors
///
/// [`GaveUp`].
pub fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GaveUp> {
    const GLANCE: Duration = Duration::from_millis(50);
    let begun = Instant::now();
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    loop {
        match result.recv_timeout(GLANCE) {
            Ok(result) => return Ok(result),
            Err(RecvTimeoutError::Timeout) if asked_to_stop() => return Err(GaveUp::Stopped),
            Err(RecvTimeoutError::Timeout) if begun.elapsed() < limit => {}
            Err(_) => return Err(GaveUp::TooLate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_stops_waiting_after_the_time_limit() {
        assert_eq!(within(Duration::from_secs(60), || 5), Ok(5));
        let begun = Instant::now();
        let endless = || thread::sleep(Duration::from_secs(60));
        assert_eq!(within(Duration::from_millis(60), endless), Err(GaveUp::TooLate));
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
