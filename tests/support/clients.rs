//! Clients of a wiki: each uses one cookie and sends several requests at a time, until nobody is logged in
//! any more.
//!
//! As in MoinMoin, a request loads the session at its start and saves it at its end, even if the session was
//! removed meanwhile. A request without a session continues as an anonymous visitor with the same id. The
//! cookie stays, so if another request saves the session again, the next request is logged in again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The session that a request finds with the id in its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    LoggedIn,
    Anonymous,
    /// No session.
    Nothing,
    /// An unreadable session: MoinMoin 1.9.0 responds with an error and saves nothing.
    Broken,
}

/// One session, as the requests of the wiki see it.
pub(crate) trait Wiki: Sync {
    fn load(&self) -> Found;

    /// Saves the session with its user.
    fn save(&self, number: usize);

    /// Ends a request in which nobody was logged in.
    fn save_anonymous(&self, number: usize);
}

/// The session of a wiki in any writable store, as contrib's modules handle it.
#[cfg(feature = "sqlite")]
pub(crate) struct Stored {
    pub(crate) store: Box<dyn wikifarm::store::WritableStore>,
    pub(crate) id: wikifarm::store::EntryName,
}

#[cfg(feature = "sqlite")]
impl Stored {
    fn put(&self, bytes: String) {
        use wikifarm::store::{Modified, NewSession, Read, Written};
        // Overwrites any existing session.
        for _ in 0..50 {
            let there = match self.store.read_raw(&self.id).unwrap() {
                Read::Missing => None,
                Read::Present(raw) => Some(raw.stamp),
                // A session that was ended is never saved again.
                Read::Unreadable(_) => return,
            };
            let new = NewSession {
                id: self.id,
                bytes: bytes.clone().into_bytes(),
                modified: Modified { seconds: 1_700_000_000, nanos: 0 },
                mode: None,
                owner: None,
                instead_of: there,
            };
            if matches!(self.store.write(&[&new]).remove(0), Ok(Written::Done(_))) {
                return;
            }
        }
    }
}

#[cfg(feature = "sqlite")]
impl Wiki for Stored {
    fn load(&self) -> Found {
        use wikifarm::store::Read;
        match self.store.read_raw(&self.id).unwrap() {
            Read::Missing | Read::Unreadable(_) => Found::Nothing,
            Read::Present(raw) => found(&raw.bytes),
        }
    }

    fn save(&self, number: usize) {
        self.put(pickle(Some("1.2"), number));
    }

    fn save_anonymous(&self, number: usize) {
        self.put(pickle(None, number));
    }
}

/// The bytes of a session.
pub(crate) fn pickle(user: Option<&str>, number: usize) -> String {
    let user = user.map(|id| format!("S'user.id'\nS'{id}'\ns")).unwrap_or_default();
    format!("(d{user}S'expires'\nF4000000000.0\nsS'n'\nI{number}\ns.")
}

/// What a request finds in these bytes.
pub(crate) fn found(bytes: &[u8]) -> Found {
    match bytes {
        _ if !bytes.ends_with(b".") => Found::Broken,
        _ if bytes.windows(7).any(|part| part == b"user.id") => Found::LoggedIn,
        _ => Found::Anonymous,
    }
}

/// The state of the client.
#[derive(Debug)]
pub(crate) struct Client {
    /// For each thread, whether its current request is logged in.
    logged_in: Mutex<Vec<bool>>,
    over: AtomicBool,
}

impl Client {
    pub(crate) fn new(threads: usize) -> Client {
        Client { logged_in: Mutex::new(vec![true; threads]), over: AtomicBool::new(false) }
    }

    /// Whether no request is logged in, so that none can save the session again.
    pub(crate) fn is_logged_out(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Runs one thread of the client, which sends requests.
    pub(crate) fn run(&self, thread: usize, wiki: &dyn Wiki, stop: &AtomicBool) {
        let mut number = thread;
        while !stop.load(Ordering::Relaxed) {
            number += 2;
            let found = {
                let mut logged_in = self.logged_in.lock().unwrap();
                let found = wiki.load();
                if found != Found::Broken {
                    logged_in[thread] = found == Found::LoggedIn;
                }
                if !logged_in.contains(&true) {
                    self.over.store(true, Ordering::SeqCst);
                }
                found
            };
            // The wiki renders the page.
            thread::sleep(Duration::from_millis(3 + (number % 7) as u64));
            match found {
                Found::LoggedIn => wiki.save(number),
                Found::Anonymous | Found::Nothing => wiki.save_anonymous(number),
                Found::Broken => {}
            }
            if self.is_logged_out() {
                return;
            }
            // The response and the next request are on their way.
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Stops the clients when dropped, even if a test fails.
pub(crate) struct Stops<'a>(pub(crate) &'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
