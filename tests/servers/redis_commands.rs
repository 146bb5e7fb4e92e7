//! The `session` and `store` commands with a store in a real Redis, tested with the binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::store::{EntryName, Modified, NewSession, Written};

use crate::behavior::opened;

use super::redis_server::RedisServer;

const DAY: i64 = 86_400;

fn clock() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn wikifarm(dir: &Path, words: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
    command.arg("-f").arg(dir.join("farm.toml")).args(words.split_whitespace()).current_dir(dir);
    command.env("STATE_DIRECTORY", dir.join("state")).env("RUNTIME_DIRECTORY", dir.join("locks"));
    command.output().unwrap()
}

#[track_caller]
fn said(dir: &Path, words: &str, status: i32) -> String {
    let output = wikifarm(dir, words);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{words}: {stderr}");
    assert!(status != 0 || stderr.is_empty(), "{words}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn json(dir: &Path, words: &str, status: i32) -> serde_json::Value {
    serde_json::from_str(&said(dir, &format!("{words} --format json"), status)).unwrap()
}

/// A wiki with three sessions in Redis: a login, an old visit without `expires`, and one that is not a
/// pickle.
fn wiki(server: &RedisServer) -> std::path::PathBuf {
    let dir = server.dir.path().join("farm");
    fs::create_dir_all(dir.join("users")).unwrap();
    fs::write(dir.join("users/1.2.3"), "name=JoeDoe\n").unwrap();
    let farm = format!(
        "[wikis.docs]\nmoin = \"1.9.11\"\nurl = \"https://docs.example.org/\"\nuser_dir = \"users\"\nsession_store = \"{}\"\n",
        server.address("").trim_end_matches('?')
    );
    fs::write(dir.join("farm.toml"), farm).unwrap();
    let (now, store) = (clock(), opened(&server.address("")));
    let login =
        format!("(dS'expires'\nI{}\nsS'user.id'\nS'1.2.3'\nsS'user.auth_method'\nS'moin'\ns.", now + DAY);
    for (id, bytes, age) in [
        ('a', login.into_bytes(), 60),
        ('b', b"(dS'x'\nI1\ns.".to_vec(), 2 * DAY),
        ('c', b"(d".to_vec(), DAY),
    ] {
        let new = NewSession {
            id: EntryName::new(id.to_string().repeat(40).as_bytes()).unwrap(),
            bytes,
            modified: Modified { seconds: now - age, nanos: 0 },
            mode: None,
            owner: None,
            instead_of: None,
        };
        assert!(matches!(store.write(&[&new]).remove(0), Ok(Written::Done(_))));
    }
    dir
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn list_stats_and_verify_work_on_redis() {
    let server = RedisServer::start(&[]);
    let dir = wiki(&server);
    let stores = json(&dir, "store list", 0)["stores"].clone();
    assert_eq!(
        [
            "layout",
            "status",
            "sessions",
            "live",
            "no_expires",
            "unreadable",
            "inodes",
            "bytes_on_disk",
            "filesystem"
        ]
        .map(|field| stores[0][field].to_string()),
        ["\"redis\"", "\"ok\"", "3", "1", "1", "1", "null", "null", "null"]
    );
    assert_eq!(json(&dir, "session list", 0)["sessions"].as_array().unwrap().len(), 3);
    assert_eq!(json(&dir, "session show aaaa", 0)["sessions"][0]["user"]["name"], "JoeDoe");
    assert_eq!(json(&dir, "session whois aaaa", 0)["ids"][0]["sessions"][0]["state"], "live");
    let stats = json(&dir, "session stats --metrics stats.prom", 0);
    assert_eq!(
        (&stats["stores"][0]["never_came_back"], &stats["stores"][0]["growth"]),
        (&1.into(), &serde_json::Value::Null)
    );
    let text = fs::read_to_string(dir.join("stats.prom")).unwrap();
    let live = text.lines().find(|line| line.starts_with("wikifarm_sessions{") && line.contains("\"live\""));
    assert!(
        live.is_some_and(|line| line.ends_with(" 1") && line.contains("store=\"redis+unix://")),
        "{text}"
    );
    assert!(!text.contains("inodes"), "on no disk of this machine: {text}");
    let verify = json(&dir, "session verify --metrics verify.prom", 1);
    let checks: Vec<&str> =
        verify["counts"].as_array().unwrap().iter().map(|count| count["rule"].as_str().unwrap()).collect();
    assert_eq!(checks, ["unreadable", "no-expires"]);
    let text = fs::read_to_string(dir.join("verify.prom")).unwrap();
    assert!(text.lines().any(|line| line.contains("rule=\"unreadable\"") && line.ends_with(" 1")), "{text}");
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn prune_and_revoke_work_on_redis() {
    let server = RedisServer::start(&[]);
    let dir = wiki(&server);
    assert_eq!(json(&dir, "session prune --dry-run", 0)["total"]["would_delete"], 1);
    said(&dir, "session prune --metrics prune.prom", 0);
    let text = fs::read_to_string(dir.join("prune.prom")).unwrap();
    let removed = text.lines().find(|line| line.starts_with("wikifarm_deleted_files{"));
    assert!(removed.is_some_and(|line| line.ends_with(" 1")), "{text}");
    let exists = |id: &str| server.cli(&["EXISTS", &format!("wikifarm:s:{}", id.repeat(40))]);
    assert_eq!(["a", "b", "c"].map(exists), ["1", "0", "1"]);
    // An unreadable session may belong to the user.
    assert_eq!(said(&dir, "session revoke --user JoeDoe --settle 0s", 3), "revoked 1 of 2 sessions\n");
    assert_eq!(said(&dir, "session revoke cccc --settle 0s", 0), "revoked 1 of 1 session\n");
    assert_eq!(["a", "b", "c"].map(exists), ["0", "0", "0"]);
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn session_commands_name_a_stopped_redis_and_write_metrics() {
    let server = RedisServer::start(&[]);
    let dir = wiki(&server);
    let farm = fs::read_to_string(dir.join("farm.toml")).unwrap().replace("redis.sock", "none.sock");
    fs::write(dir.join("farm.toml"), farm).unwrap();
    for command in ["store list", "session list", "session stats", "session verify", "session prune"] {
        let output = wikifarm(&dir, command);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{command}: {stderr}");
        assert!(stderr.contains("none.sock") && stderr.contains("No such file"), "{command}: {stderr}");
    }
    said(&dir, "session prune --metrics prune.prom", 3);
    let text = fs::read_to_string(dir.join("prune.prom")).unwrap();
    assert!(text.contains("wikifarm_last_run_exit_status{command=\"prune\"} 3\n"), "{text}");
    assert!(!text.contains("last_success"), "{text}");
}
