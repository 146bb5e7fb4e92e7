//! Features of all commands: finding the farm file, colors and formats, and exit statuses.

use crate::support::{Place, Session};

/// A farm with one wiki of this name.
fn one(name: &str) -> String {
    format!("moin = \"1.9.11\"\n[wikis.{name}]\nurl = \"https://{name}.example.org/\"\n")
}

#[test]
fn farm_flag_wins_over_variable_and_directory() {
    let place =
        Place::farm(&one("here")).file("flag.toml", one("flag")).file("variable.toml", one("variable"));
    place
        .wikifarm("-f flag.toml config show flag -q")
        .env("WIKIFARM_FILE", "variable.toml")
        .any_stdout()
        .run();
    place.wikifarm("config show flag -f flag.toml").env("WIKIFARM_FILE", "variable.toml").any_stdout().run();
}

#[test]
fn farm_variable_wins_over_the_directory() {
    let place = Place::farm(&one("here")).file("variable.toml", one("variable"));
    place.wikifarm("config show variable").env("WIKIFARM_FILE", "variable.toml").any_stdout().run();
}

#[test]
fn farm_toml_of_the_directory_is_used_if_the_variable_is_empty() {
    let place = Place::farm(&one("here"));
    place.wikifarm("config show here").any_stdout().run();
    place.wikifarm("config show here").env("WIKIFARM_FILE", "").any_stdout().run();
}

#[test]
fn commands_without_a_farm_file_name_the_searched_paths() {
    Place::new()
        .wikifarm("config check")
        .status(2)
        .stderr(str![[r#"
error: no farm file found
help: name it with -f FILE or $WIKIFARM_FILE, or create ./farm.toml or
  /etc/wikifarm/farm.toml with `wikifarm config new`

"#]])
        .run();
}

#[test]
fn relative_paths_start_at_the_farm_file() {
    let farm = format!("{}data_dir = \"data\"\n", one("deep"));
    let place = Place::new().file("etc/deep/farm.toml", farm).session("x", Session::new('a'));
    place
        .wikifarm("-f etc/deep/farm.toml session list")
        .stdout(str![[r#"
0 sessions

"#]])
        .stderr(str![[r#"
etc/deep/data: no such directory: the wiki has not run yet

"#]])
        .run();
}

#[test]
fn version_prints_one_line() {
    Place::new().wikifarm("--version").stdout(format!("wikifarm {}\n", env!("CARGO_PKG_VERSION"))).run();
    Place::new().wikifarm("-V").stdout(format!("wikifarm {}\n", env!("CARGO_PKG_VERSION"))).run();
}

#[test]
fn version_verbose_names_the_suffix_list_moinmoin_and_browsers() {
    let ran = Place::new().wikifarm("--version -v").any_stdout().run();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 4, "{}", ran.stdout);
    assert!(lines[1].starts_with("public suffix list: "), "{}", lines[1]);
    assert_eq!(lines[2], "MoinMoin: 1.7.0 to 1.9.11, 2.0.0a1 to 2.0.0b5, 2.0-dev");
    assert_eq!(lines[3], "browsers, as recorded: Chromium 156, Firefox 153 ESR");
}

#[test]
fn help_names_every_command_and_exit_status() {
    Place::new()
        .wikifarm("-h")
        .stdout(str![[r#"
Check MoinMoin wiki farms, predict shared logins, and manage session files

Usage: wikifarm [OPTIONS] [COMMAND]

Commands:
  config       Check, show, and convert the farm file
  cookie       Predict which wikis share a login, and explain why
  session      List, inspect, prune, revoke, verify, and migrate sessions
  store        List the farm's session stores, or search a directory for stores
  doctor       Find out why people can't log in, or are logged out
  demo         Create a small farm with real sessions, and run the main commands on it
  completions  Print a completion script for a shell
  schema       Print the JSON Schema of a command's JSON output
  man          Write the manual pages to a directory
  help         Print this message or the help of the given subcommand(s)

Options:
  -V, --version  Print the version; -v adds the versions that wikifarm knows
  -h, --help     Print help (see more with '--help')

Common options (see --help): -f FILE, --color WHEN, -q, -v, --now TIME, --run-as NAME, --psl FILE

Exit status: 0 success; 1 the check found something; 2 bad usage or unreadable farm file; 3 done in
part, with a message for each failure; 4 refused by a guard. If several apply, the highest counts.

Example: wikifarm -f farm.toml config check

"#]])
        .run();
}

#[test]
fn wikifarm_without_a_command_prints_its_help() {
    let place = Place::new();
    let help = place.wikifarm("-h").any_stdout().run().stdout;
    place.wikifarm("").status(2).stdout(&help).run();
    place.wikifarm("-f farm.toml").status(2).stdout(&help).run();
}

#[test]
fn help_prints_the_long_help_of_a_command() {
    let place = Place::new();
    for command in ["session", "session prune", "config check", "demo"] {
        let help = place.wikifarm(&format!("{command} --help")).any_stdout().run().stdout;
        place.wikifarm(&format!("help {command}")).stdout(&help).run();
    }
}

#[test]
fn command_without_its_family_is_answered_with_the_whole_command() {
    for (typed, meant) in [
        ("prune", "session prune"),
        ("prun -n", "session prune"),
        ("check farm.toml", "config check"),
        ("preview", "cookie preview"),
        ("find /srv", "store find"),
        ("session find", "store find"),
        ("sesion list", "session"),
        ("list", "session list` or `wikifarm store list"),
    ] {
        let ran = Place::new().wikifarm(typed).status(2).any_stderr().run();
        assert!(
            ran.stderr.contains(&format!("\nhelp: did you mean `wikifarm {meant}`?\n")),
            "{}",
            ran.stderr
        );
    }
    let ran = Place::new().wikifarm("xyzzy").status(2).any_stderr().run();
    assert!(!ran.stderr.contains("help: "), "{}", ran.stderr);
}

#[test]
fn unknown_command_suggests_the_nearest() {
    Place::new()
        .wikifarm("sesion")
        .status(2)
        .stderr(str![[r#"
error: unrecognized subcommand 'sesion'
help: did you mean `wikifarm session`?

Usage: wikifarm [OPTIONS] [COMMAND]

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn family_without_a_command_prints_its_help() {
    let place = Place::new();
    for family in ["config", "cookie", "session", "store"] {
        let help = place.wikifarm(&format!("{family} -h")).any_stdout().run().stdout;
        place.wikifarm(family).status(2).stdout(&help).run();
    }
}

/// All commands as typed, without `wikifarm`.
fn commands() -> Vec<String> {
    fn collect(command: &clap::Command, path: &str, all: &mut Vec<String>) {
        for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
            let path = format!("{path} {}", child.get_name()).trim().to_owned();
            collect(child, &path, all);
            all.push(path);
        }
    }
    let mut all = Vec::new();
    collect(&wikifarm::cli::command(), "", &mut all);
    all
}

#[test]
fn short_help_fits_a_screen_and_names_the_common_options_in_one_line() {
    for command in commands() {
        let help =
            Place::new().wikifarm(&format!("{command} -h")).env("COLUMNS", "80").any_stdout().run().stdout;
        assert!(help.lines().count() < 40, "{command}: {} lines", help.lines().count());
        assert!(help.lines().all(|line| line.len() <= 80), "{command}: {help}");
        let examples: Vec<&str> = help.lines().skip_while(|line| !line.starts_with("Example: ")).collect();
        let whole = |line: &&str| line.is_empty() || line.starts_with("Example: ");
        assert!(examples.iter().all(whole), "an example is one line, to be pasted: {command}: {help}");
        assert_eq!(help.matches("Common options (see --help): ").count(), 1, "{command}");
        assert!(!help.contains("--run-as <NAME>"), "{command}");
    }
}

#[test]
fn summaries_are_one_line_under_80_characters() {
    for command in commands() {
        let help = Place::new().wikifarm(&format!("{command} -h")).any_stdout().run().stdout;
        let summary = help.lines().next().unwrap();
        assert!(summary.len() < 80 && help.lines().nth(1) == Some(""), "{command}: {summary}");
    }
}

#[test]
fn commands_refuse_formats_that_they_do_not_have() {
    let place = Place::new();
    for (words, command) in
        [("session prune --format csv", "session prune"), ("--format csv session prune", "session prune")]
    {
        place
            .wikifarm(words)
            .status(2)
            .stderr(
                "
                error: invalid value 'csv' for '--format <FORMAT>'
                  [possible values: human, json]

                For more information, try '--help'.
                ",
            )
            .run();
        let help = place.wikifarm(&format!("{command} -h")).any_stdout().run().stdout;
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains("[possible values: human, json]"), "{help}");
    }
    let ran = place.wikifarm("--format json demo").status(2).any_stderr().run();
    assert!(ran.stderr.contains("[possible values: human]"), "{}", ran.stderr);
}

#[test]
fn commands_refuse_an_unknown_format() {
    Place::new()
        .wikifarm("config check --format xml")
        .status(2)
        .stderr(str![[r#"
error: invalid value 'xml' for '--format <FORMAT>'
  [possible values: human, json, ndjson, sarif, github, junit]

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn now_accepts_rfc_3339_and_unix_seconds() {
    let place = Place::farm(&one("docs"));
    let at =
        |time: &str| place.wikifarm("cookie header docs --as user --now").arg(time).any_stdout().run().stdout;
    assert_eq!(at("2026-11-23T02:13:20Z"), at("1795400000"));
    assert_eq!(at("2026-11-23T03:13:20+01:00"), at("1795400000"));
    assert_ne!(at("2026-11-24T02:13:20Z"), at("1795400000"));
}

#[test]
fn now_with_a_bad_time_is_refused() {
    Place::new()
        .wikifarm("config check --now yesterday")
        .status(2)
        .stderr(str![[r#"
error: invalid value 'yesterday' for '--now <TIME>': expected a time such as
  2026-11-23T02:00:00Z, or unix seconds

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn quiet_with_verbose_is_refused() {
    Place::new()
        .wikifarm("config rules -q -v")
        .status(2)
        .stderr(str![[r#"
error: the argument '--quiet' cannot be used with '--verbose...'

Usage: wikifarm config rules --quiet [RULE]

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn colors_are_off_in_a_pipe_and_follow_the_color_flag() {
    let place = Place::farm("moin = \"1.9.11\"\ntypo = 1\n");
    let colored = |words: &str, no_color: &str| {
        let run = place.wikifarm(words).env("NO_COLOR", no_color).status(1).any_stdout();
        run.run().stdout.contains('\u{1b}')
    };
    assert!(!colored("config check", ""));
    assert!(!colored("config check --color never", ""));
    assert!(colored("config check --color always", ""));
    assert!(!colored("config check", "1"));
    assert!(colored("config check --color always", "1"), "who asks gets");
}

#[test]
fn color_always_colors_each_command_and_never_colors_none() {
    let place = Place::new();
    let demo = place.path().join("farm");
    place.wikifarm("demo farm").any_stdout().run();
    std::fs::write(demo.join("script"), "visit docs\n").unwrap();
    let new =
        std::fs::read_to_string(demo.join("farm.toml")).unwrap().replace("\"sessions\"", "\"elsewhere\"");
    std::fs::write(demo.join("new.toml"), new).unwrap();
    let commands = [
        "config check",
        "config show docs",
        "config rules",
        "config rules log-out-trap",
        "cookie preview",
        "cookie preview --matrix",
        "cookie explain docs trap",
        "cookie header docs",
        "cookie test --from docs",
        "cookie simulate script",
        "cookie diff farm.toml new.toml",
        "session list",
        "session stats",
        "session verify",
        "store list",
    ];
    for words in commands {
        let shown = |color: &str| {
            let run =
                place.wikifarm(&format!("{words} --color {color}")).any_stdout().any_stderr().in_dir(&demo);
            String::from_utf8_lossy(&run.raw().0).into_owned()
        };
        assert!(shown("always").contains('\u{1b}'), "{words}");
        assert!(!shown("never").contains('\u{1b}'), "{words}");
    }
}

#[test]
fn color_applies_to_help_and_to_errors_about_arguments() {
    let place = Place::new();
    let colored = |words: &str| {
        let (stdout, stderr, _) = place.wikifarm(words).raw();
        [stdout, stderr].concat().contains(&b'\x1b')
    };
    for words in ["session -h", "session prune --help", "cookie nosuch", "session list --limit x"] {
        assert!(colored(&format!("--color always {words}")), "{words}");
        assert!(colored(&format!("--color=always {words}")), "{words}");
        assert!(!colored(words) && !colored(&format!("--color never {words}")), "{words}");
    }
    assert!(!colored("cookie nosuch -- --color always"), "after -- there are no options");
    let on_terminal = |words: &str, no_color: &str| {
        let (stdout, _) =
            place.wikifarm(words).env("TERM", "xterm").env("NO_COLOR", no_color).on_terminal(80);
        stdout.contains(&b'\x1b')
    };
    assert!(on_terminal("session -h", "") && !on_terminal("session -h", "1"));
    assert!(!on_terminal("session -h --color never", ""));
}

#[test]
fn error_and_warning_have_color_if_stderr_has() {
    let place = Place::farm(&one("docs"));
    let stderr = |words: &str| String::from_utf8(place.wikifarm(words).raw().1).unwrap();
    assert!(stderr("cookie header gone --color always").starts_with("\u{1b}[1;31merror:\u{1b}[0m "));
    assert!(stderr("cookie header gone").starts_with("error: "));
    assert!(stderr("session list --store gone --color always").starts_with("\u{1b}[1;31merror:\u{1b}[0m "));
    let warned = stderr("session prune --store moin-1.9:. --metrics m.txt --color always");
    assert!(warned.contains("\u{1b}[33mwarning:\u{1b}[0m --metrics: "), "{warned}");
    let (_, stderr) = place.wikifarm("cookie header gone").on_terminal(80);
    assert!(stderr.starts_with(b"error: "), "only stdout is a terminal");
}

/// A list with only one public suffix.
const SUFFIXES: &str = "// ===BEGIN ICANN DOMAINS===\norg\n// ===END ICANN DOMAINS===\n\
                        // ===BEGIN PRIVATE DOMAINS===\nexample.org\n";

#[test]
fn psl_with_a_file_uses_that_list() {
    let farm = format!("{}cookie_domain = \".example.org\"\n", one("docs"));
    let place = Place::farm(&farm).file("suffixes.dat", SUFFIXES);
    place.wikifarm("config check -q").run();
    place
        .wikifarm("config check --psl suffixes.dat")
        .status(1)
        .stdout(str![[r#"
error[domain-public-suffix]: docs: nobody can log in: browsers reject the cookie
                             because .example.org is a public suffix
 --> farm.toml:4:17
  |
4 | cookie_domain = ".example.org"
  |                 ^^^^^^^^^^^^^^
  |
  = help: write a domain below it, such as ".example.example.org"

farm.toml: 1 wiki, 1 error

"#]])
        .run();
    let version = place.wikifarm("--version -v --psl suffixes.dat").any_stdout().run().stdout;
    assert!(version.contains("\npublic suffix list: suffixes.dat\n"), "{version}");
}

#[test]
fn psl_with_a_bad_file_is_refused() {
    let place = Place::farm(&one("docs")).file("empty.dat", "");
    place
        .wikifarm("config check --psl empty.dat")
        .status(2)
        .stderr(str![[r#"
error: empty.dat: not usable as a public suffix list: not a public suffix list:
  the provided list is not valid

"#]])
        .run();
    place
        .wikifarm("config check --psl gone.dat")
        .status(2)
        .stderr(str![[r#"
error: gone.dat: not usable as a public suffix list: no such file or directory

"#]])
        .run();
}

#[test]
fn ascii_locale_shortens_ids_with_three_dots_and_keeps_json() {
    let id = "0123456789abcdef0123456789abcdef01234567";
    let place = Place::new().file(&format!("sessions/{id}"), "not a pickle");
    let run = |words: &str, locale: &str| {
        let words = format!("session {words} --store moin-1.9:sessions");
        let (stdout, stderr, _) = place.wikifarm(&words).env("LC_ALL", locale).raw();
        String::from_utf8([stdout, stderr].concat()).unwrap()
    };
    assert!(run("verify", "C.UTF-8").contains("01234567…"));
    let ascii = run("verify", "C");
    assert!(ascii.contains("01234567...  ") && ascii.is_ascii(), "{ascii}");
    assert!(
        run("verify --format json", "C").contains("01234567…"),
        "a program reads the same text everywhere"
    );
    assert!(run("show 01234567...", "C").contains("unreadable"), "a pasted id is found");
}

#[test]
fn number_options_name_what_they_expect() {
    for words in ["session list --limit x", "session stats --top -1.5", "session stats --top=x"] {
        let (_, stderr, _) = Place::new().wikifarm(words).raw();
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(!stderr.contains("invalid digit"), "{words}: {stderr}");
    }
    let (_, stderr, _) = Place::new().wikifarm("session list --limit x").raw();
    assert!(String::from_utf8(stderr).unwrap().contains("'--limit <N>': expected a whole number"));
}
