//! Session ids as arguments: whole, any unique prefix, or from standard input, so that `ps` does not show them. A
//! message repeats only the beginning of an id.

use std::io::Read;

use super::{Context, Exit, Failure};
use crate::store::{self, EntryName, Prefixes, SHORTEST_PREFIX, SessionStore, StoreSpec};
use crate::sys::why;

/// The most that is read from standard input: 64 MiB, which is a million and a half of whole ids.
const MOST_INPUT: u64 = 64 << 20;

/// The longest line of standard input: 1 MiB. No web server accepts a longer header.
const LONGEST_LINE: usize = 1 << 20;

/// The ids asked for, without the `…` of a shortened one.
pub(crate) fn wanted(argument: &str) -> Result<Vec<String>, Failure> {
    if argument != "-" {
        return Ok(vec![bare(argument)]);
    }
    let ids: Vec<String> = read()?.split_whitespace().map(bare).collect();
    if ids.is_empty() { Err(none()) } else { Ok(ids) }
}

/// Standard input, whole.
///
/// # Errors
/// If it is longer than 64 MiB, or a line can't be an id.
pub(crate) fn read() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MOST_INPUT + 1).read_to_end(&mut bytes);
    let wrong = |why: &str| Failure::usage(format!("can't read ids from standard input: {why}"));
    read.map_err(|error| wrong(&why(&error)))?;
    for (position, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = position + 1;
        if line.len() > LONGEST_LINE {
            return Err(wrong(&format!("line {number} is longer than 1 MiB")));
        }
        if std::str::from_utf8(line).is_err() {
            return Err(wrong(&format!("line {number} is not UTF-8")));
        }
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_INPUT) {
        return Err(wrong("longer than 64 MiB").help("split the input with `split -l 1000000`"));
    }
    String::from_utf8(bytes).map_err(|error| wrong(&error.to_string()))
}

/// The error that standard input has no id.
pub(crate) fn none() -> Failure {
    Failure::usage("standard input has no id")
}

pub(crate) fn bare(id: &str) -> String {
    id.trim_end_matches(['…', '.']).to_owned()
}

/// The part of an id that a message may repeat.
pub(crate) fn short(id: &str) -> String {
    id.chars().take(SHORTEST_PREFIX).collect()
}

/// The same, with `…` if the id is longer.
pub(crate) fn shortened(id: &str) -> String {
    let more = if id.chars().count() > SHORTEST_PREFIX { "…" } else { "" };
    short(id) + more
}

/// A store that could be opened, by its position among the specifications, with all its ids.
pub(crate) struct Open {
    pub(crate) position: usize,
    pub(crate) store: Box<dyn SessionStore>,
    pub(crate) prefixes: Prefixes,
}

/// Opens the stores. A missing store of a wiki has no sessions. A store that can't be listed is reported.
pub(crate) fn open(specs: &[StoreSpec], context: &mut Context<'_>) -> (Vec<Open>, Exit) {
    let (mut opened, mut exit) = (Vec::new(), Exit::Success);
    for (position, spec) in specs.iter().enumerate() {
        let mut names = Vec::new();
        let found = store::open(spec.clone()).and_then(|store| {
            store.names(&mut |name| names.push(name))?;
            Ok(store)
        });
        match found {
            Ok(store) => opened.push(Open { position, store, prefixes: Prefixes::new(names) }),
            Err(error) if error.is_missing() && !spec.wikis.is_empty() => {}
            Err(error) => {
                exit = exit.and(context.store_failed(&error));
            }
        }
    }
    (opened, exit)
}

/// The message that no session has the id `prefix`; `exit` is the status so far.
pub(crate) fn no_session(prefix: &str, exit: Exit) -> String {
    let where_looked = if exit >= Exit::Partial { " in the stores that can be opened" } else { "" };
    format!("no session id begins with {:?}{where_looked}", shortened(prefix))
}

/// The one session that begins with `prefix`, by all stores; `None` if there is none.
///
/// # Errors
/// If the prefix is empty, or several ids begin with it.
pub(crate) fn find(prefix: &str, stores: &[Open]) -> Result<Option<EntryName>, Failure> {
    if prefix.is_empty() {
        return Err(Failure::usage("the id is empty"));
    }
    let mut found: Vec<EntryName> =
        stores.iter().flat_map(|open| open.prefixes.matching(prefix).iter().copied()).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        many => Err(Failure::usage(format!("{} session ids begin with {:?}", many.len(), short(prefix)))
            .help("type more characters of the id")),
    }
}
