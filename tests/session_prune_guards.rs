//! `wikifarm session prune`: the guards.

use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::session_prune::{STAYS, kinds, place};
use crate::support::farms::DOCS;
use crate::support::{DAY, NOW, Place, Session, clock, is_root, unindent};

/// Two stores: one with an expired session, and one in which 60 of 100 sessions would be removed for their
/// age.
fn one_store_too_hungry(now: i64) -> Place {
    let hundred = (0..100).map(|number| {
        let session = Session::named(&format!("{number:040x}"));
        if number < 60 {
            session.written(now - 30 * DAY)
        } else {
            session.expires(now + DAY).written(now - DAY)
        }
    });
    Place::farm(&format!(
        "{DOCS}
    [wikis.plans]
    url = \"https://plans.example.org/\"
    session_dir = \"hungry\"
    "
    ))
    .session("sessions", Session::new('b').expires(now - 3 * DAY).written(now - 4 * DAY))
    .sessions("hungry", hundred)
}

#[test]
fn prune_over_max_delete_in_one_store_is_refused_and_changes_no_store() {
    let place = one_store_too_hungry(clock());
    place
        .wikifarm("session prune")
        .status(4)
        .stderr(str![[r#"
error: moin-1.9:hungry: refused: 60 of 100 sessions would be removed for reasons
  other than expiry (max_delete is 50%: 50)
help: check the plan with --dry-run; if it is right, raise --max-delete
error: nothing was removed from any store

"#]])
        .any_stdout()
        .run();
    assert_eq!(place.names("sessions").len(), 1);
    assert_eq!(place.names("hungry").len(), 100);
}

#[test]
fn prune_dry_run_over_max_delete_is_refused() {
    one_store_too_hungry(NOW)
        .wikifarm("session prune -q --now 1795400000")
        .status(4)
        .stderr(str![[r#"
error: moin-1.9:hungry: refused: 60 of 100 sessions would be removed for reasons
  other than expiry (max_delete is 50%: 50)
help: if the plan is right, raise --max-delete
error: nothing would be removed from any store

"#]])
        .run();
}

#[test]
fn prune_with_a_higher_max_delete_removes() {
    let place = one_store_too_hungry(clock());
    place.wikifarm("session prune --max-delete 60").any_stdout().run();
    assert_eq!(place.names("sessions").len(), 0);
    assert_eq!(place.names("hungry").len(), 40);
}

#[test]
fn prune_all_with_max_delete_keeps_the_limit() {
    let place = one_store_too_hungry(clock());
    let before = place.names("hungry").len();
    let ran = place
        .wikifarm("session prune --all --yes --max-delete 10%")
        .any_stderr()
        .status(4)
        .any_stdout()
        .run();
    assert!(ran.stderr.contains("nothing was removed from any store"), "{}", ran.stderr);
    assert_eq!(place.names("hungry").len(), before);
}

#[test]
fn prune_does_not_count_expired_sessions_against_max_delete() {
    let ended = |number| Session::named(&format!("{number:040x}")).expires(NOW - DAY).written(NOW - DAY);
    let place = Place::farm(DOCS).sessions("sessions", (0..200).map(ended));
    let plan =
        place.wikifarm("session prune --max-delete 0 --now 1795400000 --format json").any_stdout().run();
    assert_eq!(plan.json()["total"]["would_delete"], 200);
}

#[test]
fn prune_with_a_clock_behind_the_newest_session_is_refused() {
    let now = clock();
    let farm = format!(
        "{DOCS}
    [wikis.plans]
    url = \"https://plans.example.org/\"
    session_dir = \"ahead\"
    "
    );
    let place = place(now)
        .file("farm.toml", unindent(&farm))
        .session("ahead", Session::new('f').expires(now + 9 * DAY).written(now + 3 * DAY + 30));
    place
        .wikifarm("session prune")
        .status(4)
        .stderr(str![[r#"
error: moin-1.9:ahead: refused: the clock is 3 d behind the file ahead/ffffffff…
help: set the clock; if it is right, `touch` the file, or pass --clock-ok once
error: nothing was removed from any store

"#]])
        .any_stdout()
        .run();
    assert_eq!(place.names("sessions").len(), 7);
    let report =
        place.wikifarm("session prune --format json").status(4).any_stdout().any_stderr().run().json();
    assert_eq!((&report["stores"][0]["refused"], &report["total"]["refused"]), (&json!(null), &json!(1)));
    place.wikifarm("session prune --clock-ok").any_stdout().run();
    assert_eq!(place.names("sessions"), STAYS);
    // From now on, there is a last run to compare with.
    place.wikifarm("session prune").any_stdout().run();
}

#[test]
fn prune_with_a_clock_behind_the_last_run_is_refused() {
    let place = place(clock());
    let state = place.home().join("state/wikifarm");
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("last-prune"), format!("{}\n", clock() + 2 * DAY + 30)).unwrap();
    place
        .wikifarm("session prune")
        .status(4)
        .stderr(str![[r#"
error: refused: the clock is 2 d behind the last run
help: set the clock, or pass --clock-ok if it is right
error: nothing was removed from any store

"#]])
        .any_stdout()
        .run();
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_beside_another_run_is_refused() {
    let place = place(clock());
    // The first run creates the lock file. The test then locks it, like a second process.
    place.wikifarm("session prune").any_stdout().run();
    let locks = place.locks();
    let held: Vec<fs::File> = locks.iter().map(|path| fs::File::open(path).unwrap()).collect();
    assert_eq!(held.len(), 1);
    held[0].lock().unwrap();
    let place = place.sessions("sessions", kinds(clock()));
    let refused = place.wikifarm("session prune").status(4).any_stderr().any_stdout().run();
    assert!(
        refused.stderr.starts_with("error: moin-1.9:sessions: refused: another wikifarm"),
        "{}",
        refused.stderr
    );
    // The run is refused at once, before it reads thousands of sessions.
    let report =
        place.wikifarm("session prune --format json").status(4).any_stdout().any_stderr().run().json();
    assert_eq!(report["total"]["scanned"], 0);
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_with_wait_runs_after_the_other_run_ends() {
    let place = place(clock());
    place.wikifarm("session prune").any_stdout().run();
    let held = fs::File::open(&place.locks()[0]).unwrap();
    held.lock().unwrap();
    let place = place.sessions("sessions", kinds(clock()));
    thread::scope(|scope| {
        let second = scope.spawn(|| place.wikifarm("session prune --wait").any_stdout().run());
        thread::sleep(Duration::from_millis(300));
        assert_eq!(place.names("sessions").len(), 7, "it did not wait");
        drop(held);
        second.join().unwrap();
    });
    assert_eq!(place.names("sessions").len(), 4);
}

#[test]
fn prune_as_root_refuses_a_farm_file_that_others_can_write() {
    let place = place(NOW);
    // The test gives the farm file to `nobody`. Root then refuses it, and other users do not check it.
    place.wikifarm("session list -q").any_stdout().run();
    let run = place.wikifarm("session prune -q --now 1795400000").by_tester();
    if is_root() {
        run.status(4)
            .stderr(str![[r#"
error: farm.toml: refused, because root runs wikifarm and another user can write the file: [DIR] belongs to user 65534 (mode 0755)
help: change the owner or the mode, name another file with -f FILE, or use
  --run-as NAME

"#]])
            .run();
    } else {
        run.run();
    }
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_store_of_prunes_only_that_wikis_stores() {
    let place = one_store_too_hungry(clock());
    place.wikifarm("session prune --store-of docs").any_stdout().run();
    assert_eq!(place.names("sessions").len(), 0);
    assert_eq!(place.names("hungry").len(), 100);
}

#[test]
fn prune_keeps_locks_and_last_run_in_the_directories_of_systemd() {
    let place = place(clock());
    let (state, runtime) = (place.home().join("given"), place.home().join("run"));
    let run = place.wikifarm("session prune").by_tester();
    let run = run.env("STATE_DIRECTORY", state.to_str().unwrap());
    run.env("RUNTIME_DIRECTORY", runtime.to_str().unwrap()).any_stdout().run();
    assert_eq!(place.names("sessions"), STAYS);
    let last: i64 = fs::read_to_string(state.join("last-prune")).unwrap().trim().parse().unwrap();
    assert!((clock() - 60..=clock()).contains(&last), "{last}");
    assert_eq!(fs::read_dir(runtime).unwrap().count(), 1);
}

#[test]
fn prune_json_has_the_refusal_of_each_store() {
    let place = one_store_too_hungry(NOW);
    let run = place.wikifarm("session prune --now 1795400000 --format json").status(4);
    let report = run.any_stdout().any_stderr().run().json();
    assert_eq!(report["total"]["refused"], 1);
    assert_eq!(report["total"]["deleted"], 0);
    assert_eq!(report["stores"][0]["refused"], json!(null));
    assert_eq!(
        report["stores"][1]["refused"],
        "60 of 100 sessions would be removed for reasons other than expiry (max_delete is 50%: 50)"
    );
}

#[test]
fn prune_does_not_follow_another_users_link_to_a_directory() {
    let place =
        Place::new().session("s", Session::new('b').expires(clock() - 3 * DAY).written(clock() - 4 * DAY));
    symlink("s", place.path().join("link")).unwrap();
    let prune = "session prune --store moin-1.9:link";
    // Only root can create a link of another user.
    if is_root() {
        lchown(place.path().join("link"), Some(4242), Some(4242)).unwrap();
        place
            .wikifarm(prune)
            .status(4)
            .stderr(str![[r#"
error: moin-1.9:link: refused: link: unsafe symbolic link: its owner, user 4242,
  is neither root nor you
error: nothing was removed from any store

"#]])
            .any_stdout()
            .run();
        place
            .wikifarm("session list -q --store moin-1.9:link")
            .status(4)
            .stderr(str![[r#"
error: link: unsafe symbolic link: its owner, user 4242, is neither root nor you

"#]])
            .run();
        assert_eq!(place.names("s").len(), 1);
    } else {
        place.wikifarm(prune).any_stdout().run();
        assert_eq!(place.names("s").len(), 0);
    }
}

#[test]
fn prune_without_a_directory_for_locks_removes_nothing() {
    let place = place(clock());
    let run = place.wikifarm("session prune").without_env(&["HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"]);
    run.status(4)
        .stderr(str![[r#"
error: no directory for locks: neither XDG_STATE_HOME nor HOME is set to an
  absolute path

"#]])
        .run();
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_without_a_writable_home_suggests_another_directory_for_locks() {
    let place = place(clock());
    let (home, yours) = (place.home().join("closed"), place.home().join("yours"));
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o555)).unwrap();
    let prune = || {
        place.wikifarm("session prune").without_env(&["XDG_STATE_HOME"]).env("HOME", home.to_str().unwrap())
    };
    let ran = prune().status(4).any_stderr().any_stdout().run();
    let help = "permission denied\nhelp: set XDG_STATE_HOME or STATE_DIRECTORY to a directory that you own\n";
    assert!(ran.stderr.contains(help), "{}", ran.stderr);
    assert_eq!(place.names("sessions").len(), 7);
    prune().env("STATE_DIRECTORY", yours.to_str().unwrap()).any_stdout().run();
    assert_eq!(place.names("sessions"), STAYS);
}

#[test]
fn prune_refuses_a_lock_directory_that_others_can_write() {
    let place = place(clock());
    let locks = place.lock_dir();
    fs::create_dir_all(&locks).unwrap();
    fs::set_permissions(&locks, fs::Permissions::from_mode(0o777)).unwrap();
    let ran = place.wikifarm("session prune").status(4).any_stderr().any_stdout().run();
    let help = "wikifarm/locks: other users can write here (mode 0777)\nhelp: run `chmod go-w ";
    assert!(ran.stderr.contains(help), "{}", ran.stderr);
    assert_eq!(place.names("sessions").len(), 7);
}

#[test]
fn prune_as_root_refuses_a_farm_file_behind_another_users_link() {
    if !is_root() {
        // Only root can create a link of another user. CI runs the test of the same rule as root.
        let place = Place::farm(DOCS);
        place.wikifarm("session prune -q --now 1795400000").by_tester().run();
        return;
    }
    let place = Place::new().file("own/farm.toml", DOCS).dir("mal");
    std::os::unix::fs::symlink("../own/farm.toml", place.path().join("mal/farm.toml")).unwrap();
    std::os::unix::fs::lchown(place.path().join("mal/farm.toml"), Some(4242), None).unwrap();
    for directory in ["", "own", "mal"] {
        fs::set_permissions(place.path().join(directory), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let run = place.wikifarm("-f mal/farm.toml session prune -q --now 1795400000").by_tester().status(4);
    run.stderr(str![[r#"
error: mal/farm.toml: refused, because root runs wikifarm and another user can
  write the file: mal/farm.toml is a symbolic link of user 4242
help: change the owner or the mode, name another file with -f FILE, or use
  --run-as NAME

"#]])
        .run();
    // A link of root to a file of root is accepted.
    std::os::unix::fs::lchown(place.path().join("mal/farm.toml"), Some(0), None).unwrap();
    place.wikifarm("-f mal/farm.toml session prune -q --now 1795400000").by_tester().run();
}

/// A user who could once write to the directory must not block or mislead the run of another user.
#[test]
fn prune_refuses_a_last_run_file_that_is_not_its_own() {
    let place = place(clock());
    let state = place.home().join("state/wikifarm");
    fs::create_dir_all(&state).unwrap();
    let last = state.join("last-prune");
    let refused = |why: &str| {
        let ran = place.wikifarm("session prune").status(4).any_stderr().any_stdout().run();
        let line = format!("error: refused: can't read the time of the last run: {why}");
        assert!(ran.stderr.lines().any(|said| said.starts_with(&line)), "{}", ran.stderr);
    };
    // Nobody ever writes to the FIFO, so reading it would wait forever.
    assert!(std::process::Command::new("mkfifo").arg(&last).status().unwrap().success());
    refused(&format!("{}: expected a regular file without hard links, owned by you or root", last.display()));
    fs::remove_file(&last).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &last).unwrap();
    refused(&format!("{}: ", last.display()));
    fs::remove_file(&last).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    refused(&format!("{}: other users can write here (mode 0777)", state.display()));
    let ran = place.wikifarm("session prune").status(4).any_stderr().any_stdout().run();
    let help = format!("\nhelp: run `chmod go-w {}`\n", state.display());
    assert!(ran.stderr.contains(&help), "{}", ran.stderr);
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    place.wikifarm("session prune").any_stdout().run();
}
