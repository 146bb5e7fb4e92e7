//! What every command takes: where the farm file is, how results look, exit statuses.

use crate::support::{Place, Session, same};

/// A farm of one wiki, told by its name.
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
fn commands_without_a_farm_file_name_where_they_looked() {
    Place::new().wikifarm("config check").status(2).stderr(str![[r#"
error: no farm file: looked for --farm, $WIKIFARM_FILE, ./farm.toml and /etc/wikifarm/farm.toml; name one with -f FILE

"#]]).run();
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
etc/deep/data: no such directory: no wiki has run yet

"#]])
        .run();
}

#[test]
fn version_prints_one_line() {
    Place::new().wikifarm("--version").stdout(format!("wikifarm {}\n", env!("CARGO_PKG_VERSION"))).run();
    Place::new().wikifarm("-V").stdout(format!("wikifarm {}\n", env!("CARGO_PKG_VERSION"))).run();
}

#[test]
fn version_verbose_names_the_suffix_list_and_moinmoin_versions() {
    let ran = Place::new().wikifarm("--version -v").any_stdout().run();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", ran.stdout);
    assert!(lines[1].starts_with("public suffix list: "), "{}", lines[1]);
    assert_eq!(lines[2], "MoinMoin: 1.7.0 to 1.9.11, 2.0");
}

#[test]
fn help_names_every_command_and_exit_status() {
    Place::new()
        .wikifarm("-h")
        .stdout(str![[r#"
Checks MoinMoin wiki farms, predicts which wikis share a login, and looks after their session files

Usage: wikifarm [OPTIONS] [COMMAND]

Commands:
  config       Check, show and explain the farm file
  cookie       Predict which wikis share a login, and explain it
  session      List, show, count, prune, revoke and verify session files
  store        List the farm's stores, and find session directories anywhere
  demo         Create a small farm with real sessions, and run the main commands on it
  completions  Print a completion script for a shell
  schema       Print the JSON Schema of a command's JSON output
  man          Write the manual pages, one a command, into a directory

Options:
  -V, --version  Print the version; with -v also which public suffix list is used
  -h, --help     Print help (see more with '--help')

Common options:
  -f, --farm <FILE>      The farm file [default: $WIKIFARM_FILE, ./farm.toml,
                         /etc/wikifarm/farm.toml]
      --format <FORMAT>  How results look [default: human] [possible values: human, json, ndjson,
                         csv, sarif, markdown, github, junit]
      --color <WHEN>     When to use colours; NO_COLOR is honoured [default: auto] [possible values:
                         auto, always, never]
  -q, --quiet            Say less
  -v, --verbose...       Say more
      --now <TIME>       Judge as if it were that time (RFC 3339 or unix seconds); commands that
                         delete then only plan
      --run-as <NAME>    Become that user for good, before anything is opened; for root
      --psl <FILE>       A public suffix list instead of the built-in one; `system` is the
                         distribution's

Exit status: 0 done and nothing wrong, 1 the check found something, 2 the command could not be
understood or the farm file not read, 3 done in part, 4 refused by a guard. Where several apply, the
highest counts.

Example: wikifarm -f farm.toml config check

"#]])
        .run();
}

#[test]
fn wikifarm_without_a_command_is_refused() {
    Place::new()
        .wikifarm("")
        .status(2)
        .stderr(str![[r#"
error: a command is missing; see `wikifarm --help`

"#]])
        .run();
}

#[test]
fn unknown_command_suggests_the_nearest() {
    Place::new()
        .wikifarm("sesion")
        .status(2)
        .stderr(str![[r#"
error: unrecognized subcommand 'sesion'

  tip: a similar subcommand exists: 'session'

Usage: wikifarm [OPTIONS] [COMMAND]

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn family_without_a_command_prints_its_help() {
    let place = Place::new();
    let ran = place.wikifarm("session").status(2).any_stderr().run();
    let (common, _) = ran.stderr.split_once("Common options:\n").unwrap().1.split_once("\n\n").unwrap();
    let help = place.wikifarm("-h").any_stdout().run().stdout;
    assert!(help.contains(&format!("Common options:\n{common}\n\n")), "{common}");
    same(
        &ran.stderr.replace(common, "(as in wikifarm -h)"),
        str![[r#"
List, show, count, prune, revoke and verify session files

Usage: wikifarm session [OPTIONS] <COMMAND>

Commands:
  list     List sessions: whose they are, until when they last, when they were last written
  show     Show one session: whose it is, until when it lasts, the trail, the raw values
  stats    Count sessions by state, user and age, with the bytes and inodes they take
  prune    Remove expired sessions: plan, check every guard, then act
  revoke   End one session, or log a user out everywhere
  migrate  Move sessions between stores: directories, layouts, databases
  verify   Say what is wrong in the stores, each with the cure; changes nothing
  whois    Say which wikis and stores know a session's id, whose session it is, and whether it is
           live

Options:
  -h, --help  Print help (see more with '--help')

Common options:
(as in wikifarm -h)

Example: wikifarm session prune --dry-run

"#]],
    );
}

#[test]
fn commands_refuse_formats_that_they_do_not_have() {
    let place = Place::farm(&one("docs")).session("s", Session::new('a'));
    for (command, formats) in [
        ("config show", ["ndjson", "csv"]),
        ("config rules", ["ndjson", "csv"]),
        ("cookie preview", ["ndjson", "csv"]),
        ("cookie explain docs docs", ["ndjson", "csv"]),
        ("cookie header docs", ["ndjson", "csv"]),
        ("cookie test --url https://x.org --set-cookie a=b", ["ndjson", "csv"]),
        ("session show aaaaaaaa --store s", ["ndjson", "csv"]),
        ("session whois aaaaaaaa --store s", ["ndjson", "csv"]),
        ("session stats --store s", ["ndjson", "csv"]),
        ("session prune --store s", ["ndjson", "csv"]),
    ] {
        let name: Vec<&str> = command.split(' ').take(2).collect();
        for format in formats {
            let refusal =
                format!("error: `{}` has no format {format}: expected human or json\n", name.join(" "));
            place.wikifarm(&format!("{command} --format {format}")).status(2).stderr(&refusal).run();
        }
    }
    place
        .wikifarm("demo --format json")
        .status(2)
        .stderr(str![[r#"
error: `demo` has no format json: expected human

"#]])
        .run();
}

#[test]
fn commands_refuse_an_unknown_format() {
    Place::new()
        .wikifarm("config check --format xml")
        .status(2)
        .stderr(str![[r#"
error: invalid value 'xml' for '--format <FORMAT>'
  [possible values: human, json, ndjson, csv, sarif, markdown, github, junit]

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
    Place::new().wikifarm("config check --now yesterday").status(2).stderr(str![[r#"
error: invalid value 'yesterday' for '--now <TIME>': expected a time like 2026-11-23T02:00:00Z, or unix seconds

For more information, try '--help'.

"#]]).run();
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
    let coloured = |words: &str, no_color: &str| {
        let run = place.wikifarm(words).env("NO_COLOR", no_color).status(1).any_stdout();
        run.run().stdout.contains('\u{1b}')
    };
    assert!(!coloured("config check", ""));
    assert!(!coloured("config check --color never", ""));
    assert!(coloured("config check --color always", ""));
    assert!(!coloured("config check", "1"));
    assert!(coloured("config check --color always", "1"), "who asks gets");
}

/// A public suffix list that knows but one.
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
error[domain-public-suffix]: browsers refuse the cookie: .example.org is a public suffix; nobody can log in
 --> farm.toml:4:17
  |
4 | cookie_domain = ".example.org"
  |                 ^^^^^^^^^^^^^^
  |
  = help: name at least one label below it

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
error: can't use the public suffix list empty.dat: not a public suffix list: the provided list is not valid

"#]])
        .run();
    place
        .wikifarm("config check --psl gone.dat")
        .status(2)
        .stderr(str![[r#"
error: can't use the public suffix list gone.dat: no such file or directory

"#]])
        .run();
}
