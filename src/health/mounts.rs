//! The mount of a path, from `/proc/self/mountinfo`.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The directory that it is mounted on.
    pub point: PathBuf,
    /// The device, or another source.
    pub source: PathBuf,
    /// Whether this mount is read-only.
    pub read_only: bool,
    /// Whether the whole file system is read-only, through every mount.
    pub file_system_read_only: bool,
}

impl Mount {
    /// The mount that an absolute path without links is on.
    pub fn of(table: &str, path: &Path) -> Option<Mount> {
        let mounts = table.lines().filter_map(Mount::parse).filter(|mount| path.starts_with(&mount.point));
        // A later mount on the same directory hides the earlier one.
        mounts.max_by_key(|mount| mount.point.as_os_str().len())
    }

    /// `36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw,errors=continue`
    fn parse(line: &str) -> Option<Mount> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(4);
        let (point, options) = (mount.next()?, mount.next()?);
        let mut file_system = file_system.split(' ').skip(1);
        let (source, whole) = (file_system.next()?, file_system.next()?);
        let read_only = |options: &str| options.split(',').any(|option| option == "ro");
        Some(Mount {
            point: unescape(point),
            source: unescape(source),
            read_only: read_only(options) || read_only(whole),
            file_system_read_only: read_only(whole),
        })
    }
}

/// Whether the sandbox of the systemd unit that this process runs in makes the path of `mount` read-only, and other
/// processes can still write there.
pub fn in_unit_sandbox(mount: &Mount, in_unit: bool) -> bool {
    in_unit && mount.read_only && !mount.file_system_read_only
}

/// A path whose spaces, tabs, line ends, and backslashes are octal numbers.
fn unescape(text: &str) -> PathBuf {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let number = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (number, part.get(3..)) {
            (Some(byte), Some(rest)) => {
                bytes.push(byte);
                bytes.extend_from_slice(rest.as_bytes());
            }
            _ => bytes.extend_from_slice(format!("\\{part}").as_bytes()),
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
        22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n\
        30 22 8:2 / /srv rw,relatime shared:2 - ext4 /dev/sdb1 ro\n\
        31 22 8:3 / /srv/a\\040wiki rw - xfs /dev/sdc1 rw\n\
        32 22 8:1 /var /var ro,relatime - ext4 /dev/sda1 rw\n\
        33 32 0:40 / /var/lib rw - tmpfs tmpfs rw\n\
        34 33 0:41 / /var/lib ro - tmpfs tmpfs rw\n\
        not a mount\n";

    #[test]
    fn mount_is_the_last_of_the_longest_that_contain_the_path() {
        for (path, point, read_only, whole) in [
            ("/home/x", "/", false, false),
            ("/srv/wiki", "/srv", true, true),
            ("/srv/a wiki/sessions", "/srv/a wiki", false, false),
            ("/srv/a wikis", "/srv", true, true),
            ("/var/log", "/var", true, false),
            ("/var/lib/x", "/var/lib", true, false),
        ] {
            let mount = Mount::of(TABLE, Path::new(path)).unwrap();
            assert_eq!(mount.point, Path::new(point), "{path}");
            assert_eq!((mount.read_only, mount.file_system_read_only), (read_only, whole), "{path}");
            assert_eq!(in_unit_sandbox(&mount, true), read_only && !whole, "{path}");
            assert!(!in_unit_sandbox(&mount, false), "{path}");
        }
        assert_eq!(Mount::of("", Path::new("/")), None);
    }

    #[test]
    fn escapes_are_octal() {
        for (text, path) in [("/a\\134b", "/a\\b"), ("/a\\04", "/a\\04"), ("/\\040", "/ "), ("/é", "/é")] {
            assert_eq!(unescape(text), Path::new(path));
        }
    }
}
