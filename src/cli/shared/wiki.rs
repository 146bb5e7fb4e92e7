//! Finding a wiki by its name.

use super::Failure;
use super::redact::without_ids;
use crate::farm::{Farm, Wiki, nearest};
use crate::text::list;

/// A longer name is cut in messages, in characters.
const LONGEST: usize = 60;

/// The wiki of that name, or an error that names the nearest one.
pub(crate) fn find_wiki<'a>(farm: &'a Farm, name: &str) -> Result<&'a Wiki, Failure> {
    farm.wiki(name).ok_or_else(|| {
        let near = nearest(name, farm.wikis.iter().map(|wiki| wiki.name.as_str()));
        let help = match near {
            Some(near) => format!("did you mean {near:?}?"),
            None if farm.wikis.len() == 1 => {
                format!("use {:?}", farm.wikis.first().map_or("", |wiki| &wiki.name))
            }
            None if farm.wikis.len() <= 20 => {
                let names: Vec<&str> = farm.wikis.iter().map(|wiki| wiki.name.as_str()).collect();
                format!("use {}", list(&names, "or", 20))
            }
            None => "`wikifarm config show` lists the wikis".to_owned(),
        };
        let name = without_ids(name);
        let name = match name.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
            None => name,
        };
        Failure::usage(format!("{}: no wiki {name:?}", farm.source.path().display())).help(help)
    })
}
