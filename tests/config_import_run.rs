//! `wikifarm config import --run`: runs the Python files in an interpreter that the administrator names.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::config_import_cases::{cases, check};
use crate::support::{Place, is_root, not_tested};

/// The interpreters on this machine that run with an empty environment.
fn interpreters() -> Vec<PathBuf> {
    let runs = |it: &PathBuf| {
        let output = Command::new(it).args(["-c", "import json"]).env_clear().output();
        output.is_ok_and(|it| it.status.success())
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let pyenv = std::env::home_dir().unwrap_or_default().join(".pyenv/versions");
    let installed = pyenv.read_dir().into_iter().flatten().filter_map(|it| Some(it.ok()?.path().join("bin")));
    let directories: Vec<PathBuf> = std::env::split_paths(&path).chain(installed).collect();
    let found = |name: &str| directories.iter().map(|directory| directory.join(name)).find(runs);
    ["python2.7", "python3"].into_iter().filter_map(found).collect()
}

/// The options that run the files.
fn run(python: &Path) -> String {
    let user = if is_root() { " --as root" } else { "" };
    format!("--run {} --yes{user}", python.display())
}

#[test]
fn import_run_gives_pythons_values() {
    let all = interpreters();
    if all.is_empty() {
        return not_tested("--run", "there is no Python");
    }
    for python in all {
        for (case, place, expected) in cases() {
            let only_2 = ["local-absent", "local-present"].contains(&case.as_str());
            if !(only_2 && python.ends_with("python3")) {
                check(&case, &place, &expected, &run(&python), false);
            }
        }
    }
}

/// The result of an import of a wiki with these lines in its class, with more options.
#[track_caller]
fn ran(body: &str, more: &str) -> crate::support::Ran {
    let text = format!(
        "# wikifarm: url = \"https://wiki.example.org/\"\n# wikifarm: moin = \"1.9.11\"\n\
         import os, time\nfrom MoinMoin.config import multiconfig, url_prefix_static\n\
         class Config(multiconfig.DefaultConfig):\n{body}"
    );
    let place = Place::new().file("wikiconfig.py", text);
    let python = interpreters().pop().unwrap_or_default();
    let command = place.wikifarm(&format!("config import {} {more}", run(&python))).by_tester();
    command.status_among(&[0, 2, 3]).any_stdout().any_stderr().run()
}

#[test]
fn import_run_marks_values_that_only_running_gives() {
    if interpreters().is_empty() {
        return not_tested("--run", "there is no Python");
    }
    let body = "    data_dir = '/srv/data'\n    cookie_name = ''.join(reversed('cba'))\n    \
                cookie_domain = os.environ.get('DOMAIN')\n    interwikiname = url_prefix_static + 'x'\n    \
                cookie_path = '/%s' % multiconfig.DefaultConfig.sitename\n";
    let found = ran(body, "").stdout;
    let tail = found.split_once("[wikis.wikiconfig]\n").unwrap().1;
    assert_eq!(
        tail,
        "url = \"https://wiki.example.org/\"  # wikiconfig.py:1\n\
         cookie_name = \"abc\"                # wikiconfig.py:7: run\n\
         data_dir = \"/srv/data\"             # wikiconfig.py:6\n\
         # interwikiname is left out: wikiconfig.py:9: url_prefix_static + 'x'\n\
         #   MoinMoin.config.url_prefix_static is not among the files\n\
         # cookie_path is left out: wikiconfig.py:10: '/%s' % multiconfig.DefaultConfig.sitename\n\
         #   it depends on MoinMoin.config.multiconfig.DefaultConfig.sitename\n"
    );
    assert!(found.contains("# `run` after a position: Python computed the value.\n"), "{found}");
    // The environment has only the named variables.
    let place = Place::new().file("wikiconfig.py", "");
    drop(place);
    assert!(ran(body, "--env NONE").stderr.contains("error: --env: $NONE is not set"));
}

#[test]
fn import_run_ends_after_its_time_and_reports_what_fails() {
    if interpreters().is_empty() {
        return not_tested("--run", "there is no Python");
    }
    let slow = ran("    time.sleep(60)\n", "--timeout 1s");
    assert!(slow.stderr.contains(" did not end within 1 s"), "{}", slow.stderr);
    // A process that leaves the group keeps the answer open.
    let daemon = "    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n            time.sleep(8)\n        os._exit(0)\n";
    let left = ran(daemon, "--timeout 2s");
    assert!(left.stderr.contains(" did not end within 2 s"), "{}", left.stderr);
    let template = ran("    cookie_name = '{{ name }}'\n", "");
    assert!(template.stderr.contains("this is a template: render it first"), "{}", template.stderr);
    let failing = ran("    data_dir = '/srv/data'\n    x = 1 / 0\n", "");
    assert!(failing.stderr.contains("running the file fails: ZeroDivisionError: "), "{}", failing.stderr);
    let assumed = ran("    if hasattr(multiconfig.DefaultConfig, 'nope'):\n        cookie_path = '/x'\n", "");
    let note = "wikiconfig.py:1: MoinMoin.config.multiconfig.DefaultConfig.nope is taken to be in MoinMoin";
    assert!(assumed.stderr.contains(note), "{}", assumed.stderr);
    let decided = ran("    if multiconfig.DefaultConfig.x:\n        cookie_path = '/x'\n", "");
    let why = "Depends: it depends on MoinMoin.config.multiconfig.DefaultConfig.x";
    assert!(decided.stderr.contains(why), "{}", decided.stderr);
}

#[test]
fn import_run_without_a_terminal_asks_for_yes() {
    let place = Place::new().file("wikiconfig.py", "class Config: pass\n");
    let ran = place
        .wikifarm("config import wikiconfig.py --url https://a.example.org/ --run /bin/true --timeout 5s");
    let ran = ran.status(4).any_stderr().run();
    assert!(ran.stderr.contains("/bin/true runs wikiconfig.py"), "{}", ran.stderr);
    let refused = "error: --run requires confirmation, and there is no terminal\nhelp: add --yes\n";
    assert!(ran.stderr.ends_with(refused), "{}", ran.stderr);
    let none = place.wikifarm("config import --run no-such-python --yes").status(2).any_stderr().run();
    assert!(
        none.stderr.contains("error: --run: there is no program no-such-python in $PATH"),
        "{}",
        none.stderr
    );
}

#[test]
fn import_run_records_a_command_that_runs_again() {
    let Some(python) = interpreters().pop() else { return not_tested("--run", "there is no Python") };
    let place = Place::new().file(
        "wikiconfig.py",
        "from MoinMoin.config.multiconfig import DefaultConfig\nclass Config(DefaultConfig):\n    cookie_name = ''.join(reversed('cba'))\n",
    );
    let import =
        format!("config import --url https://wiki.example.org/ --moin 1.9.11 -o farm.toml {}", run(&python));
    place.wikifarm(&import).by_tester().any_stdout().any_stderr().run();
    let written = std::fs::read_to_string(place.path().join("farm.toml")).unwrap();
    let second = written.lines().nth(1).unwrap();
    let options = run(&python).replace(" --yes", "");
    let command =
        format!("# Changes since then: wikifarm config import wikiconfig.py {options} --check farm.toml");
    assert_eq!(second, command);
    let again = format!("{} --yes", second.split_once(": wikifarm ").unwrap().1);
    let again = place.wikifarm(&again).by_tester().any_stderr().any_stdout().run();
    assert!(again.stdout.contains("no differences"), "{}", again.stdout);
}
