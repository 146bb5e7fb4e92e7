//! `wikifarm session verify` checks whether the wiki's user can create, rename, and delete sessions, not who
//! owns them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use crate::support::{HOUR, NOW, Place, Ran, Session, is_root, not_tested, same};

/// The wiki's user and group in these tests: `nobody`.
const WIKI: u32 = 65534;

/// Two sessions of the wiki's user in a directory with this owner, group, and mode. `None` if the tester is
/// not root.
fn store((uid, gid): (u32, u32), mode: u32) -> Option<Place> {
    if !is_root() {
        not_tested("owners of session directories", "only root can give files away");
        return None;
    }
    let place = Place::new().dir("sessions");
    let place = ['a', 'b'].into_iter().fold(place, |place, digit| file(place, digit, (WIKI, WIKI), 0o660));
    let dir = place.path().join("sessions");
    chown(&dir, Some(uid), Some(gid)).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
    Some(place)
}

/// Adds a session with this owner, group, and mode.
fn file(place: Place, digit: char, (uid, gid): (u32, u32), mode: u32) -> Place {
    let place = place.session("sessions", Session::new(digit).expires(NOW + HOUR));
    let path = place.path().join("sessions").join(digit.to_string().repeat(40));
    chown(&path, Some(uid), Some(gid)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    place
}

#[track_caller]
fn verify(place: &Place, status: i32) -> Ran {
    let verify = "session verify --now 1795400000 --store moin-1.9:sessions";
    place.wikifarm(verify).by_tester().status(status).any_stdout().any_stderr().run()
}

#[test]
fn verify_accepts_a_directory_of_root_that_the_wikis_group_can_write() {
    for mode in [0o2770, 0o770, 0o3770] {
        let Some(place) = store((0, WIKI), mode) else { return };
        assert_eq!(verify(&place, 0).stdout, "2 sessions in 1 store: 0 errors, 0 warnings\n", "{mode:o}");
    }
}

#[test]
fn verify_reports_a_directory_that_the_wikis_user_cannot_write() {
    for (owner, mode) in [((0, 0), 0o770), ((0, WIKI), 0o750), ((WIKI, WIKI), 0o570)] {
        let Some(place) = store(owner, mode) else { return };
        let ran = verify(&place, 1);
        let name = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let name = name.lines().find(|line| line.split(':').nth(2) == Some("65534"));
        let user = match name.and_then(|line| line.split(':').next()) {
            Some(name) => format!("user {name} (65534)"),
            None => "user 65534".to_owned(),
        };
        let expected = format!(
            "moin-1.9:sessions\n  error[unwritable-sessions]: session directory in which the wiki's user can't create, rename, and delete files (1 directory)\n    sessions  the wiki's {user} can't create, rename, \
             and delete files here (owner {}, group {}, mode {mode:04o})\n    help: run `chown USER DIR` with the wiki's user, or \
             `chgrp GROUP DIR && chmod g+rwx DIR` with a group of that user\n2 sessions in 1 store: 1 error (1 directory), 0 warnings\n",
            owner.0, owner.1
        );
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&ran.stdout), words(&expected));
    }
}

#[test]
fn verify_reports_a_file_of_another_owner_only_if_the_wiki_cannot_use_it() {
    let found = |mode: u32, owner: (u32, u32), file_mode: u32| {
        let place = file(store((0, WIKI), mode)?, 'c', owner, file_mode);
        let ran = place.wikifarm("session verify --now 1795400000 --store moin-1.9:sessions --format json");
        let found = ran.by_tester().status_among(&[0, 1]).any_stdout().any_stderr().run().json();
        let found = &found["findings"];
        Some(found[0]["message"].as_str().unwrap_or("nothing").split(" (owner").next().unwrap().to_owned())
    };
    let cases = [
        (0o2770, (1, 1), 0o644, "nothing"),
        (0o2770, (1, WIKI), 0o640, "nothing"),
        (0o2770, (1, 1), 0o640, "can't read it"),
        (0o2770, (0, 0), 0o600, "can't read it"),
        (0o3770, (1, 1), 0o644, "can't replace or delete it"),
    ];
    for (mode, owner, file_mode, what) in cases {
        let Some(found) = found(mode, owner, file_mode) else { return };
        assert!(found.ends_with(what), "{mode:o} {owner:?} {file_mode:o}: {found}");
    }
}

#[test]
fn verify_never_suggests_to_remove_a_session_for_its_owner() {
    let Some(place) = store((0, WIKI), 0o2770) else { return };
    let ran = verify(&file(place, 'c', (1, 1), 0o600), 1);
    assert!(ran.stdout.contains("error[wrong-owner]: "), "{}", ran.stdout);
    let help = "help: run `chown USER FILE` with the wiki's user, then stop";
    assert!(ran.stdout.contains(help) && !ran.stdout.contains("remove"), "{}", ran.stdout);
}

#[test]
fn verify_ignores_the_mode_of_a_directory_with_an_acl() {
    let Some(place) = store((0, 0), 0o770) else { return };
    // Version 2; user::rwx, user:WIKI:rwx, group::rwx, mask::rwx, other::---
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, bits, id) in
        [(1_u16, 7_u16, u32::MAX), (2, 7, WIKI), (4, 7, u32::MAX), (16, 7, u32::MAX), (32, 0, u32::MAX)]
    {
        acl.extend(tag.to_le_bytes().into_iter().chain(bits.to_le_bytes()).chain(id.to_le_bytes()));
    }
    let dir = place.path().join("sessions");
    let flags = rustix::fs::XattrFlags::empty();
    if let Err(error) = rustix::fs::setxattr(&dir, "system.posix_acl_access", &acl, flags) {
        return not_tested("access control lists", &error.to_string());
    }
    let ran = verify(&place, 0);
    same(
        &ran.stderr,
        str![[r#"
sessions: owners and modes not checked: the directory has an access control list

"#]],
    );
}

#[test]
fn verify_reports_a_session_that_the_owner_of_the_directory_cannot_read() {
    for others in [0, 2] {
        let Some(place) = store((WIKI, WIKI), 0o700) else { return };
        for digit in ['a', 'b'].into_iter().take(2 - others) {
            fs::remove_file(place.path().join("sessions").join(digit.to_string().repeat(40))).unwrap();
        }
        let place = file(place, 'c', (0, 0), 0o600);
        let ran = verify(&place, 3);
        assert!(ran.stdout.contains("error[wrong-owner]: "), "{}", ran.stdout);
        assert!(ran.stdout.contains("can't read it (owner 0,"), "{}", ran.stdout);
        assert!(ran.stderr.contains("cccccccc…: permission denied"), "{}", ran.stderr);
    }
}
