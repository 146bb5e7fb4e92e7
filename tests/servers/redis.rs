//! Sessions in a real Redis.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::behavior::{behaves, honors_tombstones, opened};
use crate::killed::{SESSIONS, Then, budget, round};
use crate::store::{EntryName, Fields, Modified, NewSession, Read, Unreadable, Written};

use super::redis_server::RedisServer;
use super::why;

fn new(id: &str, bytes: &[u8]) -> NewSession {
    NewSession {
        id: EntryName::new(id.as_bytes()).unwrap(),
        bytes: bytes.to_vec(),
        modified: Modified { seconds: 1_500_000_000, nanos: 0 },
        mode: None,
        owner: None,
        instead_of: None,
    }
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn redis_behaves_and_keeps_expiry_and_user() {
    let server = RedisServer::start(&[]);
    let store = opened(&server.address("prefix=a*b:"));
    behaves(store.as_ref());
    assert_eq!(server.cli(&["GET", "a*b:version"]), "2");

    let id = "c".repeat(40);
    let bytes = b"(dS'expires'\nI2000000000\nsS'user.id'\nS'1.2.3'\ns.";
    let written = store.write(&[&new(&id, bytes)]).remove(0).unwrap();
    assert!(matches!(written, Written::Done(_)));
    for kind in ["s", "m"] {
        assert_eq!(server.cli(&["PEXPIRETIME", &format!("a*b:{kind}:{id}")]), "2000000000000");
    }
    assert_eq!(server.cli(&["HGET", &format!("a*b:m:{id}"), "user_id"]), "1.2.3");
    assert_eq!(server.cli(&["HGET", &format!("a*b:m:{id}"), "expires"]), "2000000000.0");

    let over = store.write(&[&new(&"d".repeat(40), b"(dS'expires'\nI5\ns.")]).remove(0).unwrap_err();
    assert!(over.to_string().contains("expired: "), "{over}");
    assert_eq!(server.cli(&["EXISTS", &format!("a*b:m:{}", "d".repeat(40))]), "0");
    // Another prefix is another store.
    let mut names = 0;
    opened(&server.address("prefix=axb:")).names(&mut |_| names += 1).unwrap();
    assert_eq!(names, 0);
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn redis_keeps_tombstones_until_their_end_and_keys_of_version_1_as_they_are() {
    let server = RedisServer::start(&[]);
    honors_tombstones(opened(&server.address("")).as_ref());
    let id = "a".repeat(40);
    let [seconds, lasts] = [["GET"], ["TTL"]].map(|[word]| server.cli(&[word, &format!("wikifarm:t:{id}")]));
    assert!(seconds.parse::<f64>().unwrap() > 1.8e9, "{seconds}");
    let day = lasts.parse::<i64>().unwrap() / 86_400;
    assert!((400..=401).contains(&day), "{lasts}");

    // A record that another program writes again is reported as such.
    server.cli(&["SET", &format!("wikifarm:s:{id}"), "(d."]);
    let store = opened(&server.address(""));
    let name = EntryName::new(id.as_bytes()).unwrap();
    let session = store.read(&name, Fields::default()).unwrap().unwrap();
    assert!(matches!(session.facts, Err(Unreadable::Ended)));
    assert!(matches!(store.read_raw(&name), Ok(Read::Unreadable(Unreadable::Ended))));

    server.cli(&["SET", "old:version", "1"]);
    let store = opened(&server.address("prefix=old:"));
    let Written::Done(stamp) = store.write(&[&new(&id, b"(d.")]).remove(0).unwrap() else { panic!() };
    store.end(&[(name, stamp)], &|_| true).remove(0).unwrap();
    assert_eq!(server.cli(&["KEYS", "old:[vtsm]*"]), "old:version");
    assert_eq!(server.cli(&["GET", "old:version"]), "1");
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn redis_that_refuses_the_login_gives_the_reason() {
    let server = RedisServer::start(&["--requirepass", "geheim"]);
    assert!(why(&server.address("")).contains("requires a password"), "{}", why(&server.address("")));
    let file = server.dir.path().join("password");
    fs::write(&file, "falsch\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let address = server.address(&format!("password_file={}", file.display()));
    assert!(why(&address).contains("rejects this user or password"), "{}", why(&address));
    fs::write(&file, "geheim\n").unwrap();
    behaves(opened(&address).as_ref());
    let gone = address.replace("redis.sock", "none.sock");
    assert!(why(&gone).contains("No such file"), "{}", why(&gone));
    assert!(!why(&gone).contains("geheim"));
    assert!(why("redis://127.0.0.1:1/0").contains("127.0.0.1:1"));
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn redis_refuses_keys_of_other_programs_and_versions() {
    let server = RedisServer::start(&[]);
    server.cli(&["SET", "wikifarm:version", "3"]);
    assert!(why(&server.address("")).contains("keys of version \"3\""));
    let id = "a".repeat(40);
    server.cli(&["LPUSH", &format!("x:s:{id}"), "1"]);
    let error = opened(&server.address("prefix=x:")).read_raw(&EntryName::new(id.as_bytes()).unwrap());
    assert!(error.unwrap_err().to_string().contains("another program uses keys with this prefix"));
    assert_eq!(server.cli(&["LLEN", &format!("x:s:{id}")]), "1", "not touched");
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn redis_reconnects_after_a_lost_connection() {
    let server = RedisServer::start(&[]);
    let store = opened(&server.address(""));
    assert!(matches!(store.write(&[&new(&"a".repeat(40), b"(d.")]).remove(0), Ok(Written::Done(_))));
    server.cli(&["CLIENT", "KILL", "TYPE", "normal"]);
    assert!(matches!(store.write(&[&new(&"b".repeat(40), b"(d.")]).remove(0), Ok(Written::Done(_))));
}

/// Many calls are in progress when the first is refused. All answers are read.
#[test]
#[ignore = "needs redis-server: make check-servers"]
fn migrate_to_a_full_redis_fails_and_continues_when_there_is_memory() {
    let server = RedisServer::start(&["--maxmemory", "1"]);
    let store = opened(&server.address(""));
    let bytes = b"(dS'expires'\nI2000000000\ns.";
    let news: Vec<NewSession> = (0..1000).map(|number| new(&format!("{number:040x}"), bytes)).collect();
    let news: Vec<&NewSession> = news.iter().collect();
    for _ in 0..2 {
        let failed = store.write(&news);
        let full = |result: &std::io::Result<Written>| {
            result.as_ref().is_err_and(|error| error.to_string().contains("Redis is full"))
        };
        assert!(failed.len() == 1000 && failed.iter().all(full), "{:?}", failed.first());
        assert!(matches!(store.read_raw(&news[0].id), Ok(Read::Missing)));
    }
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    let written = store.write(&news);
    assert!(written.iter().all(|written| matches!(written, Ok(Written::Done(_)))), "{:?}", written.first());
    assert_eq!(store.read_raw(&news[999].id).unwrap().present().unwrap().bytes, bytes);
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn migrate_to_redis_killed_at_any_point_continues() {
    let server = RedisServer::start(&[]);
    let begun = std::time::Instant::now();
    let (mut kills, mut rounds) = (0, 0);
    while rounds < 2 || begun.elapsed() < budget() {
        kills += round(&server.address(""), [Then::Back, Then::Undo][rounds % 2]);
        server.cli(&["FLUSHALL"]);
        rounds += 1;
    }
    println!("{kills} kills in {rounds} rounds of {SESSIONS} sessions");
    assert!(kills > 0);
}
