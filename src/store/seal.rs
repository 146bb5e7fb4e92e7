//! The seal on a session in a store that others can write: an HMAC over its id and its pickle. The modules in
//! `contrib/moin` unpickle nothing without it, so that who can write into the database cannot run code in the wiki.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::name::EntryName;

/// Fewer bytes can be guessed.
const SHORTEST_KEY: usize = 16;

/// More is no key or password but some other file.
pub(super) const LONGEST_KEY: u64 = 4096;

/// A key. It is never shown.
#[derive(Clone)]
pub struct SealKey {
    mac: Hmac<Sha256>,
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

impl SealKey {
    /// Reads the key from a file: all its bytes, less white space at both ends.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, for people: it cannot be read, strangers can, or it is too short.
    pub fn read(path: &Path) -> Result<SealKey, String> {
        let bytes = secret(path, LONGEST_KEY)?;
        if bytes.len() < SHORTEST_KEY {
            return Err(format!(
                "{}: a key of {} bytes, expected at least {SHORTEST_KEY}: make one with `head -c 32 /dev/urandom | base64`",
                path.display(),
                bytes.len()
            ));
        }
        let mac = Hmac::new_from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(SealKey { mac })
    }

    /// HMAC-SHA256 over the id, a zero byte and the pickle.
    pub fn seal(&self, id: &EntryName, bytes: &[u8]) -> Vec<u8> {
        let mut mac = self.mac.clone();
        mac.update(id.reveal().as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        mac.finalize().into_bytes().to_vec()
    }
}

/// What a file of at most `most` bytes holds that nobody else may read: a key or a password, less white space at both ends.
///
/// # Errors
///
/// Where it cannot be read, is larger, or others can read or write it.
pub fn secret(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let told = |why: String| format!("{}: {why}", path.display());
    let file = File::open(path).map_err(|error| told(error.to_string()))?;
    let stat = file.metadata().map_err(|error| told(error.to_string()))?;
    if !stat.is_file() {
        return Err(told("no regular file".to_owned()));
    }
    if stat.mode() & 0o007 != 0 {
        let mode = stat.mode() & 0o7777;
        return Err(told(format!("everybody can read or write it (mode {mode:04o}): chmod o= it")));
    }
    if stat.len() > most {
        return Err(told(format!("{} bytes, expected at most {most}: this is some other file", stat.len())));
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(|error| told(error.to_string()))?;
    Ok(bytes.trim_ascii().to_vec())
}

/// The file with the key of a store, from `key_file=` of its address.
#[cfg(any(feature = "sqlite", feature = "redis"))]
pub(super) fn key_of(path: Option<&std::path::PathBuf>) -> Result<Option<SealKey>, String> {
    path.map(|path| SealKey::read(path)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_seal_is_what_python_computes_and_keys_are_kept_from_others() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("key");
        fs::write(&path, "0123456789abcdef\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        assert!(SealKey::read(&path).unwrap_err().contains("everybody"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let key = SealKey::read(&path).unwrap();
        let id = EntryName::new(&[b'a'; 40]).unwrap();
        // hmac.new("0123456789abcdef", "a" * 40 + "\0" + "pickle", hashlib.sha256).hexdigest()
        let hex: String = key.seal(&id, b"pickle").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c1708e7db2e2c7ff9bd786723d310910f6b10a952320d3967f47fc37a80c2258");
        fs::write(&path, "short").unwrap();
        assert!(SealKey::read(&path).unwrap_err().contains("5 bytes"));
        fs::write(&path, [b'k'; 4097]).unwrap();
        assert!(SealKey::read(&path).unwrap_err().contains("some other file"));
        assert!(SealKey::read(&root.path().join("none")).is_err());
        assert_eq!(format!("{key:?}"), "SealKey(…)");
    }
}
