//! The wikis of a configuration: the list `wikis`, or the one wiki of a `wikiconfig.py`.

use super::address::{Addresses, Expression};
use super::namespace::Namespace;
use super::value::Item;
use super::world::World;
use crate::farm::{Problem, Span};

/// A wiki of the configuration.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name: that of its module.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) span: Span,
    /// Where its expressions stand, and those that can be read.
    pub(super) expressions: Vec<(Span, Expression)>,
}

/// The longest name of a wiki.
const LONGEST_NAME: usize = 200;

/// A wiki with its module and class, before its settings are read.
pub(super) struct Loaded {
    pub(super) entry: Entry,
    pub(super) module: Option<usize>,
    pub(super) class: Option<usize>,
    pub(super) siteid: Option<&'static str>,
    /// The class and the module as they were when the files ran.
    pub(super) ran: Option<(usize, Namespace)>,
}

impl World<'_> {
    /// The entries of the list `wikis`; what can't be known is a problem.
    pub(super) fn wikis(&mut self, list: &Item) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let Some(items) = list.val.items() else {
            let why = &list.reason("it is no list").why;
            let message = format!("the list `wikis` can't be known without running the file: {why}");
            let problem = Problem::new("dynamic-setting", list.span.clone(), message);
            let help = "write it out, name each wiki with --url NAME=URL, or run the file: --run PYTHON";
            self.problems.push(problem.help(help));
            return entries;
        };
        for item in items {
            let parts = item.val.items().unwrap_or_default();
            let (Some(name), Some(pattern)) = (parts.first(), parts.get(1)) else {
                let why = "an entry of `wikis` must be a tuple (\"name\", r\"expression\")";
                self.odd_entry(&item, &item, why);
                continue;
            };
            let plain = |part: &str| {
                !part.is_empty() && part.chars().all(|c| c == '_' || c == '-' || c.is_alphanumeric())
            };
            let text = match name.text() {
                Some(text) if text.len() <= LONGEST_NAME && text.split('.').all(plain) => text.to_owned(),
                _ => {
                    self.odd_entry(&item, name, "the name of a wiki must be the name of a module");
                    continue;
                }
            };
            let expression = match pattern.text().map(Expression::new) {
                Some(Ok(expression)) => Some((pattern.span.clone(), expression)),
                Some(Err(why)) => {
                    let message = format!("the expression of the wiki {text:?} can't be read: {why}");
                    let problem = Problem::new("dynamic-setting", pattern.span.clone(), message);
                    self.problems.push(Problem { fatal: false, ..problem.help(url_help(&text, true)) });
                    None
                }
                None => {
                    let why = format!("the expression of the wiki {text:?} is not known");
                    self.odd_entry(&item, pattern, &why);
                    None
                }
            };
            // A wiki may have several expressions, each with an entry of its own.
            match entries.iter_mut().find(|entry| entry.name == text) {
                Some(entry) => entry.expressions.extend(expression),
                None => {
                    let expressions = expression.into_iter().collect();
                    entries.push(Entry { name: text, span: name.span.clone(), expressions });
                }
            }
        }
        entries
    }

    fn odd_entry(&mut self, entry: &Item, part: &Item, message: &str) {
        let unknown = part.reason("");
        let (span, message) = match unknown.why.as_str() {
            "" => (entry.span.clone(), message.to_owned()),
            why => (part.span.clone(), format!("{message}: {why}")),
        };
        self.problems.push(Problem::new("dynamic-setting", span, message).help("write the entry out"));
    }
}

/// How to give a URL that is not in the files.
pub(super) fn url_help(name: &str, importing: bool) -> String {
    let comment = "write the comment `# wikifarm: url = \"https://…\"` in its file";
    match importing {
        true => format!("add --url {name}=https://…, or {comment}"),
        false => comment.to_owned(),
    }
}

/// Why an expression gives no address.
pub(super) fn no_address(name: &str, addresses: &Addresses) -> Option<(&'static str, String)> {
    match addresses {
        Addresses::These(_) => None,
        Addresses::Any => Some((
            "missing-url",
            format!("the expression of the wiki {name:?} matches any URL, so it does not name its own"),
        )),
        Addresses::Unclear(why) => {
            Some(("missing-url", format!("the expression of the wiki {name:?} does not name its URL: {why}")))
        }
        Addresses::Never(why) => {
            Some(("regex-mismatch", format!("the wiki {name:?} is never reached: {why}")))
        }
    }
}
