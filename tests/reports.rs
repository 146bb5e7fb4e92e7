//! Farms from public reports, each with the answer that tests/fixtures/reports/README.md names.

use std::collections::BTreeSet;
use std::fs;

use crate::support::{Place, fixtures};

/// An answer: the reports, the command (each `%` is a report), the status, and what the output contains and lacks.
struct Answer {
    command: &'static str,
    files: &'static [&'static str],
    status: i32,
    says: &'static [&'static str],
    lacks: &'static [&'static str],
}

const ANSWERS: &[Answer] = &[
    Answer {
        command: "-f % cookie suggest",
        files: &["ports-1.9.0"],
        status: 0,
        says: &["upgrade MoinMoin to 1.9.11 in docs", "http://docs.wiki.example.org:8081/"],
        lacks: &["session_dir", "user_dir"],
    },
    Answer {
        command: "-f % cookie suggest",
        files: &["nested-1.8.7"],
        status: 0,
        says: &["set session_id_handler = \"cookie_name=wiki1\" in wiki1"],
        lacks: &["user_dir", "cache_dir"],
    },
    Answer {
        command: "-f % cookie suggest",
        files: &["https-alias"],
        status: 0,
        says: &["redirect the aliases to the URL in pub"],
        lacks: &["cookie_name"],
    },
    Answer {
        command: "-f % config check --no-disk",
        files: &["staging"],
        status: 0,
        says: &["id-leaks-to-wiki", "staging stores sessions under the session ids of prod"],
        lacks: &["duplicate-id", "log-out-trap"],
    },
    Answer {
        command: "-f % cookie suggest",
        files: &["staging"],
        status: 0,
        says: &["set cookie_name = \"staging\" in staging", "unset cookie_domain in prod"],
        lacks: &[],
    },
    Answer {
        command: "-f % cookie suggest",
        files: &["half-the-farm"],
        status: 0,
        says: &["set cookie_domain = \".example.org\" in animal"],
        lacks: &["cookie_name"],
    },
    Answer {
        command: "-f % cookie suggest",
        files: &["two-domains"],
        status: 1,
        says: &["for custom, use single sign-on, or a host below wikihost.example"],
        lacks: &["Farm file"],
    },
    Answer {
        command: "-f % cookie explain meta lab",
        files: &["two-domains"],
        status: 0,
        says: &["shared"],
        lacks: &[],
    },
    Answer {
        command: "-f % config check --no-disk --fix",
        files: &["lifetime-number-1.9.0"],
        status: 0,
        says: &["fixed[lifetime-format]"],
        lacks: &["error"],
    },
    Answer {
        command: "-f % config show lab",
        files: &["lifetime-number-1.9.0"],
        status: 0,
        says: &["[0.5, 12]"],
        lacks: &[],
    },
    Answer {
        command: "-f % config check --no-disk",
        files: &["torn-single"],
        status: 0,
        says: &["warning[torn-writes]", "upgrade to 1.9.2 or later"],
        lacks: &[],
    },
    Answer {
        command: "cookie diff % %",
        files: &["moin2-data-made-anew.old", "moin2-data-made-anew.new"],
        status: 0,
        says: &["the SECRET_KEY is the same, but the cookie names a user who is not in d2/userprofiles"],
        lacks: &["another SECRET_KEY"],
    },
];

#[test]
fn every_report_has_the_answer_that_its_readme_names() {
    let mut place = Place::new();
    let mut reports = BTreeSet::new();
    for file in fs::read_dir(fixtures().join("reports")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name != "README.md" {
            place = place.file(&name, fs::read(&path).unwrap());
            reports.insert(name);
        }
    }
    let mut answered = BTreeSet::new();
    for Answer { command, files, status, says, lacks } in ANSWERS {
        let mut words = (*command).to_owned();
        for file in *files {
            answered.insert(format!("{file}.toml"));
            words = words.replacen('%', &format!("{file}.toml"), 1);
        }
        let ran = place.wikifarm(&words).any_stdout().any_stderr().status(*status).run();
        // Lines are wrapped.
        let found = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in *says {
            assert!(found.contains(text), "{words}: no {text:?} in\n{}", ran.stdout);
        }
        for text in *lacks {
            assert!(!found.contains(text), "{words}: {text:?} in\n{}", ran.stdout);
        }
    }
    assert_eq!(reports, answered, "a report without an answer");
}
