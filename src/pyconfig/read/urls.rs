//! The URL and the other addresses of a wiki: from an option, a comment, or its expressions in `wikis`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use url::Url;

use super::address::{Addresses, Expression, same};
use super::imported::Options;
use super::settings::Found;
use super::wikis::{Loaded, no_address, url_help};
use crate::farm::{Key, Problem, Setting, Span, Value};

/// Stands for the span of a value that an option gives.
const OPTION: Span = 0..0;

/// A wiki whose URL is wanted.
pub(super) struct Urls<'a> {
    pub(super) options: &'a Options,
    pub(super) wiki: &'a Loaded,
    /// All wikis.
    pub(super) wikis: &'a [Loaded],
    /// Whether MoinMoin matches the whole URL, as from 1.9, not only host and path.
    pub(super) whole: bool,
}

impl Urls<'_> {
    /// The wiki's URL. The URL and the aliases become settings.
    pub(super) fn settings(
        &self,
        found: &mut Found,
        earlier: &mut Earlier,
        problems: &mut Vec<Problem>,
    ) -> Option<Url> {
        let (wiki, wikis) = (self.wiki, self.wikis);
        let name = &wiki.entry.name;
        let (mut all, shown) = expressed(wiki, self.whole);
        self.reachable(earlier, &mut all, problems);
        earlier.add(wikis.iter().position(|other| other.entry.name == *name), &shown);
        let noted = found.settings.get(&Key::Url).and_then(|setting| setting.value.url().cloned());
        let kept = self.options.kept(name, wikis.len());
        let option = self.options.given(name, wikis.len());
        let given = option.clone().or(noted);
        // Where the URL stands.
        let (url, origin) = match (given.clone(), all.first(), kept) {
            (Some(url), Some((_, span)), _) if option.is_none() => (url, span.clone()),
            (Some(url), None, None) if option.is_none() => (url, wiki.entry.span.clone()),
            (Some(url), ..) => (url, OPTION),
            (None, Some((url, span)), _) => (url.clone(), span.clone()),
            (None, None, Some(kept)) => (kept.url.clone(), OPTION),
            (None, None, None) => {
                self.no_url(&shown, problems);
                return None;
            }
        };
        self.must_match(found, problems);
        let aliases: Vec<(Url, Span)> = match (&given, all.is_empty(), kept) {
            (None, true, Some(kept)) => kept.aliases.iter().map(|url| (url.clone(), OPTION)).collect(),
            _ => all.into_iter().map(|(other, span)| (self.with_port(other, given.as_ref()), span)).collect(),
        };
        let (aliases, items): (Vec<Url>, Vec<Span>) =
            aliases.into_iter().filter(|(other, _)| !same(other, &url)).unzip();
        if option.is_some() {
            found.settings.remove(&Key::Url);
        }
        let mut set = |key, value, span: Span, items| {
            let setting = Setting { value, key_span: span.clone(), span, items };
            found.settings.entry(key).or_insert_with(|| Arc::new(setting));
        };
        set(Key::Url, Value::Url(Box::new(url.clone())), origin, Vec::new());
        if let Some(first) = items.first().cloned() {
            set(Key::Aliases, Value::Urls(aliases), first, items);
        }
        Some(url)
    }

    /// Reports a URL given by an option at which MoinMoin can't answer.
    fn must_match(&self, found: &Found, problems: &mut Vec<Problem>) {
        let Urls { wiki, wikis, whole, .. } = *self;
        let name = &wiki.entry.name;
        let Some(url) = self.options.given(name, wikis.len()) else { return };
        let seen =
            found.settings.get(&Key::BackendUrl).and_then(|setting| setting.value.url()).unwrap_or(&url);
        if let Some((span, _)) = wiki.entry.expressions.first()
            && !wiki.entry.expressions.iter().any(|(_, expression)| expression.matches(seen, whole))
        {
            let message =
                format!("the wiki {name:?} is not reached at {seen}: its expression does not match");
            let help = "correct the URL, the expression, or --moin VERSION; behind a proxy, write the comment `# wikifarm: backend_url = …`";
            problems.push(Problem::new("regex-mismatch", span.clone(), message).help(help));
        }
    }

    /// Takes out the addresses at which an earlier wiki answers, as long as others remain.
    fn reachable(&self, earlier: &Earlier, all: &mut Vec<(Url, Span)>, problems: &mut Vec<Problem>) {
        let hidden = |(url, _): &(Url, Span)| earlier.hides(url, self.whole, self.wikis);
        if !all.iter().all(hidden) {
            all.retain(|address| !hidden(address));
        } else if let Some((url, span)) = all.first() {
            let name = &self.wiki.entry.name;
            let message =
                format!("the wiki {name:?} is never reached: an expression before its own matches {url}");
            let problem = Problem::new("unreachable-wiki", span.clone(), message);
            let help = "MoinMoin takes the first wiki that matches: put the narrower expression first";
            problems.push(Problem { fatal: false, ..problem.help(help) });
        }
    }

    fn no_url(&self, shown: &[(Span, Addresses)], problems: &mut Vec<Problem>) {
        let wiki = self.wiki;
        let (name, importing) = (&wiki.entry.name, self.options.importing);
        for (span, addresses) in shown {
            let Some((rule, message)) = no_address(name, addresses) else { continue };
            let help = match rule {
                "missing-url" => url_help(name, importing),
                _ => "correct the expression, or name the version that the wiki runs: --moin VERSION"
                    .to_owned(),
            };
            problems.push(Problem::new(rule, span.clone(), message).help(help));
        }
        if shown.is_empty() {
            let message = format!("the files do not name the URL of the wiki {name:?}");
            let problem = Problem::new("missing-url", wiki.entry.span.clone(), message);
            problems.push(problem.help(url_help(name, importing)));
        }
    }

    /// An alias with the port of the wiki's URL, where the expression allows any.
    fn with_port(&self, alias: Url, given: Option<&Url>) -> Url {
        let Urls { wiki, whole, .. } = *self;
        let mut with = alias.clone();
        let port = given.and_then(Url::port).filter(|_| alias.port().is_none());
        let matches =
            |url: &Url| wiki.entry.expressions.iter().any(|(_, expression)| expression.matches(url, whole));
        match port.is_some() && with.set_port(port).is_ok() && matches(&with) {
            true => with,
            false => alias,
        }
    }
}

/// The addresses that the expressions name, and what each expression shows.
#[expect(clippy::type_complexity, reason = "two lists with the spans of the expressions")]
fn expressed(wiki: &Loaded, whole: bool) -> (Vec<(Url, Span)>, Vec<(Span, Addresses)>) {
    let (mut all, mut shown) = (Vec::new(), Vec::new());
    for (span, expression) in &wiki.entry.expressions {
        let addresses = expression.addresses(whole);
        if let Addresses::These(urls) = &addresses {
            all.extend(urls.iter().map(|url| (url.clone(), span.clone())));
        }
        shown.push((span.clone(), addresses));
    }
    (all, shown)
}

/// The wikis before one in the list, by what they may match.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    by_host: HashMap<String, Vec<usize>>,
    /// Those whose expressions name no host, or not only whole ones.
    any: Vec<usize>,
}

impl Earlier {
    fn add(&mut self, wiki: Option<usize>, shown: &[(Span, Addresses)]) {
        for (wiki, (_, addresses)) in wiki.into_iter().flat_map(|wiki| shown.iter().map(move |it| (wiki, it)))
        {
            match addresses {
                Addresses::These(urls) => {
                    let hosts: BTreeSet<&str> = urls.iter().filter_map(Url::host_str).collect();
                    for host in hosts {
                        self.by_host.entry(host.to_owned()).or_default().push(wiki);
                    }
                }
                Addresses::Any | Addresses::Unclear(_) => self.any.push(wiki),
                Addresses::Never(_) => {}
            }
        }
    }

    fn hides(&self, url: &Url, whole: bool, wikis: &[Loaded]) -> bool {
        let same_host = self.by_host.get(url.host_str().unwrap_or_default());
        let hides = |expression: &Expression| expression.hides(url, whole);
        same_host.into_iter().flatten().chain(&self.any).any(|wiki| {
            wikis.get(*wiki).is_some_and(|wiki| wiki.entry.expressions.iter().any(|(_, it)| hides(it)))
        })
    }
}
