use std::fs;
use std::path::Path;

use super::*;
use crate::store::{Address, Covered, MacVersion, create};
use crate::sys::Modified;

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const HIS: &[u8] = b"(dS'expires'\nI2000000000\nsS'user.id'\nS'1.2.3'\ns.";

fn spec(path: &Path) -> StoreSpec {
    Address::parse(format!("sqlite:{}", path.display()).as_ref()).unwrap().resolve().unwrap()
}

fn why(path: &Path) -> String {
    SqliteStore::open(spec(path)).err().unwrap().to_string()
}

#[test]
fn session_is_a_row_with_expiry_user_and_mac() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("s.db");
    let key = root.path().join("key");
    fs::write(&key, "0123456789abcdef").unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut spec = spec(&path);
    spec.location = format!("{}?key_file={}", spec.location, key.display()).parse().unwrap();
    assert!(SqliteStore::open(spec.clone()).err().unwrap().is_missing());
    create(&spec).unwrap();
    let store = SqliteStore::open(spec).unwrap();
    let new = NewSession {
        id: EntryName::new(A.as_bytes()).unwrap(),
        bytes: HIS.to_vec(),
        modified: Modified { seconds: 1_500_000_000, nanos: 5 },
        mode: None,
        owner: None,
        instead_of: None,
    };
    let written = store.write(&[&new, &new]).into_iter().map(Result::unwrap).collect::<Vec<_>>();
    assert!(matches!(written[..], [Written::Done(_), Written::Exists]));
    let row = Connection::open(&path)
        .unwrap()
        .query_row("SELECT * FROM session", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .unwrap();
    let covered =
        Covered { id: &new.id, bytes: HIS, modified_ns: 1_500_000_000_000_000_005, expires: Some(2e9) };
    let mac = MacKey::read(&key, "sqlite:").unwrap().mac(MacVersion::Two, &covered);
    let user = Some("1.2.3".to_owned());
    assert_eq!(row, (A.to_owned(), HIS.to_vec(), 1_500_000_000_000_000_005_i64, Some(2e9), user, Some(mac)));
    let mode = fs::metadata(&path).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
}

#[test]
fn foreign_database_is_refused_and_not_changed() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("other.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE session (id)").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(why(&path).ends_with("database of another program"));
    create(&spec(&path)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);
    let empty = root.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    assert!(why(&empty).ends_with("empty file"));
    assert_eq!(fs::metadata(&empty).unwrap().len(), 0);
    create(&spec(&empty)).unwrap();
    drop(SqliteStore::open(spec(&empty)).unwrap());

    let ours = root.path().join("ours.db");
    create(&spec(&ours)).unwrap();
    drop(SqliteStore::open(spec(&ours)).unwrap());
    Connection::open(&ours).unwrap().pragma_update(None, "user_version", 3).unwrap();
    assert!(why(&ours).contains("database of version 3; this wikifarm supports 2"));

    let text = root.path().join("text");
    fs::write(&text, "no database at all, but some text that is long enough to be taken for one".repeat(20))
        .unwrap();
    assert!(why(&text).ends_with("not an SQLite database"));
    std::os::unix::fs::symlink(&ours, root.path().join("link")).unwrap();
    for strange in [root.path().join("link"), root.path().to_owned()] {
        assert!(why(&strange).ends_with("not a regular file"));
    }
}

/// SQL that a user who can write to the file could add to have it run.
#[test]
fn changed_table_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for (number, statements) in [
        "CREATE TRIGGER t AFTER DELETE ON session BEGIN INSERT INTO session SELECT * FROM session; END",
        "CREATE VIEW v AS SELECT 1",
        "DROP TABLE session; CREATE VIEW session AS SELECT 1 AS id",
        "DROP TABLE session",
        "ALTER TABLE session ADD COLUMN more TEXT",
        "ALTER TABLE session DROP COLUMN seal",
        "DROP TABLE tombstone",
        "ALTER TABLE tombstone ADD COLUMN more TEXT",
        "ALTER TABLE session ADD COLUMN made AS (length(pickle))",
    ]
    .into_iter()
    .enumerate()
    {
        let path = root.path().join(format!("{number}.db"));
        create(&spec(&path)).unwrap();
        Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        assert!(why(&path).contains("another program changed its table"), "{statements}: {}", why(&path));
    }
}

#[test]
fn foreign_row_does_not_affect_other_rows() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("s.db");
    create(&spec(&path)).unwrap();
    let id = |digit: &str| digit.repeat(40);
    let connection = Connection::open(&path).unwrap();
    let insert = "INSERT INTO session (id, pickle, modified_ns, seal) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(insert, params![id("a"), HIS, 5, None::<i64>]).unwrap();
    connection.execute(insert, params![id("b"), "a text", 5, "x".repeat(9999)]).unwrap();
    connection.execute(insert, params![id("c"), HIS, "never", 7]).unwrap();
    connection.execute(insert, params![id("d").into_bytes(), HIS, 5, 0.5]).unwrap();
    connection.execute("INSERT INTO session VALUES (CAST(x'ff' AS TEXT), 1, 2, 3, 4, 5)", []).unwrap();
    let store = SqliteStore::open(spec(&path)).unwrap();
    let mut seen = Vec::new();
    store
        .scan(Fields::default(), &AtomicBool::new(false), &mut |found| {
            seen.push(match found {
                Found::Session(session) => format!("session {}", session.id),
                Found::Failed { name, error } => format!("failed {name} {error}"),
                Found::Foreign(name) => format!("foreign {}", name.len()),
                other => format!("{other:?}"),
            });
        })
        .unwrap();
    let wanted = [
        "session aaaaaaaa…",
        "failed bbbbbbbb… the pickle is not a blob",
        "failed cccccccc… modified_ns is not an integer, or the pickle is missing",
        "foreign 1",
        "foreign 40",
    ];
    assert_eq!(seen, wanted);
    let mut names = Vec::new();
    store.names(&mut |name| names.push(name.to_string())).unwrap();
    assert_eq!(names, ["aaaaaaaa…", "bbbbbbbb…", "cccccccc…"]);
    let name = |digit: &str| EntryName::new(id(digit).as_bytes()).unwrap();
    assert!(matches!(store.read_raw(&name("b")), Ok(Read::Unreadable(Unreadable::Form(_)))));
    assert!(store.read(&name("b"), Fields::default()).is_err());
    assert!(matches!(store.read_raw(&name("d")), Ok(Read::Missing)));
    let removed = store.remove(&[(name("b"), Stamp(0)), (name("c"), Stamp(0))], &|_| true);
    assert!(removed.into_iter().all(|removed| matches!(removed, Ok(Removal::Changed))));
}
