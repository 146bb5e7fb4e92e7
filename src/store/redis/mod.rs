//! `redis://..`: sessions in keys of a Redis server, for farms on several machines.
//!
//! | key | content |
//! |---|---|
//! | `<prefix>version` | `2`; `1` has no tombstones and MACs of version 1, and is upgraded by wikis with newer modules |
//! | `<prefix>s:<id>` | a string: the unchanged pickle; expires with the session (`PXAT`) |
//! | `<prefix>m:<id>` | a hash: `modified_ns`, and if known `expires`, `user_id`, `seal`; expires with the session |
//! | `<prefix>t:<id>` | a tombstone: its expiry in unix seconds; expires then |
//! | `<prefix>done:<number>` | the last change of a run of wikifarm, for ten minutes: see `once.rs` |
//!
//! One script writes or removes both keys of a session, so that other clients never see an incomplete
//! session.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::atomic::AtomicBool;

use crate::location::{Location, RedisLocation};
use crate::pickle::Tree;
use crate::sys::{self, FileId, MAX_FILE, Modified, NotOpened, Removal};
use crate::text::Problem;

use super::backend::{Backend, elsewhere, made_by_wiki};
use super::error::StoreError;
use super::facts::{Fields, Unreadable};
use super::mac::{self, Covered, MacKey, Trust};
use super::name::EntryName;
use super::record::{Found, Session, Stamp};
use super::spec::StoreSpec;
use super::tally;
use super::writable::{
    FreeSpace, HELD, NewSession, Raw, RawRead, Read, WritableStore, Written, session, stamp_of, too_large,
};
use super::{Decide, SessionStore, Sink};

mod connect;
mod once;
mod pages;
mod remove;
mod trouble;
mod wire;
mod write;

use connect::Server;
use once::Done;
use trouble::{Trouble, shortened};
use wire::GivenUp;

/// The supported versions of the keys. wikifarm does not upgrade the older one, so that wikis with older modules keep
/// working.
const VERSIONS: [&str; 2] = ["2", "1"];

/// The number of keys per SCAN, and so of sessions per pipeline.
const COUNT: usize = 1000;

/// The maximum number of bytes per pipeline, unless it has one session, because all its answers are in memory at
/// once.
const AT_ONCE: u64 = 4 * 1024 * 1024;

/// The maximum size of answers with pickles, in bytes: the largest session, or many small ones that have grown since.
const PICKLES: u64 = MAX_FILE + AT_ONCE;

/// Redis servers.
pub(super) const BACKEND: Backend = Backend {
    scheme: "redis",
    form: "redis://HOST:PORT/DB",
    open: |spec| Ok(Box::new(RedisStore::open(spec)?)),
    create: made_by_wiki,
    usage: elsewhere,
};

/// Sessions on a Redis server.
pub struct RedisStore {
    spec: StoreSpec,
    prefix: String,
    id: FileId,
    server: Server,
    key: Option<MacKey>,
    version: &'static str,
    done: Done,
}

/// What the server has for an id.
enum Entry {
    Raw(Box<Raw>),
    TooLarge(u64, Modified),
    /// No session, because it was ended: there is a tombstone.
    Ended,
}

impl RedisStore {
    /// Connects to the server of a store.
    ///
    /// # Errors
    ///
    /// The server does not answer, refuses the connection, or has keys of another version.
    pub fn open(spec: StoreSpec) -> Result<Self, StoreError> {
        let Location::Redis(address) = &spec.location else {
            return Err(StoreError::unusable(&spec, "not a Redis server"));
        };
        let failed = |why: Problem| StoreError::unusable(&spec, why);
        let troubled = |why: Trouble| why.of_store(&spec);
        let scope = format!("redis:{}", address.prefix);
        let key = mac::key_of(address.key_file.as_deref(), &scope).map_err(failed)?;
        let server = Server::new(address).map_err(failed)?;
        let version: Option<String> = server
            .ask(|to| redis::cmd("GET").arg(format!("{}version", address.prefix)).query(to))
            .map_err(troubled)?;
        let [newest, _] = VERSIONS;
        let version = version.as_deref().unwrap_or(newest);
        let Some(version) = VERSIONS.into_iter().find(|known| *known == version) else {
            let why = format!("keys of version {:?}; this wikifarm supports {newest}", shortened(version));
            let help = "use the version of wikifarm that created the keys";
            return Err(failed(Problem::from(why).help(help)));
        };
        let id = identity(&server, address);
        let done = Done::new(&address.prefix);
        Ok(RedisStore { done, prefix: address.prefix.clone(), spec, id, server, key, version })
    }

    fn failed(&self, why: &Trouble) -> StoreError {
        why.clone().of_store(&self.spec)
    }

    /// The keys of a session: its pickle, its metadata and its tombstone.
    fn keys(&self, id: &EntryName) -> [String; 3] {
        ["s:", "m:", "t:"].map(|kind| [&self.prefix, kind, id.reveal()].concat())
    }

    /// Reads several ids in order: the first one, and as many of the others as there is space for.
    fn fetch(&self, ids: &[EntryName], capacity: &FreeSpace) -> Result<Vec<Option<Entry>>, Trouble> {
        let mut fetched = Vec::with_capacity(ids.len());
        for ids in ids.chunks(COUNT) {
            let sizes = self.sizes(ids)?;
            let ended = self.ended(ids)?;
            let mut rest = ids.iter().copied().zip(sizes).peekable();
            let mut ended = ended.into_iter();
            while rest.peek().is_some() {
                let (mut now, mut sum) = (Vec::new(), 0);
                while let Some((id, size)) = rest.next_if(|(_, size)| sum == 0 || sum + size <= AT_ONCE) {
                    sum += if size > MAX_FILE { 0 } else { size };
                    now.push((id, size));
                }
                for entry in self.fetch_sized(&now)? {
                    let ended = ended.next() == Some(true);
                    let entry = entry.or(ended.then_some(Entry::Ended));
                    let bytes = if let Some(Entry::Raw(raw)) = &entry { raw.bytes.len() } else { 0 };
                    fetched.push(entry);
                    if !capacity.take(bytes) {
                        return Ok(fetched);
                    }
                }
            }
        }
        Ok(fetched)
    }

    /// The sizes of several sessions in bytes, 0 if there is none.
    fn sizes(&self, ids: &[EntryName]) -> Result<Vec<u64>, Trouble> {
        let pickle = |id| {
            let [pickle, ..] = self.keys(id);
            pickle
        };
        let keys: Vec<String> = ids.iter().map(pickle).collect();
        // Often none of them exist, for example in a migration.
        let mut exists = redis::cmd("EXISTS");
        exists.arg(&keys);
        if ids.is_empty() || self.server.ask(|to| exists.query::<u64>(to))? == 0 {
            return Ok(vec![0; ids.len()]);
        }
        let mut pipe = redis::pipe();
        for key in &keys {
            pipe.cmd("STRLEN").arg(key);
        }
        self.server.ask(|to| pipe.query(to))
    }

    /// Whether the ids have tombstones.
    fn ended(&self, ids: &[EntryName]) -> Result<Vec<bool>, Trouble> {
        let tombstone = |id| {
            let [.., tombstone] = self.keys(id);
            tombstone
        };
        let keys: Vec<String> = ids.iter().map(tombstone).collect();
        // Nearly always none of them exist.
        let mut exists = redis::cmd("EXISTS");
        exists.arg(&keys);
        if ids.is_empty() || self.server.ask(|to| exists.query::<u64>(to))? == 0 {
            return Ok(vec![false; ids.len()]);
        }
        let mut pipe = redis::pipe();
        for key in &keys {
            pipe.cmd("EXISTS").arg(key);
        }
        self.server.ask(|to| pipe.query(to))
    }

    /// Reads several ids of known sizes in order.
    fn fetch_sized(&self, ids: &[(EntryName, u64)]) -> Result<Vec<Option<Entry>>, Trouble> {
        let mut pipe = redis::pipe();
        for (id, _) in ids.iter().filter(|(_, size)| *size > 0) {
            let [pickle, meta, tombstone] = self.keys(id);
            // The last byte only shows that there are more by now.
            pipe.cmd("GETRANGE").arg(&pickle).arg(0).arg(MAX_FILE);
            pipe.cmd("HMGET").arg(&meta).arg("modified_ns").arg("seal").arg("expires");
            pipe.cmd("EXISTS").arg(&tombstone);
        }
        let answers: Vec<redis::Value> =
            if pipe.is_empty() { Vec::new() } else { self.server.ask_for(PICKLES, |to| pipe.query(to))? };
        let mut answers = answers.chunks(3);
        let entry = |(id, size): &(EntryName, u64)| {
            let [bytes, meta, ended] = (if *size > 0 { answers.next() } else { None })? else { return None };
            let bytes: Vec<u8> = redis::from_redis_value_ref(bytes).ok()?;
            // If these are not times, the MAC is not valid.
            let (nanos, mac, expires): (Option<i64>, Option<Vec<u8>>, Option<f64>) =
                redis::from_redis_value_ref(meta).unwrap_or((None, None, None));
            let modified_ns = nanos.unwrap_or(0);
            let modified = Modified::from_nanos(modified_ns);
            let held = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            if held == 0 {
                return None;
            }
            if held > MAX_FILE {
                return Some(Entry::TooLarge(held.max(*size), modified));
            }
            let stamp = stamp_of(&bytes, modified);
            let covered = Covered { id, bytes: &bytes, modified_ns, expires };
            let trust = match redis::from_redis_value_ref(ended) {
                Ok(true) => Some(Trust::Ended),
                _ => self.key.as_ref().map(|key| key.trust(&covered, mac.as_deref())),
            };
            Some(Entry::Raw(Box::new(Raw { bytes, modified, mode: None, owner: None, stamp, trust })))
        };
        Ok(ids.iter().map(entry).collect())
    }

    fn fetch_one(&self, id: &EntryName) -> Result<Option<Entry>, StoreError> {
        // With one byte or more, the size is not requested.
        let mut fetched = self.fetch_sized(&[(*id, 1)]).map_err(|why| self.failed(&why))?;
        Ok(fetched.pop().flatten())
    }
}

/// The identity of the store, independent of its address: each server has a unique number. If the ACL hides the number, the
/// address is used instead, with the other device number.
fn identity(server: &Server, address: &RedisLocation) -> FileId {
    let info: Option<String> = server.ask(|to| redis::cmd("INFO").arg("server").query(to)).ok();
    let run = info.as_deref().and_then(|info| info.lines().find_map(|line| line.strip_prefix("run_id:")));
    let mut hasher = DefaultHasher::new();
    (address.db, &address.prefix).hash(&mut hasher);
    match run {
        Some(run) => run.hash(&mut hasher),
        None => format!("{:?}", address.server).hash(&mut hasher),
    }
    FileId { device: if run.is_some() { SERVER } else { ADDRESS }, inode: hasher.finish() }
}

/// The device number of a store whose server is known. No real device has it.
const SERVER: u64 = u64::MAX;

/// The device number of a store with only an address.
const ADDRESS: u64 = u64::MAX - 1;

fn found(id: EntryName, entry: &Entry, fields: Fields) -> Option<Session> {
    match entry {
        Entry::Raw(raw) => Some(session(id, raw, fields)),
        Entry::TooLarge(size, modified) => Some(too_large(id, *size, *modified)),
        Entry::Ended => None,
    }
}

fn raw(entry: Option<Entry>) -> Read<Raw> {
    match entry {
        None => Read::Missing,
        Some(Entry::Raw(raw)) if raw.trust != Some(Trust::Ended) => Read::Present(*raw),
        Some(Entry::Raw(_) | Entry::Ended) => Read::Unreadable(Unreadable::Ended),
        Some(Entry::TooLarge(size, _)) => Read::Unreadable(Unreadable::Unsafe(NotOpened::TooLarge { size })),
    }
}

impl SessionStore for RedisStore {
    fn spec(&self) -> &StoreSpec {
        &self.spec
    }

    fn id(&self) -> FileId {
        self.id
    }

    fn may_be(&self, other: &dyn SessionStore) -> bool {
        let unknown = [self.id, other.id()].iter().any(|id| id.device == ADDRESS);
        match (&self.spec.location, &other.spec().location) {
            (Location::Redis(here), Location::Redis(there)) => {
                unknown && (here.db, &here.prefix) == (there.db, &there.prefix)
            }
            _ => false,
        }
    }

    fn names(&self, sink: &mut dyn FnMut(EntryName)) -> Result<(), StoreError> {
        let stop = AtomicBool::new(false);
        self.pages(&stop, |ids, _| {
            ids.into_iter().for_each(&mut *sink);
            // The list is incomplete if a signal stopped it.
            if sys::asked_to_stop() { Err(Trouble::given_up(GivenUp::Stopped)) } else { Ok(()) }
        })
    }

    fn scan(&self, fields: Fields, stop: &AtomicBool, sink: Sink<'_>) -> Result<(), StoreError> {
        self.pages(stop, |ids, foreign| {
            tally::LOOKED.add(ids.len());
            let mut rest = ids.as_slice();
            while !rest.is_empty() {
                let fetched = self.fetch(rest, &FreeSpace::new(HELD))?;
                let (now, later) = rest.split_at(fetched.len().clamp(1, rest.len()));
                for (id, entry) in now.iter().zip(fetched) {
                    if let Some(session) = entry.and_then(|entry| found(*id, &entry, fields)) {
                        sink(Found::Session(session));
                    }
                }
                rest = later;
            }
            foreign.into_iter().for_each(|name| sink(Found::Foreign(OsString::from(name))));
            Ok(())
        })
    }

    fn read(&self, id: &EntryName, fields: Fields) -> Result<Option<Session>, StoreError> {
        Ok(self.fetch_one(id)?.and_then(|entry| found(*id, &entry, fields)))
    }

    fn present(&self, ids: &[EntryName]) -> Result<Vec<EntryName>, StoreError> {
        let sizes = self.sizes(ids).map_err(|why| self.failed(&why))?;
        Ok(ids.iter().zip(sizes).filter(|(_, size)| *size > 0).map(|(id, _)| *id).collect())
    }

    fn read_value(&self, id: &EntryName) -> Result<Read<Tree>, StoreError> {
        Ok(self.read_raw(id)?.tree())
    }

    fn remove(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        let one = |entry: &(EntryName, Stamp)| {
            tally::REMOVED.add(1);
            self.remove_one(*entry, decide, false)
        };
        batch.iter().map(one).collect()
    }

    fn ended_until(&self, id: &EntryName) -> Result<Option<f64>, StoreError> {
        let [.., tombstone] = self.keys(id);
        let ends: Option<String> = self
            .server
            .ask(|to| redis::cmd("GET").arg(&tombstone).query(to))
            .map_err(|why| self.failed(&why))?;
        Ok(ends.map(|ends| ends.parse().unwrap_or(f64::INFINITY)))
    }

    fn end(&self, batch: &[(EntryName, Stamp)], decide: Decide<'_>) -> Vec<io::Result<Removal>> {
        let one = |entry: &(EntryName, Stamp)| {
            tally::REMOVED.add(1);
            self.remove_one(*entry, decide, true)
        };
        batch.iter().map(one).collect()
    }
}

impl WritableStore for RedisStore {
    fn read_raw(&self, id: &EntryName) -> RawRead {
        self.read_many(&[*id], usize::MAX).pop().unwrap_or(Ok(Read::Missing))
    }

    fn read_many(&self, ids: &[EntryName], capacity: usize) -> Vec<RawRead> {
        match self.fetch(ids, &FreeSpace::new(capacity)) {
            Ok(entries) => entries.into_iter().map(|entry| Ok(raw(entry))).collect(),
            Err(why) => ids.iter().map(|_| Err(self.failed(&why))).collect(),
        }
    }

    fn write(&self, batch: &[&NewSession]) -> Vec<io::Result<Written>> {
        match self.write_all(batch) {
            Ok(written) => written,
            Err(why) => batch.iter().map(|_| Err(io::Error::from(&why))).collect(),
        }
    }
}
