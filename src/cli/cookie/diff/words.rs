//! What people and Markdown are told in the same words.

use std::collections::HashMap;

use crate::moin::Visitor;
use crate::simulate::diff::{
    Case, Deletion, FreshName, Group, InHeader, Left, Suggestions, Unknown, Verdict, Way,
};
use crate::simulate::time;

/// Who somebody is.
pub(super) fn who(case: &Case) -> String {
    match &case.way {
        Way::Back => match case.visitor {
            Visitor::Remember => "remembered users".to_owned(),
            Visitor::User => "users not remembered".to_owned(),
            Visitor::Anonymous => "anonymous visitors".to_owned(),
        },
        Way::Ended => "users whose session has ended, but not their cookie".to_owned(),
        Way::From(wiki) => format!("users remembered at {wiki}"),
        Way::Over(wiki) => format!("remembered users who log in at {wiki} first"),
        Way::Both(wiki) => format!("users remembered here and at {wiki}"),
    }
}

/// What happens, in words, and why.
pub(super) fn what(case: &Case) -> String {
    let seen = match case.verdict {
        Verdict::Kept if case.shadowed => "nothing yet: still logged in, by the old cookie",
        verdict => verdict.seen(case.visitor),
    };
    if case.explanation.is_empty() { seen.to_owned() } else { format!("{seen}: {}", case.explanation) }
}

/// The cookies of a request in the order in which they are sent.
pub(super) fn order(cookies: &[InHeader], version: &str) -> Vec<String> {
    let line = |(number, cookie): (usize, &InHeader)| {
        let whose = if cookie.old { "old" } else { "new" };
        let taken = if cookie.taken { format!("; {version} takes this one") } else { String::new() };
        format!("{}. {whose}: {}{taken}", number + 1, cookie.cookie)
    };
    cookies.iter().enumerate().map(line).collect()
}

/// How long that lasts.
pub(super) fn until(case: &Case) -> Option<String> {
    if case.verdict == Verdict::NobodyLogsIn || !(case.hurts() || case.lasts()) {
        return None;
    }
    match case.until {
        Some(until) => Some(format!("until {}, when the last old cookie ends", time(until))),
        None if case.cookies.iter().any(|cookie| cookie.old) => {
            Some("until the browser is closed".to_owned())
        }
        None => None,
    }
}

/// A group's name: its wikis.
pub(super) fn title(group: &Group, most: usize) -> String {
    let mut names: Vec<String> = Vec::new();
    for wiki in &group.wikis {
        let name =
            if wiki.old == wiki.new { wiki.old.clone() } else { format!("{} (now {})", wiki.old, wiki.new) };
        if names.last() != Some(&name) {
            names.push(name);
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    list(&names, most)
}

/// The wiki of which is told, where not all of a group have the same settings and cookies.
pub(super) fn example(group: &Group) -> Option<&str> {
    group.wikis.first().filter(|_| group.varies).map(|wiki| wiki.old.as_str())
}

/// `a, b, c and 7 more`.
fn list(names: &[&str], most: usize) -> String {
    if names.len() <= most + 1 {
        return names.join(", ");
    }
    let (first, rest) = names.split_at(most);
    format!("{} and {} more", first.join(", "), rest.len())
}

/// The wikis of which nothing can be said, and why, those for one reason together.
pub(super) fn unknown(unknown: &[Unknown], most: usize) -> Vec<(String, &str)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut positions: HashMap<&str, usize> = HashMap::new();
    for Unknown { wiki, reason } in unknown {
        let position = *positions.entry(reason).or_insert(found.len());
        match found.get_mut(position) {
            Some((_, wikis)) => wikis.push(wiki),
            None => found.push((reason, vec![wiki])),
        }
    }
    found.into_iter().map(|(reason, wikis)| (list(&wikis, most), reason)).collect()
}

/// A number of things.
pub(super) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// What is left with a cure.
pub(super) fn left(left: Left) -> &'static str {
    match left.verdict {
        Verdict::Kept | Verdict::TrailLost if left.is_well() => {
            "tried out: people stay logged in, nothing is in the way"
        }
        Verdict::LoggedOut if left.is_well() => "tried out: people log in once, nothing is in the way",
        Verdict::Kept | Verdict::TrailLost | Verdict::LoggedOut => {
            "tried out: an old cookie is still taken before a new one"
        }
        Verdict::LogsOut => "tried out: does not help, visits still log out elsewhere",
        Verdict::CannotLogOut => "tried out: does not help, people still cannot log out",
        Verdict::StuckAtLogin => "tried out: does not help, people are still stuck at login",
        Verdict::NobodyLogsIn | Verdict::Fails => {
            "tried out: does not help, nobody can log in with a fresh browser either"
        }
    }
}

/// How long headers that delete are needed.
pub(super) fn how_long(suggestions: &Suggestions) -> String {
    let until = suggestions.deletions.iter().filter_map(|deletion| deletion.until).max();
    #[expect(clippy::cast_precision_loss, reason = "400 days from now")]
    let last = until.map(|until| time(until as f64));
    match last {
        Some(last) => format!("until {last}, when the last old cookie has ended by itself"),
        None => "until all browsers have been closed once".to_owned(),
    }
}

/// A line for nginx's configuration.
pub(super) fn nginx(deletion: &Deletion) -> String {
    if deletion.set_cookie.contains('$') {
        return format!("# by hand, nginx takes $ for a variable: Set-Cookie: {}", deletion.set_cookie);
    }
    format!("add_header Set-Cookie \"{}\" always;", quoted(&deletion.set_cookie))
}

/// A line for Apache's configuration.
pub(super) fn apache(deletion: &Deletion) -> String {
    format!("Header always add Set-Cookie \"{}\"", quoted(&deletion.set_cookie).replace('%', "%%"))
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The wikis with their headers.
pub(super) fn by_place(deletions: &[Deletion]) -> Vec<(&str, Vec<&Deletion>)> {
    let mut directories: Vec<(&str, Vec<&Deletion>)> = Vec::new();
    for deletion in deletions {
        match directories.last_mut() {
            Some((url, there)) if *url == deletion.url => there.push(deletion),
            _ => directories.push((&deletion.url, vec![deletion])),
        }
    }
    directories
}

/// A fresh name, for whom.
pub(super) fn fresh(name: &FreshName, most: usize) -> String {
    let mut wikis = name.wikis.clone();
    let rest = wikis.len().saturating_sub(most);
    wikis.truncate(most);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!(
        "cookie_name = {:?} for {}{more}: the cookie is {} then",
        name.cookie_name,
        wikis.join(", "),
        name.cookie
    )
}
