//! Denials by SELinux and AppArmor, from the logs of auditd and the kernel.

use std::path::Path;

/// The lines of a log that are denials.
pub(super) fn denials(log: &str) -> impl Iterator<Item = &str> {
    log.lines().filter(|line| module_of(line).is_some())
}

/// The security module that denied access to a directory or to a file in it, by the last such line since `since` (unix
/// seconds). SELinux logs the inode, AppArmor the path.
pub(super) fn denied<'a>(
    lines: impl DoubleEndedIterator<Item = &'a str>,
    path: &Path,
    inode: u64,
    since: i64,
) -> Option<&'static str> {
    let path = path.to_str()?;
    let number = format!(" ino={inode} ");
    let is_about = |line: &str| {
        let below = |rest: &str| rest.starts_with(['"', '/']);
        let names = |key: &str| line.split(&format!("{key}=\"{path}")).skip(1).any(below);
        names(" name") || names(" path") || format!("{line} ").contains(&number)
    };
    let recent = |line: &&str| time(line).is_none_or(|time| time >= since);
    lines.rev().filter(|line| is_about(line)).find(recent).and_then(module_of)
}

fn module_of(line: &str) -> Option<&'static str> {
    if line.contains("apparmor=\"DENIED\"") {
        Some("AppArmor")
    } else if line.contains("avc:") && line.contains(" denied ") && !line.contains("permissive=1") {
        Some("SELinux")
    } else {
        None
    }
}

/// The time of a line: `audit(1795400000.123:456)`.
fn time(line: &str) -> Option<i64> {
    line.split_once("audit(")?.1.split_once('.')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
        type=AVC msg=audit(1000.1:1): avc:  denied  { write } for  pid=1 comm=\"httpd\" name=\"sessions\" dev=\"sda1\" \
        ino=77 scontext=a tcontext=b tclass=dir permissive=0\n\
        type=AVC msg=audit(2000.1:1): avc:  denied  { write } for  pid=1 comm=\"httpd\" dev=\"sda1\" ino=88 permissive=1\n\
        type=AVC msg=audit(1500.1:1): apparmor=\"DENIED\" operation=\"mknod\" profile=\"moin\" name=\"/srv/sessions/tmpx\" pid=2\n\
        type=AVC msg=audit(1600.1:1): apparmor=\"ALLOWED\" operation=\"mknod\" name=\"/srv/cache/x\" pid=2\n\
        type=USER msg=audit(1.1:2): name=\"/srv/other\"\n";

    #[test]
    fn denial_names_the_security_module() {
        let lines: Vec<&str> = denials(LOG).collect();
        assert_eq!(lines.len(), 2);
        let denied = |path, inode, since| denied(lines.iter().copied(), Path::new(path), inode, since);
        assert_eq!(denied("/x", 77, 0), Some("SELinux"));
        assert_eq!(denied("/x", 77, 1001), None);
        assert_eq!(denied("/x", 88, 0), None, "permissive");
        assert_eq!(denied("/x", 7, 0), None);
        assert_eq!(denied("/srv/sessions", 1, 0), Some("AppArmor"));
        assert_eq!(denied("/srv/session", 1, 0), None);
        assert_eq!(denied("/srv/cache", 1, 0), None);
    }
}
