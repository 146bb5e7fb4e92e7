//! Applies suggestions to random farm files, and checks that they help.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::agreement::{farms, farms_tried, model, parse};
use super::suggestion::PairSuggestion;
use super::*;
use crate::location::RealDirectories;

/// A farm file with the changes of a suggestion.
fn applied(text: &str, suggestion: &PairSuggestion) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut wiki = "";
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("[wikis.") {
            wiki = name.trim_end_matches(']');
            lines.push(line.to_owned());
            let set = suggestion.changes.iter().filter(|change| change.wiki == wiki);
            lines.extend(
                set.filter_map(|change| Some(format!("{} = {}", change.key.name(), change.value.as_ref()?))),
            );
            continue;
        }
        let changed = suggestion
            .changes
            .iter()
            .any(|change| change.wiki == wiki && line.split(" = ").next() == Some(change.key.name()));
        if !changed {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn suggestions_help_and_use_settings_of_the_version() {
    let mut runner = TestRunner::deterministic();
    let strategy = farms(&["a", "b"]);
    let (mut ills, mut without) = (0, 0);
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..farms_tried() {
        let text = strategy.new_tree(&mut runner).unwrap().current();
        let farm = parse(&text);
        let model = model(&farm);
        let directories = RealDirectories::default();
        let suggestions = Suggestions::new(&farm, &model, &directories);
        for (from, to) in [("a", "b"), ("b", "a")] {
            let (from, to) = (model.site(from).unwrap(), model.site(to).unwrap());
            let verdict = model.judge(from, to, As::User).verdict;
            let aim = match verdict {
                Verdict::Conflict | Verdict::Shadowed => Aim::Harmless,
                Verdict::Shared => Aim::Apart,
                _ => continue,
            };
            let found = suggestions.find(from, to, aim);
            ills += 1;
            without += usize::from(found.is_empty());
            for suggestion in found {
                let suggested = applied(&text, &suggestion);
                let farm = parse(&suggested);
                for Change { wiki, key, value } in &suggestion.changes {
                    let ignored = farm.wiki(wiki).unwrap().ignores(*key);
                    assert!(
                        value.is_none() || ignored.is_none(),
                        "{}: {ignored:?} in\n{suggested}",
                        suggestion.words
                    );
                    *kinds.entry(format!("{} {}", key.name(), value.is_some())).or_default() += 1;
                }
                let after = self::model(&farm);
                for (one, other) in [("a", "b"), ("b", "a")] {
                    let judged = after.judge(after.site(one).unwrap(), after.site(other).unwrap(), As::User);
                    let well = match aim {
                        Aim::Harmless => !judged.is_trouble(),
                        Aim::Apart => judged.verdict == Verdict::Separate,
                    };
                    assert!(
                        well,
                        "{}: {one} to {other} {judged:?} in\n{suggested}before:\n{text}",
                        suggestion.words
                    );
                }
            }
        }
    }
    // Where one of the wikis lets nobody log in, that has to be fixed first.
    assert!(ills > 100 && without * 4 < ills, "{without} of {ills}");
    let expected = [
        "cookie_name true",
        "cookie_domain false",
        "cookie_domain true",
        "cookie_path true",
        "url true",
        "cache_dir true",
        "session_dir true",
        "user_dir true",
        "auth true",
    ];
    for kind in expected {
        assert!(kinds.contains_key(kind), "no {kind} among {kinds:#?}");
    }
}
