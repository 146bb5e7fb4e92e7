//! Trust: which farm files, secrets, and directories wikifarm uses if other users can write to them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::process::Command;

use crate::session_prune::place;
use crate::support::farms::DOCS;
use crate::support::{DAY, Place, Session, clock, is_root};

/// Another user.
const STRANGER: u32 = 4242;

/// Commands that only lint a farm file and predict from it.
const PREDICT: [(&str, &[&str]); 10] = [
    ("config check", &[]),
    ("config show", &[]),
    ("config export", &["--python"]),
    ("cookie preview", &[]),
    ("cookie explain", &["docs", "plans"]),
    ("cookie header", &["docs"]),
    ("cookie test", &["--from", "docs"]),
    ("cookie simulate", &["visit docs", "visit plans"]),
    ("cookie suggest", &[]),
    ("config check", &["--diff"]),
];

/// Commands that open files in a farm file, connect to its addresses, or change something.
const ACT: [(&str, &[&str]); 14] = [
    ("config check", &["--fix"]),
    ("cookie simulate", &["visit docs", "--write", "written"]),
    ("cookie probe", &[]),
    ("session list", &[]),
    ("session show", &["aaaaaaaa"]),
    ("session stats", &[]),
    ("session prune", &["--dry-run"]),
    ("session revoke", &["aaaaaaaa"]),
    ("session migrate", &["--from", "wiki:docs", "--to", "moin-1.9:new", "--dry-run"]),
    ("session verify", &[]),
    ("session whois", &["aaaaaaaa"]),
    ("doctor", &[]),
    ("store list", &[]),
    ("store find", &["."]),
];

/// Commands that use no farm file.
const WITHOUT: [&str; 9] = [
    "completions",
    "schema",
    "config import",
    "config new",
    "config rules",
    "config schema",
    "cookie diff",
    "demo",
    "man",
];

/// A farm file of another user, who wants to have a secret of root sent to a server.
struct Trap {
    place: Place,
    server: TcpListener,
}

impl Trap {
    fn new() -> Trap {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        server.set_nonblocking(true).unwrap();
        let port = server.local_addr().unwrap().port();
        let place = Place::new().dir("theirs/sessions").file("secret", "root's own secret\n");
        let secret = place.path().join("secret");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let farm = format!(
            "moin = \"1.9.11\"\n\
             [wikis.docs]\n\
             url = \"http://127.0.0.1:{port}/\"\n\
             session_store = \"redis://127.0.0.1:{port}/0?password_file={}\"\n\
             [wikis.plans]\n\
             url = \"https://plans.example.org/\"\n\
             session_dir = \"sessions\"\n",
            secret.display()
        );
        let place = place.file("theirs/farm.toml", farm).file("theirs/sessions/a.foreign.name", "");
        for name in ["theirs/farm.toml", "theirs/sessions", "theirs"] {
            chown(place.path().join(name), Some(STRANGER), Some(STRANGER)).unwrap();
        }
        Trap { place, server }
    }

    #[track_caller]
    fn nobody_came(&self) {
        let came = self.server.accept();
        assert!(matches!(&came, Err(error) if error.kind() == io::ErrorKind::WouldBlock), "{came:?}");
    }
}

/// The names of all commands, as typed.
fn commands(command: &clap::Command, before: &str, found: &mut BTreeSet<String>) {
    for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
        let name = format!("{before}{}", child.get_name());
        match child.has_subcommands() {
            true => commands(child, &format!("{name} "), found),
            false => {
                found.insert(name);
            }
        }
    }
}

#[test]
fn trust_tests_cover_every_command() {
    let mut all = BTreeSet::new();
    commands(&wikifarm::cli::command(), "", &mut all);
    let tested = PREDICT.iter().chain(&ACT).map(|(name, _)| *name).chain(WITHOUT);
    assert_eq!(all, tested.map(str::to_owned).collect::<BTreeSet<_>>());
}

#[test]
fn every_command_as_root_ignores_farm_toml_of_another_users_directory() {
    if !is_root() {
        return; // Only root can give files away.
    }
    let trap = Trap::new();
    // An absolute path, so that no store is relative to this directory.
    let theirs = trap.place.path().join("theirs");
    for (name, args) in PREDICT.iter().chain(&ACT) {
        let run = trap.place.wikifarm(name).args(*args).by_tester().in_dir(&theirs).status(4);
        run.stderr(str![[r#"
error: farm.toml: refused, because root runs wikifarm and another user can write the file: [DIR]/theirs belongs to user 4242 (mode 0750)
help: change the owner or the mode, name another file with -f FILE, or use
  --run-as NAME

"#]])
            .run();
    }
    trap.nobody_came();
}

#[test]
fn commands_as_root_only_lint_and_predict_from_another_users_farm_file() {
    if !is_root() {
        return;
    }
    let trap = Trap::new();
    let before = fs::read(trap.place.path().join("theirs/farm.toml")).unwrap();
    for (name, args) in ACT {
        let run = trap.place.wikifarm(&format!("-f theirs/farm.toml {name}")).args(args).by_tester();
        let ran = run.status(4).any_stderr().run();
        assert!(ran.stderr.contains("[DIR]/theirs belongs to user 4242 (mode 0750)"), "{}", ran.stderr);
    }
    for (name, args) in PREDICT {
        let run = trap.place.wikifarm(&format!("-f theirs/farm.toml {name}")).args(args).by_tester();
        let ran = run.status_among(&[0, 1]).any_stdout().any_stderr().run();
        assert!(!ran.stdout.contains("a.foreig"), "it looked into the store: {}", ran.stdout);
    }
    let variable = trap.place.wikifarm("session list").env("WIKIFARM_FILE", "theirs/farm.toml").by_tester();
    variable.status(4).any_stderr().run();
    trap.nobody_came();
    assert_eq!(fs::read(trap.place.path().join("theirs/farm.toml")).unwrap(), before);
    assert!(!trap.place.path().join("written").exists());
}

#[test]
fn cookie_diff_as_root_counts_no_sessions_of_another_users_farm() {
    if !is_root() {
        return;
    }
    let place = Place::new()
        .file("old.toml", DOCS)
        .file("new.toml", DOCS.replace("session_dir = \"sessions\"", "session_dir = \"elsewhere\""))
        .session("sessions", Session::new('a').expires(clock() + DAY));
    let diff = || place.wikifarm("cookie diff old.toml new.toml").by_tester().any_stdout();
    let trusted = diff().run();
    assert!(trusted.stdout.contains("1 live"), "{}", trusted.stdout);
    chown(place.path().join("old.toml"), Some(STRANGER), None).unwrap();
    let untrusted = diff()
        .stderr(str![[r#"
old.toml: sessions not counted: old.toml belongs to user 4242 (mode 0644)

"#]])
        .run();
    assert!(!untrusted.stdout.contains("1 live"), "{}", untrusted.stdout);
}

#[test]
fn commands_as_root_refuse_a_farm_file_that_a_group_can_write() {
    let place = place(clock());
    let farm = place.path().join("farm.toml");
    let ran = |mode, status| {
        fs::set_permissions(&farm, fs::Permissions::from_mode(mode)).unwrap();
        place.wikifarm("session list -q").by_tester().status(status).any_stdout().any_stderr().run().stderr
    };
    assert_eq!(ran(0o644, 0), "");
    let status = if is_root() { 4 } else { 0 };
    for mode in [0o664, 0o646] {
        let said = ran(mode, status);
        assert!(!is_root() || said.contains(&format!("(mode {mode:04o})")), "{said}");
    }
}

/// Only root and the user whom root becomes may be able to write to the farm file.
#[test]
fn run_as_trusts_farm_files_of_root_or_that_user() {
    if !is_root() {
        return;
    }
    let place = Place::farm(DOCS).dir("sessions");
    for path in [place.path().parent().unwrap().to_owned(), place.home()] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let farm = place.path().join("farm.toml");
    let list = |owner, status| {
        chown(&farm, Some(owner), None).unwrap();
        chown(place.path().join("sessions"), Some(65534), None).unwrap();
        place
            .wikifarm("--run-as nobody session list -q")
            .by_tester()
            .status(status)
            .any_stdout()
            .any_stderr()
            .run()
    };
    list(0, 0);
    list(65534, 0);
    assert!(list(STRANGER, 4).stderr.contains("belongs to user 4242"));
}

fn fifo(place: &Place, name: &str) {
    assert!(Command::new("mkfifo").arg(place.path().join(name)).status().unwrap().success());
}

/// If a run waits for a writer, the test ends the run and fails.
#[test]
fn commands_do_not_wait_for_a_named_fifo() {
    let place = place(clock());
    fifo(&place, "fifo");
    symlink("fifo", place.path().join("link")).unwrap();
    for fifo in ["fifo", "link"] {
        for words in [
            "-f @ config check",
            "-f @ session list",
            "--psl @ config rules",
            "cookie test --script @",
            "cookie simulate @",
            "cookie probe --cacert @",
            "cookie diff @ farm.toml",
            "config import --check @ farmconfig.py",
            "session whois a.b.c --secret-file @",
            "session list --store redis://127.0.0.1:1/0?password_file=@",
            "session list --store redis://127.0.0.1:1/0?key_file=@",
            "session list --store rediss://127.0.0.1:1/0?ca_file=@",
            "session list --store rediss://127.0.0.1:1/0?cert_file=@&cert_key_file=@",
        ] {
            let ran = place
                .wikifarm(&words.replace('@', fifo))
                .status_among(&[2, 3])
                .any_stdout()
                .any_stderr()
                .run();
            let said = &ran.stderr;
            let is_meant =
                said.contains("FIFO") || said.contains("regular file") || said.contains("farmconfig");
            assert!(is_meant, "{words}: {said}");
        }
    }
}

/// A Python farm file imports another file, which may be a FIFO.
#[test]
fn import_does_not_wait_for_a_fifo() {
    let place =
        Place::new().file("wikiconfig.py", "from common import *\nclass Config(DefaultConfig):\n    pass\n");
    fifo(&place, "common.py");
    let ran = place.wikifarm("config import").status_among(&[2, 3]).any_stdout().any_stderr().run();
    assert!(ran.stderr.contains("it is no regular file"), "{}", ran.stderr);
}

#[test]
fn commands_refuse_secret_files_that_others_could_write() {
    let place = Place::new().file("password", "p").file("large", [b'p'; 4097]).file("ca.pem", "pem");
    let list = |words: &str, why: &str| {
        let words = format!("session list --store {words}");
        let ran = place.wikifarm(&words).status(3).any_stdout().any_stderr().run();
        assert!(ran.stderr.contains(why), "{words}: {}", ran.stderr);
    };
    let mode = |name: &str, mode| {
        fs::set_permissions(place.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for (bad, why) in [(0o604, "every local user can read or write it"), (0o660, "other users can write it")]
    {
        mode("password", bad);
        list("redis://127.0.0.1:1/0?password_file=password", why);
        list("redis://127.0.0.1:1/0?key_file=password", why);
    }
    for good in [0o600, 0o640] {
        mode("password", good);
        list("redis://127.0.0.1:1/0?password_file=password", "127.0.0.1:1");
    }
    mode("large", 0o600);
    list("redis://127.0.0.1:1/0?password_file=large", "too large for this kind of file");
    mode("ca.pem", 0o666);
    list("rediss://127.0.0.1:1/0?ca_file=ca.pem", "other users can write it");
    mode("ca.pem", 0o644);
    list("rediss://127.0.0.1:1/0?ca_file=ca.pem", "no certificate in PEM");
    if is_root() {
        mode("password", 0o640);
        lchown(place.path().join("password"), Some(STRANGER), Some(65534)).unwrap();
        list("redis://127.0.0.1:1/0?password_file=password", "owned by user 4242");
    }
}

/// Prunes as root with the variable or the setting that names a directory.
#[track_caller]
fn prune_in(place: &Place, name: &str, dir: &Path) -> String {
    let mut words = vec![OsString::from("session"), "prune".into(), "-v".into()];
    let usual = place.home().join("usual");
    let mut env =
        ["STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CACHE_DIRECTORY"].map(|name| (name, usual.as_path()));
    if name == "index" {
        let index = format!("{DOCS}\n[prune]\nindex = \"{}\"\n", dir.display());
        fs::write(place.path().join("index.toml"), index).unwrap();
        words.extend(["-f".into(), "index.toml".into()]);
    }
    for (variable, value) in &mut env {
        if *variable == name {
            *value = dir;
        }
    }
    let mut run =
        place.wikifarm("").args(words).by_tester().any_stdout().any_stderr().status_among(&[0, 3, 4]);
    for (variable, value) in env {
        run = run.env(variable, value.to_str().unwrap());
    }
    run.run().stderr
}

const NAMES: [&str; 4] = ["STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CACHE_DIRECTORY", "index"];

#[test]
fn commands_as_root_make_no_directory_behind_another_users_link() {
    if !is_root() {
        return;
    }
    let place = Place::on_plain_disk(DOCS)
        .session("sessions", Session::new('b').expires(clock() + DAY))
        .dir("theirs");
    let (link, theirs) = (place.path().join("link"), place.path().join("theirs"));
    symlink(place.home().join("planted"), &link).unwrap();
    lchown(&link, Some(STRANGER), Some(STRANGER)).unwrap();
    chown(&theirs, Some(STRANGER), Some(STRANGER)).unwrap();
    for name in NAMES {
        let said = prune_in(&place, name, &link.join("below"));
        assert!(said.contains("link: unsafe symbolic link: its owner, user 4242"), "{name}: {said}");
        assert!(!place.home().join("planted").exists(), "{name}");
        let said = prune_in(&place, name, &theirs.join("made/below"));
        assert!(said.contains("theirs: user 4242 owns this directory"), "{name}: {said}");
        assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn commands_as_root_make_missing_directories_private() {
    if !is_root() {
        return;
    }
    let place = Place::on_plain_disk(DOCS).session("sessions", Session::new('b').expires(clock() + DAY));
    for name in NAMES {
        let dir = place.home().join(name).join("made/below");
        prune_in(&place, name, &dir);
        for made in [dir.parent().unwrap(), &dir] {
            assert_eq!(fs::metadata(made).unwrap().permissions().mode() & 0o7777, 0o700, "{name}");
        }
    }
}
