//! TOML with every kind of error. Each error is reported with its position, and nothing else is checked.

use crate::support::Place;

/// A description, the file, and each error as `line:column-line:column message`.
const TABLE: &[(&str, &str, &[&str])] = &[
    ("a table without its bracket", "[wikis.a\n", &["1:9-1:9 unclosed table, expected `]`"]),
    (
        "a list of tables without its second bracket",
        "[[share]\n",
        &["1:9-1:9 unclosed array table, expected `]`"],
    ),
    (
        "a table without a name",
        "[]\n",
        &["1:2-1:2 unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"],
    ),
    (
        "a part of a name that is empty",
        "[wikis..a]\n",
        &["1:8-1:8 unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"],
    ),
    (
        "a name that begins with a dot",
        "[.wikis]\n",
        &["1:2-1:2 unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"],
    ),
    (
        "something behind a table's name",
        "[wikis.a] x\n",
        &["1:11-1:11 unexpected key or value, expected newline, `#`"],
    ),
    ("a name with a blank in it", "[wikis.my wiki]\n", &["1:10-1:10 unclosed table, expected `]`"]),
    (
        "a name with letters of other alphabets",
        "[wikis.größe]\n",
        &["1:10-1:12 invalid unquoted key, expected letters, numbers, `-`, `_`"],
    ),
    ("a key without a value", "moin =\n", &["1:7-1:7 string values must be quoted, expected literal string"]),
    ("a key without an equals sign", "moin \"1.9.11\"\n", &["1:6-1:6 key with no value, expected `=`"]),
    ("a key alone", "moin\n", &["1:5-1:5 key with no value, expected `=`"]),
    ("a value alone", "\"1.9.11\"\n", &["1:9-1:9 key with no value, expected `=`"]),
    (
        "an equals sign alone",
        "= 1\n",
        &["1:1-1:1 unquoted keys cannot be empty, expected letters, numbers, `-`, `_`"],
    ),
    (
        "a colon in place of an equals sign",
        "moin: \"1.9.11\"\n",
        &[
            "1:5-1:6 invalid unquoted key, expected letters, numbers, `-`, `_`",
            "1:7-1:7 key with no value, expected `=`",
        ],
    ),
    (
        "two settings on one line",
        "a = 1 b = 2\n",
        &[
            "1:5-1:8 string values must be quoted, expected literal string",
            "1:9-1:9 unexpected key or value, expected newline, `#`",
        ],
    ),
    (
        "a word without quotes",
        "moin = latest\n",
        &["1:8-1:14 string values must be quoted, expected literal string"],
    ),
    ("a version without quotes", "moin = 1.9.11\n", &["1:11-1:14 invalid float, expected nothing"]),
    ("None of Python", "cookie_domain = None\n", &["1:17-1:21 invalid float, expected `nan`"]),
    ("True of Python", "cookie_secure = True\n", &["1:17-1:21 invalid boolean, expected `true`"]),
    (
        "a tuple of Python",
        "cookie_lifetime = (0, 12)\n",
        &[
            "1:19-1:21 string values must be quoted, expected literal string",
            "1:21-1:21 unexpected key or value, expected newline, `#`",
        ],
    ),
    ("a string that does not end", "moin = \"1.9.11\n", &["1:15-1:15 invalid basic string, expected `\"`"]),
    (
        "a literal string that does not end",
        "moin = '1.9.11\n",
        &["1:15-1:15 invalid literal string, expected `'`"],
    ),
    (
        "a string over lines that does not end",
        "moin = \"\"\"1.9\n",
        &["2:1-2:1 invalid multi-line basic string, expected `\"`"],
    ),
    (
        "an escape that there is not",
        "data_dir = \"C:\\wiki\"\n",
        &["1:16-1:16 missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U`"],
    ),
    (
        "a code point that there is not",
        "a = \"\\uD800\"\n",
        &["1:8-1:8 invalid value, expected unicode hexadecimal value"],
    ),
    (
        "a control character in a string",
        "a = \"\u{1}\"\n",
        &["1:6-1:7 invalid basic string, expected non-double-quote visible characters, `\\`"],
    ),
    (
        "a control character in a comment",
        "# \u{7}\n",
        &["1:3-1:3 invalid comment character, expected printable characters"],
    ),
    (
        "a list that does not end",
        "[farm]\nother_hosts = [\"a\",\n",
        &["2:20-2:20 unclosed array, expected `]`"],
    ),
    (
        "a list without commas",
        "auth = [\"a\" \"b\"]\n",
        &["1:13-1:13 missing comma between array elements, expected `,`"],
    ),
    ("two commas in a list", "auth = [\"a\",, \"b\"]\n", &["1:13-1:14 extra comma in array, expected value"]),
    (
        "an inline table that does not end",
        "lint = { allow = []\n",
        &["1:20-1:20 unclosed inline table, expected `}`"],
    ),
    (
        "an inline table without a comma",
        "lint = { allow = [] deny = [] }\n",
        &["1:21-1:21 missing comma between key-value pairs, expected `,`"],
    ),
    ("a setting twice", "moin = \"1.9.10\"\nmoin = \"1.9.11\"\n", &["2:1-2:5 duplicate key"]),
    ("a table twice", "[farm]\n[farm]\n", &["2:2-2:6 duplicate key"]),
    (
        "a wiki twice",
        "[wikis.a]\nurl = \"https://a/\"\n[wikis.a]\nurl = \"https://b/\"\n",
        &["3:8-3:9 duplicate key", "4:1-4:4 duplicate key"],
    ),
    ("a setting that is a table as well", "[wikis]\na = 1\n[wikis.a]\n", &["3:8-3:9 duplicate key"]),
    ("a list of tables that is a table as well", "[share]\n[[share]]\n", &["2:3-2:8 duplicate key"]),
    (
        "an inline table that is gone on with",
        "wikis = {}\n[wikis.a]\n",
        &["2:2-2:7 cannot extend value of type inline table with a dotted key"],
    ),
    ("a key twice in an inline table", "lint = { allow = [], allow = [] }\n", &["1:22-1:27 duplicate key"]),
    (
        "a dotted key under a value",
        "a = 1\na.b = 2\n",
        &["2:1-2:2 cannot extend value of type integer with a dotted key"],
    ),
    ("a number with a zero before it", "a = 012\n", &["1:5-1:6 unexpected leading zero, expected nothing"]),
    ("a number with two signs", "a = +-1\n", &["1:6-1:7 redundant numeric sign, expected nothing"]),
    ("a number with two points", "a = 1.2.3\n", &["1:8-1:10 invalid float, expected nothing"]),
    ("a number that ends with a point", "a = 1.\n", &["1:7-1:7 invalid fraction, expected digits"]),
    (
        "a number with an underscore at its end",
        "a = 1_\n",
        &["1:6-1:7 `_` may only go between digits, expected nothing"],
    ),
    (
        "a date that there is not",
        "a = 2026-13-40\n",
        &["1:5-1:15 invalid date, expected month between 01 and 12"],
    ),
    (
        "several errors at once",
        "a = \n[b\nc = [1\n",
        &[
            "1:5-1:5 string values must be quoted, expected literal string",
            "2:3-2:3 unclosed table, expected `]`",
            "3:7-3:7 unclosed array, expected `]`",
        ],
    ),
    (
        "a line end of old Macs",
        "a = 1\rb = 2\n",
        &["1:7-1:7 carriage return must be followed by newline, expected newline"],
    ),
];

/// The errors of a file from annotations, which have the position and message on one line.
fn errors(text: &str) -> Vec<String> {
    let place = Place::new().file("farm.toml", text);
    let ran = place.wikifarm("config check --format github").status(2).any_stdout().any_stderr().run();
    assert!(ran.stderr.ends_with("error: farm.toml: not valid TOML\n"), "{text:?}: {}", ran.stderr);
    let number = |line: &str, name: &str| {
        let rest = line.split(&format!("{name}=")).nth(1).unwrap();
        rest.split([',', ':']).next().unwrap().to_owned()
    };
    let error = |line: &str| {
        let (place, message) = line.split_once(",title=toml-syntax::").unwrap();
        let [start, column, end, last] =
            [",line", ",col", ",endLine", ",endColumn"].map(|name| number(place, name));
        format!("{start}:{column}-{end}:{last} {message}")
    };
    ran.stdout.lines().map(error).collect()
}

#[test]
fn config_check_with_bad_toml_shows_position_and_message_of_each_kind() {
    let mut wrong = String::new();
    for (what, text, expected) in TABLE {
        let found = errors(text);
        if found != *expected {
            wrong.push_str(&format!("    ({what:?}, {text:?}, &{found:?}),\n"));
        }
    }
    assert!(TABLE.len() >= 30);
    assert!(wrong.is_empty(), "these differ:\n{wrong}");
}

#[test]
fn config_check_with_windows_line_ends_shows_errors_at_their_position() {
    let sound = "moin = \"1.9.11\"\r\n\r\n[wikis.a]\r\nurl = \"https://a.example.org/\"\r\n";
    Place::new()
        .file("farm.toml", sound)
        .wikifarm("config check")
        .stdout(str![[r#"
farm.toml: 1 wiki, no problems found

"#]])
        .run();
    let broken = sound.replace("url =", "url");
    Place::new()
        .file("farm.toml", &broken)
        .wikifarm("config check")
        .status(2)
        .stderr(str![[r#"
error: key with no value, expected `=`
 --> farm.toml:4:5
  |
4 | url "https://a.example.org/"
  |     ^

error: farm.toml: not valid TOML

"#]])
        .run();
}

#[test]
fn config_check_with_invalid_utf_8_names_the_byte() {
    for (bytes, why) in [
        (&b"moin = \"\xff\"\n"[..], "not UTF-8 at byte 8"),
        (b"# \xc3", "not UTF-8 at byte 2"),
        (b"# \xed\xa0\x80\n", "not UTF-8 at byte 2"),
        (b"\xff\xfem\0o\0i\0n\0", "not UTF-8 at byte 3"),
        (b"moin = \"1.9.11\"\n\0", "NUL at byte 16: not text, or not UTF-8"),
        (b"m\0o\0i\0n\0", "NUL at byte 1: not text, or not UTF-8"),
    ] {
        let stderr = format!("error: farm.toml: {why}\nhelp: save the file as UTF-8\n");
        Place::new().file("farm.toml", bytes).wikifarm("config check").status(2).stderr(&stderr).run();
    }
}
