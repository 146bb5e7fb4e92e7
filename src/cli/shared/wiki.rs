//! Finding a wiki that was named.

use super::Failure;
use super::redact::without_ids;
use crate::farm::{Farm, Wiki, nearest};

/// The longest name that is repeated whole when there is no such wiki, in characters.
const LONGEST: usize = 60;

/// The wiki of that name, or an error that names the nearest one.
pub(crate) fn find_wiki<'a>(farm: &'a Farm, name: &str) -> Result<&'a Wiki, Failure> {
    farm.wiki(name).ok_or_else(|| {
        let near = nearest(name, farm.wikis.iter().map(|wiki| wiki.name.as_str()));
        let hint = match near {
            Some(near) => format!("; did you mean {near:?}?"),
            None if farm.wikis.len() <= 20 => {
                let names: Vec<&str> = farm.wikis.iter().map(|wiki| wiki.name.as_str()).collect();
                format!("; it has {}", names.join(", "))
            }
            None => String::new(),
        };
        let name = without_ids(name);
        let name = match name.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
            None => name,
        };
        Failure::usage(format!("the farm {} has no wiki {name:?}{hint}", farm.source.path().display()))
    })
}
