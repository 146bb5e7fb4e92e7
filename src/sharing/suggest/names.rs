//! Cookie names: each party of wikis gets a name that no other wiki uses.

use std::collections::HashSet;

use super::party::{Family, most_common};
use crate::farm::{Key, NAMES_COOKIE, Value, Wiki};
use crate::sharing::relation::is_plain;

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
        if (same && alone && !varies) || Family::of(first) == Family::Fixed {
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

/// A word for the name of a party's cookie: the one that most of its wikis use, if no other wiki uses it; else a new
/// one.
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
    if let Some(known) = most_common(members.iter().filter_map(written).filter(|word| is_plain(word)))
        && inside(&known)
    {
        return known;
    }
    let own = match members {
        [one] if is_plain(&one.name) && !one.name.eq_ignore_ascii_case("siteidmagic") => one.name.as_str(),
        [_] => "own",
        _ => "farm",
    };
    let free = |word: &String| full(word).iter().all(|name| !taken.contains(name));
    let numbered = (2..).map(|number| format!("{own}_{number}"));
    std::iter::once(own.to_owned())
        .chain(numbered)
        .take(taken.len() + 2)
        .find(free)
        .unwrap_or_else(|| own.to_owned())
}
