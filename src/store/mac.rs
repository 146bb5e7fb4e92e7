//! The MAC of a session in a database. The modules in `contrib/moin` unpickle nothing without a valid MAC, so that a user who
//! can write to the database can't run code in the wiki.
//!
//! | version | bytes | HMAC-SHA256 over |
//! |---|---|---|
//! | 1 | the 32 of the HMAC | the id, a zero byte, and the pickle |
//! | 2 | a byte 2, and those | `wikifarm-mac-2`, the store's scope, and the id, a zero byte behind each; when it was written, in nanoseconds; `-`, or `+` and `expires`; and the pickle |
//!
//! Both times are 8 bytes, big-endian: an integer, and a float. The scope is `sqlite:`, or `redis:` and the prefix. A MAC
//! of version 1 still verifies, until a wiki writes its session again.

use std::fmt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::name::EntryName;
use crate::sys::{Readers, read_trusted};
use crate::text::{Problem, shell_path};

/// The minimum length of a key in bytes.
const SHORTEST_KEY: usize = 16;

/// The maximum size of a file with a key or password, in bytes.
const LONGEST_KEY: u64 = 4096;

/// A key, and the scope of the store in which its MACs are valid. Never displayed.
#[derive(Clone)]
pub struct MacKey {
    mac: Hmac<Sha256>,
    scope: String,
}

/// The version of the MACs in a store, which is the version of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MacVersion {
    /// Covers id and pickle.
    One,
    /// Also covers the store and the times.
    Two,
}

/// The data that a MAC covers.
#[derive(Debug, Clone, Copy)]
pub struct Covered<'a> {
    /// The id of the session.
    pub id: &'a EntryName,
    /// The pickle.
    pub bytes: &'a [u8],
    /// The time of the last write, in unix nanoseconds.
    pub modified_ns: i64,
    /// The expiry in the store.
    pub expires: Option<f64>,
}

/// Whether a wiki would load a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Its MAC is valid.
    Valid,
    /// It has a valid MAC of version 1.
    Old,
    /// It has no MAC, or one by another key.
    Foreign,
    /// There is a tombstone: another program put the record back after its session was ended.
    Ended,
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(…)")
    }
}

impl MacKey {
    /// Reads the key from a file, without white space at both ends.
    ///
    /// # Errors
    ///
    /// The problem: the file can't be read, other users can read it, or it is too short.
    pub fn read(path: &Path, scope: &str) -> Result<MacKey, Problem> {
        let bytes = secret(path)?;
        if bytes.len() < SHORTEST_KEY {
            let why = format!("key of {} bytes, expected at least {SHORTEST_KEY}", bytes.len());
            let help = format!("run `head -c 32 /dev/urandom | base64 >{}`", shell_path(path));
            return Err(Problem::from(why).at(path.display()).help(help));
        }
        let mac = Hmac::new_from_slice(&bytes)
            .map_err(|error| Problem::from(error.to_string()).at(path.display()))?;
        Ok(MacKey { mac, scope: scope.to_owned() })
    }

    fn over(&self, version: MacVersion, covered: &Covered<'_>) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        if version == MacVersion::Two {
            mac.update(b"wikifarm-mac-2\0");
            mac.update(self.scope.as_bytes());
            mac.update(&[0]);
        }
        mac.update(covered.id.reveal().as_bytes());
        mac.update(&[0]);
        if version == MacVersion::Two {
            mac.update(&covered.modified_ns.to_be_bytes());
            match covered.expires {
                None => mac.update(b"-"),
                Some(expires) => {
                    mac.update(b"+");
                    mac.update(&expires.to_be_bytes());
                }
            }
        }
        mac.update(covered.bytes);
        mac
    }

    /// The MAC of a record.
    pub fn mac(&self, version: MacVersion, covered: &Covered<'_>) -> Vec<u8> {
        let mac = self.over(version, covered).finalize().into_bytes();
        match version {
            MacVersion::One => mac.to_vec(),
            MacVersion::Two => [&[2], mac.as_slice()].concat(),
        }
    }

    /// Whether a record has a valid MAC by this key.
    pub fn trust(&self, covered: &Covered<'_>, found: Option<&[u8]>) -> Trust {
        let (version, trust, mac) = match found {
            Some(mac) if mac.len() == 32 => (MacVersion::One, Trust::Old, mac),
            Some([2, mac @ ..]) => (MacVersion::Two, Trust::Valid, mac),
            _ => return Trust::Foreign,
        };
        if self.over(version, covered).verify_slice(mac).is_ok() { trust } else { Trust::Foreign }
    }
}

/// Reads a key or a password from a file of at most `LONGEST_KEY` bytes, without white space at both ends.
///
/// # Errors
///
/// If it can't be read, is larger, other users can read or write it, or neither root nor the current user owns it.
pub fn secret(path: &Path) -> Result<Vec<u8>, Problem> {
    let bytes = read_trusted(path, Readers::Group, LONGEST_KEY)?;
    Ok(bytes.trim_ascii().to_vec())
}

/// Reads the key from `key_file=` in the address of a store.
#[cfg(any(feature = "sqlite", feature = "redis"))]
pub(super) fn key_of(path: Option<&Path>, scope: &str) -> Result<Option<MacKey>, Problem> {
    path.map(|path| MacKey::read(path, scope)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn mac_equals_that_of_python_and_key_is_not_readable_by_others() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("key");
        fs::write(&path, "0123456789abcdef\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(MacKey::read(&path, "sqlite:").unwrap_err().message.contains("every local user"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let key = MacKey::read(&path, "sqlite:").unwrap();
        let id = EntryName::new(&[b'a'; 40]).unwrap();
        // The same values as in contrib/moin/test_wikifarm_stores.py.
        let redis = MacKey::read(&path, "redis:läb:").unwrap();
        let covered = |modified_ns, expires| Covered { id: &id, bytes: b"pickle", modified_ns, expires };
        for (key, version, covered, trust, hex) in [
            (
                &key,
                MacVersion::One,
                covered(5, None),
                Trust::Old,
                "c1708e7db2e2c7ff9bd786723d310910f6b10a952320d3967f47fc37a80c2258",
            ),
            (
                &key,
                MacVersion::Two,
                covered(5, None),
                Trust::Valid,
                "0295bb0a84c4e4d0579cc711a665646ee2ed97ac1fc103a8fdeba8e59019fbd34e",
            ),
            (
                &redis,
                MacVersion::Two,
                covered(-5, Some(0.5)),
                Trust::Valid,
                "02e802548e13587cef2c84844618bd7999d7dbb2f26691183574d150c2812a728a",
            ),
        ] {
            let mac = key.mac(version, &covered);
            assert_eq!(mac.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), hex);
            assert_eq!(key.trust(&covered, Some(&mac)), trust);
            let times = [Covered { modified_ns: 6, ..covered }, Covered { expires: Some(7.0), ..covered }];
            let others = times.map(|covered| key.trust(&covered, Some(&mac)));
            // Version 1 covers no times.
            assert_eq!(others, [if trust == Trust::Old { trust } else { Trust::Foreign }; 2]);
            let foreign =
                [None, Some(&[][..]), Some(&mac[1..]), Some(&[2; 33]), Some(&[2; 32]), Some(&[2; 64])];
            assert!(foreign.iter().all(|mac| key.trust(&covered, *mac) == Trust::Foreign));
        }
        let [one, two] = [&key, &redis].map(|key| key.mac(MacVersion::Two, &covered(5, None)));
        assert_ne!(one, two);
        fs::write(&path, "short").unwrap();
        assert!(MacKey::read(&path, "sqlite:").unwrap_err().message.contains("5 bytes"));
        fs::write(&path, [b'k'; 4097]).unwrap();
        assert!(MacKey::read(&path, "sqlite:").unwrap_err().message.contains("too large"));
        assert!(MacKey::read(&root.path().join("none"), "").is_err());
        assert_eq!(format!("{key:?}"), "MacKey(…)");
    }
}
