//! Compares how `config import` reads expressions and statements with Python, and imported farms with their
//! farm files.

use std::path::Path;

use proptest::prelude::*;
use wikifarm::farm::{Farm, Key};
use wikifarm::pyconfig::drift::differences;
use wikifarm::pyconfig::read::{Options, read, read_texts};
use wikifarm::pyconfig::to_toml;

use crate::support::Place;

/// The `interwikiname` of a wiki with these lines in its class.
fn value(body: &str) -> Result<String, String> {
    let text = format!(
        "# -*- coding: utf-8 -*-\nimport os, re\nfrom MoinMoin.config.multiconfig import DefaultConfig\n\
         # wikifarm: url = \"https://a.example.org/\"\n{body}\n"
    );
    let read = read_texts(&[("/etc/moin/wikiconfig.py", &text)], &Options::default()).unwrap();
    if let Some(left) = read.left_out.values().flatten().find(|left| left.key == Key::Interwikiname) {
        return Err(left.why.clone());
    }
    let Some(wiki) = read.farm.wikis.first() else { return Err("there is no wiki".to_owned()) };
    Ok(wiki.text(Key::Interwikiname).unwrap_or("None").to_owned())
}

/// The `str()` of an expression in Python.
fn expression(text: &str) -> Result<String, String> {
    value(&format!("class Config(DefaultConfig):\n    interwikiname = str({text})"))
}

/// Expressions with the results of Python 2.7.
const EXPRESSIONS: [(&str, &str); 43] = [
    ("1 + 2 * 3", "7"),
    ("12 * 24", "288"),
    ("7 / 2", "3"),
    ("-7 / 2", "-4"),
    ("0666", "438"),
    ("0x1F", "31"),
    ("True", "True"),
    ("True + 1", "2"),
    ("not 0", "True"),
    ("1 <> 2", "True"),
    ("'a' in 'abc'", "True"),
    ("'b' not in ('a', 'b')", "False"),
    ("None is None", "True"),
    ("'x' is not None", "True"),
    ("'' or 'b'", "b"),
    ("'a' and 'b'", "b"),
    ("'a' if 0 else 'b'", "b"),
    ("'a' + \"b\" 'c'", "abc"),
    ("'%s-%d' % ('a', 3)", "a-3"),
    ("'%s' % 'a'", "a"),
    ("'%(x)s%%' % {'x': 1}", "1%"),
    ("'{0}-{1}-{0}'.format('a', 2)", "a-2-a"),
    ("'{n}{{}}'.format(n='a')", "a{}"),
    ("'/'.join(['a', 'b'])", "a/b"),
    ("''.join([x + '-' for x in ('a', 'b')])", "a-b-"),
    ("'a,b'.split(',')[1]", "b"),
    ("'aXb'.replace('X', '-').upper()", "A-B"),
    ("'/a/'.rstrip('/')", "/a"),
    ("' a  b '.split()[1]", "b"),
    ("'abc'.startswith('ab')", "True"),
    ("'abcdef'[1:3]", "bc"),
    ("'abcdef'[-2:]", "ef"),
    ("'abc'[:-1] + 'abc'[-1]", "abc"),
    ("[1, 2, 3][-1]", "3"),
    ("{'a': 1, 'b': 2}['b']", "2"),
    ("{'a': 1, 'a': 2}['a']", "2"),
    ("{'a': 1}.get('c', 9)", "9"),
    ("dict(a=5)['a']", "5"),
    ("os.path.join('/a', 'b', '/c', 'd')", "/c/d"),
    ("os.path.dirname(os.path.abspath(__file__))", "/etc/moin"),
    ("os.path.splitext(os.path.basename(__file__))[0]", "wikiconfig"),
    ("os.path.normpath('/a/../b/')", "/b"),
    ("__name__", "wikiconfig"),
];

#[test]
fn expressions_are_computed_as_in_python() {
    for (text, expected) in EXPRESSIONS {
        assert_eq!(expression(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn expressions_that_are_not_computed_have_a_reason() {
    let not_computed = "wikifarm does not compute such an expression";
    for (text, why) in [
        ("f(1)", "the name f is not bound in the files"),
        ("os.getcwd()", "it depends on the call os.getcwd()"),
        ("os.environ['HOME']", "it depends on the environment of the wiki"),
        ("1 / 0", "wikifarm does not compute it"),
        ("2 ** 10", "wikifarm does not compute it"),
        ("'ab' * 3", "wikifarm does not compute it"),
        ("'a' < 'b'", "wikifarm does not compute it"),
        ("1 < 2", "wikifarm does not compute it"),
        ("1 < 2 < 3", not_computed),
        ("[1, 2, 3][1:]", "a part of it is taken"),
        ("getattr(os, 'sep')", "it depends on the call getattr()"),
        ("'-'.join('%s' % x for x in (1, 2))", "it is a generator"),
        ("[x for x in (1, 2) if x]", not_computed),
        ("'%s' % ()", "wikifarm does not compute its %"),
        ("'a' % 1", "wikifarm does not compute its %"),
        ("'%s' % u'\\xfc' + 'ü'", "wikifarm does not compute its %"),
        ("u'J\\xf6rg'[2:]", "a part of it is taken"),
        ("u'J\\xf6rg' + 'x'", "wikifarm does not compute it"),
        ("os.path.expanduser('~/x')", "~ is the home directory of the user who runs the wiki"),
        ("'ü'[0]", "there is no such item"),
        ("'ü'[:1]", "a part of it is taken"),
        ("'%03d' % 7", "wikifarm does not compute its %"),
        ("'{:>3}'.format(1)", "wikifarm does not compute its format()"),
        ("'{}{0}'.format(1)", "wikifarm does not compute its format()"),
        ("{'a': 1}['b']", "there is no such item"),
        ("[1][5]", "there is no such item"),
        ("[1, 2, 3][::2]", not_computed),
        ("{'a': 1, 'b': 2}.keys()[0]", "it depends on the call {'a': 1, 'b': 2}.keys()"),
        ("os.path.abspath('a')", "it is relative to the directory in which the wiki is started"),
        ("os.path.basename(__file__)", "the name of the file can end in .pyc"),
        ("DefaultConfig.sitename", "MoinMoin's own sitename is not among the files"),
        ("'\\xff'", "its bytes are not UTF-8, or it has an escape that wikifarm does not compute"),
        ("`1`", not_computed),
        ("(lambda: 1)()", "it depends on the call (lambda: 1)()"),
        ("'/{{ name }}'", "this is a template: render it first"),
        ("'/${NAME}'", "this is a template: render it first"),
    ] {
        assert_eq!(expression(text), Err(why.to_owned()), "{text}");
    }
}

#[test]
fn statements_bind_as_in_python() {
    let cases = [
        ("a = b = 'x'\nclass Config(DefaultConfig):\n    interwikiname = a + b", "xx"),
        ("a, (b, c) = 1, ('x', 'y')\nclass Config(DefaultConfig):\n    interwikiname = c", "y"),
        ("x = 'a'\nx += 'b'\nclass Config(DefaultConfig):\n    interwikiname = x", "ab"),
        (
            "l = ['a']\nm = l\nm.append('b')\nl += ['c']\nclass Config(DefaultConfig):\n    interwikiname = ''.join(m)",
            "abc",
        ),
        ("d = {}\nd['k'] = 'v'\nclass Config(DefaultConfig):\n    interwikiname = '%(k)s' % d", "v"),
        (
            "class A(DefaultConfig):\n    interwikiname = 'A'\nclass B(A):\n    pass\nclass C(A):\n    interwikiname = 'C'\n\
          class Config(B, C):\n    pass",
            "C",
        ),
        ("class Config(DefaultConfig):\n    interwikiname = 'a'\nConfig.interwikiname = 'b'", "b"),
        (
            "class Config(DefaultConfig):\n    interwikiname = 'a'\nLocal = Config\nclass Config(Local):\n    pass",
            "a",
        ),
        (
            "if __name__ == '__main__':\n    n = 'a'\nelif 1:\n    n = 'b'\nelse:\n    n = 'c'\nclass Config(DefaultConfig):\n    interwikiname = n",
            "b",
        ),
        ("class Config(DefaultConfig):\n    interwikiname = None", "None"),
    ];
    for (text, expected) in cases {
        assert_eq!(value(text).as_deref(), Ok(expected), "{text}");
    }
    let unknown = [
        "n = ''\nfor c in ('a', 'b', 'c', 'd'):\n    if c == 'b':\n        continue\n    if c == 'd':\n        break\n    n = n + c\n\
         class Config(DefaultConfig):\n    interwikiname = n",
        "import sys\nsys.path.insert(0, '/x')\nfrom wikiconfig import n\nclass Config(DefaultConfig):\n    interwikiname = n",
        "for c in x:\n    n = c\nclass Config(DefaultConfig):\n    interwikiname = n",
        "n = []\nfor c in (1, 2):\n    if x:\n        break\n    n.append('a')\nclass Config(DefaultConfig):\n    interwikiname = n[0]",
        "n = ['a']\nchange(n)\nclass Config(DefaultConfig):\n    interwikiname = n[0]",
        "n = 'a'\nwith x as n:\n    pass\nclass Config(DefaultConfig):\n    interwikiname = n",
        "from elsewhere import *\nclass Config(DefaultConfig):\n    interwikiname = n",
        "class Config(DefaultConfig):\n    @property\n    def interwikiname(self):\n        return 'x'",
        "class Config(DefaultConfig):\n    def interwikiname(self):\n        return 'x'",
    ];
    for text in unknown {
        assert!(value(text).is_err(), "{text}: {:?}", value(text));
    }
}

#[test]
fn deeply_nested_expressions_are_unknown() {
    let nested = |open: &str, inner: &str, close: &str| {
        format!("x = {}{inner}{}\n", open.repeat(2000), close.repeat(2000))
    };
    let mut texts = vec![
        nested("(", "1", ")"),
        nested("[", "1", "]"),
        nested("{1: ", "1", "}"),
        nested("f(", "1", ")"),
        nested("not ", "1", ""),
        nested("-", "1", ""),
        nested("", "1", " + 1"),
        nested("", "a", ".b"),
        nested("", "a", "[0]"),
        nested("", "a", "()"),
        nested("1 if 0 else ", "1", ""),
        nested("[y for y in ", "()", "]"),
        nested("lambda: ", "1", ""),
        nested("x = ", "1", ""),
    ];
    for head in ["if 1:", "class A:", "for x in (1,):", "try:", "if y:"] {
        let lines = (0..300).map(|depth| format!("{}{head}\n", " ".repeat(depth)));
        texts.push(lines.collect::<String>() + &" ".repeat(300) + "x = 1\n");
    }
    for text in texts {
        let _ = value(&format!("{text}class Config(DefaultConfig):\n    interwikiname = x"));
    }
    assert_eq!(value("x = 'a'\nclass Config(DefaultConfig):\n    interwikiname = x").as_deref(), Ok("a"));
}

/// Literal expressions, and their values in Python.
fn literals() -> impl Strategy<Value = (String, i64)> {
    let leaf = (0i64..1000).prop_map(|number| (number.to_string(), number));
    leaf.prop_recursive(5, 40, 2, |inner| {
        (inner.clone(), inner, 0..4u8).prop_map(|((a, x), (b, y), operator)| match operator {
            0 => (format!("({a} + {b})"), x.wrapping_add(y) % 1_000_000),
            1 => (format!("({a} - {b})"), x.wrapping_sub(y) % 1_000_000),
            2 => (format!("({a} if {b} else {a})"), x),
            _ => (format!("[{a}, {b}][1]"), y),
        })
    })
}

/// Text that looks like Python, to get past the parser.
fn python_like() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "class Config(",
        "DefaultConfig",
        "):",
        "\n    ",
        "\n",
        "wikis",
        " = ",
        "[",
        "]",
        "(",
        ")",
        "'a'",
        "r'^https?://a\\.b/'",
        ",",
        "+",
        "%",
        "if ",
        "else:",
        "for x in ",
        "import ",
        "from ",
        "*",
        "FarmConfig",
        "farmconfig",
        "cookie_lifetime",
        "0",
        "12",
        "None",
        "lambda: ",
        "{",
        "}",
        ":",
        "auth",
        "MoinAuth()",
        "os.path.join",
        ".append",
        "try:",
        "except X, e:",
        "pass",
        "print ",
        "`",
        "\"\"\"",
        "\\",
        "#",
        "ü",
        "\r\n",
        "# wikifarm: moin = \"1.8\"",
        "del ",
        "while 1:",
        "f'{x}'",
        "global x",
        "exec ",
        "@",
        "setattr(Config, 'a', 1)",
        "locals()",
        "SECRET_KEY",
    ]);
    prop::collection::vec(words, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn sums_and_differences_are_pythons((text, expected) in literals()) {
        // The sums are too small to be limited.
        prop_assert_eq!(expression(&text), Ok(expected.to_string()));
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in python_like(), other in python_like()) {
        let files = [("farmconfig.py", text.as_str()), ("a.py", other.as_str())];
        if let Ok(read) = read_texts(&files, &Options::default()) {
            let toml = to_toml(&read, None);
            prop_assert!(Farm::parse(Path::new("farm.toml"), toml.clone()).is_ok(), "{}", toml);
            for problem in &read.farm.problems {
                read.farm.source.file_line(problem.span.start);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let place = Place::new().file("wikiconfig.py", bytes);
        let _ = read(&place.path().join("wikiconfig.py"), &Options::default());
    }

    #[test]
    fn written_farm_file_has_the_settings_that_were_read(
        wikis in prop::collection::vec((0..4u8, 0..4u8, 0..3u8, any::<bool>()), 1..7)
    ) {
        let mut list = String::new();
        let mut files = Vec::new();
        for (number, (domain, name, lifetime, unknown)) in wikis.iter().enumerate() {
            list.push_str(&format!("    ('w{number}', r'^https?://w{number}\\.example\\.org/'),\n"));
            let domain = ["", "    cookie_domain = None\n", "    cookie_domain = '.a.org'\n", "    cookie_domain = '.b.org'\n"][usize::from(*domain)];
            let name = ["", "    cookie_name = 'a'\n", "    cookie_name = 'b \"q\" \\\\'\n", "    cookie_name = u'\\u00fc'\n"][usize::from(*name)];
            let lifetime = ["", "    cookie_lifetime = (0.5, -3)\n", "    cookie_lifetime = 12\n"][usize::from(*lifetime)];
            let unknown = if *unknown { "    user_dir = f()\n" } else { "    user_dir = '/srv/users'\n" };
            files.push((
                format!("w{number}.py"),
                format!("from farmconfig import FarmConfig\nclass Config(FarmConfig):\n    pass\n{domain}{name}{lifetime}{unknown}"),
            ));
        }
        let main = format!(
            "from MoinMoin.config.multiconfig import DefaultConfig\nwikis = [\n{list}]\n\
             class FarmConfig(DefaultConfig):\n    cookie_domain = '.a.org'\n"
        );
        let mut all = vec![("farmconfig.py", main.as_str())];
        all.extend(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
        let options = Options { moin: Some("1.9.11".parse().unwrap()), ..Options::default() };
        let read = read_texts(&all, &options).unwrap();
        let toml = to_toml(&read, None);
        let farm = Farm::parse(Path::new("farm.toml"), toml.clone()).unwrap();
        prop_assert!(farm.sound(), "{:?}\n{}", farm.problems, toml);
        prop_assert_eq!(farm.wikis.len(), wikis.len());
        for (wiki, again) in read.farm.wikis.iter().zip(&farm.wikis) {
            let settings = |wiki: &wikifarm::farm::Wiki| {
                wiki.settings().map(|(key, setting)| (key, setting.value.clone())).collect::<Vec<_>>()
            };
            prop_assert_eq!(settings(wiki), settings(again), "{}", toml);
        }
        prop_assert_eq!(differences(&farm, &read), []);
    }
}
