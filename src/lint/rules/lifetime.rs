//! Rules about how long logins last.

use std::collections::BTreeMap;

use crate::farm::{Farm, Key, Value, Wiki};
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::finding::other_pairs;
use crate::lint::rule::{Look, Rule, Sink, all_pairs, rule};
use crate::moin::{Behavior, CookieLifetime, Lifetime, lifetimes};
use crate::sharing::{As, Left, Model, Site, Storage};
use crate::text::span_text;

const FAMILY: &str = "lifetime";

pub(super) const RULES: &[Rule] = &[
    rule!("lifetime-below-one-hour", FAMILY, Error, Look::Wiki(lifetime_below_one_hour)),
    rule!("login-disabled", FAMILY, Error, Look::Wiki(login_disabled)),
    rule!("anonymous-lifetime-too-short", FAMILY, Warning, Look::Wiki(anonymous_lifetime_too_short)),
    rule!("truncated-lifetime", FAMILY, Warning, Look::Wiki(truncated_lifetime)),
    rule!("lifetime-over-400-days", FAMILY, Warning, Look::Wiki(lifetime_over_400_days)),
    rule!("anonymous-outlives-login", FAMILY, Warning, Look::Wiki(anonymous_outlives_login)),
    rule!("share-lifetimes-differ", FAMILY, Warning, Look::Farm(share_lifetimes_differ)),
    rule!("clock-skew", FAMILY, Warning, Look::Sharing(clock_skew)),
    rule!("ten-year-login", FAMILY, Warning, Look::Wiki(ten_year_login)),
    rule!("negative-anonymous-lifetime", FAMILY, Warning, Look::Wiki(negative_anonymous_lifetime)),
];

fn lifetime_below_one_hour(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let Some(CookieLifetime::Hours(hours)) = settings.cookie_lifetime else { return };
    if wiki.version().behavior() < Behavior::V1_9_0 && hours != 0.0 && hours.trunc() == 0.0 {
        let message = format!(
            "logins last ten years: MoinMoin {} drops the fraction of {hours} h, and 0 h means ten years",
            wiki.version().resolved()
        );
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, "write whole hours, at least 1");
    }
}

fn login_disabled(wiki: &Wiki, sink: &mut Sink) {
    let behavior = wiki.version().behavior();
    if behavior >= Behavior::V1_9_0 && lifetimes(wiki.moin()).is_ok_and(|l| l.user == Lifetime::None) {
        let message = format!(
            "nobody stays logged in: MoinMoin {} reads this lifetime as \"no login\"",
            wiki.version().resolved()
        );
        let line = sink.line(wiki, Key::CookieLifetime, &usual_lifetime(wiki));
        let help = format!("write the hours that a login lasts, such as {line}");
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, help);
    }
}

/// A useful lifetime for logins, and the wiki's own for anonymous sessions.
pub(super) fn usual_lifetime(wiki: &Wiki) -> Value {
    let anonymous = match wiki.value(Key::CookieLifetime) {
        Some(Value::Pair(anonymous, _)) => Some(*anonymous),
        _ => wiki.moin().anonymous_session_lifetime,
    };
    match wiki.version().behavior() >= Behavior::V2 {
        true => Value::Number(12.0),
        false => Value::Pair(anonymous.unwrap_or(0.0), 12.0),
    }
}

fn anonymous_lifetime_too_short(wiki: &Wiki, sink: &mut Sink) {
    let settings = wiki.moin();
    let Some(CookieLifetime::Pair(anonymous, _)) = settings.cookie_lifetime else { return };
    let behavior = wiki.version().behavior();
    if (Behavior::V1_9_0..Behavior::V2).contains(&behavior)
        && anonymous != 0.0
        && lifetimes(settings).is_ok_and(|l| l.anonymous == Lifetime::None)
    {
        let message = format!("anonymous visitors get no session: {anonymous} h is less than one second");
        let help = "write 0 to turn anonymous sessions off, or at least 0.01";
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, help);
    }
}

/// The longest time that browsers keep a cookie, in seconds.
const CAP: f64 = 400.0 * 86_400.0;

fn truncated_lifetime(wiki: &Wiki, sink: &mut Sink) {
    let Some(CookieLifetime::Hours(hours)) = wiki.moin().cookie_lifetime else { return };
    if wiki.version().behavior() < Behavior::V1_9_0 && hours.abs() > 1.0 && hours.fract() != 0.0 {
        let (version, whole) = (wiki.version().resolved(), hours.trunc());
        let message = format!("logins last {whole} h, not {hours} h: MoinMoin {version} drops the fraction");
        let help = format!(
            "write whole hours, such as {}",
            sink.line(wiki, Key::CookieLifetime, &Value::Number(whole))
        );
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, help);
    }
}

fn lifetime_over_400_days(wiki: &Wiki, sink: &mut Sink) {
    let Ok(found) = lifetimes(wiki.moin()) else { return };
    // MoinMoin itself sets ten years for "remember me": no line of the farm file causes that.
    let login = if wiki.version().behavior() >= Behavior::V2 { found.remember } else { found.user };
    for (key, lifetime) in [(Key::CookieLifetime, login), (Key::AnonymousSessionLifetime, found.anonymous)] {
        let key = if wiki.uses(key) { key } else { Key::CookieLifetime };
        match lifetime {
            Lifetime::Seconds(seconds) if seconds > CAP && wiki.setting(key).is_some() => {
                let days = (seconds / 86_400.0).round();
                let message = format!("browsers delete the cookie after 400 days, not after {days} days");
                sink.report(wiki, wiki.span_of(key), message, "write at most 9600 hours");
            }
            _ => {}
        }
    }
}

fn anonymous_outlives_login(wiki: &Wiki, sink: &mut Sink) {
    let Ok(found) = lifetimes(wiki.moin()) else { return };
    if let (Lifetime::Seconds(anonymous), Lifetime::Seconds(user)) = (found.anonymous, found.user)
        && anonymous > user
    {
        let key =
            [Key::AnonymousSessionLifetime, Key::CookieLifetime].into_iter().find(|key| wiki.uses(*key));
        let (anonymous, user) = (anonymous / 3600.0, user / 3600.0);
        let message = format!("anonymous sessions last {anonymous} h, longer than logins ({user} h)");
        let span = wiki.span_of(key.unwrap_or(Key::CookieLifetime));
        sink.report(wiki, span, message, "set the anonymous lifetime to 1 h or less");
    }
}

/// Sessions that are expired by the clock of another wiki with the same store.
fn clock_skew(farm: &Farm, model: &Model, sink: &mut Sink) {
    let skews = || model.sites().iter().map(|site| site.settings.clock_skew);
    if skews().all(|skew| Some(skew) == skews().next()) {
        return;
    }
    let all = all_pairs(model);
    // The first pair of each wiki whose clock differs, and the number of others.
    let mut reported: BTreeMap<&str, (&Wiki, String, usize)> = BTreeMap::new();
    for (from, to) in all.as_deref().unwrap_or_else(|| model.encounters()) {
        let (Some(from), Some(to)) = (model.sites().get(*from), model.sites().get(*to)) else { continue };
        let ahead = to.settings.clock_skew - from.settings.clock_skew;
        if ahead <= 0.0 || !finds_session_of(from, to) {
            continue;
        }
        let (Some(wiki), Some(other)) = (farm.wiki(&from.name), farm.wiki(&to.name)) else { continue };
        let lifetime = shortest_lifetime(wiki).filter(|(_, lifetime)| ahead >= *lifetime);
        let Some((whose, lifetime)) = lifetime else { continue };
        let key = if other.setting(Key::ClockSkew).is_some() { other } else { wiki };
        if let Some((.., others)) = reported.get_mut(key.name.as_str()) {
            *others += 1;
            continue;
        }
        let message = format!(
            "{whose} of {} expire at once at {}: the clock there is {} ahead, and the sessions last {}",
            wiki.name,
            other.name,
            span_text(ahead),
            span_text(lifetime)
        );
        reported.insert(&key.name, (key, message, 0));
    }
    let help = "synchronize the clocks of the servers, for example with chrony, then remove clock_skew";
    for (key, message, others) in reported.into_values() {
        let message = message + &other_pairs(others, all.is_some());
        sink.report(key, key.span_of(Key::ClockSkew), message, help);
    }
}

/// Whether a wiki receives the cookie of another, and looks for its session in the same store.
fn finds_session_of(from: &Site, to: &Site) -> bool {
    let Left::Cookie(cookie) = from.left(As::User) else { return false };
    let directory = |site: &Site| match &site.storage {
        Storage::Directory(_, identity) | Storage::Process(_, identity) => Some(identity.clone()),
        _ => None,
    };
    let store = directory(from);
    store.is_some() && store == directory(to) && from.cookie_name == to.cookie_name && to.receives(cookie)
}

/// The shortest lifetime of sessions that a wiki stores, in seconds.
fn shortest_lifetime(wiki: &Wiki) -> Option<(&'static str, f64)> {
    let found = lifetimes(wiki.moin()).ok()?;
    let seconds = |lifetime| match lifetime {
        Lifetime::Seconds(seconds) => Some(seconds),
        _ => None,
    };
    let stores_expiry = wiki.version().behavior() != Behavior::V1_9_0;
    let all = [("logins", seconds(found.user)), ("anonymous sessions", seconds(found.anonymous))];
    let known =
        all.into_iter().filter_map(|(whose, seconds)| Some((whose, seconds.filter(|_| stores_expiry)?)));
    known.min_by(|one, other| one.1.total_cmp(&other.1))
}

fn share_lifetimes_differ(farm: &Farm, sink: &mut Sink) {
    for share in &farm.shares {
        let mut wikis = share.wikis.iter().filter_map(|(name, _)| farm.wiki(name));
        let login = |wiki: &Wiki| lifetimes(wiki.moin()).ok().map(|found| found.user);
        let Some(first) = wikis.next() else { continue };
        if let Some(other) = wikis.find(|wiki| login(wiki) != login(first)) {
            let hours = |wiki: &Wiki| match login(wiki) {
                Some(Lifetime::Seconds(seconds)) => format!("{} h", seconds / 3600.0),
                Some(Lifetime::BrowserSession) => "until the browser closes".to_owned(),
                Some(Lifetime::None) | None => "only for one page".to_owned(),
            };
            let message = format!(
                "a login lasts {} in {} and {} in {}: the wiki that a user visited last decides",
                hours(first),
                first.name,
                hours(other),
                other.name
            );
            let help = "set one cookie_lifetime for the wikis of the [[share]]";
            let wikis = [first.name.as_str(), &other.name];
            sink.report_named(None, &wikis, share.span.clone(), message, help, Vec::new());
        }
    }
}

fn ten_year_login(wiki: &Wiki, sink: &mut Sink) {
    let zero = matches!(wiki.moin().cookie_lifetime, Some(CookieLifetime::Hours(0.0)));
    if zero && wiki.version().behavior() < Behavior::V1_9_0 {
        let message = "every login lasts ten years, with or without \"remember me\"".to_owned();
        let help = "write the hours that a login lasts without \"remember me\", such as 12";
        sink.report(wiki, wiki.span_of(Key::CookieLifetime), message, help);
    }
}

fn negative_anonymous_lifetime(wiki: &Wiki, sink: &mut Sink) {
    let Ok(found) = lifetimes(wiki.moin()) else { return };
    if matches!(found.anonymous, Lifetime::Seconds(seconds) if seconds < 0.0) {
        let key = [Key::AnonymousSessionLifetime, Key::CookieLifetime]
            .into_iter()
            .find(|key| wiki.uses(*key))
            .unwrap_or(Key::CookieLifetime);
        let message = "every visitor receives a cookie that has already expired".to_owned();
        let help = "write 0 to turn anonymous sessions off, or the hours that they last";
        sink.report(wiki, wiki.span_of(key), message, help);
    }
}
