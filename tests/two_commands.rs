//! `scripts/demo` and `scripts/check`, the two commands of the README, on machines without the required
//! programs.
//!
//! All programs that the scripts call are copies of `tests/fixtures/fresh-machine/tool`, so nothing is
//! compiled or installed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::same;

/// The programs that Debian always has, in addition to the shell.
const BASE: [&str; 9] = ["chmod", "cut", "dirname", "head", "ln", "mktemp", "rm", "sed", "sort"];
/// The programs of Debian and Rust that the tool replaces.
const FRESH: [&str; 6] = ["bash", "cargo", "id", "rustc", "script", "update-rc.d"];
const INSTALLED: [&str; 8] =
    ["apache2", "cc", "curl", "nginx", "python3", "redis-cli", "redis-server", "strace"];

const NOT_TESTED: &str = "NOT TESTED: contrib/moin under Python 2.7: this machine has no Python 2.7 with pip, sqlite3, and ssl\n\
     help: pyenv install 2.7.18 (https://github.com/pyenv/pyenv), or set PYTHON2 to the path of one\n";

struct Machine {
    dir: tempfile::TempDir,
    user: &'static str,
    rust: &'static str,
}

struct Ran {
    status: i32,
    stdout: String,
    stderr: String,
    calls: Vec<String>,
}

impl Machine {
    fn with(programs: &[&[&str]]) -> Machine {
        let machine = Machine { dir: tempfile::tempdir().unwrap(), user: "1000", rust: "1.95.0" };
        let source = Path::new(env!("CARGO_MANIFEST_DIR"));
        for dir in ["bin", "scripts"] {
            fs::create_dir(machine.dir.path().join(dir)).unwrap();
        }
        for file in ["Cargo.toml", "scripts/check", "scripts/demo"] {
            fs::copy(source.join(file), machine.dir.path().join(file)).unwrap();
        }
        // The real programs must not be found.
        let mut needs = fs::read_to_string(source.join("scripts/needs.sh")).unwrap();
        for (real, here) in [
            (":/usr/sbin:/sbin\n", "\n"),
            ("=/usr/sbin/policy-rc.d", "=./policy-rc.d"),
            ("/usr/bin/python3", "python3"),
        ] {
            assert!(needs.contains(real), "{real}");
            needs = needs.replace(real, here);
        }
        fs::write(machine.dir.path().join("scripts/needs.sh"), needs).unwrap();
        for name in BASE {
            let real = ["/usr/bin", "/bin"].map(|dir| Path::new(dir).join(name));
            symlink(real.iter().find(|path| path.exists()).unwrap(), machine.program(name)).unwrap();
        }
        for name in programs.iter().copied().flatten() {
            symlink(source.join("tests/fixtures/fresh-machine/tool"), machine.program(name)).unwrap();
        }
        machine
    }

    fn program(&self, name: &str) -> PathBuf {
        self.dir.path().join("bin").join(name)
    }

    fn run(&self, script: &str, environment: &[(&str, &str)]) -> Ran {
        let calls = self.dir.path().join("calls");
        fs::write(&calls, "").unwrap();
        let output = Command::new("/bin/sh")
            .arg(script)
            .current_dir(self.dir.path())
            .env_clear()
            .envs([("AS", self.user), ("RUST", self.rust)])
            .env("CALLS", &calls)
            .env("HOME", self.dir.path())
            .env("PATH", self.dir.path().join("bin"))
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        Ran {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            calls: fs::read_to_string(calls).unwrap().lines().map(str::to_owned).collect(),
        }
    }
}

impl Ran {
    /// The slow calls of cargo.
    fn work(&self) -> Vec<&str> {
        let call = |line| str::strip_prefix(line, "cargo ").filter(|call| !call.ends_with("--version"));
        self.calls.iter().filter_map(|line| call(line)).collect()
    }
}

#[test]
fn check_script_lists_all_that_is_missing_before_it_compiles() {
    let machine = Machine::with(&[&FRESH, &["apt-get", "sudo"]]);
    let ran = machine.run("scripts/check", &[]);
    same(
        &ran.stderr,
        str![[r#"
scripts/check: missing on this machine: a C compiler that links, strace, redis-server, redis-cli, nginx, apache2, curl, Python 3 with redis
help: sudo sh -c 'apt-get update && apt-get install --no-install-recommends gcc libc6-dev strace redis-server redis-tools nginx apache2-bin curl python3-redis && systemctl disable --now redis-server nginx'

"#]],
    );
    assert_eq!((ran.status, ran.stdout.as_str(), ran.work()), (1, "", vec![]));
    assert!(!ran.calls.iter().any(|call| call.starts_with("apt-get")), "{:?}", ran.calls);
}

#[test]
fn demo_script_names_a_linker_and_an_old_rust_in_one_message() {
    let mut machine = Machine::with(&[&FRESH]);
    machine.rust = "1.94.1";
    let ran = machine.run("scripts/demo", &[]);
    same(
        &ran.stderr,
        str![[r#"
scripts/demo: missing on this machine: Rust 1.95 or later, a C compiler that links
help: install these packages of Debian, or what is like them here: gcc libc6-dev
help: install Rust from https://rustup.rs

"#]],
    );
    assert_eq!((ran.status, ran.work()), (1, vec![]));
    for (rust, status) in [("1.95.0", 0), ("1.100.0", 0), ("2.0.0", 0), ("1.9.0", 1)] {
        let mut machine = Machine::with(&[&FRESH, &["cc"]]);
        machine.rust = rust;
        let ran = machine.run("scripts/demo", &[]);
        assert_eq!(ran.status, status, "{rust}: {}", ran.stderr);
        assert_eq!(ran.work().len(), usize::from(status == 0), "{rust}");
    }
}

#[test]
fn check_script_without_rust_names_rust_alone() {
    let machine = Machine::with(&[&INSTALLED, &["bash", "id", "script"]]);
    let ran = machine.run("scripts/check", &[]);
    same(
        &ran.stderr,
        str![[r#"
scripts/check: missing on this machine: Rust 1.95 or later
help: install Rust from https://rustup.rs

"#]],
    );
    assert_eq!(ran.status, 1);
}

#[test]
fn demo_script_runs_the_demo() {
    let ran = Machine::with(&[&FRESH, &["cc"]]).run("scripts/demo", &[]);
    assert_eq!((ran.status, ran.work()), (0, vec!["run --locked --release -- demo"]));
}

#[test]
fn check_script_as_root_on_debian_installs_once_and_starts_no_service() {
    let mut machine = Machine::with(&[&FRESH, &["apt-get"]]);
    machine.user = "0";
    let ran = machine.run("scripts/check", &[]);
    let apt: Vec<&str> = ran
        .calls
        .iter()
        .map(String::as_str)
        .filter(|call| ["apt-get", "policy", "update-rc.d"].iter().any(|name| call.starts_with(name)))
        .collect();
    let expected = [
        "apt-get update -qq",
        "apt-get install -qq --no-install-recommends gcc libc6-dev strace redis-server redis-tools nginx apache2-bin curl \
         python3-redis",
        "policy 101",
        "update-rc.d redis-server disable",
        "update-rc.d nginx disable",
    ];
    assert_eq!(apt, expected);
    assert!(!machine.dir.path().join("policy-rc.d").exists());
    assert_eq!((ran.status, ran.work().len()), (0, 7), "{}", ran.stderr);
    assert_eq!(ran.stdout, NOT_TESTED);
    // The second time, everything is installed.
    let again = machine.run("scripts/check", &[]);
    assert!(!again.calls.iter().any(|call| call.starts_with("apt-get")), "{:?}", again.calls);
    assert_eq!((again.status, again.stderr.as_str()), (0, ""));
}

#[test]
fn check_script_as_root_keeps_the_policy_of_the_machine() {
    for (policy, status) in [("exit 101\n", 0), ("exit 0\n", 1)] {
        let mut machine = Machine::with(&[&FRESH, &["apt-get"]]);
        machine.user = "0";
        let path = machine.dir.path().join("policy-rc.d");
        let script = format!("cat >policy-rc.d <<'END'\n#!/bin/sh\n{policy}END\nchmod 755 policy-rc.d");
        let made = Command::new("/bin/sh").args(["-c", &script]).current_dir(machine.dir.path()).status();
        assert!(made.unwrap().success());
        let ran = machine.run("scripts/check", &[]);
        assert_eq!(ran.status, status, "{}", ran.stderr);
        assert_eq!(ran.calls.iter().any(|call| call.starts_with("apt-get install")), status == 0);
        assert_eq!(fs::read_to_string(path).unwrap(), format!("#!/bin/sh\n{policy}"));
    }
}

#[test]
fn check_script_without_python2_skips_its_tests_and_reports_them() {
    // The first machine has no Python, the second a pyenv shim that fails, and the third a path to a missing
    // file.
    for (more, python) in [(&[] as &[&str], None), (&["python2.7"], None), (&[], Some(("PYTHON2", "/none")))]
    {
        let machine = Machine::with(&[&FRESH, &INSTALLED, more]);
        let ran = machine.run("scripts/check", python.as_slice());
        assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, NOT_TESTED, ""), "{more:?}");
        assert_eq!(ran.work().last().unwrap(), &"test --locked --test servers -- --ignored --skip python2");

        let strict: Vec<_> = python.into_iter().chain([("CHECK_STRICT", "1")]).collect();
        let ran = machine.run("scripts/check", &strict);
        same(
            &ran.stderr,
            str![[r#"
scripts/check: missing on this machine: Python 2.7 with pip, sqlite3, and ssl
help: pyenv install 2.7.18 (https://github.com/pyenv/pyenv), or set PYTHON2 to the path of one

"#]],
        );
        assert_eq!((ran.status, ran.work()), (1, vec![]));
    }
}

#[test]
fn check_script_with_python2_skips_nothing() {
    let machine = Machine::with(&[&FRESH, &INSTALLED, &["sound-python"]]);
    let python = machine.program("sound-python");
    let environment = [("CHECK_STRICT", "1"), ("PYTHON2", python.to_str().unwrap())];
    let ran = machine.run("scripts/check", &environment);
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""));
    assert_eq!(ran.work().last().unwrap(), &"test --locked --test servers -- --ignored");
    assert!(ran.calls.iter().any(|call| call.starts_with("sound-python -m pip install")), "{:?}", ran.calls);
}

#[test]
fn ci_script_runs_the_test_command_of_the_readme_strictly() {
    let read = |name| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let (readme, ci) = (read("README.md"), read(".ci/run"));
    assert!(readme.lines().any(|line| line == "    scripts/check") && readme.contains("    scripts/demo\n"));
    assert!(ci.ends_with("export CHECK_STRICT=1\nexec scripts/check\n"), "{ci}");
}
