//! Migrations to and from a real Redis whose answers are lost: each change is made once.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::redis_server::RedisServer;

const SESSIONS: usize = 300;

/// A proxy between clients and the server. It closes every other connection at the answer to the first
/// script, and the others at the twentieth.
fn unreliable(server: &Path, at: &Path) -> Arc<AtomicUsize> {
    let listener = UnixListener::bind(at).unwrap();
    let (server, cuts) = (server.to_owned(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&cuts);
    thread::spawn(move || {
        for (number, client) in listener.incoming().map_while(Result::ok).enumerate() {
            let (server, cuts) = (UnixStream::connect(&server).unwrap(), Arc::clone(&cuts));
            let patience = [1, 20][number % 2];
            thread::spawn(move || between(client, server, patience, &cuts));
        }
    });
    counted
}

fn between(mut client: UnixStream, mut server: UnixStream, patience: usize, cuts: &AtomicUsize) {
    let (mut requests, mut answered) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let scripts = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut bytes = [0; 1 << 16];
            while let Ok(count @ 1..) = requests.read(&mut bytes) {
                let script = bytes[..count].windows(4).any(|word| word == b"EVAL");
                scripts.fetch_add(usize::from(script), Ordering::SeqCst);
                if server.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = server.shutdown(Shutdown::Both);
        });
        let mut bytes = [0; 1 << 16];
        while let Ok(count @ 1..) = answered.read(&mut bytes) {
            if scripts.load(Ordering::SeqCst) >= patience {
                cuts.fetch_add(1, Ordering::SeqCst);
                break;
            }
            if client.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    });
}

struct Place {
    server: RedisServer,
    cuts: Arc<AtomicUsize>,
}

impl Place {
    /// A new server, with sessions in the directory `a` and an empty directory `b`.
    fn new() -> Place {
        let server = RedisServer::start(&[]);
        let at = |name: &str| server.dir.path().join(name);
        for name in ["a", "b"] {
            fs::create_dir(at(name)).unwrap();
        }
        for number in 0..SESSIONS {
            let bytes = format!("(dS'expires'\nI4000000000\nsS'n'\nI{number}\ns.");
            fs::write(at("a").join(format!("{number:040x}")), bytes).unwrap();
        }
        let cuts = unreliable(&server.socket(), &at("unreliable.sock"));
        Place { server, cuts }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.server.dir.path().join(name)
    }

    /// The address of the server through the proxy that loses answers.
    fn address(&self) -> String {
        format!("redis+unix://{}", self.at("unreliable.sock").display())
    }

    fn migrate(&self, from: &str, to: &str, how: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
        command.args(["session", "migrate", how, "--from", from, "--to", to]).current_dir(self.at(""));
        command.env("STATE_DIRECTORY", self.at("state")).env("RUNTIME_DIRECTORY", self.at("locks"));
        command.output().unwrap()
    }

    /// Runs a migration that succeeds. Returns its output.
    fn migrated(&self, from: &str, to: &str, how: &str) -> String {
        let output = self.migrate(from, to, how);
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{stdout}{stderr}");
        stdout
    }

    fn contents(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.at(name)).unwrap().map(|entry| entry.unwrap().path());
        entries
            .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()))
            .collect()
    }

    fn sessions_there(&self) -> usize {
        self.server.cli(&["KEYS", "wikifarm:s:*"]).lines().filter(|line| !line.is_empty()).count()
    }
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn redis_write_is_made_once_if_the_answer_is_lost() {
    let place = Place::new();
    let all = place.contents("a");
    let said = place.migrated("moin-1.9:a", &place.address(), "--move");
    assert!(place.cuts.load(Ordering::SeqCst) > 0, "nothing was cut");
    assert!(said.contains(&format!("copied {SESSIONS} of {SESSIONS} sessions")), "{said}");
    assert_eq!((place.contents("a").len(), place.sessions_there()), (0, SESSIONS));
    // The rollback therefore undoes all changes.
    place.migrated("moin-1.9:a", &place.address(), "--rollback");
    assert_eq!((place.contents("a") == all, place.sessions_there()), (true, 0));
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn redis_removal_is_made_once_if_the_answer_is_lost() {
    let place = Place::new();
    let all = place.contents("a");
    place.migrated("moin-1.9:a", &place.server.address(""), "--move");
    let before = place.cuts.load(Ordering::SeqCst);
    let said = place.migrated(&place.address(), "moin-1.9:b", "--move");
    assert!(place.cuts.load(Ordering::SeqCst) > before + 10, "hardly anything was cut");
    assert!(said.contains(&format!("copied {SESSIONS} of {SESSIONS} sessions")), "{said}");
    assert_eq!((place.contents("b") == all, place.sessions_there()), (true, 0));
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn migrate_refuses_one_redis_by_two_addresses() {
    let place = Place::new();
    let address = place.server.address("");
    place.migrated("moin-1.9:a", &address, "-q");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    place.server.cli(&["CONFIG", "SET", "bind", "127.0.0.1"]);
    place.server.cli(&["CONFIG", "SET", "port", &port]);
    for how in ["--move", "--dry-run"] {
        let output = place.migrate(&format!("redis://127.0.0.1:{port}"), &address, how);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            (output.status.code(), stderr.contains("are the same store")),
            (Some(4), true),
            "{stderr}"
        );
    }
    // A user who may not query the identity of the server.
    place.server.cli(&["ACL", "SETUSER", "default", "-info"]);
    let output = place.migrate(&format!("redis://127.0.0.1:{port}"), &address, "--move");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), stderr.contains("may be the same Redis server")),
        (Some(4), true),
        "{stderr}"
    );
    assert_eq!(place.sessions_there(), SESSIONS);
    // Another prefix is still another store.
    place.migrated(&format!("redis://127.0.0.1:{port}"), &format!("{address}prefix=other:"), "-q");
}
