//! The files that find, tmpreaper, and tmpwatch delete.

use std::path::{Path, PathBuf};

use super::age;
use super::cleaner::Deletion;
use super::pattern::Reach;

/// Deletes all of these paths.
pub(super) fn all(program: &'static str, roots: Vec<PathBuf>, below: bool) -> Deletion {
    Deletion { program, reach: Reach { roots, below, ..Reach::default() }, age: None, unsure: false }
}

/// `find DIR… [-mtime +N] [-name PATTERN] -delete`, `-exec rm`, or `| xargs rm`. `None` if it deletes nothing.
pub(super) fn find(words: &[String], next: &[String], path: &dyn Fn(&str) -> PathBuf) -> Option<Deletion> {
    let mut words =
        words.iter().map(String::as_str).skip_while(|word| ["-H", "-L", "-P"].contains(word)).peekable();
    let is_test = |word: &str| word.starts_with('-') || ["!", "(", ")"].contains(&word);
    let mut roots = Vec::new();
    while let Some(word) = words.next_if(|word| !is_test(word)) {
        roots.push(path(word));
    }
    let mut found = all("find", roots, true);
    let mut deletes = xargs_rm(next);
    let mut wanted = true;
    while let Some(word) = words.next() {
        if ["-exec", "-execdir", "-ok", "-okdir"].contains(&word) {
            let command: Vec<&str> = words.by_ref().take_while(|word| ![";", "+"].contains(word)).collect();
            deletes |= command.first().is_some_and(|program| is_rm(program));
            continue;
        }
        let mut value = || words.next().unwrap_or_default();
        match word {
            "!" | "-not" => {
                wanted = false;
                continue;
            }
            "-delete" => deletes = true,
            "-mtime" | "-atime" | "-ctime" => found.limit(age::of_find(value(), "d"), wanted),
            "-mmin" | "-amin" | "-cmin" => found.limit(age::of_find(value(), "min"), wanted),
            "-name" => found.reach.names.push((value().to_owned(), wanted)),
            "-maxdepth" => found.reach.depth = value().parse().ok(),
            "-mindepth" | "-user" | "-group" | "-perm" => drop(value()),
            // Sessions are regular files with content.
            "-type" if value().contains('f') == wanted => {}
            "-type" | "-empty" if word == "-type" || wanted => return None,
            "-xdev"
            | "-mount"
            | "-depth"
            | "-daystart"
            | "-print"
            | "-print0"
            | "-and"
            | "-a"
            | "-true"
            | "-writable"
            | "-noleaf"
            | "-ignore_readdir_race"
            | "-empty" => {}
            _ if is_test(word) => found.unsure = true,
            _ => {}
        }
        wanted = true;
    }
    deletes.then_some(found)
}

impl Deletion {
    /// Limits the deletion to an age; `None` is no age that is understood.
    fn limit(&mut self, age: Option<Option<std::time::Duration>>, wanted: bool) {
        match age {
            Some(age) if wanted => self.age = self.age.max(age),
            _ => self.unsure = true,
        }
    }
}

fn is_rm(word: &str) -> bool {
    Path::new(word).file_name().is_some_and(|name| ["rm", "unlink", "shred"].iter().any(|rm| name == *rm))
}

fn xargs_rm(words: &[String]) -> bool {
    words.first().is_some_and(|word| word.ends_with("xargs")) && words.iter().any(|word| is_rm(word))
}

/// `tmpreaper [OPTIONS] 7d DIR…` and `tmpwatch [OPTIONS] 168 DIR…`: hours without a unit.
pub(super) fn by_age(program: &str, words: &[String], path: &dyn Fn(&str) -> PathBuf) -> Option<Deletion> {
    let program = if program == "tmpwatch" { "tmpwatch" } else { "tmpreaper" };
    let mut except = Vec::new();
    let mut plain = Vec::new();
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word.split_once('=') {
            _ if word == "-x" || word == "--exclude" || word == "--protect" => {
                except.extend(words.next().map(path));
            }
            Some(("--exclude" | "--protect", value)) => except.push(path(value)),
            _ if word.starts_with('-') => {}
            _ => plain.push(word),
        }
    }
    let (age, dirs) = plain.split_first()?;
    let roots = dirs.iter().map(|dir| path(dir)).collect();
    let mut found = all(program, roots, true);
    found.age = Some(age::span(age, "h")?);
    found.reach.except = except;
    Some(found)
}
