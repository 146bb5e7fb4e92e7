//! Session directories on an overlayfs whose layers are different file systems, and a file mounted over an
//! entry of one.

use std::fs;
use std::process::{Command, Output};

use crate::support::{DAY, Place, Session, clock, is_root, not_tested, output, traced, unwrapped};

/// Mounts the overlay `sessions` of `lower` and `upper`, mounts a file over the entry `$2` if it is not
/// empty, runs the other arguments, and lists the remaining entries.
const MOUNTED: &str = r#"
    set -e
    cd "$1"; name=$2; shift 2
    {
        mount -t tmpfs tmpfs lower
        mount -t tmpfs tmpfs upper
        mkdir upper/files upper/work
        chmod 700 lower upper/files
        cp -p made/lower/* lower/
        mount -t overlay overlay -o lowerdir=lower,upperdir=upper/files,workdir=upper/work sessions
        cp -p made/upper/* sessions/
        if [ -n "$name" ]; then
            touch sessions/$name
            mount --bind made/mounted sessions/$name
        fi
        for file in sessions/*; do
            [ "$(stat -c %d sessions)" != "$(stat -c %d "$file")" ]
        done
    } || exit 125
    "$@" && status=0 || status=$?
    ls sessions >names
    exit $status
"#;

/// The output of a run, and the first letters of the remaining names.
struct Ran {
    output: Output,
    left: String,
}

impl Ran {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.output))
    }
}

/// Runs wikifarm under `before` with these mounts. `None` if this machine does not allow mounts.
fn beside_mounts(mounted: bool, before: &[&str], words: &str) -> Option<Ran> {
    let over = |digit| Session::new(digit).expires(clock() - 2 * DAY).written(clock() - 2 * DAY);
    let live = |digit| Session::new(digit).expires(clock() + DAY).user("1.2.3").written(clock() - 2 * DAY);
    let place = Place::new().dir("lower").dir("upper").dir("sessions");
    let place =
        place.sessions("made/lower", [over('a'), live('b')]).sessions("made/upper", [over('c'), live('d')]);
    over('e').write(&place.path().join("made"));
    fs::rename(place.path().join("made").join("e".repeat(40)), place.path().join("made/mounted")).unwrap();
    let name = if mounted { "e".repeat(40) } else { String::new() };
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !is_root() {
        command.arg("--map-root-user");
    }
    command.args(["sh", "-c", MOUNTED, "sh"]).arg(place.path()).arg(name).args(before);
    command.arg(env!("CARGO_BIN_EXE_wikifarm")).args(words.split(' ')).env("HOME", place.home());
    for (name, dir) in
        [("STATE_DIRECTORY", "state"), ("RUNTIME_DIRECTORY", "run"), ("CACHE_DIRECTORY", "cache")]
    {
        command.env(name, place.home().join(dir));
    }
    let what = "stores on overlayfs";
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            not_tested(what, &format!("unshare: {error}"));
            return None;
        }
    };
    let Ok(names) = fs::read_to_string(place.path().join("names")) else {
        not_tested(what, String::from_utf8_lossy(&output.stderr).trim());
        return None;
    };
    let left = names.lines().filter_map(|name| name.chars().next()).collect();
    Some(Ran { output, left })
}

#[test]
fn prune_of_an_overlay_removes_from_both_layers() {
    let words = "session prune --format json --store moin-1.9:sessions";
    let Some(ran) = beside_mounts(false, &[], words) else { return };
    assert_eq!(ran.output.status.code(), Some(0), "{:?}", ran.output);
    assert_eq!(ran.left, "bd");
    let total = &ran.json()["total"];
    assert_eq!(
        ["scanned", "unreadable", "deleted", "kept_by_race", "failed"]
            .map(|name| total[name].as_u64().unwrap()),
        [4, 0, 2, 0, 0]
    );
}

#[test]
fn revoke_and_migrate_work_on_an_overlay() {
    let words = "session revoke --user id:1.2.3 --settle 0s --store moin-1.9:sessions";
    let Some(ran) = beside_mounts(false, &[], words) else { return };
    assert_eq!((ran.output.status.code(), ran.left.as_str()), (Some(0), "ac"), "{:?}", ran.output);
    let words = "session migrate --move --include-expired --from moin-1.9:sessions --to json:moved";
    let Some(ran) = beside_mounts(false, &[], words) else { return };
    assert_eq!((ran.output.status.code(), ran.left.as_str()), (Some(0), ""), "{:?}", ran.output);
}

#[test]
fn session_commands_refuse_a_file_mounted_on_a_name() {
    let list = "session list --format json --state unreadable --store moin-1.9:sessions";
    let Some(ran) = beside_mounts(true, &[], list) else { return };
    assert_eq!(ran.output.status.code(), Some(0), "{:?}", ran.output);
    let ids: Vec<String> =
        ran.json()["sessions"].as_array().unwrap().iter().map(|session| session["id"].to_string()).collect();
    assert_eq!(ids, ["\"eeeeeeee\""]);
    let Some(ran) = beside_mounts(true, &[], "session prune --unreadable --store moin-1.9:sessions") else {
        return;
    };
    assert_eq!((ran.output.status.code(), ran.left.as_str()), (Some(0), "bde"), "{:?}", ran.output);
    let Some(ran) = beside_mounts(true, &[], "session verify --store moin-1.9:sessions") else { return };
    let text = String::from_utf8_lossy(&ran.output.stdout).into_owned();
    assert!(
        text.contains("error[unreadable]: session that can't be read (1 file)\n    eeeeeeee…  another file is mounted over this file\n"),
        "{text}"
    );
}

#[test]
fn prune_of_an_overlay_without_mount_ids_is_refused_with_the_reason() {
    // The behavior of Linux before 5.8.
    let before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=statx:error=ENOSYS"];
    for command in ["session stats", "session prune"] {
        let words = format!("{command} --store moin-1.9:sessions");
        let Some(ran) = beside_mounts(false, &before, &words) else { return };
        let stderr = unwrapped(&String::from_utf8_lossy(&ran.output.stderr));
        assert_eq!((ran.output.status.code(), ran.left.as_str()), (Some(3), "abcd"), "{stderr}");
        assert!(stderr.starts_with("error: sessions: can't open all 4 sessions: "), "{stderr}");
        let why = "on another device than its directory, and this kernel reports no mount ids\n";
        assert!(stderr.ends_with(why), "{stderr}");
    }
}

#[test]
fn store_find_reports_files_that_an_overlay_without_mount_ids_hides() {
    let before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=statx:error=ENOSYS"];
    let Some(ran) = beside_mounts(false, &before, "store find sessions") else { return };
    let stderr = unwrapped(&String::from_utf8_lossy(&ran.output.stderr));
    assert_eq!(ran.output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("on another device than its directory"), "{stderr}");
}

#[test]
fn prune_of_a_plain_directory_asks_for_no_mount_id() {
    let asked = |files: usize| {
        let sessions = (0..files).map(|n| Session::named(&format!("{n:040x}")).expires(clock() + DAY));
        let place = Place::new().sessions("sessions", sessions);
        let trace = place.path().join("trace");
        let options = ["-e", "trace=statx", "-o", trace.to_str().unwrap()];
        let ran = output(traced(&place, options, "session prune --no-index --store moin-1.9:sessions"));
        assert!(ran.status.success(), "{ran:?}");
        fs::read_to_string(trace).unwrap().lines().filter(|line| line.contains("MNT_ID")).count()
    };
    assert_eq!(asked(5), asked(50));
}
