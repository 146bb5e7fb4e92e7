//! The words that the human format and Markdown have in common.

use std::collections::{BTreeSet, HashMap};

use crate::moin::Visitor;
use crate::simulate::diff::{
    Case, Deletion, Diff, FreshName, Group, InHeader, Left, Reached, Suggestions, Undeletable, Unknown,
    Verdict, Way,
};
use crate::simulate::time;
use crate::text::list;

/// The users of a case in a group.
pub(super) fn who_in(group: &Group, case: &Case) -> String {
    match &case.way {
        Way::Over(_) if group.neighbors_vary => {
            who(&Case { way: Way::Over(ANOTHER.to_owned()), ..case.clone() })
        }
        Way::Both(_) if group.neighbors_vary => {
            who(&Case { way: Way::Both(ANOTHER.to_owned()), ..case.clone() })
        }
        _ => who(case),
    }
}

/// A neighbor, if each wiki of a group has another one.
const ANOTHER: &str = "another wiki";

/// The users of a case.
pub(super) fn who(case: &Case) -> String {
    let remembered = "users with \"remember me\"";
    match &case.way {
        Way::Back => match case.visitor {
            Visitor::Remember => remembered.to_owned(),
            Visitor::User => "users without \"remember me\"".to_owned(),
            Visitor::Anonymous => "anonymous visitors".to_owned(),
        },
        Way::Ended => format!("{remembered} whose session has ended"),
        Way::From(wiki) => format!("{remembered} at {wiki}"),
        Way::Over(wiki) => format!("{remembered} who log in at {wiki} first"),
        Way::Both(wiki) => format!("{remembered} here and at {wiki}"),
    }
}

/// What happens to the users, and why.
pub(super) fn what(case: &Case) -> String {
    let seen = match case.verdict {
        Verdict::Kept if case.shadowed => "keep their session, with the old cookie",
        verdict => verdict.seen(case.visitor),
    };
    if case.explanation.is_empty() { seen.to_owned() } else { format!("{seen}: {}", case.explanation) }
}

/// The cookies of a request, in the order in which browsers send them.
pub(super) fn order(cookies: &[InHeader], version: &str) -> Vec<String> {
    let line = |(number, cookie): (usize, &InHeader)| {
        let age = if cookie.old { "old" } else { "new" };
        let picked =
            if cookie.picked { format!(" (MoinMoin {version} picks this one)") } else { String::new() };
        format!("{number}. {age}: {}{picked}", cookie.cookie)
    };
    (1..).zip(cookies).map(line).collect()
}

/// How long the effect lasts.
pub(super) fn until(case: &Case) -> Option<String> {
    if case.verdict == Verdict::NobodyLogsIn || !(case.hurts() || case.lasts()) {
        return None;
    }
    match case.until {
        Some(until) => Some(format!("until {}, when the last old cookie expires", time(until))),
        None if case.cookies.iter().any(|cookie| cookie.old) => {
            Some("until the browser is closed".to_owned())
        }
        None => None,
    }
}

/// The wikis of a group.
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
    list(&names, "and", most)
}

/// The wiki whose settings and cookies are shown, if not all wikis of the group have the same.
pub(super) fn example(group: &Group) -> Option<&str> {
    group.wikis.first().filter(|_| group.varies).map(|wiki| wiki.old.as_str())
}

/// The wikis that cannot be predicted, those with the same reason together.
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
    found.into_iter().map(|(reason, wikis)| (list(&wikis, "and", most), reason)).collect()
}

/// A store whose sessions no wiki finds after the change.
pub(super) fn lost(store: &Reached) -> String {
    let wikis: Vec<&str> = store.wikis.iter().map(String::as_str).collect();
    let count = match store.sessions {
        Some(sessions) => {
            format!(": {}, {} logged in", count(sessions.live, "live session"), sessions.logged_in)
        }
        None => String::new(),
    };
    format!("{}: no wiki finds the sessions of {} any more{count}", store.store, list(&wikis, "and", 4))
}

/// A number of things.
pub(super) fn count(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// What remains with a suggestion.
pub(super) fn left(left: Left) -> &'static str {
    match left.verdict {
        Verdict::Kept | Verdict::TrailLost if left.is_well() => "users stay logged in; no problem remains",
        Verdict::LoggedOut if left.is_well() => "users log in once; no problem remains",
        Verdict::Kept | Verdict::TrailLost | Verdict::LoggedOut => "wikis still pick old cookies",
        Verdict::LogsOut => "not enough: visits still log users out of other wikis",
        Verdict::CannotLogOut => "not enough: users still can't log out",
        Verdict::StuckAtLogin => "not enough: users are still stuck at login",
        Verdict::NobodyLogsIn | Verdict::Fails => "not enough: nobody can log in, even with a fresh browser",
    }
}

/// How long the headers that delete cookies are needed.
pub(super) fn how_long(suggestions: &Suggestions) -> String {
    let until = suggestions.deletions.iter().filter_map(|deletion| deletion.until).max();
    #[expect(clippy::cast_precision_loss, reason = "400 days from now")]
    let last = until.map(|until| time(until as f64));
    match last {
        Some(last) => format!("until {last}, when the last old cookie expires"),
        None => "until all browsers have been closed once".to_owned(),
    }
}

/// An old cookie that no header can delete without an effect on other wikis.
pub(super) fn undeletable(of: &Undeletable, most: usize) -> String {
    let cookie = &of.cookie;
    let wikis: Vec<&str> = of.used_by.iter().map(String::as_str).collect();
    let (names, set) = (list(&wikis, "and", most), if wikis.len() == 1 { "sets" } else { "set" });
    if wikis.is_empty() {
        return format!(
            "no header can delete this old cookie: it is Secure, and no wiki in its domain is at https: {cookie}"
        );
    }
    format!(
        "no header can delete this old cookie without logging users out of {names}, which {set} a cookie with the same \
         name, domain, and path: {cookie}"
    )
}

/// A line for nginx's configuration.
pub(super) fn nginx(deletion: &Deletion) -> String {
    if deletion.set_cookie.contains('$') {
        return format!(
            "# add this header by hand, because nginx reads $ as a variable: Set-Cookie: {}",
            deletion.set_cookie
        );
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

/// The headers, by the URL that has to send them.
pub(super) fn by_url(deletions: &[Deletion]) -> Vec<(&str, Vec<&Deletion>)> {
    let mut urls: Vec<(&str, Vec<&Deletion>)> = Vec::new();
    for deletion in deletions {
        match urls.last_mut() {
            Some((url, there)) if *url == deletion.url => there.push(deletion),
            _ => urls.push((&deletion.url, vec![deletion])),
        }
    }
    urls
}

/// A new cookie name, and the wikis that need it.
pub(super) fn fresh(name: &FreshName, most: usize) -> String {
    let wikis: Vec<&str> = name.wikis.iter().map(String::as_str).collect();
    let wikis = list(&wikis, "and", most);
    format!("cookie_name = {:?} for {wikis} (the cookie is {})", name.cookie_name, name.cookie)
}

/// What happens to users, and at how many URLs.
pub(super) fn summary(diff: &Diff, differs: bool) -> String {
    let urls =
        |groups: &mut dyn Iterator<Item = &Group>| groups.map(|group| group.wikis.len()).sum::<usize>();
    let all = urls(&mut diff.groups.iter());
    let none = "nobody is logged out, and no old cookie hides a new one";
    match urls(&mut diff.groups.iter().filter(|group| group.hurts())) {
        0 if all == 0 => "no wiki can be compared".to_owned(),
        0 if !diff.unknown.is_empty() => format!("at the other wikis, {none}"),
        0 if differs => format!("apart from this, {none}"),
        0 => none.to_owned(),
        affected => format!("{} at {affected} of {}", effects(diff), count(all, "URL")),
    }
}

/// All effects on users.
fn effects(diff: &Diff) -> String {
    let cases = || diff.groups.iter().flat_map(|group| &group.cases);
    let verdicts: BTreeSet<Verdict> =
        cases().map(|case| case.verdict).filter(|verdict| verdict.hurts()).collect();
    let mut effects: Vec<&str> = verdicts.into_iter().map(effect).collect();
    if cases().any(|case| case.shadowed) {
        effects.push("old cookies hide new ones");
    }
    list(&effects, "and", effects.len())
}

fn effect(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept | Verdict::TrailLost => "users stay logged in",
        Verdict::LoggedOut => "users are logged out",
        Verdict::LogsOut => "visits log users out of other wikis",
        Verdict::CannotLogOut => "users cannot log out",
        Verdict::StuckAtLogin => "users are stuck at login",
        Verdict::NobodyLogsIn => "nobody can log in",
        Verdict::Fails => "wikis answer with errors",
    }
}
