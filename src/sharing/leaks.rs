//! Hosts that are not wikis and receive a wiki's login cookie.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::model::Model;
use super::site::{Left, Site};
use super::verdict::As;
use crate::browser::Target;
use crate::farm::{Farm, Span};

/// A host of `other_hosts` that receives login cookies: its operator can act as the users who visit it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Leak {
    /// The host.
    pub host: String,
    /// Its span in the farm file.
    pub span: Span,
    /// The cookies it receives.
    pub cookies: Vec<Leaked>,
}

/// A login cookie that another host receives.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Leaked {
    /// Its name.
    pub name: String,
    /// The wikis whose login it is.
    pub wikis: Vec<String>,
    /// Whether browsers also send it over http, where everybody on the way can read it.
    pub over_http: bool,
}

/// The farm's `other_hosts` that receive login cookies.
pub fn leaks(farm: &Farm, model: &Model) -> Vec<Leak> {
    farm.other_hosts.iter().filter_map(|(host, span)| leak(host, span, model)).collect()
}

fn leak(host: &str, span: &Span, model: &Model) -> Option<Leak> {
    let mut cookies: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
    // A page anywhere on the host can be visited, so the path of each cookie is.
    let at = |scheme: &str, cookie_path: &str| Target::parse(&format!("{scheme}://{host}{cookie_path}")).ok();
    for (class, members) in model.classes().members.iter().enumerate() {
        let Some(Left::Cookie(cookie)) = model.example(class).map(|site| site.left(As::User)) else {
            continue;
        };
        let path = String::from_utf8_lossy(&cookie.path);
        let (Some(https), Some(http)) = (at("https", &path), at("http", &path)) else { continue };
        if !Site::target_receives(&https, cookie) {
            continue;
        }
        let over_http = Site::target_receives(&http, cookie);
        let names =
            members.iter().filter_map(|member| model.sites().get(*member)).map(|site| site.name.clone());
        let name = String::from_utf8_lossy(&cookie.name).into_owned();
        cookies.entry((name, over_http)).or_default().extend(names);
    }
    let cookies: Vec<Leaked> =
        cookies.into_iter().map(|((name, over_http), wikis)| Leaked { name, wikis, over_http }).collect();
    (!cookies.is_empty()).then(|| Leak { host: host.to_owned(), span: span.clone(), cookies })
}
