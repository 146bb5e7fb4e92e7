//! A farm file in TOML, out of a configuration that was read: tidy, with the position of each setting in the Python files.
//!
//! What most wikis have in common stands once under `[farm]`. A wiki with another value sets it, and a wiki without a value
//! has the setting in `unset`. What is not known is left out, with a comment that names the position and the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::read::{Imported, LeftOut, expression, normpath, one_line};
use crate::farm::{Key, Setting, Span, Value, Wiki, quoted, table_key};
use crate::text::shell_path;

/// The widest line that comments are lined up behind.
const WIDEST: usize = 60;

/// The text of a farm file. Its relative paths start where `file` is, or else in the working directory.
pub fn to_toml(imported: &Imported, file: Option<&Path>) -> String {
    let directory = match file.and_then(Path::parent) {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let shown = file.map_or_else(|| "FARM".to_owned(), |file| one_line(&shell_path(file)));
    let (base, directory) = (absolute(&imported.farm.base()), absolute(directory));
    Writer { imported, file: shown, base, directory }.whole()
}

struct Writer<'a> {
    imported: &'a Imported,
    /// The farm file, as a command names it.
    file: String,
    /// The directory of the Python files.
    base: PathBuf,
    /// The directory of the farm file.
    directory: PathBuf,
}

/// A line of a table, with what stands behind it.
struct Line {
    text: String,
    comment: String,
}

impl Writer<'_> {
    fn whole(&self) -> String {
        let source = &self.imported.farm.source;
        let mut out = String::new();
        // As it was given, so that the command can be run again.
        let from = one_line(&shell_path(source.path()));
        let (how, run) = match &self.imported.ran {
            Some(options) => (" --run", format!(" {}", one_line(options))),
            None => ("", String::new()),
        };
        let _ = writeln!(out, "# The wikis of {from}, written by `wikifarm config import{how}`.");
        let _ =
            writeln!(out, "# Changes since then: wikifarm config import {from}{run} --check {}", self.file);
        if self.imported.ran.is_some() {
            out.push_str("# `run` after a position: Python computed the value.\n");
        }
        out.push('\n');
        self.not_read(&mut out);
        let common = self.common();
        self.version(&common, &mut out);
        let farm = common.iter().filter(|(key, _)| **key != Key::Moin);
        let lines: Vec<Line> = farm.map(|(key, setting)| self.line(*key, setting)).collect();
        if !lines.is_empty() {
            out.push_str("[farm]\n");
            table(&mut out, lines);
            out.push('\n');
        }
        for wiki in self.wikis() {
            self.wiki(wiki, &common, &mut out);
        }
        for (name, span) in &self.imported.left_out_wikis {
            let (name, position) = (table_key(name), self.position(span));
            let _ =
                writeln!(out, "# [wikis.{name}] is left out: its class Config is not known ({position}).\n");
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }

    /// All wikis, those without a URL last.
    fn wikis(&self) -> impl Iterator<Item = &Wiki> {
        self.imported.farm.wikis.iter().chain(&self.imported.without_url)
    }

    /// Comments about what could not be read, beside single settings and URLs, which are printed where they would be.
    fn not_read(&self, out: &mut String) {
        let covered: BTreeSet<usize> =
            self.imported.left_out.values().flatten().map(|left| left.span.start).collect();
        let elsewhere = |rule: &str| matches!(rule, "missing-url" | "regex-mismatch");
        let problems =
            self.imported.farm.problems.iter().filter(|problem| problem.fatal && !elsewhere(problem.rule));
        let problems = problems
            .filter(|problem| problem.rule == "python-syntax" || !covered.contains(&problem.span.start));
        let before = out.len();
        for problem in problems {
            let position = self.position(&problem.span);
            let _ = writeln!(out, "# Not read: {position}: {}", one_line(&problem.message));
        }
        if out.len() > before {
            out.push('\n');
        }
    }

    /// The values that more than half of the wikis have, two at least.
    fn common(&self) -> BTreeMap<Key, Arc<Setting>> {
        let wikis: Vec<&Wiki> = self.wikis().collect();
        let mut common = BTreeMap::new();
        for key in Key::all().filter(|key| key.inheritable()) {
            let mut counted: BTreeMap<String, (&Setting, usize)> = BTreeMap::new();
            for setting in wikis.iter().filter_map(|wiki| wiki.setting(key)) {
                counted.entry(setting.value.to_string()).or_insert((setting, 0)).1 += 1;
            }
            if let Some((setting, count)) = counted.into_values().max_by_key(|(_, count)| *count)
                && ((count > 1 && 2 * count > wikis.len()) || (key == Key::Moin && count == wikis.len()))
            {
                common.insert(key, Arc::new(setting.clone()));
            }
        }
        common
    }

    /// The line `moin = …`, or a comment if the version is not known.
    fn version(&self, common: &BTreeMap<Key, Arc<Setting>>, out: &mut String) {
        if let Some(setting) = common.get(&Key::Moin) {
            if let Some(evidence) = self.imported.evidence.as_ref().filter(|it| it.span == setting.span) {
                let (what, position) = (one_line(&evidence.what), self.position(&evidence.span));
                let _ = writeln!(out, "# Version according to {what} ({position}).");
                out.push_str("# Name the exact release, as their cookies differ.\n");
            }
            let option = if setting.span == (0..0) { "  # --moin" } else { "" };
            let _ = writeln!(out, "moin = {}{option}\n", setting.value);
        } else if self.wikis().all(|wiki| wiki.setting(Key::Moin).is_none()) {
            out.push_str("# The files do not name the version that the wikis run; 1.9.11 is assumed. Name the exact release:\n");
            out.push_str("# moin = \"1.9.11\"\n\n");
        }
    }

    fn wiki(&self, wiki: &Wiki, common: &BTreeMap<Key, Arc<Setting>>, out: &mut String) {
        let empty = Vec::new();
        let left_out = self.imported.left_out.get(&wiki.name).unwrap_or(&empty);
        let _ = writeln!(out, "[wikis.{}]", table_key(&wiki.name));
        let unset: Vec<&str> = common
            .keys()
            .filter(|key| **key != Key::Moin && wiki.setting(**key).is_none())
            .map(|key| key.name())
            .collect();
        let mut lines = Vec::new();
        let no_url = self.imported.without_url.iter().any(|other| other.name == wiki.name);
        if no_url {
            let comment = format!("write the URL of the wiki: {}", self.position(&wiki.span));
            lines.push(Line { text: "# url = \"\"".to_owned(), comment });
        }
        for (key, setting) in wiki.settings() {
            if common.get(&key).is_none_or(|common| common.value != setting.value) {
                lines.push(self.line(key, setting));
            }
        }
        // A wiki that had none of its own versions is read as the default, which the top of the file may change.
        if !unset.is_empty() {
            let comment = "MoinMoin's default".to_owned();
            lines.push(Line { text: format!("unset = {unset:?}"), comment });
        }
        table(out, lines);
        self.left_out(left_out, out);
        out.push('\n');
    }

    /// Comments about settings that are not known; those with one reason are one.
    fn left_out(&self, left_out: &[LeftOut], out: &mut String) {
        let mut done: BTreeSet<usize> = BTreeSet::new();
        for left in left_out {
            if !done.insert(left.span.start) {
                continue;
            }
            let same = left_out.iter().filter(|other| other.span.start == left.span.start);
            let names: Vec<&str> = same.map(|other| other.key.name()).collect();
            let (are, why) = if names.len() == 1 { ("is", &left.why) } else { ("are", &left.why) };
            let position = self.position(&left.span);
            let expression = expression(&self.imported.farm.source, &left.span);
            let _ = writeln!(out, "# {} {are} left out: {position}: {expression}", names.join(", "));
            let _ = writeln!(out, "#   {}", one_line(why));
        }
    }

    fn line(&self, key: Key, setting: &Setting) -> Line {
        let value = match &setting.value {
            Value::Path(path) => quoted(&self.path(path)),
            other => other.to_string(),
        };
        let mut comment = match (setting.span == (0..0), key) {
            (false, _) => self.position(&setting.span),
            (true, Key::Url | Key::Aliases) => "--url".to_owned(),
            (true, _) => "--moin".to_owned(),
        };
        if let Some(remark) = self.imported.remarks.get(&(key, setting.span.start)) {
            let _ = write!(comment, ": {}", one_line(remark));
        }
        Line { text: format!("{} = {}", key.name(), value.trim()), comment }
    }

    /// A directory as the farm file has it: relative where it lies below both the Python files and the farm file.
    fn path(&self, path: &Path) -> String {
        let whole = self.base.join(path);
        let below = path.is_relative().then(|| whole.strip_prefix(&self.directory).ok()).flatten();
        below.filter(|below| *below != Path::new("")).unwrap_or(&whole).display().to_string()
    }

    fn position(&self, span: &Span) -> String {
        let source = &self.imported.farm.source;
        let path = self.shown(source.path_at(span.start));
        one_line(&format!("{path}:{}", source.position(span.start).line))
    }

    /// A path below the Python files' directory without that, as the comments need not repeat it.
    fn shown(&self, path: &Path) -> String {
        let base = self.imported.farm.base();
        let below = path.strip_prefix(&base).ok().filter(|below| *below != Path::new(""));
        one_line(&below.unwrap_or(path).display().to_string())
    }
}

/// Writes lines with their comments lined up.
fn table(out: &mut String, lines: Vec<Line>) {
    let width = |line: &Line| line.text.chars().count();
    let widest = lines.iter().map(width).filter(|width| *width <= WIDEST).max().unwrap_or(0);
    for line in lines {
        out.push_str(&line.text);
        if !line.comment.is_empty() {
            let gap = widest.saturating_sub(width(&line)) + 2;
            let _ = write!(out, "{:gap$}# {}", "", line.comment);
        }
        out.push('\n');
    }
}

fn absolute(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    PathBuf::from(normpath(&whole.display().to_string()))
}
