//! Parses TOML into layers of settings. Every problem is reported, not only the first.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::inherit::{Layer, Layers};
use super::problem::name_wiki;
use super::read::{self, names, wrong_type};
use super::{
    Change, Farm, Key, LintLevels, Problem, PrunePolicy, Setting, Share, Source, Span, SyntaxErrors, Table,
    nearest, policy, quoted, table_key, the_one_near,
};

impl Farm {
    /// Reads a farm from `text`, the contents of the farm file at `path`. Relative paths start at the directory of the file.
    ///
    /// # Errors
    /// If the text is not TOML.
    pub fn parse(path: &Path, text: String) -> Result<Farm, Box<SyntaxErrors>> {
        parse(Source::new(path.to_owned(), text))
    }
}

fn parse(source: Source) -> Result<Farm, Box<SyntaxErrors>> {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    if !errors.is_empty() {
        let end = source.text().len();
        let placed = |error: &toml::de::Error| (error.message().to_owned(), error.span().unwrap_or(end..end));
        let mut errors: Vec<(String, Span)> = errors.iter().map(placed).collect();
        // The parser reports some errors out of order, or twice.
        errors.sort_by_key(|(_, span)| (span.start, span.end));
        errors.dedup();
        return Err(Box::new(SyntaxErrors { source, errors }));
    }
    let mut reader = Reader { has_moin: document.get_ref().contains_key("moin"), ..Reader::default() };
    for (key, raw) in document.get_ref() {
        reader.top(document.get_ref(), key, raw);
    }
    let Reader { layers, other_hosts, shares, prune, lint, allow_globals, mut problems, .. } = reader;
    if layers.wikis.is_empty() {
        problems.push(
            Problem::new("no-wikis", 0..0, "the farm file has no wikis")
                .help("add [wikis.NAME] with url = \"https://wiki.example.org/\""),
        );
    }
    let wikis = layers.resolve(&source.directory(), &mut problems);
    let shares = shares.into_iter().map(|share| known_wikis(share, &layers, &mut problems)).collect();
    // In the order of the file. The sort is stable.
    problems.sort_by_key(|problem| problem.span.start);
    let farm = Farm::of(source, wikis, layers.wikis.len(), problems);
    Ok(Farm { other_hosts, shares, prune, allow_globals, lint, ..farm })
}

/// The parts of the farm file that have been read.
#[derive(Default)]
struct Reader {
    /// Whether there is a `moin` for the whole file.
    has_moin: bool,
    layers: Layers,
    other_hosts: Vec<(String, Span)>,
    shares: Vec<Share>,
    prune: PrunePolicy,
    allow_globals: Vec<String>,
    lint: LintLevels,
    problems: Vec<Problem>,
}

impl Reader {
    fn top(&mut self, file: &DeTable<'_>, key: &Spanned<DeString<'_>>, raw: &Spanned<DeValue<'_>>) {
        match (key.get_ref().as_ref(), raw.get_ref()) {
            (name, _) if !Table::File.keys().any(|known| known == name) => {
                let mut problem = policy::unknown("the farm file", file, key, Table::File);
                if Key::named(name).is_some() {
                    problem.help = Some("move it to [farm], [groups.NAME], or [wikis.NAME]".to_owned());
                }
                self.problems.push(problem);
            }
            ("moin", _) => {
                if let Some(setting) = self.setting(Key::Moin, key, raw) {
                    self.layers.farm.settings.insert(Key::Moin, setting);
                }
            }
            ("farm", DeValue::Table(table)) => self.farm(table),
            ("groups", DeValue::Table(table)) => {
                for (name, layer) in self.named_layers("groups", table) {
                    self.layers.groups.insert(name, layer);
                }
            }
            ("wikis", DeValue::Table(table)) => self.layers.wikis = self.named_layers("wikis", table),
            ("prune", DeValue::Table(table)) => {
                self.prune = policy::prune(key.span(), table, &mut self.problems)
            }
            ("migrate", DeValue::Table(table)) => {
                self.allow_globals = policy::migrate(table, &mut self.problems);
            }
            ("lint", DeValue::Table(table)) => self.lint = policy::lint("[lint]", table, &mut self.problems),
            ("share", DeValue::Array(items)) => {
                for item in items.iter() {
                    self.share(item);
                }
            }
            ("share", _) => self.problems.push(wrong_type("share", "a list of tables: [[share]]", raw)),
            (name, _) => self.problems.push(wrong_type(name, "a table", raw)),
        }
    }

    fn farm(&mut self, table: &DeTable<'_>) {
        for (key, raw) in table {
            let name = key.get_ref().as_ref();
            match Key::named(name) {
                Some(Key::Moin) => {
                    let problem = Problem::new("misplaced-key", key.span(), "moin does not belong in [farm]")
                        .help("move it to the top of the file, before any table, or to a group or wiki");
                    self.problems.push(match self.has_moin {
                        true => problem,
                        false => problem.fix(Change::ToTop(key.span())),
                    });
                }
                Some(known) if Table::Farm.has_setting(known) => {
                    if let Some(setting) = self.setting(known, key, raw) {
                        self.layers.farm.settings.insert(known, setting);
                    }
                }
                Some(_) => self.misplaced("[farm]", key),
                None if !Table::Farm.own().contains(&name) => {
                    self.problems.push(policy::unknown("[farm]", table, key, Table::Farm));
                }
                None => match names(name, raw) {
                    Ok(hosts) => self.other_hosts = self.hosts(hosts),
                    Err(problem) => self.problems.push(problem),
                },
            }
        }
    }

    /// The valid host names. URLs are reported.
    fn hosts(&mut self, hosts: Vec<(String, Span)>) -> Vec<(String, Span)> {
        hosts
            .into_iter()
            .filter_map(|(host, span)| match url::Host::parse(&host) {
                Ok(parsed) => Some((parsed.to_string(), span)),
                Err(_) => {
                    let problem = Problem::new(
                        "invalid-value",
                        span,
                        format!("other_hosts: {host:?} is not a host name"),
                    );
                    self.problems.push(problem.help("write only the name, such as \"www.example.org\""));
                    None
                }
            })
            .collect()
    }

    /// The tables below `[groups]` or `[wikis]`.
    fn named_layers(&mut self, what: &str, table: &DeTable<'_>) -> Vec<(String, Layer)> {
        let kind = if what == "wikis" { Table::Wiki } else { Table::Group };
        let mut layers = Vec::with_capacity(table.len());
        for (key, raw) in table {
            let name = key.get_ref().to_string();
            let title = match kind {
                Table::Wiki => "the table".to_owned(),
                _ => format!("[{what}.{}]", table_key(&name)),
            };
            let others = self.problems.len();
            match raw.get_ref() {
                DeValue::Table(table) => {
                    let layer = self.layer(&title, key.span(), kind, table);
                    if kind == Table::Wiki {
                        name_wiki(&mut self.problems, others, &name);
                    }
                    layers.push((name, layer));
                }
                _ => self.problems.push(wrong_type(&format!("{what}.{name}"), "a table", raw)),
            }
        }
        layers
    }

    fn layer(&mut self, title: &str, span: Span, kind: Table, table: &DeTable<'_>) -> Layer {
        let mut layer = Layer { span, ..Layer::default() };
        for (key, raw) in table {
            let name = key.get_ref().as_ref();
            match (name, Key::named(name)) {
                (_, Some(known)) if kind.has_setting(known) => {
                    layer.has_url |= known == Key::Url;
                    if let Some(setting) = self.setting(known, key, raw) {
                        layer.settings.insert(known, setting);
                    }
                }
                (_, Some(_)) => self.misplaced(title, key),
                (_, None) if !kind.own().contains(&name) => {
                    self.problems.push(policy::unknown(title, table, key, kind));
                }
                ("group", _) => match raw.get_ref() {
                    DeValue::String(group) => layer.group = Some((group.to_string(), raw.span())),
                    _ => self.problems.push(wrong_type("group", "the name of a group", raw)),
                },
                ("unset", _) => match names("unset", raw) {
                    Ok(names) => layer.unset = self.unset(names),
                    Err(problem) => self.problems.push(problem),
                },
                _ => match raw.get_ref() {
                    DeValue::Table(table) => {
                        layer.lint = policy::lint(&format!("lint of {title}"), table, &mut self.problems);
                    }
                    _ => {
                        self.problems.push(wrong_type("lint", "a table such as { allow = [\"RULE\"] }", raw))
                    }
                },
            }
        }
        for (key, span) in &layer.unset {
            if layer.settings.contains_key(key) {
                let message = format!("{title} both sets and unsets {}", key.name());
                self.problems.push(
                    Problem::new("set-and-unset", span.clone(), message).help("keep one of the two lines"),
                );
            }
        }
        layer
    }

    fn unset(&mut self, names: Vec<(String, Span)>) -> Vec<(Key, Span)> {
        let mut keys = Vec::new();
        for (name, span) in names {
            match Key::named(&name) {
                Some(Key::Moin) | None => {
                    let mut problem =
                        Problem::new("unknown-key", span, format!("unset: unknown setting {name:?}"));
                    let known = || Key::all().filter(|key| key.inheritable()).map(Key::name);
                    problem.help = nearest(&name, known()).map(|near| format!("did you mean {near:?}?"));
                    let meant = the_one_near(&name, known());
                    self.problems.push(match meant {
                        Some(meant) => problem.instead(quoted(meant)),
                        None => problem,
                    });
                }
                Some(key) => keys.push((key, span)),
            }
        }
        keys
    }

    fn setting(
        &mut self,
        key: Key,
        name: &Spanned<DeString<'_>>,
        raw: &Spanned<DeValue<'_>>,
    ) -> Option<Arc<Setting>> {
        match read::read(key.name(), key.kind(), raw) {
            Ok(value) => {
                let items = match raw.get_ref() {
                    DeValue::Array(items) => items.iter().map(Spanned::span).collect(),
                    _ => Vec::new(),
                };
                Some(Arc::new(Setting { value, key_span: name.span(), span: raw.span(), items }))
            }
            Err(problem) => {
                self.problems.push(Problem { key: Some(key), ..problem });
                None
            }
        }
    }

    fn misplaced(&mut self, title: &str, key: &Spanned<DeString<'_>>) {
        let message = format!("{} does not belong in {title}", key.get_ref());
        let help = "move it to [wikis.NAME]: each wiki has its own value";
        self.problems.push(Problem::new("misplaced-key", key.span(), message).help(help));
    }

    fn share(&mut self, item: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = item.get_ref() else {
            self.problems.push(wrong_type("share", "a table: [[share]]", item));
            return;
        };
        let mut share = None;
        for (key, raw) in table {
            match key.get_ref().as_ref() {
                name if Table::Share.own().contains(&name) => match names(name, raw) {
                    Ok(wikis) => share = Some(Share { written: wikis.len(), wikis, span: raw.span() }),
                    Err(problem) => {
                        self.problems.push(problem);
                        return;
                    }
                },
                _ => self.problems.push(policy::unknown("[[share]]", table, key, Table::Share)),
            }
        }
        match share {
            Some(share) => self.shares.push(share),
            None => self.problems.push(
                Problem::new("invalid-value", item.span(), "[[share]] has no list of wikis")
                    .help("add wikis = [\"NAME\", \"NAME\"]"),
            ),
        }
    }
}

/// Removes unknown wikis from a share, and reports them.
fn known_wikis(mut share: Share, layers: &Layers, problems: &mut Vec<Problem>) -> Share {
    let mut names: std::collections::HashSet<&str> =
        layers.wikis.iter().map(|(name, _)| name.as_str()).collect();
    let written: std::collections::HashSet<String> =
        share.wikis.iter().map(|(name, _)| name.clone()).collect();
    share.wikis.retain(|(name, span)| {
        let known = names.contains(name.as_str());
        if !known {
            let mut problem =
                Problem::new("unknown-wiki", span.clone(), format!("[[share]]: unknown wiki {name:?}"));
            problem.help = nearest(name, names.drain()).map(|near| format!("did you mean {near:?}?"));
            names = layers.wikis.iter().map(|(name, _)| name.as_str()).collect();
            let meant = the_one_near(name, names.iter().copied()).filter(|meant| !written.contains(*meant));
            problems.push(match meant {
                Some(meant) => problem.instead(quoted(meant)),
                None => problem,
            });
        }
        known
    });
    share
}
