//! `contrib/moin`: runs its tests under Python 2.7, and migrates sessions from wikifarm to a wiki and back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::one_line;
use super::redis_server::RedisServer;

/// Python 2.7: `$PYTHON2`, `python2.7`, or the version of pyenv.
fn python() -> PathBuf {
    let runs = |path: &Path| {
        let version = Command::new(path).arg("--version").output();
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stderr).starts_with("Python 2.7"))
    };
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let of_pyenv = fs::read_dir(home.join(".pyenv/versions")).into_iter().flatten().flatten();
    std::env::var_os("PYTHON2")
        .map(PathBuf::from)
        .into_iter()
        .chain([PathBuf::from("python2.7")])
        .chain(of_pyenv.map(|entry| entry.path().join("bin/python2.7")))
        .find(|path| runs(path))
        .expect("python2.7 is missing, which MoinMoin's modules need: install it (pyenv install 2.7), or set PYTHON2 to one")
}

/// Python 3 with the package `redis`: `$PYTHON3`, `python3`, or the one of the distribution.
fn python3() -> PathBuf {
    let runs = |path: &Path| {
        let tried = Command::new(path).args(["-c", "import redis, sqlite3"]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let of_environment = std::env::var_os("PYTHON3").map(PathBuf::from);
    of_environment
        .into_iter()
        .chain(["python3", "/usr/bin/python3"].map(PathBuf::from))
        .find(|path| runs(path))
        .expect("Python 3 with the package redis is missing: apt install python3-redis")
}

/// Runs Python with the modules, and with the package `redis` that `make check-servers` puts in
/// target/python2.7.
pub(super) fn run(arguments: &[&str], redis: &Path) -> Output {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/python2.7");
    over_modules(&python(), arguments, redis).env("PYTHONPATH", packages).output().unwrap()
}

fn over_modules(python: &Path, arguments: &[&str], redis: &Path) -> Command {
    // If a test hangs, the run fails and its output names the test.
    let mut command = Command::new("timeout");
    command.args(["--signal=INT", "--kill-after=10", "300"]).arg(python);
    command.args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/moin"));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("WIKIFARM_REDIS", redis);
    command
}

/// The tests of the stores and of the modules for MoinMoin.
const TESTS: [&str; 4] = ["-m", "unittest", "test_wikifarm_stores", "test_wikifarm_sessions"];

#[track_caller]
fn all_passed(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("Ran 55 tests"), "{text}");
}

fn wikifarm(dir: &Path, line: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
    command.args(line.split(' ')).current_dir(dir);
    command.env("STATE_DIRECTORY", dir.join("state")).env("RUNTIME_DIRECTORY", dir.join("locks"));
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{line}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs python2.7 and redis-server: make check-servers"]
fn python2_modules_pass_their_tests() {
    let server = RedisServer::start(&[]);
    all_passed(&run(&TESTS, &server.socket()));
}

#[test]
#[ignore = "needs python3-redis and redis-server: make check-servers"]
fn modules_pass_their_tests_under_python3() {
    let server = RedisServer::start(&[]);
    all_passed(&over_modules(&python3(), &TESTS, &server.socket()).output().unwrap());
}

/// Reads all sessions of a store as a wiki does, and writes one.
pub(super) const WIKI: &str = "
import sys
from wikifarm_stores import open_store
store = open_store(sys.argv[1])
for sid in store.ids():
    print sid[0], sorted((store.load(sid) or {'nothing': 0}).items())
store.save('e' * 40, {'user.id': '1.2.3', 'expires': 4000000000, 'trail': [u'P\\xe4ge']})
";

#[test]
#[ignore = "needs python2.7 and redis-server: make check-servers"]
fn python2_sessions_go_to_a_wiki_and_back() {
    let server = RedisServer::start(&[]);
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    for name in ["from", "back"] {
        fs::create_dir(dir.join(name)).unwrap();
    }
    let key = dir.join("key");
    fs::write(&key, "an example of a key\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let session = b"(dS'expires'\nF4000000000.0\nsS'user.id'\nS'1.2.3'\ns.";
    fs::write(dir.join("from").join("a".repeat(40)), session).unwrap();
    for address in [
        format!("sqlite:{}/s.db?key_file={}", dir.display(), key.display()),
        server.address(&format!("key_file={}", key.display())),
    ] {
        wikifarm(dir, &format!("session migrate --from moin-1.9:from --to {address} -q"));
        let output = run(&["-c", WIKI, &address], &server.socket());
        assert_eq!(
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)),
            ("a [('expires', 4000000000.0), ('user.id', '1.2.3')]\n".into(), "".into())
        );
        let list = wikifarm(dir, &format!("session list --store {address} --format json"));
        let list: serde_json::Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list["sessions"].as_array().unwrap().len(), 2);
        assert!(
            list["sessions"].as_array().unwrap().iter().all(|session| session["user"]["id"] == "1.2.3"),
            "{list}"
        );
        wikifarm(dir, &format!("session migrate --from {address} --to moin-1.9:back -q"));
        assert_eq!(fs::read(dir.join("back").join("a".repeat(40))).unwrap(), session);
        assert!(dir.join("back").join("e".repeat(40)).exists());
        fs::remove_file(dir.join("back").join("e".repeat(40))).unwrap();
        fs::remove_file(dir.join("back").join("a".repeat(40))).unwrap();

        // A session that was moved without the key has no MAC.
        let plain = address.replace("s.db", "plain.db").split('?').next().unwrap().to_owned();
        let (plain, sealed) = if plain.starts_with("sqlite:") {
            (plain.clone(), format!("{plain}?key_file={}", key.display()))
        } else {
            (format!("{plain}?prefix=plain:"), format!("{plain}?prefix=plain:&key_file={}", key.display()))
        };
        wikifarm(dir, &format!("session migrate --from moin-1.9:from --to {plain} -q"));
        let output = run(&["-c", WIKI, &sealed], &server.socket());
        assert_eq!(String::from_utf8_lossy(&output.stdout), "a [('nothing', 0)]\n");
        // After a move with the key, the session has a MAC.
        let again =
            wikifarm(dir, &format!("session migrate --from moin-1.9:from --to {sealed} --format json"));
        assert!(again.contains("\"replaced\": 1"), "{again}");
        let output = run(&["-c", WIKI, &sealed], &server.socket());
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("a [('expires', 4000000000.0)"));
        wikifarm(dir, &format!("session prune --all --yes --max-delete 100% --store {plain} -q"));
        wikifarm(dir, &format!("session migrate --from moin-1.9:from --to {plain} -q"));
        run(&["-c", WIKI, &sealed], &server.socket());
        // wikifarm does not copy such a session to a store where it would be trusted. It copies only the
        // session that the wiki wrote.
        let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
        command
            .args(["session", "migrate", "--from", &sealed, "--to", "moin-1.9:back", "-q"])
            .current_dir(dir);
        command.env("STATE_DIRECTORY", dir.join("state")).env("RUNTIME_DIRECTORY", dir.join("locks"));
        let output = command.output().unwrap();
        let stderr = one_line(&output.stderr);
        let expected = "aaaaaaaa…: possible attack: no MAC by the key of the store";
        assert!(output.status.code() == Some(3) && stderr.contains(expected), "{stderr}");
        assert!(!dir.join("back").join("a".repeat(40)).exists());
        fs::remove_file(dir.join("back").join("e".repeat(40))).unwrap();
    }
}

#[test]
#[ignore = "needs python2.7: make check-servers"]
fn python2_database_of_a_wiki_is_the_one_that_wikifarm_makes() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    fs::create_dir(dir.join("from")).unwrap();
    let key = dir.join("key");
    fs::write(&key, "an example of a key\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    wikifarm(dir, "session migrate --from moin-1.9:from --to sqlite:ours.db -q");
    let theirs = format!("sqlite:{}/theirs.db?key_file={}", dir.display(), key.display());
    let output = run(&["-c", WIKI, &theirs], Path::new("none"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let schema = |name: &str| {
        let database = rusqlite::Connection::open(dir.join(name)).unwrap();
        let text = |query: &str| -> Vec<String> {
            let mut statement = database.prepare(query).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
            rows.map(|row| format!("{:?}", row.unwrap()).split_whitespace().collect::<Vec<_>>().join(" "))
                .collect()
        };
        [
            "SELECT coalesce(sql, name) FROM sqlite_master ORDER BY name",
            "PRAGMA application_id",
            "PRAGMA user_version",
            "PRAGMA journal_mode",
        ]
        .map(text)
    };
    assert_eq!(schema("ours.db"), schema("theirs.db"));
}
