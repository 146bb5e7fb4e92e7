//! The users of MoinMoin 2: `data/userprofiles/meta` has a JSON file for each profile, named by its revision.
//!
//! Source: `moin/storage/backends/stores.py` and `moin/storage/stores/fs.py` of 2.0.0a1 to 2.0.0b5; what those wrote. Only
//! id, name, and state are taken from a file: keys, tokens, and passwords are not kept. Stores in SQLite are not read.

use std::ffi::CString;
use std::ops::ControlFlow;
use std::path::Path;

use serde::Deserialize;

use super::users::{User, UserError};
use crate::sys::{AsOwner, Dir, Kind, NotOpened, open_regular_up_to};

/// The largest profile, in bytes. Usual ones have a thousand.
const LARGEST: u64 = 1 << 20;
/// The most files that are read.
const MOST: usize = 100_000;

/// What is needed of a profile.
#[derive(Deserialize)]
struct Profile {
    itemid: String,
    #[serde(default)]
    name: Vec<String>,
    #[serde(default)]
    disabled: bool,
    /// When it was saved.
    #[serde(default)]
    mtime: f64,
}

/// The user with that item id below `user_dir`: by the latest revision, if there are several.
///
/// # Errors
/// If the directory can't be listed, or the user is not found and a profile can't be read.
pub fn profile(user_dir: &Path, itemid: &str) -> Result<Option<User>, UserError> {
    let path = user_dir.join("meta");
    let listing = |source| UserError::Listing { dir: path.clone(), source };
    let dir = Dir::open(&path).map_err(|error| listing(std::io::Error::other(error.to_string())))?;
    let _owner = AsOwner::of(&dir).map_err(listing)?;
    let mut revisions = Vec::new();
    dir.list(|entry| {
        let name = entry.name.to_str().unwrap_or_default();
        if entry.kind == Kind::Regular && is_uuid(name) {
            revisions.push(name.to_owned());
        }
        if revisions.len() < MOST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .map_err(listing)?;
    let (mut latest, mut failure): (Option<Profile>, _) = (None, None);
    let mut buffer = Vec::new();
    for revision in revisions {
        let name = CString::new(revision.as_str()).unwrap_or_default();
        match open_regular_up_to(&dir, &name, LARGEST).and_then(|file| file.read(&mut buffer)) {
            Ok(()) => {}
            Err(NotOpened::Gone) => continue,
            Err(why) => {
                failure = Some(UserError::File { path: path.join(&revision), why });
                continue;
            }
        }
        // What is no JSON object of this form is no profile.
        let Ok(profile) = serde_json::from_slice::<Profile>(&buffer) else { continue };
        let newer = latest.as_ref().is_none_or(|latest| latest.mtime <= profile.mtime);
        if profile.itemid == itemid && newer {
            latest = Some(profile);
        }
    }
    match (latest, failure) {
        (None, Some(failure)) => Err(failure),
        (None, None) => Ok(None),
        (Some(profile), _) => Ok(Some(User {
            id: profile.itemid,
            name: profile.name.into_iter().next().unwrap_or_default(),
            disabled: profile.disabled,
            remember_me: false,
        })),
    }
}

/// Whether a text is a UUID as MoinMoin writes it.
fn is_uuid(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// As 2.0.0b5 wrote it.
    const JOE: &str = r#"{"itemtype": "userprofile", "itemid": "69b8b66c2ebd47529467054246f169a1", "name": ["JoeDoe"], "enc_password": "$argon2id$v=19$secret", "session_token": "1796060148-secret", "session_key": "secret", "email": "joe@example.org", "disabled": false, "namespace": "userprofiles", "rev_number": 1, "mtime": 1796060148, "size": 0}"#;
    const ID: &str = "69b8b66c2ebd47529467054246f169a1";

    #[test]
    fn profile_by_item_id_is_that_of_the_latest_revision_without_secrets() {
        let root = tempfile::tempdir().unwrap();
        let meta = root.path().join("meta");
        fs::create_dir(&meta).unwrap();
        let put = |revision: &str, text: &str| fs::write(meta.join(revision.repeat(32)), text).unwrap();
        put("a", JOE);
        put("b", &JOE.replace("JoeDoe", "J\u{f6}rg").replace("1796060148,", "1796060149,"));
        put("c", &JOE.replace("JoeDoe", "Old").replace("1796060148,", "1796060147,"));
        put("d", &JOE.replace("JoeDoe", "Other").replace(ID, &"0".repeat(32)));
        put("e", "[\"69b8b66c2ebd47529467054246f169a1\"]");
        fs::write(meta.join("README"), JOE.replace("1796060148,", "1796060999,")).unwrap();
        let user = profile(root.path(), ID).unwrap().unwrap();
        assert_eq!((user.name.as_str(), user.disabled), ("J\u{f6}rg", false));
        assert!(!format!("{user:?}").contains("secret"));
        assert_eq!(profile(root.path(), "../69b8").unwrap(), None);
        // A file that can't be read can be the one.
        std::os::unix::fs::symlink(meta.join("a".repeat(32)), meta.join("f".repeat(32))).unwrap();
        assert_eq!(profile(root.path(), &"9".repeat(32)).unwrap(), None, "links are no profiles");
        fs::write(meta.join("9".repeat(32)), vec![b' '; 2 << 20]).unwrap();
        assert!(profile(root.path(), &"9".repeat(32)).unwrap_err().to_string().contains("too large"));
        assert_eq!(profile(root.path(), ID).unwrap().unwrap().name, "J\u{f6}rg");
        assert!(profile(&root.path().join("missing"), ID).is_err());
    }
}
