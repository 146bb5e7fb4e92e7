//! The wikis of two farms, matched with each other.

use std::collections::{BTreeMap, HashMap};

use url::Url;

use super::super::wiki::Site;
use crate::farm::{Farm, Wiki, same_address, with_slash};

/// The addresses that several wikis of a farm share.
type SharedAddresses<'a> = BTreeMap<String, Vec<&'a str>>;

/// A wiki at one of its URLs, before and after the change.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) old: Site,
    pub(super) new: Site,
}

/// A wiki that both farm files have.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) old: &'a Wiki,
    pub(super) new: &'a Wiki,
    /// One for each old URL; or why the wiki cannot be predicted.
    pub(super) seats: Result<Vec<Seat>, String>,
}

/// The wikis that are kept, added, and removed.
#[derive(Debug, Default)]
pub(super) struct Paired<'a> {
    pub(super) both: Vec<Pair<'a>>,
    pub(super) added: Vec<&'a Wiki>,
    pub(super) removed: Vec<&'a Wiki>,
}

/// Matches wikis by name, and the others by a common URL.
pub(super) fn pair<'a>(old: &'a Farm, new: &'a Farm) -> Paired<'a> {
    let mut paired = Paired::default();
    let shared_addresses = (old.shared_addresses(), new.shared_addresses());
    let mut left: Vec<&Wiki> = new.wikis.iter().filter(|wiki| old.wiki(&wiki.name).is_none()).collect();
    let mut by_url: HashMap<String, &Wiki> = HashMap::new();
    for wiki in &left {
        for url in addresses(wiki) {
            by_url.entry(with_slash(url)).or_insert(wiki);
        }
    }
    for wiki in &old.wikis {
        let same = new.wiki(&wiki.name).or_else(|| {
            let found = *addresses(wiki).find_map(|url| by_url.get(&with_slash(url)))?;
            let position = left.iter().position(|other| other.name == found.name)?;
            Some(left.remove(position))
        });
        match same {
            Some(other) => {
                left.retain(|wiki| wiki.name != other.name);
                paired.both.push(Pair {
                    old: wiki,
                    new: other,
                    seats: seats(wiki, other, &shared_addresses),
                });
            }
            None => paired.removed.push(wiki),
        }
    }
    paired.added = left;
    paired
}

/// Users come back to the URL they know if the wiki still has it, and to its main URL if not. A wiki that shares an
/// address, before or after, cannot be predicted.
fn seats(
    old: &Wiki,
    new: &Wiki,
    (before, after): &(SharedAddresses<'_>, SharedAddresses<'_>),
) -> Result<Vec<Seat>, String> {
    let alone = |url: &Url, shared_addresses: &SharedAddresses<'_>| match shared_addresses
        .get_key_value(&with_slash(url))
    {
        Some((url, names)) => {
            Err(format!("{}: visitors reach only one of these wikis", same_address(url, names)))
        }
        None => Ok(()),
    };
    let seat = |url: &Url| {
        let known = addresses(new).find(|other| with_slash(other) == with_slash(url));
        let known = known.unwrap_or(&new.url);
        alone(url, before)?;
        alone(known, after)?;
        let mut seat = Seat { old: Site::new(old, url)?, new: Site::new(new, known)? };
        // A renamed wiki keeps its directories.
        if old.name != new.name {
            seat.new.stay_where(&seat.old);
        }
        Ok(seat)
    };
    addresses(old).map(seat).collect()
}

fn addresses(wiki: &Wiki) -> impl Iterator<Item = &Url> {
    std::iter::once(&wiki.url).chain(wiki.aliases())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn pair_matches_by_name_then_by_url() {
        let farm = |text: &str| Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
        let old = farm(
            "[wikis.a]\nurl = \"https://example.org/a\"\n[wikis.b]\nurl = \"https://example.org/b\"\n\
             [wikis.gone]\nurl = \"https://example.org/gone\"\n",
        );
        let new = farm(
            "[wikis.a]\nurl = \"https://example.org/elsewhere\"\n[wikis.c]\nurl = \"https://c.example.org/\"\n\
             aliases = [\"https://example.org/b/\"]\n[wikis.fresh]\nurl = \"https://example.org/a\"\n",
        );
        let paired = pair(&old, &new);
        let both: Vec<_> =
            paired.both.iter().map(|pair| (pair.old.name.as_str(), pair.new.name.as_str())).collect();
        assert_eq!(both, [("a", "a"), ("b", "c")]);
        let seats = paired.both[1].seats.as_ref().unwrap();
        assert_eq!(seats[0].new.root.to_string(), "https://example.org/b/");
        assert_eq!(
            seats[0].new.sessions.as_ref().unwrap().identity,
            seats[0].old.sessions.as_ref().unwrap().identity
        );
        let names = |wikis: &[&Wiki]| wikis.iter().map(|wiki| wiki.name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(&paired.added), names(&paired.removed)),
            (vec!["fresh".into()], vec!["gone".into()])
        );
    }
}
