//! A store of a kind that wikifarm does not know: one text file with a session on each line, as `ID HEX`. It implements
//! [`SessionStore`], so that whatever takes a store takes it too, such as [`store::matching`].
//!
//! ```text
//! $ cargo run --example custom_store
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wikifarm::location::Location;
use wikifarm::pickle::Tree;
use wikifarm::store::{
    self, Decide, EntryName, Facts, Fields, FileId, Found, Read, Removal, Session, SessionStore, Sink, Stamp,
    StoreError, StoreSpec,
};

/// The sessions of a text, by id.
struct TextStore {
    spec: StoreSpec,
    sessions: Mutex<BTreeMap<EntryName, Vec<u8>>>,
}

impl TextStore {
    /// Reads a text; lines that hold no session are left out.
    fn read(name: &str, text: &str) -> Result<Self, Box<dyn Error>> {
        let session = |line: &str| {
            let (id, hex) = line.split_once(' ')?;
            Some((EntryName::id(id.as_bytes())?, unhex(hex)?))
        };
        let location: Location = format!("text:{name}").parse()?;
        let sessions = Mutex::new(text.lines().filter_map(session).collect());
        Ok(TextStore { spec: location.into(), sessions })
    }

    fn sessions(&self) -> MutexGuard<'_, BTreeMap<EntryName, Vec<u8>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
fn unhex(hex: &str) -> Option<Vec<u8>> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.iter().map(byte).collect()
}

/// What is known of a session. Nothing is written here, so that a stamp need tell no versions apart.
fn session(id: EntryName, bytes: &[u8], fields: Fields) -> Session {
    Session {
        id,
        inode: 0,
        modified: 0,
        size: bytes.len() as u64,
        bytes_on_disk: 0,
        access: None,
        stamp: Stamp::from_bits(0),
        trust: None,
        facts: Facts::from_bytes(bytes, fields),
    }
}

impl SessionStore for TextStore {
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    fn id(&self) -> FileId {
        FileId { device: u64::MAX - 10, inode: 0 }
    }

    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError> {
        self.sessions().keys().copied().for_each(sink);
        Ok(())
    }

    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError> {
        for (id, bytes) in self.sessions().iter() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            sink(Found::Session(session(*id, bytes, fields)));
        }
        Ok(())
    }

    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        Ok(self.sessions().get(id).map(|bytes| session(*id, bytes, fields)))
    }

    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError> {
        Ok(self.sessions().get(id).map_or(Read::Missing, |bytes| Read::of_pickle(bytes)))
    }

    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        let mut sessions = self.sessions();
        let mut remove = |id: &EntryName| match sessions.get(id) {
            None => Removal::Gone,
            Some(bytes) if !decide(&Found::Session(session(*id, bytes, Fields::default()))) => Removal::Kept,
            Some(bytes) => {
                let size = bytes.len() as u64;
                sessions.remove(id);
                Removal::Removed { size }
            }
        };
        batch.iter().map(|(id, _)| Ok(remove(id))).collect()
    }
}

/// Two sessions: the first is empty, the second `{'user.id': '1.2'}`.
const TEXT: &str = "\
aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 28642e
aaaabbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb 28645327757365722e6964270a5327312e32270a732e
";

fn main() -> Result<(), Box<dyn Error>> {
    let store = TextStore::read("example", TEXT)?;
    println!("{}", store.spec().address());
    for id in store::matching(&store, "aaaa")? {
        if let Some(session) = store.read(&id, Fields::default())? {
            let user = session.facts?.user.map_or("nobody".to_owned(), |user| user.id);
            println!("  {id}  {user}");
        }
    }
    Ok(())
}

#[test]
fn custom_store_is_read_and_removed_from_like_every_store() {
    let store = TextStore::read("test", TEXT).unwrap();
    let ids = store::matching(&store, "aaaab").unwrap();
    assert_eq!((store.spec().address(), ids.len()), ("text:test".to_owned(), 1));
    let user = store.read(&ids[0], Fields::default()).unwrap().unwrap().facts.unwrap().user.unwrap();
    assert_eq!(user.id, "1.2");
    assert!(store.read_value(&ids[0]).unwrap().present().is_some());
    let removed = store.remove(&[(ids[0], Stamp::from_bits(0))], &|found| matches!(found, Found::Session(_)));
    assert!(matches!(removed[..], [Ok(Removal::Removed { size: 22 })]), "{removed:?}");
    assert_eq!(store::matching(&store, "").unwrap().len(), 1);
    main().unwrap();
}
