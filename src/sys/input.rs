//! Reads a file that the command line or a farm file names. Opening never waits for a FIFO, a device, or a lease.

use std::ffi::OsStr;
use std::fs::{File, FileType};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, openat};

use super::dir::Dir;
use super::open_dir::{self, CAUTIOUS, DirError, is_ours};
use super::why::why;
use crate::text::{Problem, shell_path};

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It is a FIFO, which could block forever.
    #[error("is a FIFO, expected a regular file")]
    Fifo,
    /// It is a device.
    #[error("is a device, expected a regular file")]
    Device,
    /// It is larger than this many bytes.
    #[error("is larger than {}", size(*.0))]
    TooLarge(u64),
    /// The kernel reported an error.
    #[error("{}", why(.0))]
    Io(io::Error),
}

impl From<io::Error> for InputError {
    fn from(error: io::Error) -> Self {
        InputError::Io(error)
    }
}

/// A limit as readable text.
fn size(bytes: u64) -> String {
    if bytes.is_multiple_of(1 << 20) {
        format!("{} MiB", bytes >> 20)
    } else {
        format!("{} KiB", bytes >> 10)
    }
}

/// Reads a file of at most `most` bytes from the command line. Reads FIFOs only from the shell: `/dev/stdin`, or the
/// `/dev/fd/63` of `<(command)`.
///
/// # Errors
///
/// If it can't be read.
pub fn read_input(path: &Path, most: u64) -> Result<Vec<u8>, InputError> {
    // Before opening: opening some devices has side effects.
    check(path.metadata()?.file_type(), path)?;
    let file = File::options().read(true).custom_flags(CAUTIOUS.bits().cast_signed()).open(path)?;
    let kind = file.metadata()?.file_type();
    check(kind, path)?;
    if kind.is_fifo() {
        let flags = fcntl_getfl(&file).map_err(io::Error::from)?;
        fcntl_setfl(&file, flags - OFlags::NONBLOCK).map_err(io::Error::from)?;
    }
    read(file, most)
}

/// Like [`read_input`], but `-` is standard input.
///
/// # Errors
///
/// The same as for [`read_input`].
pub fn read_input_or_stdin(path: &Path, most: u64) -> Result<Vec<u8>, InputError> {
    if path == Path::new("-") { read(io::stdin().lock(), most) } else { read_input(path, most) }
}

fn check(kind: FileType, path: &Path) -> Result<(), InputError> {
    let is_handed_over = ["/dev/fd", "/proc/self/fd"].iter().any(|dir| path.starts_with(dir))
        || ["/dev/stdin", "/dev/null", "/dev/tty"].iter().any(|name| path == Path::new(name));
    match kind {
        _ if is_handed_over => Ok(()),
        kind if kind.is_fifo() => Err(InputError::Fifo),
        kind if kind.is_char_device() || kind.is_block_device() => Err(InputError::Device),
        _ => Ok(()),
    }
}

fn read(from: impl Read, most: u64) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= most => Ok(bytes),
        _ => Err(InputError::TooLarge(most)),
    }
}

/// Opens the file `name` of a directory for reading, of any kind. Does not follow links, and does not wait.
///
/// # Errors
///
/// The error of the kernel.
pub fn open_cautiously(dir: &Dir, name: &OsStr) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | CAUTIOUS;
    Ok(File::from(openat(dir, name, flags, Mode::empty())?))
}

/// Who may read a trusted file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Owner and group, for a key or a password.
    Group,
    /// Everybody, for a certificate.
    Everybody,
}

/// Reads a regular file of at most `most` bytes that only root and the current user can write. Walks the path component by
/// component, and does not follow symbolic links of other users.
///
/// # Errors
///
/// The problem, with a message that starts with the path.
pub fn read_trusted(path: &Path, readers: Readers, most: u64) -> Result<Vec<u8>, Problem> {
    let failed = |why: String| Problem::from(why).at(path.display());
    let quoted = shell_path(path);
    let file = match open_dir::file(path) {
        Ok(fd) => File::from(fd),
        Err(DirError::Missing { path: missing }) => {
            return Err(Problem::from("no such file").at(missing.display()));
        }
        Err(DirError::Io { source, .. }) => return Err(failed(why(&source))),
        Err(error) => return Err(error.to_string().into()),
    };
    let stat = file.metadata().map_err(|error| failed(why(&error)))?;
    let (mode, owner) = (stat.mode() & 0o7777, stat.uid());
    if !stat.is_file() {
        return Err(failed("not a regular file".to_owned()));
    }
    if !is_ours(owner) {
        let why = format!("owned by user {owner}, who is neither root nor you");
        return Err(failed(why).help(format!("run `chown root {quoted}`")));
    }
    if readers == Readers::Group && mode & 0o007 != 0 {
        let why = format!("every local user can read or write it (mode {mode:04o})");
        return Err(failed(why).help(format!("run `chmod o= {quoted}`")));
    }
    if mode & 0o022 != 0 {
        let why = format!("other users can write it (mode {mode:04o})");
        return Err(failed(why).help(format!("run `chmod go-w {quoted}`")));
    }
    // Another hard link may be a secret of another user.
    if readers == Readers::Group && stat.nlink() != 1 {
        return Err(failed(format!("has {} hard links", stat.nlink())).help("use a copy of the file"));
    }
    if stat.len() > most {
        return Err(failed(format!("too large for this kind of file: {} bytes, limit {most}", stat.len())));
    }
    read(file, most).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, mknodat};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn input_is_a_regular_file_up_to_the_limit() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("file"), "text").unwrap();
        symlink("file", at("link")).unwrap();
        assert_eq!(read_input(&at("link"), 4).unwrap(), b"text");
        assert!(matches!(read_input(&at("file"), 3), Err(InputError::TooLarge(3))));
        mknodat(CWD, at("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        symlink("fifo", at("to-fifo")).unwrap();
        symlink("/dev/zero", at("to-device")).unwrap();
        for name in ["fifo", "to-fifo"] {
            assert!(matches!(read_input(&at(name), 9), Err(InputError::Fifo)), "{name}");
        }
        assert!(matches!(read_input(&at("to-device"), 9), Err(InputError::Device)));
        assert!(matches!(read_input(&at("none"), 9), Err(InputError::Io(_))));
        assert!(read_input(Path::new("/dev/null"), 9).unwrap().is_empty());
    }

    #[test]
    fn secret_is_a_small_regular_file_of_trusted_users() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let secret = |name: &str| read_trusted(&at(name), Readers::Group, 4096);
        fs::write(at("key"), "k").unwrap();
        for good in [0o600, 0o640, 0o400, 0o440] {
            mode(&at("key"), good);
            assert_eq!(secret("key").unwrap(), b"k", "{good:o}");
        }
        for (bad, why) in
            [(0o604, "every local user"), (0o602, "every local user"), (0o660, "other users can write")]
        {
            mode(&at("key"), bad);
            let error = secret("key").unwrap_err();
            assert!(error.message.contains(why) && error.help.is_some(), "{bad:o}: {error:?}");
        }
        mode(&at("key"), 0o600);
        symlink("key", at("link")).unwrap();
        assert_eq!(secret("link").unwrap(), b"k");
        symlink("none", at("dangling")).unwrap();
        assert_eq!(
            secret("dangling").unwrap_err().message,
            format!("{}: no such file", at("none").display())
        );
        assert!(secret("none").unwrap_err().message.ends_with(": no such file"));
        mknodat(CWD, at("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        for name in ["fifo", ".", ".."] {
            assert!(secret(name).unwrap_err().message.ends_with("not a regular file"), "{name}");
        }
        let device = read_trusted(Path::new("/dev/zero"), Readers::Group, 4096);
        assert!(device.unwrap_err().message.ends_with("not a regular file"));
        fs::write(at("large"), [b'k'; 4097]).unwrap();
        mode(&at("large"), 0o600);
        assert!(secret("large").unwrap_err().message.contains("too large"));
        fs::hard_link(at("key"), at("second")).unwrap();
        assert!(secret("key").unwrap_err().message.contains("2 hard links"));
    }

    #[test]
    fn certificate_may_be_readable_but_not_writable_by_others() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("ca.pem");
        fs::write(&path, "pem").unwrap();
        fs::hard_link(&path, root.path().join("second")).unwrap();
        mode(&path, 0o644);
        assert_eq!(read_trusted(&path, Readers::Everybody, 9).unwrap(), b"pem");
        for bad in [0o664, 0o646] {
            mode(&path, bad);
            let why = read_trusted(&path, Readers::Everybody, 9).unwrap_err().message;
            assert!(why.contains("other users can write it"), "{bad:o}: {why}");
        }
    }

    #[test]
    fn file_or_link_of_another_user_is_not_read() {
        use std::os::unix::fs::{chown, lchown};
        if !super::super::is_root() {
            return; // Only root can give files away.
        }
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("key"), "k").unwrap();
        mode(&at("key"), 0o640);
        symlink("key", at("link")).unwrap();
        lchown(at("link"), Some(12345), None).unwrap();
        // As in contrib/moin: the wiki's group may read the key.
        chown(at("key"), Some(0), Some(33)).unwrap();
        assert_eq!(read_trusted(&at("key"), Readers::Group, 9).unwrap(), b"k");
        let why = read_trusted(&at("link"), Readers::Group, 9).unwrap_err().message;
        assert!(why.contains("unsafe symbolic link: its owner, user 12345"), "{why}");
        chown(at("key"), Some(12345), None).unwrap();
        for readers in [Readers::Group, Readers::Everybody] {
            let why = read_trusted(&at("key"), readers, 9).unwrap_err().message;
            assert!(why.contains("owned by user 12345"), "{why}");
        }
    }
}
