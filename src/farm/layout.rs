//! The byte ranges of settings and list items in a farm file, with their commas, lines, and comments.

use std::collections::HashMap;

use toml_edit::{Array, Document, InlineTable, Item, Table, Value};

use super::{Change, Edit, Source, Span};

/// The start of comments to wikifarm, after `#` and spaces.
const MARK: &str = "wikifarm:";

/// The settings, list items, and tables of a farm file, by the offsets where they start.
#[derive(Debug)]
pub struct Layout<'a> {
    text: &'a str,
    /// Settings, by the start of the name.
    settings: HashMap<usize, Setting>,
    /// List items: the index of the list, and the index in it.
    items: HashMap<usize, (usize, usize)>,
    /// The contents of each pair of brackets or braces.
    lists: Vec<List>,
    /// Tables with a header, by the start of the last part of the name: where an `unset` goes.
    unset: HashMap<usize, Unset>,
    /// The start of the first setting before any table.
    first_setting: Option<usize>,
    /// The start of the first table header.
    first_table: Option<usize>,
}

/// A setting.
#[derive(Debug, Clone)]
struct Setting {
    /// From the name, with its dotted prefix, to the end of the value.
    span: Span,
    /// In braces: the index of the list, and the index in it.
    inline: Option<(usize, usize)>,
}

/// The contents of brackets or braces.
#[derive(Debug, Default)]
struct List {
    spans: Vec<Span>,
    /// The start of the name of the setting that has the list as its value.
    owner: Option<usize>,
}

/// Where another name goes into the `unset` of a table.
#[derive(Debug, Clone, Copy)]
enum Unset {
    /// In a line of its own.
    Line(usize),
    /// At the start of an empty list.
    Empty(usize),
    /// After the last item.
    After(usize),
}

impl<'a> Layout<'a> {
    /// The layout of a TOML file; `None` for other files.
    pub fn of(source: &'a Source) -> Option<Layout<'a>> {
        // wikifarm never changes Python files.
        if source.comments().is_some() {
            return None;
        }
        let text = source.text();
        let document = Document::parse(text).ok()?;
        let mut layout = Layout {
            text,
            settings: HashMap::new(),
            items: HashMap::new(),
            lists: Vec::new(),
            unset: HashMap::new(),
            first_setting: None,
            first_table: None,
        };
        layout.table(document.as_table(), true);
        Some(layout)
    }

    /// The edits of a change; none if the file has nothing at its span.
    pub fn edits(&self, change: &Change) -> Vec<Edit> {
        let gone = |span: Option<Span>| span.map(|span| Edit { span, with: String::new() });
        match change {
            Change::Replace { span, with } => vec![Edit { span: span.clone(), with: with.clone() }],
            Change::DropSetting(at) => gone(self.setting(at.start)).into_iter().collect(),
            Change::DropItem(at) => gone(self.item(at.start)).into_iter().collect(),
            Change::ToTop(at) => self.to_top(at.start).unwrap_or_default(),
            Change::Unset { wikis, key } => {
                let edits = wikis.iter().map(|wiki| self.unset(wiki.start, key.name()));
                edits.collect::<Option<_>>().unwrap_or_default()
            }
        }
    }

    /// The edit that adds `name` to the `unset` of the table whose name starts at `table`.
    fn unset(&self, table: usize, name: &str) -> Option<Edit> {
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let (at, with) = match *self.unset.get(&table)? {
            Unset::Line(at) => (at, format!("unset = [\"{name}\"]{newline}")),
            Unset::Empty(at) => (at, format!("\"{name}\"")),
            Unset::After(at) => (at, format!(", \"{name}\"")),
        };
        Some(Edit { span: at..at, with })
    }

    fn table(&mut self, table: &Table, root: bool) {
        if let Some(span) = table.span().filter(|_| !root && !table.is_dotted() && !table.is_implicit()) {
            let first = self.first_table.unwrap_or(usize::MAX);
            self.first_table = Some(first.min(span.start));
        }
        for (name, item) in table.iter() {
            let Some(at) = table.key(name).and_then(toml_edit::Key::span) else { continue };
            match item {
                Item::Table(inner) => {
                    if !inner.is_dotted() && !inner.is_implicit() {
                        let unset = self.unset_of(inner, &at);
                        self.unset.extend(unset.map(|unset| (at.start, unset)));
                    }
                    self.table(inner, root && inner.is_dotted());
                }
                Item::ArrayOfTables(tables) => {
                    tables.iter().for_each(|inner| self.table(inner, false));
                }
                Item::Value(value) => {
                    let Some(end) = value.span().map(|span| span.end) else { continue };
                    let start = self.begins(at.start);
                    self.settings.insert(at.start, Setting { span: start..end, inline: None });
                    if root {
                        self.first_setting = Some(self.first_setting.unwrap_or(start).min(start));
                    }
                    self.value(value, Some(at.start));
                }
                Item::None => {}
            }
        }
    }

    /// Where a name goes into the `unset` of a table with a header, which has its name at `at`.
    fn unset_of(&self, table: &Table, at: &Span) -> Option<Unset> {
        let Some(item) = table.get("unset") else { return Some(Unset::Line(self.line_end(at.end))) };
        let list = item.as_array()?;
        match list.iter().last() {
            Some(last) => Some(Unset::After(last.span()?.end)),
            None => Some(Unset::Empty(list.span()?.start + 1)),
        }
    }

    fn value(&mut self, value: &Value, owner: Option<usize>) {
        match value {
            Value::Array(array) => self.array(array, owner),
            Value::InlineTable(table) => {
                let list = self.list(owner);
                self.braces(table, list);
            }
            _ => {}
        }
    }

    fn list(&mut self, owner: Option<usize>) -> usize {
        self.lists.push(List { owner, ..List::default() });
        self.lists.len() - 1
    }

    fn add(&mut self, list: usize, span: Span) -> usize {
        let Some(list) = self.lists.get_mut(list) else { return 0 };
        list.spans.push(span);
        list.spans.len() - 1
    }

    fn array(&mut self, array: &Array, owner: Option<usize>) {
        let list = self.list(owner);
        for item in array {
            let Some(span) = item.span() else { continue };
            let position = self.add(list, span.clone());
            self.items.insert(span.start, (list, position));
            self.value(item, None);
        }
    }

    fn braces(&mut self, table: &InlineTable, list: usize) {
        for (name, value) in table.iter() {
            let Some(at) = table.key(name).and_then(toml_edit::Key::span) else { continue };
            match value {
                Value::InlineTable(inner) if inner.is_dotted() => self.braces(inner, list),
                _ => {
                    let Some(end) = value.span().map(|span| span.end) else { continue };
                    let start = self.begins(at.start);
                    let position = self.add(list, start..end);
                    let setting = Setting { span: start..end, inline: Some((list, position)) };
                    self.settings.insert(at.start, setting);
                    self.value(value, Some(at.start));
                }
            }
        }
    }

    /// The start of the dotted name that has its last part at `at`: `x` of `x.y.z`.
    fn begins(&self, at: usize) -> usize {
        let before = |at: usize| self.text.get(..at).unwrap_or_default().trim_end_matches([' ', '\t']);
        let mut start = at;
        while let Some(head) = before(start).strip_suffix('.') {
            let head = head.trim_end_matches([' ', '\t']);
            let part = match head.chars().next_back() {
                Some(quote @ ('"' | '\'')) => {
                    let inside = head.get(..head.len() - 1).unwrap_or_default();
                    let opens = |(at, _): &(usize, &str)| {
                        quote == '\'' || !inside.get(..*at).unwrap_or_default().ends_with('\\')
                    };
                    inside.rmatch_indices(quote).find(opens).map(|(at, _)| at)
                }
                _ => {
                    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
                    Some(head.trim_end_matches(bare).len())
                }
            };
            match part {
                Some(part) if part < head.len() => start = part,
                _ => break,
            }
        }
        start
    }

    /// The text to delete with the setting whose name starts at `name`.
    fn setting(&self, name: usize) -> Option<Span> {
        let setting = self.settings.get(&name)?;
        match setting.inline {
            Some((list, position)) => self.within(list, position),
            None => Some(self.lines(&setting.span)),
        }
    }

    /// The text to delete with the item that starts at `at`.
    fn item(&self, at: usize) -> Option<Span> {
        let (list, position) = *self.items.get(&at)?;
        let found = self.lists.get(list)?;
        match found.owner {
            Some(owner) if found.spans.len() == 1 => self.setting(owner),
            _ => self.within(list, position),
        }
    }

    /// The text to delete with an item between brackets: with its comma, and its line if the item is alone on it.
    fn within(&self, list: usize, position: usize) -> Option<Span> {
        let spans = &self.lists.get(list)?.spans;
        let span = spans.get(position)?;
        let start = self.line_start(span.start);
        let behind = self.text.get(span.end..)?;
        let rest = behind.split('\n').next().unwrap_or(behind);
        let plain = rest.trim_start().trim_start_matches(',').trim_start();
        let alone = self.text.get(start..span.start)?.trim().is_empty()
            && (plain.is_empty() || plain.starts_with('#'))
            && behind.len() > rest.len();
        let next = spans.get(position + 1);
        let before = position.checked_sub(1).and_then(|before| spans.get(before));
        Some(match (alone, next, before) {
            (true, ..) => start..span.end + rest.len() + 1,
            (false, Some(next), _) => span.start..next.start,
            (false, None, Some(before)) => before.end..span.end,
            (false, None, None) => span.clone(),
        })
    }

    /// The lines of a setting that is not in braces, with the comments to wikifarm above.
    fn lines(&self, span: &Span) -> Span {
        let mut start = self.line_start(span.start);
        while let Some(above) = start.checked_sub(1).map(|end| self.line_start(end)..start) {
            let line = self.text.get(above.clone()).unwrap_or_default().trim_start();
            let comment = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim_start());
            if !comment.is_some_and(|comment| comment.starts_with(MARK)) {
                break;
            }
            start = above.start;
        }
        start..self.line_end(span.end)
    }

    fn to_top(&self, name: usize) -> Option<Vec<Edit>> {
        let setting = self.settings.get(&name)?;
        let gone = self.setting(name)?;
        let newline = if self.text.contains("\r\n") { "\r\n" } else { "\n" };
        let line = self.text.get(name..setting.span.end)?;
        let moved = match (self.first_setting, self.first_table) {
            (Some(first), _) => Edit { span: first..first, with: format!("{line}{newline}") },
            (None, Some(header)) => {
                let above = self.comments_above(header);
                // A comment at the start of the file is about the file, and names its schema for editors.
                let at = if above == 0 { self.line_start(header) } else { above };
                Edit { span: at..at, with: format!("{line}{newline}{newline}") }
            }
            (None, None) => return None,
        };
        Some(vec![moved, Edit { span: gone, with: String::new() }])
    }

    /// The start of the comment lines directly above the line of `at`.
    fn comments_above(&self, at: usize) -> usize {
        let mut start = self.line_start(at);
        while let Some(above) = start.checked_sub(1).map(|end| self.line_start(end)) {
            if !self.text.get(above..start).unwrap_or_default().trim_start().starts_with('#') {
                break;
            }
            start = above;
        }
        start
    }

    /// The start of the line of `at`.
    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// The start of the line after the line of `at`.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }
}
