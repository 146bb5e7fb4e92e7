//! Cookie names: each party of wikis gets a name that no other wiki uses.

use std::collections::HashSet;

use super::party::{Family, most_common};
use crate::farm::{Key, NAMES_COOKIE, Value, Wiki};
use crate::sharing::relation::is_plain;

/// A name of up to so many bytes leaves enough of a cookie's 4096 bytes for each value.
const MOST_BYTES: usize = 1024;

/// Names the cookies of all parties that need a new name and can have one.
pub(super) fn names(old: &[Wiki], built: &mut [Wiki], parties: &[Vec<usize>]) {
    let name = |wiki: &Wiki| wiki.moin().session_cookie_name();
    let mut taken: HashSet<String> = old.iter().chain(built.iter()).map(name).collect();
    let mut users: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for wiki in built.iter() {
        *users.entry(name(wiki)).or_default() += 1;
    }
    for party in parties {
        let members: Vec<&Wiki> = party.iter().filter_map(|at| built.get(*at)).collect();
        let Some(first) = members.first() else { continue };
        let same = members.iter().all(|wiki| name(wiki) == name(first));
        let alone = users.get(&name(first)) == Some(&members.len());
        // Other URLs can make a generated name vary.
        let varies = party.iter().filter_map(|at| old.get(*at)).any(|wiki| {
            wiki.aliases().iter().any(|url| wiki.moin_at(url).session_cookie_name() != name(wiki))
        });
        let valid = members.iter().all(|wiki| is_valid(&name(wiki)));
        if (same && alone && !varies && valid) || Family::of(first) == Family::Fixed {
            continue;
        }
        let word = word(&members, &taken, &users);
        for at in party {
            if let Some(wiki) = built.get_mut(*at) {
                *wiki = named(wiki, &word);
                taken.insert(name(wiki));
            }
        }
    }
}

/// Whether browsers accept a cookie of that name from every wiki, and each version finds it.
fn is_valid(name: &str) -> bool {
    is_plain(name) && !name.is_empty() && !name.starts_with("__") && name.len() <= MOST_BYTES
}

/// A word without the characters that make a name invalid.
fn repaired(word: &str) -> String {
    let parts = word.split(|letter: char| !is_plain(letter.encode_utf8(&mut [0; 4])));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_").trim_start_matches('_').to_owned()
}

/// The wiki with another cookie name.
fn named(wiki: &Wiki, word: &str) -> Wiki {
    let (key, text) = match Family::of(wiki) {
        Family::Old => (Key::SessionIdHandler, format!("{NAMES_COOKIE}{word}")),
        _ => (Key::CookieName, word.to_owned()),
    };
    match wiki.ignores(key) {
        None => wiki.with(key, Some(Value::Text(text))),
        Some(_) => wiki.clone(),
    }
}

/// A word for the name of a party's cookie: the one that most of its wikis use, if it is valid and no other wiki uses it;
/// else a new one, as near to an invalid one as possible.
fn word(
    members: &[&Wiki],
    taken: &HashSet<String>,
    users: &std::collections::HashMap<String, usize>,
) -> String {
    let full = |word: &str| {
        members.iter().map(|wiki| named(wiki, word).moin().session_cookie_name()).collect::<Vec<_>>()
    };
    let written = |wiki: &&Wiki| match Family::of(wiki) {
        Family::Old => wiki.handler_cookie().map(str::to_owned),
        _ => wiki.text(Key::CookieName).filter(|name| *name != "siteidmagic").map(str::to_owned),
    };
    let inside = |word: &String| {
        full(word).iter().all(|name| {
            let ours = members.iter().filter(|wiki| wiki.moin().session_cookie_name() == *name).count();
            users.get(name).copied().unwrap_or_default() == ours
        })
    };
    // The name depends only on the family.
    let mut examples: Vec<&&Wiki> = members.iter().collect();
    examples.sort_by_key(|wiki| Family::of(wiki) as u8);
    examples.dedup_by_key(|wiki| Family::of(wiki));
    let valid =
        |word: &String| examples.iter().all(|wiki| is_valid(&named(wiki, word).moin().session_cookie_name()));
    if let Some(known) = most_common(members.iter().filter_map(written).filter(valid))
        && inside(&known)
    {
        return known;
    }
    let known = most_common(members.iter().filter_map(written));
    let near = known.filter(|word| !valid(word)).map(|word| repaired(&word));
    let own = match members {
        [one] if is_plain(&one.name) && !one.name.eq_ignore_ascii_case("siteidmagic") => one.name.as_str(),
        [_] => "own",
        _ => "farm",
    };
    let free = |word: &String| full(word).iter().all(|name| !taken.contains(name));
    let numbered = (2..).map(|number| format!("{own}_{number}"));
    near.filter(|word| !word.is_empty() && valid(word))
        .into_iter()
        .chain([own.to_owned()])
        .chain(numbered)
        .take(taken.len() + 3)
        .find(free)
        .unwrap_or_else(|| own.to_owned())
}
