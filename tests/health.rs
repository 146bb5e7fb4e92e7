//! Stores that can't be written: a read-only mount, and a file system without inodes, now or soon.

use std::process::{Command, Output};

use crate::support::{DAY, Place, Session, clock, is_root, not_tested, unwrapped};

/// Mounts a file system over `sessions` as `$1` says, and runs the other arguments. Status 125 if this is not
/// allowed here.
const MOUNTED: &str = r#"
    set -e
    cd "$1"; how=$2; shift 2
    {
        case $how in
            read-only) mount --bind sessions sessions && mount -o remount,bind,ro sessions ;;
            no-inodes)
                mount -t tmpfs -o nr_inodes=20,mode=700 tmpfs full
                cp -p sessions/* full/
                mount --move full sessions
                n=0; while (: >sessions/fill$n) 2>/dev/null; do n=$((n+1)); done ;;
            filling)
                mount -t tmpfs -o nr_inodes=400,mode=750 tmpfs full
                cp -p sessions/* full/
                mount --move full sessions
                "$1" -q session prune
                for n in $(seq 100 199); do cp -p sessions/aaaa* sessions/$(printf %040d $n); done ;;
        esac
    } || exit 125
    exec "$@"
"#;

/// Runs wikifarm with such a mount. `None` if this machine does not allow mounts.
pub(crate) fn beside(place: &Place, how: &str, words: &str, unit: bool) -> Option<Output> {
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !is_root() {
        command.arg("--map-root-user");
    }
    command.args(["sh", "-c", MOUNTED, "sh"]).arg(place.path()).arg(how);
    command.arg(env!("CARGO_BIN_EXE_wikifarm")).args(words.split(' ')).env("HOME", place.home());
    command.env_remove("INVOCATION_ID");
    if unit {
        command.env("INVOCATION_ID", "0123456789abcdef");
    }
    for (name, dir) in
        [("STATE_DIRECTORY", "state"), ("RUNTIME_DIRECTORY", "run"), ("CACHE_DIRECTORY", "cache")]
    {
        command.env(name, place.home().join(dir));
    }
    let what = format!("stores on a {how} mount");
    match command.output() {
        Ok(output) if output.status.code() == Some(125) => {
            not_tested(&what, String::from_utf8_lossy(&output.stderr).trim());
            None
        }
        Ok(output) => Some(output),
        Err(error) => {
            not_tested(&what, &format!("unshare: {error}"));
            None
        }
    }
}

fn place() -> Place {
    let over = |digit| Session::new(digit).expires(clock() - 2 * DAY).written(clock() - 2 * DAY);
    let farm = "
        [wikis.docs]
        moin = \"1.9.11\"
        url = \"https://docs.example.org/\"
        session_dir = \"sessions\"
    ";
    Place::farm(farm).dir("sessions").dir("full").sessions("sessions", [over('a'), over('b')])
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), unwrapped(&text(&output.stderr)))
}

#[test]
fn prune_dry_run_of_a_read_only_mount_fails_as_the_run_does() {
    let place = place();
    for words in ["session prune --dry-run", "session prune"] {
        let Some(ran) = beside(&place, "read-only", &format!("{words} --format json"), false) else { return };
        let (stdout, stderr) = texts(&ran);
        assert_eq!(ran.status.code(), Some(3), "{words}: {stderr}");
        let why = "sessions: can't remove files from this directory: read-only file system (2 left)\n";
        assert!(stderr.ends_with(why), "{words}: {stderr}");
        let json: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        let total = &json["total"];
        assert_eq!([&total["would_delete"], &total["deleted"], &total["failed"]], [0, 0, 2], "{words}");
    }
}

#[test]
fn prune_in_a_systemd_sandbox_names_the_line_of_the_unit() {
    let place = place();
    let Some(ran) = beside(&place, "read-only", "-q session prune", true) else { return };
    let (_, stderr) = texts(&ran);
    let dir = place.path().join("sessions");
    let advice =
        format!("(2 left)\nhelp: add ReadWritePaths={} to the systemd unit of this job\n", dir.display());
    assert!(stderr.ends_with(&advice), "{stderr}");
}

#[test]
fn check_verify_and_stats_report_a_read_only_mount_and_a_disk_without_inodes() {
    let place = place();
    for (how, rule, what) in [
        ("read-only", "read-only-sessions", "is mounted read-only"),
        ("no-inodes", "disk-full", "no free inodes on "),
    ] {
        let of =
            |words: &str| beside(&place, how, words, false).map(|ran| (ran.status.code(), texts(&ran).0));
        let Some((status, text)) = of("config check") else { return };
        let text = unwrapped(&text);
        assert_eq!(status, Some(1), "{text}");
        assert!(text.contains(&format!("error[{rule}]: docs: can't save sessions: ")), "{text}");
        assert!(text.contains(what), "{text}");
        let (status, text) = of("config check --no-disk").unwrap();
        assert!(status == Some(0) && !text.contains(rule), "{text}");
        let (status, text) = of("session verify").unwrap();
        assert!(status == Some(1) && text.contains(&format!("error[{rule}]")), "{text}");
        let (_, text) = of("session stats").unwrap();
        assert!(text.replace("\n    ", " ").contains("  problem: can't save sessions: "), "{text}");
    }
}
