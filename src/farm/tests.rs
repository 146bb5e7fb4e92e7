//! Tests of inheritance, origins, and problems of whole farm files.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::moin::{Version, Visitor, placeholder_id, session_cookie};

fn farm(text: &str) -> Farm {
    Farm::parse(Path::new("/etc/farm/farm.toml"), text.to_owned()).unwrap()
}

/// A setting of a wiki with its line, or with the version of its default.
fn shown(farm: &Farm, wiki: &str, key: &str) -> Option<String> {
    let (value, origin) = farm.wiki(wiki).unwrap().effective(Key::named(key).unwrap())?;
    Some(match origin {
        Origin::File(span) => format!("{value} line {}", farm.source.position(span.start).line),
        Origin::Default(version) => format!("{value} of {version}"),
    })
}

#[test]
fn wiki_overrides_group_overrides_parent_group_overrides_farm() {
    let farm = farm(
        "moin = \"1.9.11\"\n[farm]\ncookie_path = \"/farm\"\ncookie_domain = \".farm.org\"\nuser_dir = \"u\"\n\
         [groups.base]\ncookie_path = \"/base\"\ncookie_name = \"base\"\n\
         [groups.new]\ngroup = \"base\"\ncookie_path = \"/new\"\nunset = [\"cookie_domain\"]\n\
         [wikis.w]\ngroup = \"new\"\nurl = \"https://w.farm.org/\"\nsuperuser = [\"A\"]\n\
         [wikis.v]\nurl = \"https://v.farm.org/\"\nmoin = \"1.8.7\"\n",
    );
    assert_eq!(farm.problems, []);
    assert_eq!(shown(&farm, "w", "cookie_path").unwrap(), "\"/new\" line 11");
    assert_eq!(shown(&farm, "w", "cookie_name").unwrap(), "\"base\" line 8");
    assert_eq!(shown(&farm, "w", "cookie_domain").unwrap(), "None of 1.9.11");
    assert_eq!(shown(&farm, "w", "user_dir").unwrap(), "\"/etc/farm/u\" line 5");
    assert_eq!(shown(&farm, "w", "moin").unwrap(), "\"1.9.11\" line 1");
    assert_eq!(shown(&farm, "w", "siteid").unwrap(), "\"w\" line 13");
    assert_eq!(shown(&farm, "v", "cookie_domain").unwrap(), "\".farm.org\" line 4");
    assert_eq!(shown(&farm, "v", "cookie_name"), None, "1.8 has no such setting");
    assert_eq!(shown(&farm, "v", "cookie_lifetime").unwrap(), "12 of 1.8.7");
}

#[test]
fn default_directories_are_those_of_moinmoin() {
    let dirs = |moin: &str, settings: &str| {
        let farm = farm(&format!("moin = \"{moin}\"\n[wikis.w]\nurl = \"http://w/\"\n{settings}\n"));
        let wiki = farm.wiki("w").unwrap();
        let text = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
        (text(wiki.session_dir()), text(wiki.user_dir()))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(dirs("1.9.11", "data_dir = \"/d\""), (some("/d/cache/__session__"), some("/d/user")));
    assert_eq!(dirs("1.8.7", "data_dir = \"/d\""), (some("/d/cache/__common__/session"), some("/d/user")));
    assert_eq!(dirs("1.9.11", "cache_dir = \"c\""), (some("/etc/farm/c/__session__"), None));
    assert_eq!(dirs("1.9.11", "session_dir = \"/s\"\nuser_dir = \"/u\""), (some("/s"), some("/u")));
    assert_eq!(
        dirs("1.8.7", "session_dir = \"/s\"\ndata_dir = \"/d\"").0,
        some("/d/cache/__common__/session")
    );
    assert_eq!(dirs("1.9.11", "session_store = \"moin-1.9:/x\"\ndata_dir = \"/d\"").0, some("/x"));
    assert_eq!(dirs("2.0", "data_dir = \"/d\"").0, None);
    assert_eq!(dirs("1.9.11", ""), (None, None));
}

#[test]
fn parse_reports_every_problem_at_its_position() {
    let text = "mion = 1\n[farm]\nurl = \"http://x/\"\ncookie_pth = \"/\"\nmoin = \"1.9\"\n\
                [groups.a]\ngroup = \"a\"\n[wikis.w]\ngroup = \"b\"\nurl = 7\ncookie_lifetime = [1]\n\
                unset = [\"cokie_path\"]\n[wikis.x]\n[[share]]\nwikis = [\"w\", \"y\"]\n[prune]\ngrace = \"1s\"\n\
                idel = \"1d\"\n[lint]\nalow = []\n";
    let farm = farm(text);
    let found: Vec<String> = farm
        .problems
        .iter()
        .map(|problem| format!("{} {}", farm.source.position(problem.span.start).line, problem.rule))
        .collect();
    let expected = [
        "1 unknown-key",
        "3 misplaced-key",
        "4 unknown-key",
        "5 misplaced-key",
        "6 unused-group",
        "7 group-cycle",
        "9 unknown-group",
        "10 wrong-type",
        "11 wrong-type",
        "12 unknown-key",
        "13 missing-url",
        "15 unknown-wiki",
        "17 invalid-value",
        "18 unknown-key",
        "20 unknown-key",
    ];
    // The wiki in line 8 has an invalid url, so missing-url and unknown-wiki do not report it.
    assert_eq!(found, expected);
    assert!(!farm.sound());
    let help = |line: usize| {
        let problem = farm.problems.iter().find(|p| farm.source.position(p.span.start).line == line).unwrap();
        problem.help.clone().unwrap_or_default()
    };
    assert_eq!(help(1), "did you mean \"moin\"?");
    assert_eq!(help(4), "did you mean \"cookie_path\"?");
    assert_eq!(help(12), "did you mean \"cookie_path\"?");
    assert_eq!(help(18), "did you mean \"idle\"?");
}

#[test]
fn parse_of_invalid_toml_gives_errors_with_positions() {
    let errors = Farm::parse(Path::new("f.toml"), "[wikis\nx = = 1\n".to_owned()).unwrap_err();
    assert!(!errors.errors.is_empty());
    assert!(errors.errors.iter().all(|(message, span)| !message.is_empty() && span.end <= 15));
}

#[test]
fn chain_of_3000_groups_is_resolved() {
    let mut text = String::from("[wikis.w]\nurl = \"http://w/\"\ngroup = \"g0\"\n");
    for number in 0..3000 {
        text.push_str(&format!("[groups.g{number}]\ngroup = \"g{}\"\n", number + 1));
    }
    text.push_str("[groups.g3000]\ncookie_path = \"/deep\"\n");
    assert_eq!(farm(&text).wiki("w").unwrap().text(Key::CookiePath), Some("/deep"));
}

proptest! {
    #[test]
    fn parse_of_any_text_does_not_panic(text in "(\\PC|\n){0,200}") {
        let _ = Farm::parse(Path::new("f.toml"), text);
    }

    #[test]
    fn check_of_any_value_does_not_panic(
        key in proptest::sample::select(Key::all().map(Key::name).collect::<Vec<_>>()),
        value in proptest::sample::select(vec![
            "1", "-1", "0.5", "nan", "inf", "9223372036854775807", "1e308", "true", "\"\"", "\"x\"", "\"\\u0000\"",
            "\"https://\"", "\"http://[::1]/\"", "[]", "[1]", "[1, 2]", "[1, \"x\"]", "[\"\"]", "{}", "1979-05-27",
            "\"moin-1.9:\"", "\"custom\"", "\".\"", "\"ü\"", "[0.1, -0.1]",
        ]),
        table in proptest::sample::select(vec!["farm", "groups.g", "wikis.w", "prune", "migrate", "lint"]),
        moin in proptest::sample::select(vec!["1.7.0", "1.8.5", "1.9.0", "1.9.1", "1.9.11", "2.0", "1.9"]),
    ) {
        let text = format!(
            "moin = \"{moin}\"\n[wikis.a]\nurl = \"http://a.example.org/\"\ngroup = \"g\"\n[groups.h]\n[{table}]\n{key} = {value}\n"
        );
        if let Ok(farm) = Farm::parse(Path::new("f.toml"), text) {
            for wiki in &farm.wikis {
                let shown = Key::all().filter_map(|key| wiki.effective(key)).count();
                let _ = (shown, wiki.moin().session_cookie_name());
            }
            let suffixes: crate::browser::SharedSuffixes = std::sync::Arc::new(crate::browser::BuiltinSuffixes);
            let found = crate::lint::check(&farm, &crate::lint::RealDisk, &suffixes, &crate::lint::Overrides::default());
            let _ = crate::report::findings::human(&farm.source, &found, true, Some(40));
        }
    }
}

/// The table of settings names the defaults, and `moin` has what they mean: both must agree.
#[test]
fn a_default_written_out_changes_no_cookie() {
    let headers = |version: &str, line: &str| {
        let farm =
            farm(&format!("[wikis.w]\nmoin = \"{version}\"\nurl = \"https://w.example.org/\"\n{line}\n"));
        let wiki = farm.wiki("w").unwrap();
        assert!(farm.sound(), "{version}: {line}: {:?}", farm.problems);
        let settings = wiki.moin();
        let id = placeholder_id(settings.version);
        let all =
            Visitor::all().map(|visitor| session_cookie(settings, visitor, id, 1e9).map(|c| c.to_string()));
        format!("{:?}", all.collect::<Vec<_>>())
    };
    let mut compared = 0;
    for version in Version::names() {
        let behavior = version.parse::<Version>().unwrap().behavior();
        for key in Key::all().filter(|key| key.row().shapes_cookie.is_some()) {
            let Some(default) = key.default_in(behavior).filter(|default| *default != "None") else {
                continue;
            };
            let line = format!("{} = {default}", key.name());
            assert_eq!(headers(&version, &line), headers(&version, ""), "{version}: {line}");
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared}");
}
