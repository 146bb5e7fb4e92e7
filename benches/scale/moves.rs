//! Moving sessions, beside what does no more than write them: `cp -a`, and plain clients of SQLite and Redis that write
//! the same rows in the same batches. On a tmpfs: disks take so much longer one time than another that nothing is seen.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::{Connection, params};
use wikifarm::store::{Expires, Facts, Fields};

/// The batches in which sessions are moved.
const BATCH: usize = 4000;

/// A session as a plain client has it: all that is in a row of ours.
struct Row {
    id: String,
    pickle: Vec<u8>,
    modified: i64,
    expires: Option<f64>,
    user: Option<String>,
}

/// Writes all that plain clients need of a store into one file, so that they need not read the store.
pub(super) fn pack(store: &Path, file: &Path) {
    let mut out = std::io::BufWriter::new(fs::File::create(file).unwrap());
    for entry in fs::read_dir(store).unwrap() {
        let entry = entry.unwrap();
        let pickle = fs::read(entry.path()).unwrap();
        let facts = Facts::from_bytes(&pickle, Fields::default()).unwrap();
        let expires = if let Expires::At(time) = facts.expires { time } else { 0.0 };
        let user = facts.user.map(|user| user.id).unwrap_or_default();
        let modified = entry.metadata().unwrap().modified().unwrap();
        let modified = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
        writeln!(out, "{} {modified} {expires} {user}-", entry.file_name().display()).unwrap();
        out.write_all(&u32::try_from(pickle.len()).unwrap().to_le_bytes()).unwrap();
        out.write_all(&pickle).unwrap();
    }
    out.flush().unwrap();
}

fn unpack(file: &Path) -> Vec<Row> {
    use std::io::Read;
    let mut reader = BufReader::with_capacity(1 << 20, fs::File::open(file).unwrap());
    let mut rows = Vec::new();
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 0 {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [id, modified, expires, user] = words.as_slice() else { panic!("{line}") };
        let user = user.trim_end_matches('-');
        let mut length = [0; 4];
        reader.read_exact(&mut length).unwrap();
        let mut pickle = vec![0; usize::try_from(u32::from_le_bytes(length)).unwrap()];
        reader.read_exact(&mut pickle).unwrap();
        rows.push(Row {
            id: (*id).to_owned(),
            pickle,
            modified: modified.parse().unwrap(),
            expires: expires.parse().ok().filter(|time| *time > 0.0),
            user: (!user.is_empty()).then(|| user.to_owned()),
        });
        line.clear();
    }
    rows
}

/// The plain client of SQLite: the same table, the same journal, the same promise of durability.
pub(super) fn sqlite(packed: &Path, database: &Path) {
    let rows = unpack(packed);
    let mut connection = Connection::open(database).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection
        .execute_batch(
            "CREATE TABLE session (id TEXT PRIMARY KEY NOT NULL, pickle BLOB NOT NULL, modified_ns INTEGER NOT NULL, \
             expires REAL, user_id TEXT, seal BLOB); CREATE INDEX session_expires ON session (expires); \
             CREATE INDEX session_user ON session (user_id);",
        )
        .unwrap();
    for batch in rows.chunks(BATCH) {
        let transaction = connection.transaction().unwrap();
        let mut insert =
            transaction.prepare_cached("INSERT INTO session VALUES (?1, ?2, ?3, ?4, ?5, NULL)").unwrap();
        for row in batch {
            insert.execute(params![row.id, row.pickle, row.modified, row.expires, row.user]).unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
    }
}

/// The plain client of Redis: the same keys, pipelined.
pub(super) fn redis(packed: &Path, socket: &Path) {
    let rows = unpack(packed);
    let client = redis::Client::open(format!("redis+unix://{}", socket.display())).unwrap();
    let mut connection = client.get_connection().unwrap();
    for batch in rows.chunks(BATCH) {
        let mut pipe = redis::pipe();
        for row in batch {
            #[expect(clippy::cast_possible_truncation, reason = "times of these days")]
            let end = row.expires.map(|time| (time * 1000.0) as i64).unwrap();
            let (pickle, meta) = (format!("wikifarm:s:{}", row.id), format!("wikifarm:m:{}", row.id));
            pipe.cmd("SET").arg(&pickle).arg(&row.pickle).arg("PXAT").arg(end).ignore();
            pipe.cmd("HSET").arg(&meta).arg("modified_ns").arg(row.modified);
            pipe.arg("expires").arg(row.expires.unwrap());
            if let Some(user) = &row.user {
                pipe.arg("user_id").arg(user);
            }
            pipe.ignore();
            pipe.cmd("PEXPIREAT").arg(&meta).arg(end).ignore();
        }
        pipe.query::<()>(&mut connection).unwrap();
    }
}

/// A Redis server of its own, on a socket.
pub(super) struct Server {
    child: Child,
    pub(super) socket: PathBuf,
}

impl Server {
    /// `None` where there is no redis-server on this machine.
    pub(super) fn start(dir: &Path) -> Option<Server> {
        let socket = dir.join("redis.sock");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(&socket)
            .current_dir(dir)
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let server = Server { child, socket };
        while !server.socket.exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    pub(super) fn empty(&self) {
        let client = redis::Client::open(format!("redis+unix://{}", self.socket.display())).unwrap();
        redis::cmd("FLUSHALL").query::<()>(&mut client.get_connection().unwrap()).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
