//! Independent of what a farm inherits, its exported files make the wikis send the cookies that were predicted before.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::python;
use crate::farm::{Farm, Key, Kind, Wiki};
use crate::moin::{
    Behavior, Broken, CookieLifetime, NoCookie, Version, Visitor, placeholder_id, session_cookie,
};
use crate::pyconfig::read::{Options, read_texts};

/// The time to judge by, in unix seconds.
const NOW: f64 = 1_795_400_000.25;

/// Values of a setting that `[farm]`, a group or a wiki may have, as TOML: of every setting that shapes the cookie or that
/// some version ignores.
fn values(key: Key) -> Vec<String> {
    let values: &[&str] = match (key, key.kind()) {
        (Key::CookieName, _) => &["\"lab\"", "\"other\"", "\"siteidmagic\""],
        (Key::CookieDomain, _) => &["\".example.org\"", "\"wiki.example.org\""],
        (Key::CookiePath, _) => &["\"/\"", "\"/lab\""],
        (Key::SessionStore, _) => &["\"moin-1.9:/srv/own\"", "\"redis://h/0\""],
        (_, Kind::Lifetime) => &["3", "-7.5", "0", "[0.5, 12]", "[0, -2]"],
        (_, Kind::Hours) => &["0.5", "0"],
        (_, Kind::Seconds) => &["-90", "7200"],
        (_, Kind::IdHandler) => &["\"custom\"", "\"cookie_name=LAB\""],
        (_, Kind::Bool) => &["true", "false"],
        (_, Kind::Choice(words)) => return words.iter().map(|word| format!("{word:?}")).collect(),
        (_, Kind::Path) => &["\"/srv/sessions\""],
        (_, Kind::Names) => &["[\"one\", \"two\"]"],
        (_, Kind::Text) => &["\"k\""],
        (_, Kind::Store | Kind::Url | Kind::Urls | Kind::Version) => &[],
    };
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// Lines that `[farm]`, a group or a wiki may have, by setting.
fn choices() -> Vec<Vec<String>> {
    let keys = Key::all().filter(|key| {
        let ignored = VERSIONS.iter().any(|version| {
            let version: Version = version.parse().unwrap();
            key.ignored_by(version.behavior()).is_some()
        });
        key.inheritable() && (ignored || key.row().shapes_cookie.is_some())
    });
    let lines = |key: Key| {
        let values = values(key).into_iter();
        values.map(|value| format!("{} = {value}", key.name())).collect()
    };
    keys.map(lines).filter(|lines: &Vec<String>| !lines.is_empty()).collect()
}

const VERSIONS: [&str; 11] =
    ["1.7.2", "1.7.3", "1.8.5", "1.8.7", "1.9.0", "1.9.1", "1.9.3", "1.9.8", "1.9.10", "1.9.11", "2.0"];

/// Some of the lines, each key at most once.
fn lines() -> impl Strategy<Value = String> {
    let choices = choices();
    let count = choices.len();
    let keys = subsequence(choices, 0..=count);
    (keys, any::<u64>()).prop_map(|(keys, mut random)| {
        keys.into_iter().fold(String::new(), |mut text, choices| {
            let at = usize::try_from(random % choices.len() as u64).unwrap();
            random /= choices.len() as u64;
            writeln!(text, "{}", choices[at]).unwrap();
            text
        })
    })
}

/// A farm of mixed versions, each wiki in one of two groups or in none.
fn farm() -> impl Strategy<Value = String> {
    let wiki = (select(VERSIONS.to_vec()), 0..3usize, lines());
    (lines(), lines(), lines(), proptest::collection::vec(wiki, 1..5)).prop_map(|(farm, one, two, wikis)| {
        let mut text = format!("[farm]\n{farm}[groups.one]\n{one}[groups.two]\ngroup = \"one\"\n{two}");
        for (number, (moin, group, lines)) in wikis.into_iter().enumerate() {
            write!(
                text,
                "[wikis.w{number}]\nmoin = \"{moin}\"\nurl = \"https://w{number}.example.org/lab\"\n\
                 data_dir = \"/srv/w{number}\"\n{}{lines}",
                ["", "group = \"one\"\n", "group = \"two\"\n"][group]
            )
            .unwrap();
        }
        text
    })
}

/// The headers of a wiki, or why it sends none.
fn headers(wiki: &Wiki) -> Vec<String> {
    if let Some(key) = wiki.custom_handler() {
        return vec![format!("not known: {}", key.name())];
    }
    let settings = wiki.moin();
    let header = |visitor| match session_cookie(settings, visitor, placeholder_id(settings.version), NOW) {
        Ok(cookie) => cookie.to_string(),
        Err(none) => none.to_string(),
    };
    Visitor::all().map(header).collect()
}

/// Whether the wiki has a lifetime that its version can't use, which is never exported as it is: the wiki would answer
/// nobody, or keep nobody logged in.
fn is_repaired(wiki: &Wiki) -> bool {
    let settings = wiki.moin();
    if settings.version.behavior() >= Behavior::V2 {
        return settings.cookie_lifetime.is_some_and(|lifetime| match lifetime {
            CookieLifetime::Hours(hours) | CookieLifetime::Pair(_, hours) => hours <= 0.0,
        });
    }
    let broken = session_cookie(settings, Visitor::User, placeholder_id(settings.version), NOW).err();
    match broken {
        Some(NoCookie::BrokenLifetime(Broken::ScalarIn1_9_0 | Broken::PairBefore1_9)) => true,
        Some(NoCookie::LoginOff) => matches!(settings.cookie_lifetime, Some(CookieLifetime::Hours(_))),
        _ => false,
    }
}

/// What is read of the files that are exported of `farm`, wiki by wiki, as text that holds up to a comparison.
fn read_again(farm: &Farm) -> Vec<Wiki> {
    let snippets = python(farm);
    let mut wikis = Vec::new();
    while let Some(first) = snippets
        .iter()
        .find(|snippet| snippet.wikis.iter().any(|name| !wikis.iter().any(|wiki: &Wiki| wiki.name == *name)))
    {
        // One farmconfig.py with the files of its wikis, or one wikiconfig.py.
        let files: Vec<(&str, &str)> = snippets
            .iter()
            .filter(|other| first.wikis.contains(&other.wikis[0]))
            .map(|snippet| (snippet.file.as_str(), snippet.text.as_str()))
            .collect();
        let again = read_texts(&files, &Options::default()).unwrap();
        assert!(!again.farm.problems.iter().any(|problem| problem.fatal), "{:?}", again.farm.problems);
        for mut wiki in again.farm.wikis {
            if first.file == "wikiconfig.py" {
                wiki.name.clone_from(&first.wikis[0]);
            }
            wikis.push(wiki);
        }
    }
    wikis
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exported_files_send_the_cookies_that_were_predicted(text in farm()) {
        let farm = Farm::parse(Path::new("/srv/farm.toml"), text.clone()).unwrap();
        prop_assert!(farm.sound(), "{:?}\n{text}", farm.problems);
        let again = read_again(&farm);
        prop_assert_eq!(again.len(), farm.wikis.len());
        for wiki in &farm.wikis {
            let other = again.iter().find(|other| other.name == wiki.name).unwrap();
            if !is_repaired(wiki) {
                prop_assert_eq!(headers(other), headers(wiki), "{}\n{}\n{:#?}", wiki.name, text, python(&farm));
            }
            for (key, _) in other.settings().filter(|(key, _)| *key != Key::SessionStore) {
                prop_assert!(wiki.ignores(key).is_none(), "{} of {}\n{text}", key.name(), wiki.name);
            }
        }
    }
}
