use std::fs;
use std::path::Path;

use super::*;
use crate::store::{Address, create};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const HIS: &[u8] = b"(dS'expires'\nI2000000000\nsS'user.id'\nS'1.2.3'\ns.";

fn spec(path: &Path) -> StoreSpec {
    Address::parse(format!("sqlite:{}", path.display()).as_ref()).unwrap().resolve().unwrap()
}

fn why(path: &Path) -> String {
    SqliteStore::open(spec(path)).err().unwrap().to_string()
}

#[test]
fn a_session_is_a_row_with_expiry_user_and_seal() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("s.db");
    let key = root.path().join("key");
    fs::write(&key, "0123456789abcdef").unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut spec = spec(&path);
    spec.dir = format!("{}?key_file={}", path.display(), key.display()).into();
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
    let written =
        store.write(&[new.clone(), new.clone()]).into_iter().map(Result::unwrap).collect::<Vec<_>>();
    assert!(matches!(written[..], [Written::Done(_), Written::Exists]));
    let row = Connection::open(&path)
        .unwrap()
        .query_row("SELECT * FROM session", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .unwrap();
    let seal = SealKey::read(&key).unwrap().seal(&new.id, HIS);
    let user = Some("1.2.3".to_owned());
    assert_eq!(row, (A.to_owned(), HIS.to_vec(), 1_500_000_000_000_000_005_i64, Some(2e9), user, Some(seal)));
    let mode = fs::metadata(&path).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
}

#[test]
fn what_is_not_ours_is_refused_and_not_touched() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("other.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE session (id)").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(
        why(&path).ends_with(
            "a database of another program: name a file that does not exist, or one of wikifarm's"
        )
    );
    create(&spec(&path)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), before);

    let ours = root.path().join("ours.db");
    create(&spec(&ours)).unwrap();
    drop(SqliteStore::open(spec(&ours)).unwrap());
    Connection::open(&ours).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(why(&ours).contains("a database of version 2, and this wikifarm knows 1"));

    let text = root.path().join("text");
    fs::write(&text, "no database at all, but some text that is long enough to be taken for one".repeat(20))
        .unwrap();
    assert!(why(&text).ends_with("no SQLite database"));
    std::os::unix::fs::symlink(&ours, root.path().join("link")).unwrap();
    assert!(why(&root.path().join("link")).ends_with("no regular file of one name"));
    assert!(why(root.path()).ends_with("no regular file of one name"));
}
