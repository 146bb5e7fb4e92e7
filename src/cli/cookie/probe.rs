//! `wikifarm cookie probe`: compare with what the live wiki sends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use url::Url;

use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Wiki, parse_duration, same_address};
use crate::moin::{IdForm, Settings, id_form};
use crate::probe::{Broken, Difference, Finding, Hop, Options as Visit, certificates, compare, fetch};
use crate::report::escape;
use crate::sys::read_input;

/// Visit wikis over HTTP and compare the cookie they really send with the predicted one
///
/// Never logs in: it sends a random id under the predicted name. From 1.9.2 on the answer shows name, domain and path.
/// Each URL of a wiki is visited, and held against what is predicted there. A redirect to another of them is followed; the
/// URL that answers counts.
/// The server's Date header is held against our clock, and told where they differ by more than ten seconds.
/// Exit status 1 if a wiki sends something else, 3 if a URL can't be reached.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie probe wiki1 --resolve wiki1.example.org:127.0.0.1")]
pub(in crate::cli) struct Options {
    /// The wikis; all if none is named
    wikis: Vec<String>,
    /// The address of a host, instead of asking the name service (repeatable)
    #[arg(long, value_name = "HOST:IP", value_parser = host_and_address)]
    resolve: Vec<(String, IpAddr)>,
    /// Certificates to trust, in PEM, instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Only the wikis' own URLs, not their aliases
    #[arg(long)]
    no_aliases: bool,
    /// How long one URL may take, redirects included
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    timeout: Duration,
}

/// The largest file of certificates that is read: 16 MiB.
const MOST_CERTIFICATES: u64 = 16 << 20;

/// So many seconds between two clocks are not worth a line.
const SKEW: u64 = 10;

fn host_and_address(text: &str) -> Result<(String, IpAddr), String> {
    let expected = || "expected HOST:IP, like wiki.example.org:127.0.0.1".to_owned();
    let (host, address) = text.split_once(':').ok_or_else(expected)?;
    let address = address.trim_start_matches('[').trim_end_matches(']').parse().map_err(|_| expected())?;
    if host.is_empty() { Err(expected()) } else { Ok((host.to_lowercase(), address)) }
}

#[derive(Serialize)]
struct Document {
    wiki: String,
    url: String,
    /// `agrees`, `drift`, `silent` (nothing came, as predicted), `unreachable` or `unknown` (its own handler).
    verdict: &'static str,
    drift: Vec<Difference>,
    hops: Vec<HopJson>,
    /// By how many seconds the server's clock is ahead of ours, by its Date header; `null` if it sent none.
    clock_skew: Option<i64>,
    error: Option<String>,
}

#[derive(Serialize)]
struct HopJson {
    url: String,
    status: u16,
    /// With the value cut: it is a session id.
    set_cookie: Vec<String>,
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
                Failure::usage(format!("can't read the certificates {}: {why}", path.display()))
            };
            let pem = read_input(path, MOST_CERTIFICATES).map_err(|error| unfit(&error))?;
            certificates(&pem).map_err(|why| unfit(&why))?;
            Some(pem)
        }
    };
    let resolve: HashMap<String, IpAddr> = options.resolve.iter().cloned().collect();
    let visit = Visit { resolve, ca, timeout: options.timeout };
    let (mut exit, mut documents) = (Exit::Success, Vec::new());
    for (url, names) in farm.shared_addresses() {
        if wikis.iter().any(|wiki| names.contains(&wiki.name.as_str())) {
            context.note(&format!("{}: only one of them can answer there", same_address(&url, &names)));
        }
    }
    let aliases = !options.no_aliases;
    let visits =
        wikis.into_iter().flat_map(|wiki| addresses(wiki, aliases).into_iter().map(move |url| (wiki, url)));
    for (wiki, url) in visits {
        let document = probe(wiki, url, &visit, context.now());
        exit = exit.and(match document.verdict {
            "drift" => Exit::Found,
            "unreachable" => Exit::Partial,
            _ => Exit::Success,
        });
        if context.format == Format::Human {
            human(&document, *url != wiki.url, context);
        }
        documents.push(document);
    }
    if context.format == Format::Json {
        context.json(&documents);
    }
    Ok(exit)
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

/// Which of a wiki's URLs a page lies below; the longest of several.
fn address_of<'a>(page: &Url, wiki: &'a Wiki) -> Option<&'a Url> {
    let is_below = |url: &&Url| {
        let below = page.path().strip_prefix(url.path().trim_end_matches('/'));
        page.origin() == url.origin() && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    wiki.addresses().map(|(url, _)| url).filter(is_below).max_by_key(|url| url.path().len())
}

/// Visits a wiki at one of its URLs.
fn probe(wiki: &Wiki, url: &Url, visit: &Visit, now: f64) -> Document {
    let mut document = Document {
        wiki: wiki.name.clone(),
        url: url.to_string(),
        verdict: "unknown",
        drift: Vec::new(),
        hops: Vec::new(),
        clock_skew: None,
        error: None,
    };
    if let Some(key) = wiki.custom_handler() {
        document.error = Some(format!("the wiki has its own {}", key.name()));
        return document;
    }
    let id = random_id(wiki.moin());
    // What a wiki sends depends on where it is visited.
    let predicted = |page: &Url| wiki.moin_at(address_of(page, wiki).unwrap_or(url));
    let cookie = |page: &Url| {
        let is_home = wiki.addresses().any(|(own, _)| own.host() == page.host());
        is_home.then(|| format!("{}={id}", predicted(page).session_cookie_name()))
    };
    let hops = match fetch(url, &cookie, visit) {
        Ok(hops) => hops,
        Err(broken) => {
            let Broken { hops, why } = *broken;
            document.verdict = "unreachable";
            document.hops = hops.into_iter().map(shown).collect();
            document.error = Some(why.to_string());
            return document;
        }
    };
    // The wiki answers on the first hop that says anything of a cookie; a redirect before it is the web server's.
    let answer = hops.iter().find(|hop| !hop.set_cookies.is_empty()).or(hops.last());
    // What the wiki counts from is its own clock.
    let date = answer.and_then(|hop| hop.date);
    #[expect(clippy::cast_possible_truncation, reason = "out of range it saturates")]
    let ours = now as i64;
    document.clock_skew = date.map(|date| date.saturating_sub(ours));
    #[expect(clippy::cast_precision_loss, reason = "a second in millions of years is nothing here")]
    let at = date.map_or(now, |date| date as f64);
    let finding = answer.map(|hop| compare(&predicted(&hop.url), &id, &hop.set_cookies, at));
    (document.verdict, document.drift) = match finding {
        Some(Finding::Agrees) => ("agrees", Vec::new()),
        Some(Finding::Drift(drift)) => ("drift", drift),
        Some(Finding::Silent) | None => ("silent", Vec::new()),
    };
    document.hops = hops.into_iter().map(shown).collect();
    document
}

/// An id that no session has, of the form the wiki takes.
fn random_id(settings: &Settings) -> String {
    let form = match id_form(settings.version) {
        // 2.0 signs its cookies: any value will do to be refused.
        IdForm::Signed => IdForm::LowerHex40,
        form => form,
    };
    form.random(&mut fastrand::Rng::new())
}

fn shown(hop: Hop) -> HopJson {
    let cut = |header: Vec<u8>| {
        let text = String::from_utf8_lossy(&header).into_owned();
        let (pair, attributes) = text.split_once(';').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
        let pair = match pair.split_once('=') {
            Some((name, value)) if value.chars().count() > 8 => {
                format!("{name}={}…", value.chars().take(8).collect::<String>())
            }
            _ => pair.to_owned(),
        };
        attributes.map_or(pair.clone(), |attributes| format!("{pair};{attributes}"))
    };
    HopJson {
        url: hop.url.to_string(),
        status: hop.status,
        set_cookie: hop.set_cookies.into_iter().map(cut).collect(),
        location: hop.location,
    }
}

fn human(document: &Document, alias: bool, context: &mut Context<'_>) {
    let out = &mut *context.out;
    let what = match document.verdict {
        "agrees" => "sends what the farm file predicts",
        "silent" => "sends no cookie, as predicted: nothing to compare",
        "unreachable" => "can't be reached",
        "unknown" => "can't be predicted",
        _ => "sends something else than predicted",
    };
    let at = if alias { format!(" at {}", escape(&document.url)) } else { String::new() };
    writeln!(out, "{}{at}: {what}", escape(&document.wiki));
    for hop in &document.hops {
        let on = hop.location.as_ref().map_or(String::new(), |location| format!(" to {location}"));
        writeln!(out, "  {} {}{}", hop.status, escape(&hop.url), escape(&on));
        for header in &hop.set_cookie {
            writeln!(out, "    Set-Cookie: {}", escape(header));
        }
    }
    for Difference { attribute, expected, found } in &document.drift {
        writeln!(out, "  {attribute}: predicted {}, found {}", escape(expected), escape(found));
    }
    if let Some(skew) = document.clock_skew.filter(|skew| skew.unsigned_abs() > SKEW) {
        let which = if skew > 0 { "ahead of" } else { "behind" };
        writeln!(
            out,
            "  clock: the server's is {} s {which} ours; its cookies are judged by its own",
            skew.unsigned_abs()
        );
    }
    if let Some(error) = &document.error {
        writeln!(out, "  {}", escape(error));
    }
}
