//! Comments with settings that Python files can't have: `# wikifarm: url = "https://wiki.example.org/"`.
//!
//! The value is written as in a farm file. In the file of a wiki it is that wiki's; elsewhere it is for all wikis.

use std::sync::Arc;

use toml::de::DeTable;

use crate::farm::{Key, Problem, Setting, Source, Span, read};

/// What such a comment begins with, behind `#` and blanks.
const MARK: &str = "wikifarm:";

/// A setting that a comment gives.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) key: Key,
    pub(super) setting: Arc<Setting>,
    /// Where the comment stands.
    pub(super) span: Span,
}

/// Reads the notes of all files. `own` is whether the file with that offset is one wiki's own.
pub(super) fn notes(source: &Source, own: &dyn Fn(usize) -> bool, problems: &mut Vec<Problem>) -> Vec<Note> {
    let mut notes = Vec::new();
    for span in source.comments().unwrap_or_default() {
        let Some(said) = source.text().get(span.clone()) else { continue };
        let Some(rest) = said.trim_start_matches('#').trim_start().strip_prefix(MARK) else { continue };
        let Some((name, _)) = rest.split_once('=') else { continue };
        if !name.trim().chars().all(|c| c == '_' || c.is_alphanumeric()) {
            continue;
        }
        match note(rest, span.end - rest.len(), own(span.start)) {
            Ok((key, setting)) => notes.push(Note { key, setting, span: span.clone() }),
            Err(problem) => problems.push(problem),
        }
    }
    notes
}

/// Reads ` key = value`, which begins at `offset`.
fn note(text: &str, offset: usize, own: bool) -> Result<(Key, Arc<Setting>), Problem> {
    let whole = offset..offset + text.len();
    let shift = |span: Span| offset + span.start..offset + span.end;
    let (table, errors) = DeTable::parse_recoverable(text);
    if let Some(error) = errors.first() {
        let span = error.span().map_or(whole, shift);
        let message = format!("this comment is not TOML: {}", error.message());
        let problem = Problem::new("invalid-value", span, message);
        return Err(problem.help("write it as in a farm file: # wikifarm: moin = \"1.9.11\""));
    }
    let Some((name, raw)) = table.get_ref().iter().next() else {
        return Err(Problem::new("invalid-value", whole, "this comment sets nothing"));
    };
    let key_span = shift(name.span());
    let Some(key) = Key::named(name.get_ref()) else {
        let message = format!("there is no setting {:?}", name.get_ref());
        let mut problem = Problem::new("unknown-key", key_span, message);
        let near = crate::farm::nearest(name.get_ref(), Key::all().map(Key::name));
        problem.help = near.map(|near| format!("did you mean {near:?}?"));
        return Err(problem);
    };
    if !own && !key.inheritable() {
        let message = format!("{} can't be set for all wikis in a comment", key.name());
        return Err(Problem::new("misplaced-key", key_span, message).help("put it into the wiki's own file"));
    }
    let value = read::read(key.name(), key.kind(), raw)
        .map_err(|problem| Problem { span: shift(problem.span.clone()), ..problem })?;
    let setting = Setting { value, key_span, span: shift(raw.span()), items: Vec::new() };
    Ok((key, Arc::new(setting)))
}
