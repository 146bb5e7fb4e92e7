//! Visits to live wikis, compared with the prediction: for `cookie probe` and `doctor --probe`.

use std::collections::HashMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use super::Context;
use super::browser::Browser;
use super::rejected::{RejectedBy, lines, rejected_by};
use crate::farm::Wiki;
use crate::moin::{Behavior, IdForm, Settings, id_form};
use crate::probe::{Broken, Difference, Finding, Hop, Options as Visit, compare, cookie_for, fetch};

/// A visit to one URL of a wiki.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Probe {
    /// The wiki.
    pub(crate) wiki: String,
    /// The URL.
    pub(crate) url: String,
    /// `agrees`, `drift`, `silent` (sends no cookie, as predicted), `unreachable`, or `unknown` (a custom handler).
    pub(crate) verdict: &'static str,
    /// The attributes that differ from the prediction.
    pub(crate) drift: Vec<Difference>,
    /// The responses, redirects first.
    pub(crate) hops: Vec<HopJson>,
    /// How far the server's clock is ahead of the local one, in seconds; null without a Date header.
    pub(crate) clock_skew: Option<i64>,
    /// Why the visit failed, or cannot be predicted.
    pub(crate) error: Option<String>,
    /// The predicted name of the session cookie.
    #[serde(skip)]
    cookie_name: String,
}

impl Probe {
    /// Why browsers reject the session cookie, if they do. Cookies of other programs keep nobody from logging in.
    pub(crate) fn rejected(&self) -> Option<String> {
        let other = self.drift.iter().find(|differs| differs.attribute == "name");
        let name = other.map_or(&self.cookie_name, |differs| &differs.found);
        let is_session = |cookie: &&CookieJson| {
            cookie.set_cookie.split_once('=').is_some_and(|(sent, _)| sent.trim() == name)
        };
        self.hops
            .iter()
            .flat_map(|hop| &hop.cookies)
            .filter(is_session)
            .find_map(|cookie| lines(&cookie.rejected_by).into_iter().next())
    }

    /// How far the server's clock is from the local one, if that is too far: `30 s behind`.
    pub(crate) fn skew(&self) -> Option<String> {
        let skew = self.clock_skew.filter(|skew| skew.unsigned_abs() > SKEW)?;
        let which = if skew > 0 { "ahead of" } else { "behind" };
        Some(format!("{} s {which}", skew.unsigned_abs()))
    }
}

/// A Set-Cookie header of a response.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CookieJson {
    /// The header. The value is shortened, since it is a session id.
    pub(crate) set_cookie: String,
    /// The browsers that reject the header.
    pub(crate) rejected_by: Vec<RejectedBy>,
}

/// A response.
#[derive(Serialize, JsonSchema)]
pub(crate) struct HopJson {
    /// The URL.
    pub(crate) url: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The Set-Cookie headers.
    pub(crate) cookies: Vec<CookieJson>,
    /// The Location header.
    pub(crate) location: Option<String>,
}

/// The time for one URL, redirects included.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest difference between two clocks that is not reported, in seconds.
const SKEW: u64 = 10;

/// Visits wikis at all their URLs, as without options.
pub(crate) fn probe_all(wikis: &[&Wiki], context: &Context<'_>) -> Vec<Probe> {
    let visit = Visit { resolve: HashMap::new(), ca: None, timeout: TIMEOUT };
    let now = context.now();
    let reject =
        |url: &Url, header: &[u8]| rejected_by(Browser::default(), url, header, now, &context.suffixes);
    let visits = wikis.iter().flat_map(|wiki| addresses(wiki, true).into_iter().map(move |url| (*wiki, url)));
    visits.map(|at| probe(at, &visit, now, &reject)).collect()
}

/// The URLs of a wiki, each once.
pub(crate) fn addresses(wiki: &Wiki, aliases: bool) -> Vec<&Url> {
    let mut found = vec![&wiki.url];
    for url in wiki.aliases().iter().filter(|_| aliases) {
        if !found.contains(&url) {
            found.push(url);
        }
    }
    found
}

/// The URL of a wiki below which a page is; the longest of several.
fn address_of<'a>(page: &Url, wiki: &'a Wiki) -> Option<&'a Url> {
    let is_below = |url: &&Url| {
        let below = page.path().strip_prefix(url.path().trim_end_matches('/'));
        page.origin() == url.origin() && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    wiki.addresses().map(|(url, _)| url).filter(is_below).max_by_key(|url| url.path().len())
}

/// The browsers that reject a header from a URL.
pub(crate) type Reject<'a> = &'a dyn Fn(&Url, &[u8]) -> Vec<RejectedBy>;

/// Visits a wiki at one of its URLs.
pub(crate) fn probe((wiki, url): (&Wiki, &Url), visit: &Visit, now: f64, reject: Reject<'_>) -> Probe {
    let mut probe = Probe {
        wiki: wiki.name.clone(),
        url: url.to_string(),
        verdict: "unknown",
        drift: Vec::new(),
        hops: Vec::new(),
        clock_skew: None,
        error: None,
        cookie_name: wiki.moin_at(url).session_cookie_name(),
    };
    if let Some(key) = wiki.custom_handler() {
        probe.error = Some(format!("the wiki has a custom {}", key.name()));
        return probe;
    }
    let ids = [random_id(wiki.moin()), random_id(wiki.moin())];
    // The cookie depends on the URL.
    let predicted = |page: &Url| wiki.moin_at(address_of(page, wiki).unwrap_or(url));
    let sent = |page: &Url| cookie_for(&predicted(page), [&ids[0], &ids[1]]);
    let cookie = |page: &Url| {
        let is_home = wiki.addresses().any(|(own, _)| own.host() == page.host());
        is_home.then(|| sent(page))
    };
    let hops = match fetch(&page_of(wiki, url), &cookie, visit) {
        Ok(hops) => hops,
        Err(broken) => {
            let Broken { hops, why } = *broken;
            probe.verdict = "unreachable";
            probe.hops = hops.into_iter().map(|hop| shown(hop, reject)).collect();
            probe.error = Some(why.to_string());
            return probe;
        }
    };
    // The wiki responds with the first Set-Cookie. Redirects before it come from the web server.
    let answer = hops.iter().find(|hop| !hop.set_cookies.is_empty()).or(hops.last());
    // Expiry dates count from the wiki's own clock.
    let date = answer.and_then(|hop| hop.date);
    #[expect(clippy::cast_possible_truncation, reason = "out of range it saturates")]
    let ours = now as i64;
    probe.clock_skew = date.map(|date| date.saturating_sub(ours));
    #[expect(clippy::cast_precision_loss, reason = "a second in millions of years is nothing here")]
    let at = date.map_or(now, |date| date as f64);
    let finding = answer.map(|hop| compare(&predicted(&hop.url), &sent(&hop.url), &hop.set_cookies, at));
    (probe.verdict, probe.drift) = match finding {
        Some(Finding::Agrees) => ("agrees", Vec::new()),
        Some(Finding::Drift(drift)) => ("drift", drift),
        Some(Finding::Silent) | None => ("silent", Vec::new()),
    };
    probe.hops = hops.into_iter().map(|hop| shown(hop, reject)).collect();
    probe
}

/// The page to visit: in 2.0 the login form, the only page that answers a visitor without a session with a cookie.
fn page_of(wiki: &Wiki, url: &Url) -> Url {
    let mut page = url.clone();
    if wiki.version().behavior() >= Behavior::V2 {
        page.set_path(&format!("{}/+login", url.path().trim_end_matches('/')));
    }
    page
}

/// An id without a session, in the form that the wiki accepts.
fn random_id(settings: &Settings) -> String {
    let form = match id_form(settings.version) {
        // 2.0 signs its cookies, and rejects any other value.
        IdForm::Signed => IdForm::LowerHex40,
        form => form,
    };
    form.random(&mut fastrand::Rng::new())
}

fn shown(hop: Hop, reject: Reject<'_>) -> HopJson {
    let cut = |header: &[u8]| {
        let text = String::from_utf8_lossy(header).into_owned();
        let (pair, attributes) = text.split_once(';').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
        let pair = match pair.split_once('=') {
            Some((name, value)) if value.chars().count() > 8 => {
                format!("{name}={}…", value.chars().take(8).collect::<String>())
            }
            _ => pair.to_owned(),
        };
        attributes.map_or(pair.clone(), |attributes| format!("{pair};{attributes}"))
    };
    let cookie =
        |header: &Vec<u8>| CookieJson { set_cookie: cut(header), rejected_by: reject(&hop.url, header) };
    HopJson {
        url: hop.url.to_string(),
        status: hop.status,
        cookies: hop.set_cookies.iter().map(cookie).collect(),
        location: hop.location,
    }
}
