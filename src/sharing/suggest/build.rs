//! A construction that surely gives what is wanted, as far as anything can: each party of wikis gets a cookie of its own, and
//! its wikis get the same cookie, directories, and methods. It changes more than necessary; `undo.rs` reverts the rest.

use std::collections::HashSet;

use super::names::names;
use super::party::{Family, common_parent, most_common};
use crate::browser::domain_match;
use crate::farm::{Key, Value, Wiki};
use crate::moin::Version;

/// How to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    /// The settings in the order in which their changes are taken back: the last ones are kept if there is a choice.
    pub(super) order: &'static [Key],
    /// Whether parties get the narrowest domain and path instead of the ones that most of the wikis have.
    pub(super) narrow: bool,
    /// Whether wikis over http are served over https, instead of cookies without Secure.
    pub(super) https: bool,
    /// Whether wikis of 1.9.0, whose cookie has a fixed name, are upgraded.
    pub(super) upgrade: bool,
    /// Whether wikis get hosts of their own.
    pub(super) hosts: bool,
}

/// An order that ends with these settings.
macro_rules! keep {
    ($($last:ident),*) => {
        &[
            Key::Moin,
            Key::CookieLifetime,
            Key::Url,
            Key::Aliases,
            Key::CookieSamesite,
            Key::CookiePartitioned,
            Key::CookieSecure,
            Key::SessionStore,
            Key::SessionDir,
            Key::CacheDir,
            Key::SecretKeyId,
            Key::UserDir,
            Key::Auth,
            $(Key::$last),*
        ]
    };
}

/// What users notice least comes last: cookie names.
pub(super) const KEEP_NAMES: &[Key] = keep![CookieDomain, CookiePath, CookieName, SessionIdHandler];

/// Narrower cookies rather than other names.
pub(super) const KEEP_SCOPES: &[Key] = keep![SessionIdHandler, CookieName, CookiePath, CookieDomain];

/// Https and Secure rather than another cookie.
pub(super) const KEEP_HTTPS: &[Key] = &[
    Key::Moin,
    Key::CookieLifetime,
    Key::Aliases,
    Key::CookieSamesite,
    Key::CookiePartitioned,
    Key::SessionIdHandler,
    Key::CookieName,
    Key::CookiePath,
    Key::CookieDomain,
    Key::CookieSecure,
    Key::SessionStore,
    Key::SessionDir,
    Key::CacheDir,
    Key::SecretKeyId,
    Key::UserDir,
    Key::Auth,
    Key::Url,
];

/// The wikis as built, in their order. A party is a list of positions.
pub(super) fn build(wikis: &[Wiki], parties: &[Vec<usize>], way: Way) -> Vec<Wiki> {
    let mut built = wikis.to_vec();
    let hosts: HashSet<&str> = wikis.iter().filter_map(|wiki| wiki.url.host_str()).collect();
    for party in parties {
        let members: Vec<&Wiki> = party.iter().filter_map(|at| wikis.get(*at)).collect();
        let mut new: Vec<Wiki> = members.into_iter().cloned().collect();
        upgrade(&mut new, way);
        serve(&mut new, way, &hosts);
        scope(&mut new, way);
        if new.len() > 1 {
            join(&mut new);
        }
        for (at, wiki) in party.iter().zip(new) {
            built.get_mut(*at).into_iter().for_each(|slot| *slot = wiki.clone());
        }
    }
    names(wikis, &mut built, parties);
    built
}

/// Sets a value, unless the wiki has it, or ignores it.
fn set(wiki: &mut Wiki, key: Key, value: Option<Value>) {
    let same = wiki.value(key) == value.as_ref();
    if !same && (value.is_none() || wiki.ignores(key).is_none()) {
        *wiki = wiki.with(key, value);
    }
}

/// The lifetime of a login in MoinMoin, in hours, if no setting gives another.
const USUAL: f64 = 12.0;

/// Gives the wikis versions that can share a login, if there are any.
fn upgrade(party: &mut [Wiki], way: Way) {
    let families: Vec<Family> = party.iter().map(Family::of).collect();
    let mixed = families.iter().any(|family| families.first() != Some(family));
    if families.contains(&Family::Flask) || !(mixed || way.upgrade) {
        return;
    }
    let new = party.iter().filter(|wiki| Family::of(wiki) == Family::New).map(Wiki::version);
    let newest = new.max_by_key(|version| version.behavior()).unwrap_or(Version::LATEST_1_9);
    for wiki in party.iter_mut() {
        let family = Family::of(wiki);
        if family == Family::Fixed || (mixed && family == Family::Old) {
            let lifetime = wiki.value(Key::CookieLifetime).and_then(Value::number);
            let anonymous = wiki.value(Key::AnonymousSessionLifetime).and_then(Value::number);
            *wiki = wiki.with(Key::Moin, Some(Value::Version(newest)));
            if lifetime.or(anonymous).is_some() {
                let hours = lifetime.unwrap_or(USUAL);
                // 1.7 and 1.8 drop the fraction. Then 0 is ten years, and no login at all in 1.9.
                let hours = if family == Family::Old { hours.trunc() } else { hours };
                let hours = if hours == 0.0 { 87600.0 } else { hours };
                set(wiki, Key::CookieLifetime, Some(Value::Pair(anonymous.unwrap_or(0.0), hours)));
            }
        }
    }
}

/// Addresses: one scheme for a party, and no other URLs.
fn serve(party: &mut [Wiki], way: Way, hosts: &HashSet<&str>) {
    let is_http = |wiki: &Wiki| wiki.url.scheme() == "http";
    let http = party.iter().filter(|wiki| is_http(wiki)).count();
    let mixed = http > 0 && http < party.len();
    let alone = party.len() == 1;
    for wiki in party {
        set(wiki, Key::Aliases, None);
        let mut url = wiki.url.clone();
        if way.hosts && alone {
            let host = url.host_str().map(|host| format!("{}.{host}", wiki.name.to_lowercase()));
            let free = host.filter(|host| {
                !hosts.contains(host.as_str()) && is_name(&wiki.name) && url.domain().is_some()
            });
            let _ = free.map(|host| url.set_host(Some(&host)));
        }
        if way.https && is_http(wiki) && (mixed || way.order == KEEP_HTTPS) {
            // A proxy that speaks http to MoinMoin would hide the https.
            let _ = url.set_scheme("https");
            set(wiki, Key::BackendUrl, None);
        }
        if url != wiki.url {
            *wiki = wiki.with(Key::Url, Some(Value::Url(Box::new(url))));
        }
        attributes(wiki, !(is_http(wiki) || mixed && !way.https));
    }
}

/// Attributes that browsers accept, at https or without Secure.
fn attributes(wiki: &mut Wiki, https: bool) {
    let none = wiki.text(Key::CookieSamesite).is_some_and(|value| value.eq_ignore_ascii_case("none"));
    let needs_secure = none || wiki.moin().session_cookie_name().starts_with("__");
    match (https, wiki.moin().sends_secure()) {
        (true, false) if needs_secure => set(wiki, Key::CookieSecure, Some(Value::Bool(true))),
        (true, _) => {}
        (false, secure) => {
            if none {
                set(wiki, Key::CookieSamesite, None);
            }
            if secure {
                set(wiki, Key::CookiePartitioned, None);
                set(wiki, Key::CookieSecure, None);
            }
            // A proxy can speak https to MoinMoin.
            if wiki.moin().sends_secure() {
                set(wiki, Key::CookieSecure, Some(Value::Bool(false)));
            }
        }
    }
}

/// Whether a wiki's name can be a part of a host name.
fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// The domain and path of the cookie of a party.
fn scope(party: &mut [Wiki], way: Way) {
    let domain = domain(party, way);
    let path = path(party, way);
    for wiki in party {
        if wiki.text(Key::CookieDomain) != domain.as_deref() {
            set(wiki, Key::CookieDomain, domain.clone().map(Value::Text));
        }
        if wiki.moin().effective_cookie_path() != path {
            set(wiki, Key::CookiePath, Some(Value::Text(path.clone())));
        }
    }
}

fn domain(party: &[Wiki], way: Way) -> Option<String> {
    let hosts: Vec<&str> = party.iter().filter_map(|wiki| wiki.url.host_str()).collect();
    let parent = common_parent(&hosts)?;
    let set = || party.iter().filter_map(|wiki| wiki.text(Key::CookieDomain));
    let bare = |domain: &str| domain.trim_start_matches('.').to_ascii_lowercase();
    // The spelling of most of the wikis.
    let fits = |domain: &&str| match way.narrow {
        true => bare(domain) == parent,
        false => hosts.iter().all(|host| domain_match(host, &bare(domain))),
    };
    let known = most_common(set().filter(fits));
    Some(known.map_or_else(|| format!(".{parent}"), str::to_owned))
}

fn path(party: &[Wiki], way: Way) -> String {
    let own = |wiki: &Wiki| wiki.url.path().trim_end_matches('/').to_owned();
    let paths: Vec<String> = party.iter().map(own).collect();
    let covers = |path: &str| paths.iter().all(|own| crate::browser::path_match(&format!("{own}/"), path));
    let known =
        most_common(party.iter().map(|wiki| wiki.moin().effective_cookie_path()).filter(|path| covers(path)));
    if let Some(known) = known.filter(|_| !way.narrow && party.len() > 1) {
        return known.into_owned();
    }
    let first = paths.first().map_or("", String::as_str);
    let beginnings = first.match_indices('/').filter_map(|(at, _)| first.get(..at));
    let mut narrowest = std::iter::once(first).chain(beginnings.collect::<Vec<_>>().into_iter().rev());
    narrowest.find(|path| !path.is_empty() && covers(path)).map_or("/", |path| path).to_owned()
}

/// One session storage, one user directory, and the same methods for a party.
fn join(party: &mut [Wiki]) {
    let donor = |of: &dyn Fn(&Wiki) -> Option<String>| {
        let most = most_common(party.iter().filter_map(of))?;
        party.iter().find(|wiki| of(wiki).as_ref() == Some(&most)).cloned()
    };
    let sessions = donor(&|wiki| match Family::of(wiki) {
        Family::Flask => wiki.text(Key::SecretKeyId).map(str::to_owned),
        _ => Some(format!("{:?}", wiki.session_location()?)),
    });
    let users = donor(&|wiki| wiki.user_dir().map(|dir| dir.display().to_string()));
    let auth = donor(&|wiki| Some(format!("{:?}", wiki.auth())));
    for wiki in party {
        if Family::of(wiki) == Family::Flask {
            let key = sessions.as_ref().and_then(|donor| donor.text(Key::SecretKeyId)).unwrap_or("shared");
            set(wiki, Key::SecretKeyId, Some(Value::Text(key.to_owned())));
        } else if let Some(donor) = &sessions {
            same_sessions(wiki, donor);
        }
        if let Some(donor) = users.as_ref().filter(|donor| donor.user_dir() != wiki.user_dir()) {
            let own = if Family::of(donor) == Family::Flask { "userprofiles" } else { "user" };
            let users = donor.value(Key::UserDir).cloned().or_else(|| below(donor, Key::DataDir, own));
            set(wiki, Key::UserDir, users);
        }
        if let Some(donor) = auth.as_ref().filter(|donor| donor.auth() != wiki.auth()) {
            let names = donor.auth().into_iter().map(str::to_owned).collect();
            set(wiki, Key::Auth, Some(Value::Names(names)));
        }
    }
}

/// Gives a wiki the session storage of another one of its family.
fn same_sessions(wiki: &mut Wiki, donor: &Wiki) {
    // All wikis of one process of 1.9.0 have one directory.
    if wiki.session_location() == donor.session_location() || Family::of(wiki) == Family::Fixed {
        return;
    }
    let store = donor.value(Key::SessionStore).cloned();
    let directory = store.is_none();
    set(wiki, Key::SessionStore, store);
    if !directory || wiki.session_location() == donor.session_location() {
        return;
    }
    let cache = || donor.value(Key::CacheDir).cloned().or_else(|| below(donor, Key::DataDir, "cache"));
    match Family::of(wiki) {
        Family::Old => set(wiki, Key::CacheDir, cache()),
        _ => {
            let sessions = donor.value(Key::SessionDir).cloned();
            let default = || below(donor, Key::CacheDir, "__session__");
            let last = || below(donor, Key::DataDir, "cache/__session__");
            set(wiki, Key::SessionDir, sessions.or_else(default).or_else(last));
        }
    }
}

/// A directory below one that the farm file names, as it is written there.
fn below(wiki: &Wiki, key: Key, name: &str) -> Option<Value> {
    Some(Value::Path(wiki.value(key)?.path()?.join(name)))
}
