//! Rules about wikis that receive each other's cookies, and treat them differently.

use std::collections::{HashMap, HashSet};

use crate::browser::{Cookie, domain_match, path_match};
use crate::farm::{Farm, Key, Wiki};
use crate::lint::finding::Severity::{Note, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::{Behavior, Duplicate};
use crate::sharing::{As, Left, Model};

const FAMILY: &str = "sharing";

pub(super) const RULES: &[Rule] = &[
    rule!("secure-blocks-http", FAMILY, Warning, Look::Sharing(secure_blocks_http)),
    rule!("share-duplicates-differ", FAMILY, Warning, Look::Farm(share_duplicates_differ)),
    rule!("missing-secret-key-id", FAMILY, Note, Look::Farm(missing_secret_key_id)),
];

fn secure_blocks_http(farm: &Farm, model: &Model, sink: &mut Sink) {
    // One cookie of each name, domain, and path is enough.
    let mut secure: HashMap<&str, Vec<(&str, &Cookie)>> = HashMap::new();
    let mut seen: HashSet<(&str, &str, &[u8])> = HashSet::new();
    for site in model.sites() {
        let Left::Cookie(cookie) = site.left(As::User) else { continue };
        let identity = (site.cookie_name.as_str(), cookie.domain.as_str(), cookie.path.as_slice());
        if cookie.secure && seen.insert(identity) {
            secure.entry(&site.cookie_name).or_default().push((&site.name, cookie));
        }
    }
    for site in model.sites().iter().filter(|site| !site.target.is_secure()) {
        let (Some(wiki), Left::Cookie(own)) = (farm.wiki(&site.name), site.left(As::User)) else { continue };
        // RFC 6265bis 5.7 step 15: the domains match either way, and the old path covers the new one.
        let blocks = |cookie: &Cookie| {
            let reach =
                domain_match(&own.domain, &cookie.domain) || domain_match(&cookie.domain, &own.domain);
            let path = |cookie: &Cookie| String::from_utf8_lossy(&cookie.path).into_owned();
            reach && path_match(&path(own), &path(cookie))
        };
        let theirs = secure.get(site.cookie_name.as_str()).into_iter().flatten();
        if let Some((name, _)) = theirs.into_iter().find(|(_, cookie)| blocks(cookie)) {
            let message = format!(
                "users who visited {name} can't log in at {}: browsers keep the Secure cookie {} and reject the plain one",
                site.name, site.cookie_name
            );
            let help = sink.help(farm, model, name, &site.name);
            let wikis = [name, site.name.as_str()];
            sink.report_named(Some(wiki), &wikis, wiki.span_of(Key::Url), message, help, Vec::new());
        }
    }
}

fn share_duplicates_differ(farm: &Farm, sink: &mut Sink) {
    for share in &farm.shares {
        let mut wikis = share.wikis.iter().filter_map(|(name, _)| farm.wiki(name));
        let takes = |wiki: &Wiki| wiki.moin().takes();
        let Some(first) = wikis.next() else { continue };
        let Some(other) = wikis.find(|wiki| takes(wiki) != takes(first)) else { continue };
        let (a, b) = match takes(first) {
            Duplicate::First => (first, other),
            Duplicate::Last => (other, first),
        };
        let message = format!(
            "if a browser sends two cookies with the same name, {} uses the first and {} uses the last",
            a.name, b.name
        );
        let help =
            "run one release in both wikis, or check with `wikifarm cookie diff` that no old cookie is left";
        let wikis = [a.name.as_str(), &b.name];
        sink.report_named(None, &wikis, share.span.clone(), message, help, Vec::new());
    }
}

fn missing_secret_key_id(farm: &Farm, sink: &mut Sink) {
    let of_2_0 = |wiki: &&Wiki| wiki.version().behavior() >= Behavior::V2;
    if farm.wikis.iter().filter(of_2_0).count() < 2 {
        return;
    }
    for wiki in farm.wikis.iter().filter(of_2_0).filter(|wiki| wiki.text(Key::SecretKeyId).is_none()) {
        let message = "wikifarm can't predict shared logins: secret_key_id is not set".to_owned();
        let help = "add secret_key_id = \"NAME\", a name for the SECRET_KEY, never the key itself";
        sink.report(wiki, wiki.span.clone(), message, help);
    }
}
