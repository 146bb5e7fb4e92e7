//! What the reader of Python files noted: see [`crate::farm::python`].

use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule};

const FAMILY: &str = "python";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "python-syntax",
        family: FAMILY,
        severity: Error,
        title: "a place in a Python file that is no Python, or a file that can't be read",
        why: "MoinMoin can't import such a file and answers no request. The rest of it was read, but what stands at \
              that place is not known.",
        bad: r#"
            # wikiconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            # wikifarm: url = "https://one.example.org/"
            class Config(multiconfig.DefaultConfig):
                cookie_domain = = '.example.org'
        "#,
        good: r#"
            # wikiconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            # wikifarm: url = "https://one.example.org/"
            class Config(multiconfig.DefaultConfig):
                cookie_domain = '.example.org'
        "#,
        cure: "Mend what the message points at; `python2 -m py_compile FILE` says what Python makes of it.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "not-static",
        family: FAMILY,
        severity: Error,
        title: "a setting that can't be known without running the Python file",
        why: "wikifarm never runs a configuration. A setting that a function, the environment or a loop computes is \
              not known, and is not guessed: predictions without it would be wrong without a word.",
        bad: r#"
            # wikiconfig.py
            import socket
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            # wikifarm: url = "https://one.example.org/"
            class Config(multiconfig.DefaultConfig):
                cookie_domain = socket.getfqdn()
        "#,
        good: r#"
            # wikiconfig.py
            import socket
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            # wikifarm: url = "https://one.example.org/"
            class Config(multiconfig.DefaultConfig):
                cookie_domain = socket.getfqdn()   # here it is:
                # wikifarm: cookie_domain = ".example.org"
        "#,
        cure: "Say the value in a comment, `# wikifarm: NAME = VALUE`, or make a farm file with `config import` and \
               complete it.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "missing-config",
        family: FAMILY,
        severity: Error,
        title: "a wiki of `wikis` without a file, or a file without a class Config",
        why: "MoinMoin imports the module of the wiki's name and takes its class Config; without it every request to the \
              wiki fails.",
        bad: r#"
            # farmconfig.py
            # wikifarm: moin = "1.9.11"
            wikis = [('one', r'^https://one\.example\.org/')]
        "#,
        good: r#"
            # farmconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            wikis = [('one', r'^https://one\.example\.org/')]
            class FarmConfig(multiconfig.DefaultConfig):
                user_dir = '/srv/moin/users'
            # one.py
            from farmconfig import FarmConfig
            class Config(FarmConfig):
                data_dir = '/srv/moin/one/data'
        "#,
        cure: "Write the file, or take the entry out of `wikis`.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "expression-mismatch",
        family: FAMILY,
        severity: Error,
        title: "an expression of `wikis` that never matches in this version",
        why: "Up to 1.8 MoinMoin matches the expressions against host/path, from 1.9 against the whole URL: after an \
              update, expressions without a scheme match nothing, and the wiki is gone.",
        bad: r#"
            # farmconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            wikis = [('one', r'^one\.example\.org/')]
            class FarmConfig(multiconfig.DefaultConfig):
                user_dir = '/srv/moin/users'
            # one.py
            from farmconfig import FarmConfig
            class Config(FarmConfig):
                data_dir = '/srv/moin/one/data'
        "#,
        good: r#"
            # farmconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            wikis = [('one', r'^https://one\.example\.org/')]
            class FarmConfig(multiconfig.DefaultConfig):
                user_dir = '/srv/moin/users'
            # one.py
            from farmconfig import FarmConfig
            class Config(FarmConfig):
                data_dir = '/srv/moin/one/data'
        "#,
        cure: "Begin the expression with `^https?://` from 1.9 on, and without a scheme before.",
        fix: None,
        fixed: true,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "hidden-wiki",
        family: FAMILY,
        severity: Warning,
        title: "a wiki that is never reached, because an expression above it matches first",
        why: "MoinMoin takes the first entry of `wikis` that matches: a wide expression above a narrow one answers for \
              both, with the settings and pages of the other wiki.",
        bad: r#"
            # farmconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            wikis = [
                ('one', r'^https://example\.org/wiki'),
                ('two', r'^https://example\.org/wiki2'),
            ]
            class FarmConfig(multiconfig.DefaultConfig):
                user_dir = '/srv/moin/users'
            # one.py
            from farmconfig import FarmConfig
            class Config(FarmConfig):
                data_dir = '/srv/moin/one/data'
            # two.py
            from farmconfig import FarmConfig
            class Config(FarmConfig):
                data_dir = '/srv/moin/two/data'
        "#,
        good: r#"
            # farmconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            wikis = [
                ('two', r'^https://example\.org/wiki2'),
                ('one', r'^https://example\.org/wiki'),
            ]
            class FarmConfig(multiconfig.DefaultConfig):
                user_dir = '/srv/moin/users'
            # one.py
            from farmconfig import FarmConfig
            class Config(FarmConfig):
                data_dir = '/srv/moin/one/data'
                cookie_name = 'one'
            # two.py
            from farmconfig import FarmConfig
            class Config(FarmConfig):
                data_dir = '/srv/moin/two/data'
                cookie_name = 'two'
        "#,
        cure: "Put the narrower expression first.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Parser,
    },
    Rule {
        name: "import-cycle",
        family: FAMILY,
        severity: Warning,
        title: "configuration modules that import each other",
        why: "Which names a module finds in the other depends on which of them is imported first; with another entry \
              point the same files fail.",
        bad: r#"
            # wikiconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            # wikifarm: url = "https://one.example.org/"
            import common
            class Config(multiconfig.DefaultConfig):
                cookie_domain = common.domain
            # common.py
            import wikiconfig
            domain = '.example.org'
        "#,
        good: r#"
            # wikiconfig.py
            from MoinMoin.config import multiconfig
            # wikifarm: moin = "1.9.11"
            # wikifarm: url = "https://one.example.org/"
            import common
            class Config(multiconfig.DefaultConfig):
                cookie_domain = common.domain
            # common.py
            domain = '.example.org'
        "#,
        cure: "Move what both modules need into a third.",
        fix: None,
        fixed: false,
        since: "0.1.0",
        look: Look::Parser,
    },
];
