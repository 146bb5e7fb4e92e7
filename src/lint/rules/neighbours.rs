//! Rules about wikis that meet in a browser and treat what they find there differently.

use std::collections::{HashMap, HashSet};

use crate::browser::{Cookie, domain_match, path_match};
use crate::farm::{Farm, Key, Wiki};
use crate::lint::finding::Severity::{Note, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::moin::{Behaviour, Duplicate};
use crate::sharing::{As, Left, Model};

const FAMILY: &str = "sharing";

pub(super) const RULES: &[Rule] = &[
    rule!("secure-blocks-http", FAMILY, Warning, Look::Sharing(secure_blocks_http)),
    rule!("share-duplicates-differ", FAMILY, Warning, Look::Farm(share_duplicates_differ)),
    rule!("missing-secret-key-id", FAMILY, Note, Look::Farm(missing_secret_key_id)),
];

fn secure_blocks_http(farm: &Farm, model: &Model, sink: &mut Sink) {
    // Of cookies that browsers can't tell apart one is enough, whosever it is.
    let mut secure: HashMap<&str, Vec<(&str, &Cookie)>> = HashMap::new();
    let mut seen: HashSet<(&str, &str, &[u8])> = HashSet::new();
    for site in model.sites() {
        let Left::Cookie(cookie) = site.left(As::User) else { continue };
        let place = (site.cookie_name.as_str(), cookie.domain.as_str(), cookie.path.as_slice());
        if cookie.secure && seen.insert(place) {
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
                "who has been at {name:?} can't log in at {:?}: the Secure cookie {} is in the way",
                site.name, site.cookie_name
            );
            let other = farm.wiki(name).filter(|other| other.ignores(Key::CookieName).is_none());
            let help = match other {
                _ if wiki.ignores(Key::CookieName).is_none() => {
                    "serve it over https, or give it another cookie name".to_owned()
                }
                Some(other) => {
                    format!("serve it over https, or give {:?} another cookie name", other.name)
                }
                None => "serve it over https".to_owned(),
            };
            sink.report(wiki, wiki.span_of(Key::Url), message, help);
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
        let message =
            format!("of two cookies of one name {:?} takes the first and {:?} the last", a.name, b.name);
        let help = "upgrade them together, or make sure that no old cookie is left: `cookie diff`";
        sink.report_farm(share.span.clone(), message, help, Vec::new());
    }
}

fn missing_secret_key_id(farm: &Farm, sink: &mut Sink) {
    let of_2_0 = |wiki: &&Wiki| wiki.version().behaviour() == Behaviour::V2;
    if farm.wikis.iter().filter(of_2_0).count() < 2 {
        return;
    }
    for wiki in farm.wikis.iter().filter(of_2_0).filter(|wiki| wiki.text(Key::SecretKeyId).is_none()) {
        let message = format!("nothing says which SECRET_KEY signs the cookies of {:?}", wiki.name);
        sink.report(wiki, wiki.span.clone(), message, "add secret_key_id: a name for the key, never the key");
    }
}
