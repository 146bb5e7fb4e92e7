//! Clients of a wiki at work: one cookie, several requests at a time, until nobody is logged in any more.
//!
//! As MoinMoin does, a request loads the session at its start and saves what it loaded at its end, whether or not the
//! session is still there. A request that finds no session goes on as an anonymous visitor under the same id. The
//! cookie stays: where another request wrote the session back, the next one is logged in again.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// What a request finds under the id of its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    LoggedIn,
    Anonymous,
    /// Nothing.
    Nothing,
    /// What can't be read: MoinMoin 1.9.0 answers with an error, and saves nothing.
    Broken,
}

/// One session, as the wiki's requests see it.
pub(crate) trait Wiki: Sync {
    fn load(&self) -> Found;

    /// Saves the session with its user.
    fn save(&self, number: usize);

    /// What a request does at its end that found nobody logged in.
    fn save_anonymous(&self, number: usize);
}

/// A wiki's session over any store that wikifarm can write, as contrib's modules keep it.
#[cfg(feature = "sqlite")]
pub(crate) struct Stored {
    pub(crate) store: Box<dyn wikifarm::store::WritableStore>,
    pub(crate) id: wikifarm::store::EntryName,
}

#[cfg(feature = "sqlite")]
impl Stored {
    fn put(&self, bytes: String) {
        use wikifarm::store::{Modified, NewSession, Read, Written};
        // Whatever is there is written over.
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

/// A session's bytes.
pub(crate) fn pickle(user: Option<&str>, number: usize) -> String {
    let user = user.map(|id| format!("S'user.id'\nS'{id}'\ns")).unwrap_or_default();
    format!("(d{user}S'expires'\nF4000000000.0\nsS'n'\nI{number}\ns.")
}

/// What these bytes are to a request.
pub(crate) fn found(bytes: &[u8]) -> Found {
    match bytes {
        _ if !bytes.ends_with(b".") => Found::Broken,
        _ if bytes.windows(7).any(|part| part == b"user.id") => Found::LoggedIn,
        _ => Found::Anonymous,
    }
}

/// How the client has fared.
#[derive(Debug)]
pub(crate) struct Client {
    /// For each of its threads, whether the request that it last began is logged in.
    logged_in: Mutex<Vec<bool>>,
    over: AtomicBool,
}

impl Client {
    pub(crate) fn new(threads: usize) -> Client {
        Client { logged_in: Mutex::new(vec![true; threads]), over: AtomicBool::new(false) }
    }

    /// Whether no request is logged in, so that none can write the session back.
    pub(crate) fn is_logged_out(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// One thread of the client: request after request.
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
            // The wiki makes the page.
            thread::sleep(Duration::from_millis(3 + (number % 7) as u64));
            match found {
                Found::LoggedIn => wiki.save(number),
                Found::Anonymous | Found::Nothing => wiki.save_anonymous(number),
                Found::Broken => {}
            }
            if self.is_logged_out() {
                return;
            }
            // The answer is under way, and the next request.
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Stops the clients when it goes, also where a test fails.
pub(crate) struct Stops<'a>(pub(crate) &'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
