//! Suggestions against problems with old cookies: a new cookie name, or headers that delete the old cookies. Each suggestion
//! is simulated.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::acted::Acted;
use super::case::{Case, CookieKey, Reason, Verdict, Way};
use super::stage::{Stage, act_out};
use crate::browser::domain_match;
use crate::moin::Behavior;
use crate::simulate::event::time;

/// The suggestions; empty if no user is affected.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Suggestions {
    /// Headers that delete old cookies, ordered by the URL that has to send them.
    pub deletions: Vec<Deletion>,
    /// Old cookies that no header can delete without logging users out.
    pub undeletable: Vec<Undeletable>,
    /// The effects that remain with these headers.
    pub with_deletions: Option<Left>,
    /// New cookie names for the affected wikis.
    pub fresh_names: Vec<FreshName>,
    /// The effects that remain with these names.
    pub with_fresh_names: Option<Left>,
}

/// A header that deletes an old cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deletion {
    /// The URL of the wiki whose responses must have the header.
    pub url: String,
    /// The old cookie.
    #[serde(flatten)]
    pub cookie: CookieKey,
    /// The value of the Set-Cookie header.
    pub set_cookie: String,
    /// When the last of these cookies expires, in unix seconds; null if they end with the browser's session.
    pub until: Option<i64>,
    /// The same in RFC 3339.
    pub until_at: Option<String>,
}

/// An old cookie that no header can delete without logging users out. Over http, browsers reject a header that deletes or
/// replaces a Secure cookie. Over https, a header deletes the cookie of its name, domain, and path, whether that one is Secure or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Undeletable {
    /// The old cookie.
    #[serde(flatten)]
    pub cookie: CookieKey,
    /// The wikis of the new farm that set the same cookie, with or without Secure: a header that deletes it logs their
    /// users out. Empty if the cookie is Secure and no wiki within its domain is at https: no header can delete it.
    pub used_by: Vec<String>,
}

/// A cookie name that no old cookie has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FreshName {
    /// The wikis that need it.
    pub wikis: Vec<String>,
    /// The value of the setting `cookie_name`.
    pub cookie_name: String,
    /// The full name of the cookie with this setting.
    pub cookie: String,
}

/// The effects that remain with a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Left {
    /// The worst effect.
    pub verdict: Verdict,
    /// Whether a wiki still picks an old cookie although there is a new one.
    pub shadowed: bool,
}

impl Left {
    fn of(cases: &[Vec<Case>]) -> Left {
        let all = || cases.iter().flatten();
        let verdict = all().map(|case| case.verdict).max().unwrap_or(Verdict::Kept);
        Left { verdict, shadowed: all().any(|case| case.shadowed) }
    }

    /// Whether users have to log in at most once.
    pub fn is_well(self) -> bool {
        self.verdict <= Verdict::LoggedOut && !self.shadowed
    }
}

/// Whether old cookies cause the effect.
fn is_affected(case: &Case) -> bool {
    let by_old = matches!(case.verdict, Verdict::LogsOut | Verdict::CannotLogOut | Verdict::StuckAtLogin);
    case.shadowed
        || by_old
        || (case.verdict == Verdict::LoggedOut && case.way != Way::Back && !case.cookies.is_empty())
}

/// Finds suggestions and simulates them.
pub(super) fn suggestions(seats: &[Acted], cases: &[Vec<Case>], stage: &Stage<'_>) -> Suggestions {
    let affected: Vec<usize> = cases
        .iter()
        .enumerate()
        .filter(|(_, cases)| cases.iter().any(is_affected))
        .map(|(at, _)| at)
        .collect();
    if affected.is_empty() {
        return Suggestions::default();
    }
    let (deletions, undeletable) = deletions(seats, cases, &affected);
    let mut suggestions = Suggestions { deletions, undeletable, ..Suggestions::default() };
    if !suggestions.deletions.is_empty() {
        let mut headers: HashMap<String, Vec<String>> = HashMap::new();
        for one in &suggestions.deletions {
            headers.entry(one.url.clone()).or_default().push(one.set_cookie.clone());
        }
        let stage = Stage { headers: Arc::new(headers), ..*stage };
        suggestions.with_deletions = Some(Left::of(&act_out(&stage, seats, &affected)));
    }
    let (names, renamed) = rename(seats, &affected);
    if !names.is_empty() {
        let seats: Vec<Acted> = renamed.into_iter().map(|(pair, seat)| stage.prepare(pair, seat)).collect();
        suggestions.fresh_names = names;
        suggestions.with_fresh_names = Some(Left::of(&act_out(stage, &seats, &affected)));
    }
    suggestions
}

fn deletions(seats: &[Acted], cases: &[Vec<Case>], affected: &[usize]) -> (Vec<Deletion>, Vec<Undeletable>) {
    let mut found: BTreeMap<(String, CookieKey), Option<i64>> = BTreeMap::new();
    let mut undeletable: Vec<Undeletable> = Vec::new();
    let ours: Vec<(CookieKey, &str)> = seats
        .iter()
        .filter_map(|acted| Some((CookieKey::of(acted.ours.as_ref()?), acted.seat.new.name.as_str())))
        .collect();
    for at in affected {
        let (Some(acted), Some(cases)) = (seats.get(*at), cases.get(*at)) else { continue };
        for case in cases.iter().filter(|case| is_affected(case)) {
            let refused = matches!(case.reason, Reason::Refused(_));
            let owner = match &case.way {
                Way::From(name) if refused => seats.iter().find(|other| other.seat.old.name == *name),
                _ => None,
            };
            let own = owner.unwrap_or(acted).remembered.as_ref().map(|(_, cookie)| CookieKey::of(cookie));
            let sent = case.cookies.iter().filter(|cookie| cookie.old).map(|cookie| cookie.cookie.clone());
            for cookie in sent.chain(own.filter(|_| refused)) {
                let url = deleting_url(&cookie, acted, seats);
                let used_by = if url.is_some() { used_by(&cookie, &ours) } else { Vec::new() };
                let Some(url) = url.filter(|_| used_by.is_empty()) else {
                    let one = Undeletable { cookie, used_by };
                    if !undeletable.contains(&one) {
                        undeletable.push(one);
                    }
                    continue;
                };
                #[expect(clippy::cast_possible_truncation, reason = "at most 400 days from now")]
                let until = case.until.map(|until| until as i64);
                let known = found.entry((url, cookie)).or_default();
                *known = (*known).max(until);
            }
        }
    }
    let deletion = |((url, cookie), until): ((String, CookieKey), Option<i64>)| {
        let domain = if cookie.host_only { String::new() } else { format!("; Domain={}", cookie.domain) };
        let secure = if cookie.secure { "; Secure" } else { "" };
        let set_cookie = format!(
            "{}={domain}; Path={}; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0{secure}",
            cookie.name, cookie.path
        );
        #[expect(clippy::cast_precision_loss, reason = "at most 400 days from now")]
        let until_at = until.map(|until| time(until as f64));
        Deletion { url, cookie, set_cookie, until, until_at }
    };
    (found.into_iter().map(deletion).collect(), undeletable)
}

/// The wikis of the new farm that set the same cookie.
fn used_by(cookie: &CookieKey, ours: &[(CookieKey, &str)]) -> Vec<String> {
    let same = ours.iter().filter(|(ours, _)| ours.is_same(cookie));
    let mut wikis: Vec<String> = same.map(|(_, wiki)| (*wiki).to_owned()).collect();
    // A wiki has a seat for each URL.
    wikis.dedup();
    wikis
}

/// The URL of a wiki whose header can delete an old cookie that affects a wiki: of that wiki, except for a Secure cookie
/// at http.
fn deleting_url(cookie: &CookieKey, affected: &Acted, seats: &[Acted]) -> Option<String> {
    let can = |acted: &&Acted| {
        let root = &acted.seat.new.root;
        let within =
            root.host() == cookie.domain || !cookie.host_only && domain_match(root.host(), &cookie.domain);
        within && (root.is_secure() || !cookie.secure)
    };
    let acted = std::iter::once(affected).chain(seats).find(can)?;
    Some(acted.seat.new.root.to_string())
}

/// Gives a new name to all wikis that use the cookie name of an affected one.
fn rename(seats: &[Acted], affected: &[usize]) -> (Vec<FreshName>, Vec<(usize, super::pair::Seat)>) {
    let name = |acted: &Acted| acted.seat.new.settings().session_cookie_name();
    let can = |acted: &Acted| acted.seat.new.behavior() >= Behavior::V1_9_1;
    let mut wanted: BTreeMap<String, Option<FreshName>> = BTreeMap::new();
    for acted in affected.iter().filter_map(|at| seats.get(*at)) {
        wanted.insert(name(acted), None);
    }
    let used: Vec<String> = seats
        .iter()
        .flat_map(|acted| [acted.seat.old.settings().session_cookie_name(), name(acted)])
        .collect();
    for (old, fresh) in &mut wanted {
        // A wiki whose version lacks the setting would keep the old name, and share its login with no other
        // wiki.
        if seats.iter().any(|acted| name(acted) == *old && !can(acted)) {
            continue;
        }
        let cookie = (2..).map(|n| format!("{old}_{n}")).find(|name| !used.contains(name));
        *fresh = cookie.map(|cookie| FreshName {
            wikis: Vec::new(),
            cookie_name: cookie.strip_prefix("MOIN_SESSION_").unwrap_or(&cookie).to_owned(),
            cookie,
        });
    }
    let mut renamed = Vec::with_capacity(seats.len());
    for acted in seats {
        let mut seat = acted.seat.clone();
        if let Some(Some(fresh)) = wanted.get_mut(&name(acted)) {
            let mut settings = seat.new.settings().clone();
            settings.cookie_name = Some(fresh.cookie_name.clone());
            seat.new.handler = seat.new.handler.clone().with_settings(settings);
            if fresh.wikis.last() != Some(&seat.new.name) {
                fresh.wikis.push(seat.new.name.clone());
            }
        }
        renamed.push((acted.pair, seat));
    }
    (wanted.into_values().flatten().collect(), renamed)
}
