//! Hosts that are no wikis, but that get a wiki's login cookie.

use std::collections::BTreeMap;

use serde::Serialize;

use super::model::Model;
use super::site::{Left, Site};
use super::verdict::As;
use crate::browser::Target;
use crate::farm::{Farm, Span};

/// A host of `other_hosts` that gets login cookies: whoever runs it can act as the users who visit it.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// The host.
    pub host: String,
    /// Where it stands in the farm file.
    pub span: Span,
    /// The cookies it gets.
    pub cookies: Vec<Leaked>,
}

/// A login cookie that a strange host gets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leaked {
    /// Its name.
    pub name: String,
    /// The wikis whose login it is.
    pub wikis: Vec<String>,
    /// Whether it goes over http too, where everybody on the way can read it.
    pub in_clear: bool,
}

/// Which of the farm's `other_hosts` get login cookies.
pub fn leaks(farm: &Farm, model: &Model) -> Vec<Leak> {
    farm.other_hosts.iter().filter_map(|(host, span)| leak(host, span, model)).collect()
}

fn leak(host: &str, span: &Span, model: &Model) -> Option<Leak> {
    let mut cookies: BTreeMap<(String, bool), Vec<String>> = BTreeMap::new();
    // A page anywhere on the host can be visited, so every path of the wikis' cookies is met.
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
        let in_clear = Site::target_receives(&http, cookie);
        let names =
            members.iter().filter_map(|member| model.sites().get(*member)).map(|site| site.name.clone());
        let name = String::from_utf8_lossy(&cookie.name).into_owned();
        cookies.entry((name, in_clear)).or_default().extend(names);
    }
    let cookies: Vec<Leaked> =
        cookies.into_iter().map(|((name, in_clear), wikis)| Leaked { name, wikis, in_clear }).collect();
    (!cookies.is_empty()).then(|| Leak { host: host.to_owned(), span: span.clone(), cookies })
}
