//! The help of findings about shared logins: what `cookie suggest` finds for the whole farm.

use std::sync::OnceLock;

use crate::browser::SharedSuffixes;
use crate::farm::Farm;
use crate::sharing::{Asked, Found, Model, Suggestion, suggest};

/// In larger farms, the search takes longer than all rules together.
const MOST_WIKIS: usize = 200;

/// A suggestion with more changes is too long for a help.
const MOST_CHANGES: usize = 4;

/// Whether a changed farm has no new errors.
pub(super) type Accept = fn(&Farm, &Farm, &SharedSuffixes) -> bool;

/// The suggestions for a farm, searched when the first finding needs them.
pub(super) struct Advice {
    found: OnceLock<Found>,
    accept: Accept,
}

impl Advice {
    pub(super) fn new(accept: Accept) -> Advice {
        Advice { found: OnceLock::new(), accept }
    }

    /// The suggestions in one line, or why there are none; `None` if nothing has to change.
    pub(super) fn help(&self, farm: &Farm, model: &Model) -> Option<String> {
        if farm.wikis.len() > MOST_WIKIS || !farm.sound() {
            return Some("run `wikifarm cookie suggest`: it searches settings for the whole farm".to_owned());
        }
        let suffixes = model.suffixes();
        let accept = |changed: &Farm| (self.accept)(farm, changed, &suffixes);
        let search = || suggest(farm, model, &Asked::default(), &accept).by_affected(farm, &suffixes);
        let found = self.found.get_or_init(search);
        match found.suggestions.first() {
            Some(first) if first.changes.len() > MOST_CHANGES => Some(format!(
                "run `wikifarm cookie suggest`: {} settings have to change",
                first.changes.len()
            )),
            Some(_) => {
                let short = found.suggestions.iter().filter(|one| one.changes.len() <= MOST_CHANGES);
                Some(short.map(Suggestion::words).collect::<Vec<_>>().join(", or "))
            }
            None if found.met => None,
            None => Some(format!("no setting helps: {}", found.impossible.join("; "))),
        }
    }
}
