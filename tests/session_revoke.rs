//! `wikifarm session revoke`

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::clients::Stops;
use crate::support::{DAY, HOUR, NOW, Place, Ran, Session, same};

const FARM: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    session_dir = "sessions"
    user_dir = "users"

    [wikis.old]
    moin = "1.8.7"
    url = "https://old.example.org/"
    session_dir = "unused"
    cache_dir = "cache"
    user_dir = "users"
"#;

const OLD: &str = "cache/__common__/session";

/// Joe has two sessions in one store and one in the other. A superuser acts as Joe in one session. Two
/// sessions belong to other users.
fn place() -> Place {
    Place::farm(&FARM.replace("    session_dir = \"unused\"\n", ""))
        .file("users/1.2.3", "name=JoeDoe\n")
        .file("users/9.9.9", "name=Super\n")
        .session("sessions", Session::new('a').expires(NOW + DAY).user("1.2.3").written(NOW - 2 * HOUR))
        .session("sessions", Session::new('b').expires(NOW - DAY).user("1.2.3").written(NOW - 2 * DAY))
        .session("sessions", Session::new('c').expires(NOW + DAY).user("9.9.9").acts_as("1.2.3"))
        .session("sessions", Session::new('d').expires(NOW + DAY).user("9.9.9"))
        .session("sessions", Session::new('e').expires(NOW + DAY))
        .session(OLD, Session::old('f').expires(NOW + DAY).user("1.2.3"))
}

fn left(place: &Place) -> String {
    let names = [place.names("sessions"), place.names(OLD)].concat();
    names.iter().map(|name| name.chars().next().unwrap()).collect()
}

#[test]
fn revoke_user_ends_their_sessions_in_every_store() {
    let place = place();
    place
        .wikifarm("session revoke --user JoeDoe --settle 0s")
        .stdout(str![[r#"
revoked 4 of 6 sessions

"#]])
        .run();
    assert_eq!(left(&place), "de");
    place
        .wikifarm("session revoke --user JoeDoe")
        .stdout(str![[r#"
revoked 0 of 2 sessions

"#]])
        .run();
    place
        .wikifarm("session revoke --user id:7.7.7")
        .stdout(str![[r#"
revoked 0 of 2 sessions

"#]])
        .run();
}

#[test]
fn revoke_dry_run_lists_each_session_with_its_reason() {
    let place = place();
    let plan = str![[r#"
SESSION   WIKIS  USER    ACTS AS  STATE    WRITTEN   REASON
aaaaaaaa  docs   JoeDoe           live     2 h ago   user
bbbbbbbb  docs   JoeDoe           expired  2 d ago   user
cccccccc  docs   Super   JoeDoe   live     60 m ago  acts-as
ffffffff  old    JoeDoe           live     60 m ago  user
would revoke 4 of 6 sessions

"#]];
    place.wikifarm("session revoke --user JoeDoe --dry-run --now 1795400000").stdout(plan.clone()).run();
    place.wikifarm("session revoke --user id:1.2.3 --now 1795400000").stdout(plan.clone()).run();
    assert_eq!(left(&place), "abcdef");
}

#[test]
fn revoke_accepts_an_id_a_prefix_or_standard_input() {
    let place = place();
    place
        .wikifarm("session revoke aaaaaaaa --settle 0s")
        .stdout(str![[r#"
revoked 1 of 1 session

"#]])
        .run();
    place
        .wikifarm("session revoke - --settle 0s")
        .stdin(format!("{}\nfff…\n", "b".repeat(40)))
        .stdout(str![[r#"
revoked 2 of 2 sessions

"#]])
        .run();
    assert_eq!(left(&place), "cde");
}

#[test]
fn revoke_with_an_unknown_id_exits_1_and_revokes_the_others() {
    let place = place();
    let unknown = str![[r#"
error: no session id begins with "01234567…"

"#]];
    for words in ["--settle 0s", "--dry-run", "-q", "--format json"] {
        let words = format!("session revoke 0123456789abcdef {words}");
        place.wikifarm(&words).status(1).stderr(unknown.clone()).run();
    }
    place.wikifarm("session revoke -").stdin("0123456789abcdef\n").status(1).stderr(unknown.clone()).run();
    assert_eq!(left(&place), "abcdef");
    place
        .wikifarm("session revoke - --settle 0s")
        .stdin("aaaaaaaa\n0123456789abcdef\nbbbbbbbb\n")
        .status(1)
        .stdout(str![[r#"
revoked 2 of 2 sessions

"#]])
        .stderr(unknown.clone())
        .run();
    assert_eq!(left(&place), "cdef");
    // The same ids again: they no longer exist.
    place.wikifarm("session revoke aaaaaaaa").status(1).any_stderr().run();
}

/// Runs while the session `a` is written again and again by a client that can't be stopped.
fn beside_a_busy_client(place: &Place, words: &str, status: i32) -> Ran {
    use std::sync::atomic::{AtomicBool, Ordering};
    let (stop, id) = (AtomicBool::new(false), "a".repeat(40));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let dir = place.path().join("sessions");
            while !stop.load(Ordering::Relaxed) {
                let temp = dir.join("tmpabcdef.__session");
                fs::write(&temp, "(dS'user.id'\nS'1.2.3'\ns.").unwrap();
                fs::set_permissions(&temp, fs::Permissions::from_mode(0o666)).unwrap();
                fs::rename(&temp, dir.join(&id)).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        });
        let _stops = Stops(&stop);
        place.wikifarm(words).status(status).any_stdout().any_stderr().run()
    })
}

#[test]
fn revoke_reports_a_client_that_stays_logged_in_with_help() {
    let place = place();
    let ran = beside_a_busy_client(&place, "session revoke --user JoeDoe --settle 1s", 3);
    let (first, last) = ran.stderr.split_once('\n').unwrap();
    let times = first
        .strip_prefix("error: docs: JoeDoe is STILL LOGGED IN: a wiki saved session aaaaaaaa… again ")
        .and_then(|rest| rest.strip_suffix(" times until the end of --settle"));
    let times: u32 = times.unwrap_or_else(|| panic!("{}", ran.stderr)).parse().unwrap();
    assert!(times > 10, "{times}");
    assert_eq!(last, "help: stop the wiki and run the command again, or change the wiki's cookie_name\n");
    let summary = format!(
        "revoked 4 of 6 sessions\nremoved again: 1 session, saved {times} times by running requests\n"
    );
    assert_eq!(ran.stdout, summary);

    let ran = beside_a_busy_client(&place, "session revoke aaaaaaaa --settle 1s --format json", 3);
    let total = &ran.json()["total"];
    assert_eq!((&total["came_back"], &total["still_there"]), (&1.into(), &1.into()));
    assert!(total["returns"].as_u64().unwrap() > 10, "{total}");
    assert!(ran.stderr.contains("is STILL LOGGED IN"), "{}", ran.stderr);
}

#[test]
fn revoke_removes_a_session_that_comes_back_once_and_exits_0() {
    let place = place();
    let path = place.path().join("sessions").join("a".repeat(40));
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            while path.exists() {
                std::thread::yield_now();
            }
            fs::write(place.path().join("sessions/tmpabcdef.__session"), "(dS'user.id'\nS'1.2.3'\ns.")
                .unwrap();
            fs::rename(place.path().join("sessions/tmpabcdef.__session"), &path).unwrap();
        });
        place.wikifarm("session revoke aaaaaaaa --settle 3s -v").any_stdout().any_stderr().run()
    });
    assert!(
        ran.stdout.ends_with(
            "revoked 1 of 1 session\nremoved again: 1 session, saved 1 time by running requests\n"
        )
    );
    same(
        &ran.stderr,
        str![[r#"
docs: session aaaaaaaa… was saved again 1 time, and removed

"#]],
    );
    assert!(!path.exists());
}

#[test]
fn revoke_with_several_conditions_needs_all() {
    let revoked = |words: &str| {
        let place = place();
        let status = if words.contains("before") { 3 } else { 0 };
        let run = place.wikifarm(&format!("session revoke --settle 0s --format json {words}"));
        let total = run.any_stdout().any_stderr().status(status).run().json()["total"].clone();
        (left(&place), total["undecided"].as_u64().unwrap())
    };
    assert_eq!(revoked("--user JoeDoe --store-of old"), ("abcde".to_owned(), 0));
    assert_eq!(revoked("--auth-method moin"), ("e".to_owned(), 0));
    assert_eq!(revoked("--auth-method openid"), ("abcdef".to_owned(), 0));
    assert_eq!(revoked("--user JoeDoe --auth-method moin"), ("de".to_owned(), 0));
    // For sessions written since, the time of issue is unknown.
    let before = format!("--user JoeDoe --issued-before {}", NOW - DAY);
    assert_eq!(revoked(&before), ("acdef".to_owned(), 3));
}

#[test]
fn revoke_of_an_unknown_user_suggests_the_nearest() {
    let place = place();
    place
        .wikifarm("session revoke --user JoDoe")
        .status(2)
        .stderr(str![[r#"
error: no user "JoDoe" in the user directories of docs and old
help: did you mean "JoeDoe"?

"#]])
        .run();
    place
        .wikifarm("session revoke")
        .status(2)
        .stderr(str![[r#"
error: no sessions selected
help: add an ID, --user, --auth-method, or --issued-before

"#]])
        .run();
    assert_eq!(left(&place), "abcdef");
}

#[test]
fn revoke_user_notes_unreadable_sessions_that_may_match() {
    let place = place().session("sessions", Session::new('9').raw(b"(d"));
    place
        .wikifarm("session revoke --user JoeDoe --settle 0s")
        .status(3)
        .stdout(str![[r#"
revoked 4 of 7 sessions

"#]])
        .stderr(str![[r#"
error: moin-1.9:sessions: can't check 1 unreadable session that may match
help: `wikifarm session list --state unreadable` shows the reasons; remove the
  files with `wikifarm session prune --unreadable`, or by hand if they are too
  large or have several hard links, then revoke again

"#]])
        .run();
    place
        .wikifarm("session revoke 99999999 --settle 0s")
        .stdout(str![[r#"
revoked 1 of 1 session

"#]])
        .run();
    assert_eq!(left(&place), "de");
}

#[test]
fn revoke_user_notes_user_files_that_cannot_be_read() {
    let place = place();
    fs::set_permissions(place.path().join("users/9.9.9"), fs::Permissions::from_mode(0o000)).unwrap();
    place
        .wikifarm("session revoke --user JoeDoe --settle 0s -q")
        .status(3)
        .stderr(str![[r#"
error: some users could not be read: another user may also have the name
  "JoeDoe"

"#]])
        .run();
    assert_eq!(left(&place), "de");
}

#[test]
fn revoke_in_a_read_only_directory_fails() {
    let place = place();
    fs::set_permissions(place.path().join("sessions"), fs::Permissions::from_mode(0o555)).unwrap();
    let ran = place
        .wikifarm("session revoke aaaaaaaa --settle 0s")
        .status(3)
        .stdout(str![[r#"
revoked 0 of 1 session

"#]])
        .any_stderr()
        .run();
    fs::set_permissions(place.path().join("sessions"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(ran.stderr.contains("sessions/aaaaaaaa…: permission denied"), "{}", ran.stderr);
}

#[test]
fn revoke_beside_another_run_is_refused() {
    use std::os::fd::AsFd;
    let place = place();
    place.wikifarm("session revoke --user id:0.0 --settle 0s -q").run();
    let locks: Vec<fs::File> =
        place.locks().iter().map(|path| fs::OpenOptions::new().write(true).open(path).unwrap()).collect();
    assert_eq!(locks.len(), 2);
    rustix::fs::flock(locks[0].as_fd(), rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    let ran = place.wikifarm("session revoke --user JoeDoe -q").status(4).any_stderr().run();
    assert!(ran.stderr.contains(" is using this store"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("nothing was removed from any store\n"), "{}", ran.stderr);
    assert_eq!(left(&place), "abcdef");
}

#[test]
fn revoke_of_the_beginning_of_a_name_suggests_the_name() {
    let place = Place::farm(FARM).dir("sessions").file("users/1.2.3", "name=BobBuilder\n");
    place
        .wikifarm("session revoke --user bob")
        .status(2)
        .stderr(str![[r#"
error: no user "bob" in the user directories of docs and old
help: did you mean "BobBuilder"?

"#]])
        .run();
}

#[test]
fn revoke_for_moinmoin_2_prints_what_to_do_instead() {
    let new = "\n    [wikis.new]\n    moin = \"2.0.0b5\"\n    url = \"https://new.example.org/\"\n";
    let place = Place::farm(&format!("{}{new}", FARM.replace("    session_dir = \"unused\"\n", "")))
        .dir("sessions")
        .dir("users");
    let instead = "to end all logins of a user there, change the password: `moin account-password --name NAME \
                   --password NEW`; a logout ends one cookie, and `moin account-disable` ends none; to end all \
                   logins, replace SECRET_KEY";
    place
        .wikifarm("session revoke --user id:1.2 --settle 0s")
        .stdout(str![[r#"
revoked 0 of 0 sessions

"#]])
        .stderr(format!("new: MoinMoin 2 stores sessions in signed cookies: {instead}\n"))
        .run();
    place
        .wikifarm("session revoke --user id:1.2 --store-of new")
        .status(2)
        .stderr(format!(
            "error: new: no session store: MoinMoin 2 keeps each session in a signed cookie in the user's browser\nhelp: {instead}\n"
        ))
        .run();
}

#[test]
fn revoke_json_has_counts_and_each_session() {
    let place = place();
    let mut report =
        place.wikifarm("session revoke ffff --format json --settle 0s").any_stdout().run().json();
    assert!(report.as_object_mut().unwrap().remove("seconds").unwrap().is_f64());
    assert_eq!(report["total"]["revoked"], 1);
    assert_eq!(report["dry_run"], false);
    assert_eq!(report["stores"][0]["revoked"], 0);
    let session = &report["sessions"][0];
    assert_eq!((&session["id"], &session["reason"]), (&"ffffffff".into(), &"named".into()));
    assert_eq!(session["user"]["name"], "JoeDoe");
    assert!(!report.to_string().contains(&"f".repeat(17)));
}

#[test]
fn revoke_dry_run_of_many_lists_the_first() {
    let mut place = Place::new();
    for number in 0..102 {
        place = place.file(&format!("sessions/{number:040x}"), "(dS'user.id'\nS'1.2.3'\ns.");
    }
    let revoke = "session revoke -n --user id:1.2.3 --store moin-1.9:sessions";
    let ran = place.wikifarm(revoke).any_stdout().run();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 1 + 100 + 2, "{}", ran.stdout);
    assert_eq!(lines[101..], ["… and 2 more (-v lists all)", "would revoke 102 of 102 sessions"]);
    let ran = place.wikifarm(&format!("{revoke} -v")).any_stdout().run();
    assert_eq!(ran.stdout.lines().count(), 1 + 102 + 1, "{}", ran.stdout);
}

#[test]
fn revoke_user_given_a_session_id_shortens_it() {
    let place = Place::farm("[wikis.docs]\nmoin = \"1.9.11\"\nurl = \"https://docs.example.org/\"\nuser_dir = \"users\"\nsession_dir = \"sessions\"\n")
        .file("users/1.2.3", "name=JoeDoe\n");
    let id = "0123456789abcdef0123456789abcdef01234567";
    for arguments in [format!("--user {id}"), format!("--user JoeDoe --store-of {id}")] {
        let ran = place.wikifarm(&format!("session revoke {arguments}")).status(2).any_stderr().run();
        assert!(ran.stderr.contains("01234567…") && !ran.stderr.contains(id), "{}", ran.stderr);
    }
}
