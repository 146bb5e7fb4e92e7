//! `wikifarm cookie probe`: compares live wikis with the prediction.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;
use url::Url;

use crate::cli::shared::browser::Browser;
use crate::cli::shared::probe::{CookieJson, Probe, addresses, probe};
use crate::cli::shared::rejected::{lines, rejected_by};
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::{Wiki, parse_duration, same_address};
use crate::probe::{Difference, Options as Visit, certificates};
use crate::sys::read_input;
use crate::text::{escape, hang, wrap};

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
