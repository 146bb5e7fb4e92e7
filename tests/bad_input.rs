//! Bad input gives a clear message and exit status, without a hang, a panic, or lost data.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::fs::inotify;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::farms::DOCS;
use crate::support::{DAY, HOUR, NOW, Place, Session, clock};

#[test]
fn farm_file_that_is_missing_is_named_by_every_command() {
    Place::new()
        .wikifarm("-f gone.toml config check")
        .status(2)
        .stderr(str![[r#"
error: can't read the farm file gone.toml: no such file or directory

"#]])
        .run();
}

#[test]
fn farm_file_that_is_a_directory_without_python_files_is_refused() {
    Place::new()
        .dir("farm.toml")
        .wikifarm("config check")
        .status(2)
        .stderr(str![[r#"
error: can't read the farm file farm.toml: no farmconfig.py or wikiconfig.py in
  farm.toml or its subdirectories

"#]])
        .run();
}

#[test]
fn farm_file_that_cannot_be_read_reports_permission_denied() {
    let place = Place::farm(DOCS);
    fs::set_permissions(place.path().join("farm.toml"), Permissions::from_mode(0o000)).unwrap();
    place
        .wikifarm("config check")
        .status(2)
        .stderr(str![[r#"
error: can't read the farm file farm.toml: permission denied

"#]])
        .run();
}

#[test]
fn farm_file_that_is_not_utf_8_is_refused_with_the_byte() {
    Place::new()
        .file("farm.toml", b"moin = \"1.9.11\" # Gr\xf6\xdfe\n")
        .wikifarm("config check")
        .status(2)
        .stderr(str![[r#"
error: farm.toml: not UTF-8 at byte 20
help: save the file as UTF-8

"#]])
        .run();
}

#[test]
fn farm_file_with_a_byte_order_mark_is_read() {
    let place = Place::farm(DOCS).dir("sessions");
    let farm = fs::read_to_string(place.path().join("farm.toml")).unwrap();
    place
        .file("farm.toml", format!("\u{feff}{farm}"))
        .wikifarm("config check")
        .stdout(str![[r#"
farm.toml: 1 wiki, no problems found

"#]])
        .run();
}

#[test]
fn farm_file_of_17_mib_is_refused() {
    let place = Place::new().file("farm.toml", "");
    File::options().write(true).open(place.path().join("farm.toml")).unwrap().set_len(17 << 20).unwrap();
    place
        .wikifarm("config check")
        .status(2)
        .stderr(str![[r#"
error: can't read the farm file farm.toml: it is larger than 16 MiB

"#]])
        .run();
}

#[test]
fn config_check_with_syntax_errors_shows_each_at_its_position() {
    Place::new()
        .file("farm.toml", "moin = \"1.9.11\n[wikis.docs]\nurl = 3 3\n")
        .wikifarm("config check")
        .status(2)
        .stderr(str![[r#"
error: invalid basic string, expected `"`
 --> farm.toml:1:15
  |
1 | moin = "1.9.11
  |               ^

error: string values must be quoted, expected literal string
 --> farm.toml:3:7
  |
3 | url = 3 3
  |       ^^^

error: farm.toml: not valid TOML

"#]])
        .run();
}

#[test]
fn config_check_of_an_empty_farm_reports_no_wikis() {
    let place = Place::new().file("farm.toml", "");
    place
        .wikifarm("config check")
        .status(1)
        .stdout(str![[r#"
error[no-wikis]: the farm file has no wikis
 --> farm.toml:1:1
  |
1 |
  | ^
  |
  = help: add [wikis.NAME] with url = "https://wiki.example.org/"

farm.toml: 0 wikis, 1 error

"#]])
        .run();
    for command in ["config show", "cookie preview", "session list", "session stats", "session prune"] {
        let ran = place.wikifarm(command).status(2).any_stderr().run();
        assert!(
            ran.stderr.ends_with(
                "error: farm.toml: the farm file has errors\nhelp: correct the errors above; `wikifarm config check` lists all \
                 findings\n"
            ),
            "{}",
            ran.stderr
        );
    }
}

/// Ten thousand wikis in ten groups.
fn ten_thousand() -> Place {
    let wiki = |number: usize| {
        let group = number % 10;
        format!(
            "[wikis.w{number}]\nurl = \"https://w{number}.example.org/\"\ncookie_name = \"g{group}\"\n\
             session_dir = \"s\"\nuser_dir = \"u\"\n"
        )
    };
    let wikis: String = (0..10_000).map(wiki).collect();
    Place::farm(&format!("moin = \"1.9.11\"\n[farm]\ncookie_domain = \".example.org\"\n{wikis}"))
        .dir("s")
        .dir("u")
}

#[test]
fn config_check_of_10_000_wikis_passes() {
    ten_thousand()
        .wikifarm("config check")
        .stdout(str![[r#"
farm.toml: 10000 wikis, no problems found

"#]])
        .run();
}

#[test]
fn cookie_preview_of_10_000_wikis_shows_the_groups() {
    ten_thousand()
        .wikifarm("cookie preview")
        .stdout(str![[r#"
Shared logins
  w0, w10, w20, w30, w40, w50, w60, w70, w80, w90, w100, w110, and 988 more
  w1, w11, w21, w31, w41, w51, w61, w71, w81, w91, w101, w111, and 988 more
  w2, w12, w22, w32, w42, w52, w62, w72, w82, w92, w102, w112, and 988 more
  w3, w13, w23, w33, w43, w53, w63, w73, w83, w93, w103, w113, and 988 more
  w4, w14, w24, w34, w44, w54, w64, w74, w84, w94, w104, w114, and 988 more
  w5, w15, w25, w35, w45, w55, w65, w75, w85, w95, w105, w115, and 988 more
  w6, w16, w26, w36, w46, w56, w66, w76, w86, w96, w106, w116, and 988 more
  w7, w17, w27, w37, w47, w57, w67, w77, w87, w97, w107, w117, and 988 more
  w8, w18, w28, w38, w48, w58, w68, w78, w88, w98, w108, w118, and 988 more
  w9, w19, w29, w39, w49, w59, w69, w79, w89, w99, w109, w119, and 988 more

"#]])
        .run();
}

#[test]
fn names_with_control_characters_are_shown_escaped() {
    let place = Place::farm(
        r#"
        moin = "1.9.11"

        [wikis."do\u001B[2Jcs"]
        url = "https://docs.example.org/"
        session_dir = "sessions"
        user_dir = "users"

        [wikis."\u202Eplans"]
        url = "https://plans.example.org/"
        session_dir = "sessions"
        user_dir = "users"
        "#,
    )
    .file("users/1.2.3", "name=ad\u{202e}nim\u{1b}]0;x\n")
    .session(
        "sessions",
        Session::new('a').expires(NOW + DAY).user("1.2.3").page("docs:\u{1b}[2JFront\u{202e}Page"),
    );
    for words in [
        "config check",
        "config show",
        "cookie preview",
        "cookie preview --matrix",
        "session list --now 1795400000",
        "session stats --now 1795400000",
        "session show aaaa --now 1795400000",
        "session prune --now 1795400000 -v",
    ] {
        let ran = place.wikifarm(words).any_stdout().run();
        let steers = |c: &char| *c == '\u{1b}' || *c == '\u{202e}';
        assert!(!ran.stdout.chars().any(|c| steers(&c)), "{words}: {:?}", ran.stdout);
    }
    place
        .wikifarm("session list --now 1795400000")
        .stdout(str![[r#"
ID        STATE  USER                     EXPIRES  WRITTEN   BYTES
aaaaaaaa  live   ad\u{202e}nim\u{1b}]0;x  in 24 h  60 m ago  208 B
1 session

"#]])
        .run();
    let shown = place.wikifarm("session show aaaa").any_stdout().run().stdout;
    assert!(shown.contains("trail     docs:\\u{1b}[2JFront\\u{202e}Page\n"), "{shown}");
}

/// A farm with an expired and a live session. A FIFO, a socket, a link to /etc/passwd, a file of 10 GB, and a
/// directory also have names of sessions.
fn odd_files() -> (Place, UnixListener) {
    let place = Place::farm(DOCS)
        .session("sessions", Session::new('a').expires(clock() - 9 * DAY).written(clock() - 9 * DAY))
        .session("sessions", Session::new('b').expires(clock() + DAY).written(clock() - HOUR))
        .dir(&name('5'));
    let path = |digit| place.path().join(name(digit));
    mknodat(CWD, path('1'), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let socket = UnixListener::bind(path('2')).unwrap();
    symlink("/etc/passwd", path('3')).unwrap();
    let sparse = File::create(path('4')).unwrap();
    sparse.set_len(10 << 30).unwrap();
    sparse.set_modified(SystemTime::now() - Duration::from_hours(999)).unwrap();
    (place, socket)
}

fn name(digit: char) -> String {
    format!("sessions/{}", digit.to_string().repeat(40))
}

#[track_caller]
fn odd_files_still_exist(place: &Place) {
    let found = |digit| place.path().join(name(digit)).symlink_metadata().unwrap();
    assert!(found('1').file_type().is_fifo());
    assert!(found('2').file_type().is_socket());
    assert!(found('3').is_symlink());
    assert_eq!(found('4').len(), 10 << 30);
    assert!(found('5').is_dir());
    assert!(Path::new("/etc/passwd").exists());
}

#[test]
fn prune_never_removes_entries_that_are_not_regular_files_or_too_large() {
    let (place, _socket) = odd_files();
    let list = place.wikifarm("session list --format json").any_stdout().run().json();
    let states: Vec<(&str, &str)> = list["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|session| (session["id"].as_str().unwrap(), session["state"].as_str().unwrap()))
        .collect();
    assert!(
        states.contains(&("aaaaaaaa", "expired")) && states.contains(&("bbbbbbbb", "live")),
        "{states:?}"
    );
    assert!(states.contains(&("44444444", "unreadable")) && states.len() == 3, "{states:?}");
    let why = str![[r#"
error: sessions/44444444…: too large: 10737418240 bytes, limit 16 MiB

"#]];
    let huge = place.wikifarm("session show 4444").status(3).any_stdout().stderr(why.clone()).run().stdout;
    assert!(huge.contains("too large: 10737418240 bytes, limit 16 MiB\n"), "{huge}");
    assert!(huge.contains(", 41 d ago\n"), "{huge}");
    place.wikifarm("session stats").any_stdout().run();
    place.wikifarm("session prune --dry-run").any_stdout().run();
    for digit in ["1111", "2222", "3333", "5555"] {
        let none = format!("error: no session id begins with \"{digit}\"\n");
        place.wikifarm(&format!("session show {digit}")).status(1).stderr(&none).run();
    }
    assert_eq!(place.names("sessions").len(), 7);
    place.wikifarm("session prune").any_stdout().run();
    assert_eq!(place.names("sessions").len(), 6);
    place.wikifarm("session prune --all --yes --unreadable").any_stdout().run();
    assert_eq!(place.names("sessions").len(), 5, "the live one went with --all");
    odd_files_still_exist(&place);
}

#[test]
fn prune_does_not_open_entries_that_are_not_regular_files() {
    let (place, _socket) = odd_files();
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&watch, place.path().join("sessions"), inotify::WatchFlags::OPEN).unwrap();
    for command in ["session list", "session stats", "session show bbbb", "session prune -n", "session prune"]
    {
        place.wikifarm(command).any_stdout().run();
    }
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let mut events = inotify::Reader::new(&watch, &mut buffer);
    let mut opened = String::new();
    while let Ok(event) = events.next() {
        opened.extend(
            event.file_name().and_then(|name| name.to_str().ok()).and_then(|name| name.chars().next()),
        );
    }
    assert!(opened.contains('a') && opened.contains('b'), "the watch saw nothing: {opened}");
    // The test itself opens the directory, to change its owner to `nobody`.
    assert!(!opened.contains(['1', '2', '3']), "{opened}");
}

#[test]
fn list_of_a_directory_that_vanishes_fails_at_most_with_status_3() {
    let place = Place::new().dir("s");
    let dir = place.path().join("s");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                // Each of these can fail, because another process changes the directory.
                let _ = fs::create_dir(&dir);
                for number in 0..200 {
                    let Ok(mut file) = File::create(dir.join(format!("{number:040x}"))) else { break };
                    let _ = file.write_all(b"(dS'expires'\nI1\ns.");
                    let _ = file.set_modified(SystemTime::UNIX_EPOCH);
                }
                let _ = fs::remove_dir_all(&dir);
            }
        });
        let _stop = Stop(&stop);
        for command in ["session list", "session stats", "session prune --dry-run", "session prune"].repeat(8)
        {
            let run = place.wikifarm(command).arg("--store=moin-1.9:s").status_among(&[0, 3]);
            let ran = run.any_stdout().any_stderr().run();
            assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        }
    });
}

/// Stops the other thread when dropped, even if the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn prune_in_a_read_only_directory_names_each_kept_session() {
    let place = Place::farm(DOCS)
        .session("sessions", Session::new('a').expires(clock() - 9 * DAY).written(clock() - 9 * DAY));
    let dir = place.path().join("sessions");
    fs::set_permissions(&dir, Permissions::from_mode(0o555)).unwrap();
    place
        .wikifarm("session prune")
        .status(3)
        .stderr(str![[r#"
error: sessions/aaaaaaaa…: permission denied

"#]])
        .any_stdout()
        .run();
    assert_eq!(place.names("sessions").len(), 1);
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn session_commands_name_an_unreadable_session_by_its_short_id() {
    let place =
        Place::farm(DOCS).session("sessions", Session::new('a')).session("sessions", Session::new('b'));
    fs::set_permissions(place.path().join(name('a')), Permissions::from_mode(0o000)).unwrap();
    place
        .wikifarm("session list --now 1795400000")
        .status(3)
        .stdout(str![[r#"
ID        STATE       USER  EXPIRES  WRITTEN   BYTES
bbbbbbbb  no-expires  -     -        60 m ago    3 B
1 session

"#]])
        .stderr(str![[r#"
error: sessions/aaaaaaaa…: permission denied

"#]])
        .run();
}

#[test]
fn session_commands_exit_3_if_the_directory_cannot_be_read() {
    let place = Place::farm(DOCS).session("sessions", Session::new('a'));
    let dir = place.path().join("sessions");
    fs::set_permissions(&dir, Permissions::from_mode(0o000)).unwrap();
    for command in ["session list -q", "session prune"] {
        place
            .wikifarm(command)
            .status(3)
            .stderr(str![[r#"
error: sessions: permission denied

"#]])
            .any_stdout()
            .run();
    }
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn session_commands_refuse_a_file_as_store() {
    let place = Place::farm(DOCS).file("sessions", "");
    place
        .wikifarm("session list -q")
        .status(3)
        .stderr(str![[r#"
error: sessions: not a directory

"#]])
        .run();
}

#[test]
fn commands_with_output_to_a_full_disk_exit_3() {
    let place = Place::farm(DOCS).session("sessions", Session::new('a'));
    for words in [
        "--help",
        "--version",
        "config check",
        "config show",
        "config rules --format json",
        "cookie preview",
        "session list --format csv",
        "session list --format ndjson",
        "session stats",
        "session prune --now 1795400000",
        "completions bash",
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        place
            .wikifarm(words)
            .into(full)
            .status(3)
            .stderr(str![[r#"
error: can't write the output: no space left on device

"#]])
            .run();
    }
}

#[test]
fn commands_with_stdout_not_open_for_writing_exit_3() {
    let place = Place::farm(DOCS).session("sessions", Session::new('a'));
    for words in [
        "--help",
        "--version",
        "config check",
        "session list",
        "session list --format csv",
        "completions bash",
    ] {
        place
            .wikifarm(words)
            .into(File::open("/dev/null").unwrap())
            .status(3)
            .stderr(str![[r#"
error: can't write the output: bad file descriptor

"#]])
            .run();
    }
    // A command without output does not need stdout.
    place.wikifarm("session prune -q").into(File::open("/dev/null").unwrap()).run();
}

#[test]
fn commands_with_a_closed_pipe_as_stdout_exit_0() {
    let place = Place::farm(DOCS).session("sessions", Session::new('a'));
    for words in
        ["--help", "config rules", "cookie preview", "session list", "session stats", "completions zsh"]
    {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        place.wikifarm(words).into(writer).run();
    }
}

#[test]
fn list_into_a_pipe_that_closes_early_exits_0() {
    let many = (0..3000).map(|number| Session::named(&format!("{number:040x}")).expires(NOW + DAY));
    let place = Place::farm(DOCS).sessions("sessions", many);
    for format in ["human", "json", "ndjson", "csv"] {
        let (mut reader, writer) = io::pipe().unwrap();
        thread::scope(|scope| {
            scope.spawn(move || reader.read_exact(&mut [0; 10]).unwrap());
            place.wikifarm("session list --reveal --format").arg(format).into(writer).run();
        });
    }
}
