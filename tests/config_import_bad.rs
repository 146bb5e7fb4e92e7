//! `wikifarm config import` of files that are invalid, hostile, or too complex.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Place;

const WIKI: &str = "from MoinMoin.config.multiconfig import DefaultConfig\n\
                    # wikifarm: moin = \"1.9.11\"\n\
                    # wikifarm: url = \"https://wiki.example.org/\"\n\
                    class Config(DefaultConfig):\n";

/// A wiki with these lines in its class.
fn wiki(body: &str) -> Place {
    Place::new().file("wikiconfig.py", format!("{WIKI}{body}"))
}

/// The first lines of all messages about the file of a wiki.
fn messages(place: &Place) -> Vec<String> {
    let ran = place.wikifarm("config import").status(3).any_stdout().any_stderr().run();
    ran.stderr
        .lines()
        .filter(|line| line.starts_with("error") || line.starts_with("warning"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn import_after_a_syntax_error_reads_the_rest() {
    wiki("    cookie_path = = '/'\n    cookie_domain = '.example.org'\n")
        .wikifarm("config import")
        .status(3)
        .stdout(str![[r##"
# The wikis of wikiconfig.py, written by `wikifarm config import`.
# Changes since then: wikifarm config import wikiconfig.py --check FARM

# Not read: wikiconfig.py:5: syntax error

moin = "1.9.11"

[wikis.wikiconfig]
url = "https://wiki.example.org/"  # wikiconfig.py:3
cookie_domain = ".example.org"     # wikiconfig.py:6
# cookie_path is left out: wikiconfig.py:5: cookie_path = = '/'
#   there is a syntax error in it

"##]])
        .any_stderr()
        .run();
}

#[test]
fn import_with_wikis_from_a_loop_names_the_loop_and_accepts_wiki_flags() {
    let place = Place::new()
        .file(
            "farmconfig.py",
            "import os\nfrom MoinMoin.config.multiconfig import DefaultConfig\nwikis = []\n\
             for name in os.listdir('.'):\n    wikis.append((name, name))\nclass FarmConfig(DefaultConfig):\n    pass\n",
        )
        .file("one.py", "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    data_dir = '/d'\n");
    place
        .wikifarm("config import")
        .status(2)
        .stderr(str![[r#"
error[dynamic-setting]: the list `wikis` can't be known without running the
                        file: it depends on a loop
 --> farmconfig.py:3:9
  |
3 | wikis = []
  |         ^^
  |
  = help: write it out, name each wiki with --url NAME=URL, or run the file:
          --run PYTHON

error: no wiki of . can be read

"#]])
        .run();
    let ran =
        place.wikifarm("config import --url one=https://one.example.org/ --moin 1.9.11").any_stdout().run();
    assert!(ran.stdout.contains("[wikis.one]\nurl = \"https://one.example.org/\""), "{}", ran.stdout);
}

#[test]
fn import_names_python_that_it_cannot_read() {
    let tricks = [
        ("    pass\nsetattr(Config, 'cookie_' + x, '.example.org')\n", "it depends on the call setattr()"),
        ("    exec 'cookie_path = 1'\n", "exec runs code"),
        ("    exec('cookie_path = 1')\n", "it depends on the call exec()"),
        ("    pass\ne = exec\ne('Config.cookie_path = 1')\n", "it depends on the call e()"),
        ("    __builtins__['exec']('cookie_path = 1')\n", "__builtins__ is not among the files"),
        ("    pass\nexecfile('more.py')\n", "it depends on the call execfile()"),
        ("    locals()['cookie_path'] = '/'\n", "it depends on the call locals()"),
        (
            "    __metaclass__ = X\n    cookie_domain = None\n",
            "a metaclass or a special method may change it",
        ),
    ];
    for (body, message) in tricks {
        let messages = messages(&wiki(body));
        assert!(messages.iter().any(|line| line.contains(message)), "{body}: {messages:?}");
    }
    let decorated = Place::new()
        .file("wikiconfig.py", format!("{WIKI}    pass\n@magic\nclass Config(Config):\n    pass\n"));
    let ran = decorated.wikifarm("config import").status(2).any_stderr().run();
    assert!(
        ran.stderr
            .contains("the class Config can't be known without running the file: a decorator changes it")
    );
}

#[test]
fn import_with_differing_branches_guesses_nothing() {
    let messages = messages(&wiki(
        "    import socket\n    if socket.gethostname() == 'x':\n        cookie_path = '/x'\n    else:\n        cookie_path = '/y'\n    \
         try:\n        cookie_domain = socket.gethostname()\n    except Exception:\n        cookie_domain = None\n    \
         while True:\n        user_dir = '/x'\n",
    ));
    assert_eq!(
        messages,
        [
            "error[dynamic-setting]: cookie_path can't be known without running the file: it depends on `socket.gethostname() == 'x'`",
            "error[dynamic-setting]: cookie_domain can't be known without running the file: it depends on whether a `try` succeeds",
            "error[dynamic-setting]: user_dir can't be known without running the file: it depends on a loop",
        ]
    );
}

#[test]
fn import_with_a_base_class_elsewhere_knows_no_inherited_setting() {
    let place = Place::new().file(
        "wikiconfig.py",
        "from elsewhere import Base\nclass Config(Base):\n    cookie_domain = '.example.org'\n",
    );
    let ran = place
        .wikifarm("config import --url https://wiki.example.org/")
        .status(3)
        .any_stdout()
        .any_stderr()
        .run();
    assert!(
        ran.stderr.contains("interwikiname and 15 more settings can't be known without running the file: it may come from the base class elsewhere.Base, which is not among the files"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("cookie_domain = \".example.org\""), "{}", ran.stdout);
}

#[test]
fn import_of_modules_in_a_cycle_names_the_cycle_and_reads_them() {
    let place = wiki("    import common\n    cookie_domain = common.domain\n")
        .file("common.py", "domain = '.example.org'\nimport wikiconfig\n");
    let ran = place.wikifarm("config import").any_stdout().any_stderr().run();
    assert!(
        ran.stderr.contains(
            "warning[import-cycle]: these modules import each other: wikiconfig -> common -> wikiconfig"
        ),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("cookie_domain = \".example.org\""), "{}", ran.stdout);
}

#[test]
fn import_of_a_file_over_1_mib_is_refused() {
    wiki(&"#".repeat(1 << 20))
        .wikifarm("config import")
        .status(2)
        .stderr(str![[r#"
error: can't read the farm file wikiconfig.py: is larger than 1 MiB

"#]])
        .run();
}

#[test]
fn import_of_a_file_that_is_not_text_is_refused_with_the_byte() {
    for (bytes, why) in [
        (&b"# coding: klingon\n"[..], "its coding line names \"klingon\", an encoding that is not known"),
        (
            b"x = 'Stra\xdfe'\n",
            "it is not UTF-8 at byte 9: name its encoding in the first line, like # -*- coding: iso-8859-1 -*-",
        ),
        (b"x = '\0'\n", "it holds a NUL at byte 5, so it is no Python"),
    ] {
        Place::new()
            .file("wikiconfig.py", bytes)
            .wikifarm("config import wikiconfig.py")
            .status(2)
            .stderr(format!("error: can't read the farm file wikiconfig.py: {why}\n"))
            .run();
    }
    Place::new()
        .wikifarm("config import wikiconfig.py")
        .status(2)
        .stderr(str![[r#"
error: can't read the farm file wikiconfig.py: no such file or directory

"#]])
        .run();
    Place::new()
        .wikifarm("config import")
        .status(2)
        .stderr(str![[r#"
error: can't read the farm file .: no farmconfig.py or wikiconfig.py in . or its
  subdirectories

"#]])
        .run();
}

#[test]
fn import_decodes_by_the_coding_line() {
    for (coding, bytes) in
        [("iso-8859-1", &b"J\xf6rg"[..]), ("utf-8", "Jörg".as_bytes()), ("cp1252", b"J\xf6rg")]
    {
        let mut text =
            format!("# -*- coding: {coding} -*-\r\n{}    superuser = [u'", WIKI.replace('\n', "\r\n"))
                .into_bytes();
        text.extend_from_slice(bytes);
        text.extend_from_slice(b"']\r\n");
        let place = Place::new().file("wikiconfig.py", &text);
        let ran = place.wikifarm("config import").any_stdout().run();
        assert!(ran.stdout.contains("superuser = [\"Jörg\"]"), "{}", ran.stdout);
    }
    let place = Place::new().file("wikiconfig.py", format!("\u{feff}{WIKI}    superuser = [u'Jörg']\n"));
    let ran = place.wikifarm("config import").any_stdout().run();
    assert!(ran.stdout.contains("superuser = [\"Jörg\"]"), "{}", ran.stdout);
}

#[test]
fn import_reads_no_linked_file_and_no_fifo() {
    let place = wiki("    from secret import domain\n    cookie_domain = domain\n").dir("sub");
    let outside = place.home().join("secret.py");
    fs::write(&outside, "domain = '.example.org'\n").unwrap();
    symlink(&outside, place.path().join("secret.py")).unwrap();
    let ran = place.wikifarm("config import").status(3).any_stdout().any_stderr().run();
    assert!(ran.stderr.contains("outside the configuration's directory"), "{}", ran.stderr);
    assert!(ran.stdout.contains("# cookie_domain is left out"), "{}", ran.stdout);
    fs::remove_file(place.path().join("secret.py")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, place.path().join("secret.py"), 0o644.into()).unwrap();
    let ran = place.wikifarm("config import").status(3).any_stdout().any_stderr().run();
    assert!(ran.stderr.contains("it is no regular file"), "{}", ran.stderr);
}

#[test]
fn import_executes_no_python() {
    let place = wiki(
        "    import os, subprocess\n    os.system('touch ran')\n    open('ran', 'w').write('x')\n    \
         subprocess.call(['touch', 'ran'])\n    x = __import__('os').system('touch ran')\n    cookie_domain = eval(\"open('ran', 'w')\")\n",
    );
    place.wikifarm("config import").status(3).any_stdout().any_stderr().run();
    assert_eq!(place.names("."), ["wikiconfig.py"]);
}

#[test]
fn import_of_endless_loops_and_deep_nesting_ends() {
    let deep = "(".repeat(40_000);
    let chain: String = (0..3_000).map(|n| format!("class A{}(A{n}): pass\n", n + 1)).collect();
    let calls: String = (0..9_000).map(|n| format!("def f{}(): f{n}()\n", n + 1)).collect();
    let lists = "a = []\n".to_owned() + &"a = [a, a]\n".repeat(3_000);
    let sum = format!("x = {}1\n", "1 + ".repeat(20_000));
    let power = "x = 9\n".to_owned()
        + &"x = x ** 9 ** 9\n".repeat(100)
        + "y = 'a' * 10 ** 9\n"
        + &"y = y + y\n".repeat(100);
    let rounds = "for a in range(9999):\n  for b in range(9999):\n    for c in range(9999):\n      d = a\n";
    let objects =
        "from MoinMoin.auth import MoinAuth\nx = 1\n".to_owned() + &"x = MoinAuth(x, y=x)\n".repeat(3_000);
    for text in [
        deep,
        format!("class A0: pass\n{chain}"),
        calls + "f9000()\n",
        lists,
        sum,
        power,
        rounds.to_owned(),
        objects,
    ] {
        let place =
            Place::new().file("wikiconfig.py", format!("{text}\n{WIKI}    cookie_domain = '.example.org'\n"));
        let ran = place.wikifarm("config import");
        let ran = ran.status_among(&[0, 2, 3]).any_stdout().any_stderr().run();
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
}

#[test]
fn import_as_root_refuses_each_file_that_others_can_write() {
    let place = wiki("    from common import *\n").file("common.py", "cookie_domain = None\n");
    let read = wikifarm::load::load(&place.path().join("wikiconfig.py")).unwrap();
    let me = rustix::process::geteuid().as_raw();
    let own = wikifarm::farm::trust::could_be_of_other_users(&read, me);
    assert!(own.is_none() || !own.as_ref().unwrap().contains("common.py"), "{own:?}");
    let common = place.path().join("common.py");
    fs::set_permissions(&common, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let why = wikifarm::farm::trust::could_be_of_other_users(&read, me).unwrap();
    assert!(why.contains("common.py is writable by everybody"), "{why}");
    fs::set_permissions(&common, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    fs::write(&common, "cookie_domain = 'evil'\n").unwrap();
    let why = wikifarm::farm::trust::could_be_of_other_users(&read, me).unwrap();
    assert!(why.contains("common.py changed while it was read"), "{why}");
}

#[test]
fn import_leaves_out_a_wiki_that_cannot_be_read_and_keeps_the_others() {
    let place = Place::new()
        .file(
            "farmconfig.py",
            "from MoinMoin.config.multiconfig import DefaultConfig\nwikis = [\n    ('one', r'^https://one\\.example\\.org/'),\n    \
             ('two', r'^https://.*\\.example\\.org/'),\n    ('three', r'^https://three\\.example\\.org/'),\n    \
             ('one2', r'^https://one\\.example\\.org/two'),\n]\nclass FarmConfig(DefaultConfig):\n    cookie_name = 'lab'\n",
        )
        .file("one.py", "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    data_dir = '/one'\n")
        .file("two.py", "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    data_dir = '/two'\n")
        .file("one2.py", "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    data_dir = '/one2'\n");
    place
        .wikifarm("config import --moin 1.9.11")
        .status(3)
        .stdout(str![[r##"
# The wikis of farmconfig.py, written by `wikifarm config import`.
# Changes since then: wikifarm config import farmconfig.py --check FARM

# Not read: farmconfig.py:5: the wiki "three" has no file three.py

moin = "1.9.11"  # --moin

[farm]
cookie_name = "lab"  # farmconfig.py:9

[wikis.one]
url = "https://one.example.org/"  # farmconfig.py:3
data_dir = "/one"                 # one.py:3

[wikis.one2]
url = "https://one.example.org/two"  # farmconfig.py:6
data_dir = "/one2"                   # one2.py:3

[wikis.two]
# url = ""         # write the URL of the wiki: farmconfig.py:4
data_dir = "/two"  # two.py:3

# [wikis.three] is left out: its class Config is not known (farmconfig.py:5).

"##]])
        .stderr(str![[r#"
error[missing-url]: the expression of the wiki "two" does not name its URL: it
                    does not name the host of the URL
 --> farmconfig.py:4:13
  |
4 |     ('two', r'^https://.*\.example\.org/'),
  |             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: add --url two=https://…, or write the comment
          `# wikifarm: url = "https://…"` in its file

error[missing-config]: the wiki "three" has no file three.py
 --> farmconfig.py:5:6
  |
5 |     ('three', r'^https://three\.example\.org/'),
  |      ^^^^^^^
  |
  = help: every request to the wiki fails: create the file, or delete the entry

warning[unreachable-wiki]: the wiki "three" is never reached: an expression
                           before its own matches https://three.example.org/
 --> farmconfig.py:5:15
  |
5 |     ('three', r'^https://three\.example\.org/'),
  |               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: MoinMoin takes the first wiki that matches: put the narrower
          expression first

warning[unreachable-wiki]: the wiki "one2" is never reached: an expression
                           before its own matches https://one.example.org/two
 --> farmconfig.py:6:14
  |
6 |     ('one2', r'^https://one\.example\.org/two'),
  |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: MoinMoin takes the first wiki that matches: put the narrower
          expression first

help: add to the command: --url two=https://…

"#]])
        .run();
}
