//! Hostile text in farm files, stores, file names, and arguments: the output of all commands in all formats
//! contains no control characters, and is valid in its format.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::symlink;

use wikifarm::text::is_unsafe;

use crate::support::{DAY, HOUR, Place, Session, clock};

/// No line may start with this text. In the hostile text, it follows a line end.
const FORGED: &str = "FORGED";
/// A color that wikifarm does not use.
const COLOR: &str = "\u{1b}[35m";

/// All characters that can control a terminal or hide text: C0, DEL, C1, direction marks, characters without
/// width, and tags.
fn hostile() -> String {
    let ranges = [
        1..=0x1f,
        0x7f..=0x9f,
        0xad..=0xad,
        0x61c..=0x61c,
        0x180e..=0x180e,
        0x200b..=0x200f,
        0x2028..=0x202e,
        0x2060..=0x206f,
        0xfeff..=0xfeff,
        0xfff9..=0xfffb,
        0xe0041..=0xe0041,
    ];
    let all: String = ranges.into_iter().flatten().filter_map(char::from_u32).collect();
    format!("a\n{FORGED}{COLOR}\u{1b}]0;t\u{7}{all}")
}

/// Like [`hostile`], without line ends.
fn hostile_line() -> String {
    hostile().chars().filter(|c| !matches!(c, '\n' | '\r')).collect()
}

/// A hostile directory name with bytes that are not UTF-8.
fn hostile_bytes() -> OsString {
    OsString::from_vec([b"\xff\n", FORGED.as_bytes(), b"\x9b2J\x1b[35m\xe2\x80"].concat())
}

fn toml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        write!(quoted, "\\U{:08X}", u32::from(character)).unwrap();
    }
    quoted + "\""
}

/// Text as Python source.
fn source(text: &str) -> String {
    text.chars().fold(String::new(), |mut source, character| {
        match character {
            '\0'..='\x7f' => write!(source, "\\x{:02x}", u32::from(character)).unwrap(),
            other => source.push(other),
        }
        source
    })
}

/// Text as Python writes it in a byte string.
fn python(text: &str) -> String {
    text.bytes().fold(String::new(), |mut python, byte| {
        write!(python, "\\x{byte:02x}").unwrap();
        python
    })
}

/// Farms, stores, users, and Python files with hostile text in all possible fields.
fn place() -> Place {
    let (name, line) = (hostile(), hostile_line());
    let quiet: String = line.chars().filter(|c| !c.is_control()).collect();
    let farm = |port: u16| {
        format!(
            "moin = \"1.9.11\"\n[farm]\nuser_dir = \"users\"\n[groups.{group}]\ncookie_domain = {quiet}\n\
             [wikis.{wiki}]\nurl = \"http://127.0.0.1:{port}/\"\nsession_dir = {wiki}\ndata_dir = {wiki}\n\
             cookie_path = {quiet}\ninterwikiname = {quiet}\n\
             [wikis.plain]\nurl = \"http://127.0.0.1:{port}/plain\"\nsession_dir = {wiki}\ndata_dir = \"plain\"\n\
             [wikis.old]\nmoin = \"1.8.7\"\ngroup = {group}\nurl = \"http://old.example.org/\"\ndata_dir = {wiki}\n\
             cookie_name = {quiet}\n[[share]]\nwikis = [{wiki}, \"plain\"]\n",
            wiki = toml(&name),
            group = toml(&format!("g{name}")),
            quiet = toml(&quiet),
        )
    };
    let bad = format!(
        "moin = \"1.9.11\"\n# {quiet}\n{0} = {0}\n[wikis.{0}]\nurl = {0}\ncookie_domain = {0}\nauth = [{0}]\n",
        toml(&name)
    );
    let py = format!(
        "# -*- coding: utf-8 -*-\n# {quiet}\nfrom MoinMoin.config import multiconfig\n\
         wikis = [(\"plain\", r\"^http://a/.*$\"), (\"{0}\", \"{0}\"), (\"none\", r\"^http://b/.*$\")]\n\
         class FarmConfig(multiconfig.DefaultConfig):\n    cookie_domain = '{quiet}'\n    user_dir = '/{0}'\n    \
         superuser = [u'{0}']\n    interwikiname = u'{0}'\n    cookie_path = f(\"{quiet}\")\n    cookie_lifetime = (0, 12)\n",
        source(&name)
    );
    let plain = "from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    data_dir = '/x'\n";
    let end = clock() + DAY;
    let items = |more: &str| format!("(dS'expires'\nF{end}.0\nsS'user.id'\nS'1.2.3'\ns{more}.");
    let bytes = python(&format!("{name}\0"));
    let text: String = format!("{name}\0").encode_utf16().fold(String::new(), |mut text, unit| {
        write!(text, "\\u{unit:04x}").unwrap();
        text
    });
    let values = items(&format!(
        "S'user.auth_method'\nS'{bytes}'\nsS'setuid'\nS'{bytes}'\nsS'{bytes}'\nV{text}\nsS'trail'\n(lV{text}\naS'{bytes}\\xff'\nas"
    ));
    let class = items(&format!("S'x'\nc{}\nx{line}\ns", line.replace('\u{85}', "")));
    let mut profile = b"name=".to_vec();
    profile.extend(line.bytes());
    profile.extend(b"\xff\x9b\nremember_me=1\n");
    let session = |digit: char, text: &str| Session::new(digit).raw(text.as_bytes()).written(clock() - HOUR);
    let place = Place::farm(&farm(1))
        .file("new.toml", farm(2))
        .file("bad.toml", bad)
        .file("broken.toml", format!("{quiet}\u{85} = = {quiet}\n"))
        .file("py/farmconfig.py", py)
        .file("py/plain.py", plain)
        .file("users/1.2.3", profile)
        .file("simulate.txt", format!("login {quiet} plain\n# {quiet}\nvisit plain\n{quiet}\n"))
        .dir("to")
        .sessions(&name, [session('1', &values), session('2', &class), session('3', "\u{1b}[35m")])
        .file(&format!("{name}/{name}"), "x");
    let odd = place.path().join(&name).join(hostile_bytes());
    fs::write(&odd, "x").unwrap();
    let dir = place.path().join("find").join(hostile_bytes());
    fs::create_dir_all(&dir).unwrap();
    fs::copy(place.path().join(&name).join("1".repeat(40)), dir.join("1".repeat(40))).unwrap();
    symlink(hostile_bytes(), place.path().join("find").join("link")).unwrap();
    place
}

/// The lines that run a command. `W` is the hostile wiki or text, and `B` a directory name that is not UTF-8.
fn lines(command: &str) -> &'static [&'static str] {
    match command {
        "config check" => &["", "-f bad.toml", "-f broken.toml", "--diff", "-f py", "-f W"],
        "config show" => &["", "W", "-f bad.toml", "-f py"],
        "config rules" => &["", "W", "invalid-value"],
        "config export" => &["", "W", "--python plain"],
        "config new" => &["--hosts W", "--hosts a.example.org,b.example.org", "--paths W"],
        "config schema" => &[""],
        "config import" => {
            &["py", "py --check farm.toml", "py -o out.toml --force", "W", "py --url W=http://a/"]
        }
        "cookie preview" => &["", "--matrix", "W", "-v"],
        "cookie explain" => &["W plain", "plain old", "W W"],
        "cookie header" => &["W", "old"],
        "cookie diff" => &["farm.toml new.toml", "farm.toml W"],
        "cookie probe" => &["W", "plain"],
        "cookie test" => &[
            "--url http://a.example.org/ --set-cookie W --visit http://b.example.org/",
            "--from W --visit http://127.0.0.1:1/",
            "--url W --set-cookie a=b",
        ],
        "cookie simulate" => &["simulate.txt", "W"],
        "cookie suggest" => &["", "--share plain,old", "--share W,old", "--apart W"],
        "session list" => &["", "-v", "--store B", "--store W --sort user", "--user W", "--reveal"],
        "session show" => &["11111111", "22222222", "W", "--store B 11111111"],
        "session stats" => &["", "--store B", "--metrics m.prom"],
        "session prune" => &["--dry-run -v", "--dry-run --metrics m.prom", "--store-of W --dry-run"],
        "session revoke" => &["11111111 --dry-run", "--user W --dry-run", "W"],
        "session migrate" => &["--from wiki:plain --to moin-1.9:to --dry-run", "--from W --to B --dry-run"],
        "session verify" => &["", "-v", "--metrics m.prom", "--store B"],
        "session whois" => &["1111111111111111111111111111111111111111", "W", "11111111 --store B"],
        "store list" => &["", "--store B", "--store W"],
        "store find" => &[".", "find -v", "B"],
        "doctor" => &["", "W", "plain --symptom slow", "--probe plain", "-f bad.toml"],
        "demo" => &["W"],
        "completions" => &["bash", "zsh", "fish", "elvish", "powershell", "W"],
        "schema" => &["", "cookie header", "W"],
        "man" => &["-v pages", "W"],
        other => panic!("say in lines() how to run `{other}`"),
    }
}

/// All commands, from clap.
fn commands() -> Vec<String> {
    fn walk(command: &clap::Command, path: &str, all: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            let path = format!("{path} {}", inner.get_name());
            if inner.has_subcommands() {
                walk(inner, &path, all);
            } else {
                all.push(path.trim().to_owned());
            }
        }
    }
    let mut all = Vec::new();
    walk(&wikifarm::cli::command(), "", &mut all);
    all
}

/// All formats, from clap.
fn formats() -> Vec<String> {
    let command = wikifarm::cli::command();
    let format = command.get_arguments().find(|arg| arg.get_id() == "format").unwrap();
    format.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

/// The arguments of a line. `W` becomes the hostile text, which is also the name of a wiki. `B` becomes a
/// path that is not UTF-8.
fn arguments(command: &str, line: &str) -> Vec<OsString> {
    let words = command.split(' ').chain(line.split_whitespace());
    let one = |word: &str| match word {
        "W" => OsString::from(hostile()),
        "B" => OsString::from_vec([b"find/", hostile_bytes().as_bytes()].concat()),
        word => OsString::from(word.replace("W=", &format!("{}=", hostile()))),
    };
    words.map(one).collect()
}

/// Panics if the text could control a terminal.
#[track_caller]
fn is_harmless(text: &[u8], what: &str) {
    let text = std::str::from_utf8(text).unwrap_or_else(|error| panic!("{what}: {error}: {text:?}"));
    let odd = text.find(|c| is_unsafe(c) && c != '\n' && c != '\t');
    assert_eq!(odd.and_then(|at| text.get(at..)), None, "{what}");
    let forged = text.lines().find(|line| line.trim_start().starts_with(FORGED));
    assert_eq!(forged, None, "{what}:\n{text}");
}

/// Panics if the text is not valid in its format.
#[track_caller]
fn is_of_format(format: &str, text: &str, what: &str) {
    let json = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text)
            .unwrap_or_else(|error| panic!("{what}: {error}: {text}"))
    };
    match format {
        "json" | "sarif" if !text.is_empty() => drop(json(text)),
        "ndjson" => text.lines().for_each(|line| drop(json(line))),
        "csv" => drop(csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).count()),
        "junit" if !text.is_empty() => drop(roxmltree::Document::parse(text).unwrap()),
        _ => {}
    }
}

#[test]
fn every_command_in_every_format_prints_no_control_characters() {
    let place = place();
    let (mut ran, mut formats_seen) = (0, std::collections::BTreeSet::new());
    for command in commands() {
        for line in lines(&command) {
            for format in formats() {
                let what = format!("{command} {line} --format {format}");
                let run = place.wikifarm("--format").arg(&format).args(arguments(&command, line));
                let (stdout, stderr, status) = run.raw();
                is_harmless(&stderr, &format!("stderr of {what}"));
                assert!((0..=4).contains(&status), "{what}: {status}");
                let refused = String::from_utf8_lossy(&stderr).contains("for '--format <FORMAT>'");
                assert!(!refused || (status == 2 && stdout.is_empty()), "{what}");
                if format != "csv" {
                    is_harmless(&stdout, &what);
                }
                // Completions and man pages are code, and have one form.
                if !refused && !matches!(command.as_str(), "completions" | "man") {
                    is_of_format(&format, std::str::from_utf8(&stdout).unwrap(), &what);
                    if status < 2 && !stdout.is_empty() {
                        formats_seen.insert(format);
                    }
                }
                ran += 1;
            }
        }
    }
    assert!(ran > 500, "{ran}");
    assert_eq!(formats_seen.into_iter().collect::<Vec<_>>(), {
        let mut all = formats();
        all.sort();
        all
    });
    for file in ["m.prom", "out.toml"] {
        is_harmless(&fs::read(place.path().join(file)).unwrap(), file);
    }
    // The escaped text in TOML is the same text.
    let again = place.wikifarm("config import py --check out.toml").status(3).any_stderr().any_stdout().run();
    assert!(again.stdout.starts_with("out.toml: no differences from the Python files"), "{}", again.stdout);
}

#[test]
fn color_always_passes_colors_and_nothing_else() {
    let place = place();
    let color = fancy_regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    for line in [
        "config check --color always",
        "config check -f bad.toml --color always",
        "config check --diff --color always",
    ] {
        let (stdout, stderr, _) = place.wikifarm(line).raw();
        for text in [stdout, stderr] {
            let text = String::from_utf8(text).unwrap();
            assert!(!text.contains(COLOR), "{line}: {text:?}");
            let plain = color.replace_all(&text, "").into_owned();
            is_harmless(plain.as_bytes(), line);
        }
    }
}

#[test]
fn csv_is_whole_in_a_pipe_and_escaped_on_a_terminal() {
    let place = place();
    for command in ["session list", "store list", "store find ."] {
        let line = format!("{command} --format csv");
        let (stdout, _, _) = place.wikifarm(&line).raw();
        let mut reader = csv::Reader::from_reader(stdout.as_slice());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let wikis = format!("{} plain", hostile());
        assert!(
            records.iter().any(|record| record.iter().any(|value| value == wikis)),
            "{line}: {records:?}"
        );
        let shown = place.wikifarm(&line).on_terminal(80).0;
        is_harmless(&shown, &line);
        assert!(!shown.is_empty(), "{line}");
        let json = place.wikifarm(&format!("{command} --format json")).on_terminal(80).0;
        let (piped, _, _) = place.wikifarm(&format!("{command} --format json")).raw();
        if command != "store list" {
            assert!(json == piped, "{command}: JSON is the same on a terminal");
        }
    }
}
