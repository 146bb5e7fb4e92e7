//! Visits a URL, and records its redirects.

use std::collections::HashMap;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use url::Url;

use crate::browser::{Profile, parse_cookie_date};
use crate::sys::why;

/// Options of a visit.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Addresses of hosts, used instead of DNS.
    pub resolve: HashMap<String, IpAddr>,
    /// Trusted certificates in PEM, used instead of the built-in ones.
    pub ca: Option<Vec<u8>>,
    /// The time for the whole visit, redirects included.
    pub timeout: Duration,
}

/// One response.
#[derive(Debug, Clone, PartialEq)]
pub struct Hop {
    /// The URL of the request.
    pub url: Url,
    /// The HTTP status.
    pub status: u16,
    /// The values of the Set-Cookie headers.
    pub set_cookies: Vec<Vec<u8>>,
    /// The Location header.
    pub location: Option<String>,
    /// The Date header, in unix seconds.
    pub date: Option<i64>,
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The certificates are unusable.
    #[error("unusable certificates: {0}")]
    Certificates(String),
    /// The visit failed.
    #[error("{0}: {1}")]
    Visit(Url, String),
}

/// A visit that failed.
#[derive(Debug)]
pub struct Broken {
    /// The responses before the failure.
    pub hops: Vec<Hop>,
    /// Why there is no further response.
    pub why: FetchError,
}

/// The most redirects that are followed.
const MOST_HOPS: usize = 5;

/// The largest response header, in bytes.
const MOST_HEADERS: usize = 64 << 10;

/// The most that is read of a body, in bytes.
const MOST_BODY: u64 = 1 << 20;

/// Visits `url` with the Cookie header that `cookie` returns for it. Follows redirects to URLs for which `cookie` returns a
/// header. Reads up to 1 MiB of each body.
///
/// # Errors
/// If a request gets no response.
pub fn fetch(
    url: &Url,
    cookie: &dyn Fn(&Url) -> Option<String>,
    options: &Options,
) -> Result<Vec<Hop>, Box<Broken>> {
    let mut hops: Vec<Hop> = Vec::new();
    let agent = match agent(options) {
        Ok(agent) => agent,
        Err(why) => return Err(Box::new(Broken { hops, why })),
    };
    let mut next = (url.clone(), cookie(url).unwrap_or_default());
    loop {
        let (url, header) = &next;
        let response = match agent.get(url.as_str()).header("Cookie", header).call() {
            Ok(response) => response,
            Err(error) => {
                let why = FetchError::Visit(next.0, plain(&error, options.timeout));
                return Err(Box::new(Broken { hops, why }));
            }
        };
        let header =
            |name: &str| response.headers().get_all(name).iter().map(|v| v.as_bytes().to_vec()).collect();
        let set_cookies: Vec<Vec<u8>> = header("set-cookie");
        let locations: Vec<Vec<u8>> = header("location");
        let location = locations.first().map(|location| String::from_utf8_lossy(location).into_owned());
        let status = response.status().as_u16();
        let target =
            location.as_deref().filter(|_| (300..400).contains(&status)).and_then(|l| url.join(l).ok());
        let dates: Vec<Vec<u8>> = header("date");
        let date = dates.first().and_then(|date| parse_cookie_date(date, Profile::Chromium));
        // The cookies are in the header: a body that ends early changes nothing.
        let _ = std::io::copy(&mut response.into_body().into_reader().take(MOST_BODY), &mut std::io::sink());
        hops.push(Hop { url: url.clone(), status, set_cookies, location, date });
        let target = target.filter(|target| hops.len() < MOST_HOPS && target != url);
        match target.and_then(|target| cookie(&target).map(|header| (target, header))) {
            Some(further) => next = further,
            None => return Ok(hops),
        }
    }
}

/// An error in words.
fn plain(error: &ureq::Error, timeout: Duration) -> String {
    match error {
        ureq::Error::Io(error) => why(error),
        ureq::Error::Timeout(_) => format!("no answer within {} s (timeout)", timeout.as_secs_f64()),
        other => other.to_string(),
    }
}

fn agent(options: &Options) -> Result<ureq::Agent, FetchError> {
    let roots = match &options.ca {
        None => RootCerts::WebPki,
        Some(pem) => RootCerts::Specific(Arc::new(certificates(pem)?)),
    };
    let config = ureq::Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .http_status_as_error(false)
        .max_redirects(0)
        .max_response_header_size(MOST_HEADERS)
        .timeout_global(Some(options.timeout))
        .proxy(None)
        .user_agent(concat!("wikifarm/", env!("CARGO_PKG_VERSION")))
        .build();
    let resolver = Fixed { hosts: options.resolve.clone(), others: DefaultResolver::default() };
    Ok(ureq::Agent::with_parts(config, DefaultConnector::default(), resolver))
}

/// The certificates of a file in PEM.
///
/// # Errors
/// If there is none, or one is invalid.
pub fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, FetchError> {
    let mut found = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(FetchError::Certificates(error.to_string())),
        }
    }
    if found.is_empty() {
        Err(FetchError::Certificates("no certificate in PEM".to_owned()))
    } else {
        Ok(found)
    }
}

/// A resolver with some fixed hosts, and DNS for the others.
#[derive(Debug)]
struct Fixed {
    hosts: HashMap<String, IpAddr>,
    others: DefaultResolver,
}

impl Resolver for Fixed {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let Some(address) = uri.host().and_then(|host| self.hosts.get(host)) else {
            return self.others.resolve(uri, config, timeout);
        };
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let mut found = self.empty();
        found.push(SocketAddr::new(*address, port));
        Ok(found)
    }
}
