//! `wikifarm cookie probe`: compares live wikis with the prediction.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use super::rejected::{RejectedBy, lines, rejected_by};
use crate::cli::shared::browser::Browser;
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Wiki, parse_duration, same_address};
use crate::moin::{Behavior, IdForm, Settings, id_form};
use crate::probe::{
    Broken, Difference, Finding, Hop, Options as Visit, certificates, compare, cookie_for, fetch,
};
use crate::sys::read_input;
use crate::text::escape;
use crate::text::{hang, wrap};

/// Visit live wikis, and compare the cookies they send with the prediction
///
/// Visits each URL of the wikis with random session ids, and never logs in. From MoinMoin 1.9.2 on, responses show the name,
/// the domain, and the path of the cookie. With anonymous sessions, responses also show which of two cookies the wiki uses.
/// For 2.0, visits the login form. Follows redirects to other URLs of the same wiki, and compares the URL that
/// responds.
///
/// Also compares the Date header with the local clock, and reports differences of more than 10 seconds.
///
/// The exit status is 1 if a wiki sends a different cookie than predicted, and 3 if a URL cannot be reached.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie probe wiki1 --resolve wiki1.example.org:127.0.0.1")]
pub(in crate::cli) struct Options {
    /// Visit only these wikis
    wikis: Vec<String>,
    /// Use this address for a host instead of DNS (repeatable)
    #[arg(long, value_name = "HOST:IP", value_parser = host_and_address)]
    resolve: Vec<(String, IpAddr)>,
    /// Trust the certificates in this PEM file instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Visit only the main URL of each wiki, not its aliases
    #[arg(long)]
    no_aliases: bool,
    /// Give up on a URL after this time, redirects included
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    timeout: Duration,
    #[command(flatten)]
    browser: Browser,
}

/// The largest file of certificates, in bytes: 16 MiB.
const MOST_CERTIFICATES: u64 = 16 << 20;

/// The time for one URL, redirects included.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest difference between two clocks that is not reported, in seconds.
const SKEW: u64 = 10;

fn host_and_address(text: &str) -> Result<(String, IpAddr), String> {
    let expected = || "expected HOST:IP, for example wiki.example.org:127.0.0.1".to_owned();
    let (host, address) = text.split_once(':').ok_or_else(expected)?;
    let address = address.trim_start_matches('[').trim_end_matches(']').parse().map_err(|_| expected())?;
    if host.is_empty() { Err(expected()) } else { Ok((host.to_lowercase(), address)) }
}

/// The cookies of live wikis, compared with the prediction.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// One for each URL.
    probes: Vec<Probe>,
}

/// A visit to one URL of a wiki.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct Probe {
    /// The wiki.
    pub(in crate::cli) wiki: String,
    /// The URL.
    pub(in crate::cli) url: String,
    /// `agrees`, `drift`, `silent` (sends no cookie, as predicted), `unreachable`, or `unknown` (a custom handler).
    pub(in crate::cli) verdict: &'static str,
    /// The attributes that differ from the prediction.
    pub(in crate::cli) drift: Vec<Difference>,
    /// The responses, redirects first.
    hops: Vec<HopJson>,
    /// How far the server's clock is ahead of the local one, in seconds; null without a Date header.
    clock_skew: Option<i64>,
    /// Why the visit failed, or cannot be predicted.
    pub(in crate::cli) error: Option<String>,
    /// The predicted name of the session cookie.
    #[serde(skip)]
    cookie_name: String,
}

impl Probe {
    /// Why browsers reject the session cookie, if they do. Cookies of other programs keep nobody from logging in.
    pub(in crate::cli) fn rejected(&self) -> Option<String> {
        let is_session = |cookie: &&CookieJson| {
            cookie.set_cookie.split_once('=').is_some_and(|(name, _)| name.trim() == self.cookie_name)
        };
        self.hops
            .iter()
            .flat_map(|hop| &hop.cookies)
            .filter(is_session)
            .find_map(|cookie| lines(&cookie.rejected_by).into_iter().next())
    }

    /// How far the server's clock is from the local one, if that is too far: `30 s behind`.
    pub(in crate::cli) fn skew(&self) -> Option<String> {
        let skew = self.clock_skew.filter(|skew| skew.unsigned_abs() > SKEW)?;
        let which = if skew > 0 { "ahead of" } else { "behind" };
        Some(format!("{} s {which}", skew.unsigned_abs()))
    }
}

/// A Set-Cookie header of a response.
#[derive(Serialize, JsonSchema)]
struct CookieJson {
    /// The header. The value is shortened, since it is a session id.
    set_cookie: String,
    /// The browsers that reject the header.
    rejected_by: Vec<RejectedBy>,
}

/// A response.
#[derive(Serialize, JsonSchema)]
struct HopJson {
    /// The URL.
    url: String,
    /// The HTTP status.
    status: u16,
    /// The Set-Cookie headers.
    cookies: Vec<CookieJson>,
    /// The Location header.
    location: Option<String>,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let farm = context.farm()?;
    let wikis: Vec<&Wiki> = if options.wikis.is_empty() {
        farm.wikis.iter().collect()
    } else {
        options.wikis.iter().map(|name| find_wiki(&farm, name)).collect::<Result<_, _>>()?
    };
    let ca = match &options.cacert {
        None => None,
        Some(path) => {
            let unfit = |why: &dyn std::fmt::Display| {
                Failure::usage(format!("{}: can't read the certificates: {why}", path.display()))
            };
            let pem = read_input(path, MOST_CERTIFICATES).map_err(|error| unfit(&error))?;
            certificates(&pem).map_err(|why| unfit(&why))?;
            Some(pem)
        }
    };
    let resolve: HashMap<String, IpAddr> = options.resolve.iter().cloned().collect();
    let visit = Visit { resolve, ca, timeout: options.timeout };
    let (mut exit, mut probes) = (Exit::Success, Vec::new());
    for (url, names) in farm.shared_addresses() {
        if wikis.iter().any(|wiki| names.contains(&wiki.name.as_str())) {
            context.note(&format!("{}: only one of these wikis answers", same_address(&url, &names)));
        }
    }
    let aliases = !options.no_aliases;
    let visits =
        wikis.into_iter().flat_map(|wiki| addresses(wiki, aliases).into_iter().map(move |url| (wiki, url)));
    for (wiki, url) in visits {
        let now = context.now();
        let reject =
            |url: &Url, header: &[u8]| rejected_by(options.browser, url, header, now, &context.suffixes);
        let probe = probe((wiki, url), &visit, now, &reject);
        exit = exit.and(match probe.verdict {
            "drift" => Exit::Found,
            "unreachable" => Exit::Partial,
            _ => Exit::Success,
        });
        if context.format == Format::Human {
            human(&probe, *url != wiki.url, context);
        }
        probes.push(probe);
    }
    if context.format == Format::Json {
        context.document(&Document { probes });
    }
    Ok(exit)
}

/// Visits wikis at all their URLs, as without options.
pub(in crate::cli) fn probe_all(wikis: &[&Wiki], context: &Context<'_>) -> Vec<Probe> {
    let visit = Visit { resolve: HashMap::new(), ca: None, timeout: TIMEOUT };
    let now = context.now();
    let reject =
        |url: &Url, header: &[u8]| rejected_by(Browser::default(), url, header, now, &context.suffixes);
    let visits = wikis.iter().flat_map(|wiki| addresses(wiki, true).into_iter().map(move |url| (*wiki, url)));
    visits.map(|at| probe(at, &visit, now, &reject)).collect()
}

/// The URLs of a wiki, each once.
fn addresses(wiki: &Wiki, aliases: bool) -> Vec<&Url> {
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
type Reject<'a> = &'a dyn Fn(&Url, &[u8]) -> Vec<RejectedBy>;

/// Visits a wiki at one of its URLs.
fn probe((wiki, url): (&Wiki, &Url), visit: &Visit, now: f64, reject: Reject<'_>) -> Probe {
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

fn human(probe: &Probe, alias: bool, context: &mut Context<'_>) {
    let out = &mut *context.out;
    let what = match probe.verdict {
        "agrees" => "sends the predicted cookie",
        "silent" => "sends no cookie, as predicted",
        "unreachable" => "unreachable",
        "unknown" => "unknown",
        _ => "sends a different cookie than predicted",
    };
    let at = if alias { format!(" at {}", escape(&probe.url)) } else { String::new() };
    writeln!(out, "{}{at}: {what}", escape(&probe.wiki));
    for hop in &probe.hops {
        let on = hop.location.as_ref().map_or(String::new(), |location| format!(" to {location}"));
        writeln!(out, "  {} {}{}", hop.status, escape(&hop.url), escape(&on));
        for CookieJson { set_cookie, rejected_by } in &hop.cookies {
            write!(out, "{}", hang("    Set-Cookie: ", 6, &escape(set_cookie), context.width));
            for line in lines(rejected_by) {
                write!(out, "{}", wrap("    ", &escape(&line), context.width));
            }
            if rejected_by.is_empty() && probe.verdict == "drift" {
                writeln!(out, "    accepted by browsers");
            }
        }
    }
    for Difference { attribute, expected, found } in &probe.drift {
        let text = format!("{attribute}: predicted {expected}, found {found}");
        write!(out, "{}", hang("  ", 4, &escape(&text), context.width));
    }
    if let Some(skew) = probe.skew() {
        let setting = probe.clock_skew.unwrap_or_default();
        let text = format!("the server is {skew} this machine (clock_skew = {setting} predicts the effects)");
        write!(out, "{}", hang("  clock: ", 4, &text, context.width));
    }
    if let Some(error) = &probe.error {
        write!(out, "{}", hang("  ", 4, &escape(error), context.width));
    }
}
