//! Shared addresses: only one of the wikis at an address can be reached, and the farm file does not define which.

use std::collections::BTreeMap;

use url::Url;

use super::Farm;
use crate::text::list;

/// A message names at most this many wikis.
const MOST: usize = 3;

impl Farm {
    /// The addresses that several wikis have as URL or alias, in the form of [`with_slash`], with the names of the wikis in
    /// the order of the file.
    pub fn shared_addresses(&self) -> BTreeMap<String, Vec<&str>> {
        let mut found: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for wiki in &self.wikis {
            for (url, _) in wiki.addresses() {
                let names = found.entry(with_slash(url)).or_default();
                if names.last() != Some(&wiki.name.as_str()) {
                    names.push(&wiki.name);
                }
            }
        }
        found.retain(|_, names| names.len() > 1);
        found
    }
}

/// The URL with a slash at its end: with and without the slash, it is the same wiki.
pub fn with_slash(url: &Url) -> String {
    let text = url.as_str();
    if text.ends_with('/') { text.to_owned() } else { format!("{text}/") }
}

/// `a, b, c, and 4 more have the same URL https://example.org/`
pub fn same_address(url: &str, names: &[&str]) -> String {
    format!("{} have the same URL {url}", list(names, "and", MOST))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn shared_addresses_ignore_a_trailing_slash_in_urls_and_aliases() {
        let text = "[wikis.a]\nurl = \"https://example.org\"\naliases = [\"https://example.org/\"]\n\
                    [wikis.b]\nurl = \"https://b.example.org/b\"\naliases = [\"https://EXAMPLE.org:443\"]\n\
                    [wikis.c]\nurl = \"https://c.example.org/\"\naliases = [\"https://b.example.org/b/\"]\n\
                    [wikis.d]\nurl = \"https://d.example.org/\"\naliases = [\"https://d.example.org/\"]\n";
        let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
        let found: Vec<String> =
            farm.shared_addresses().iter().map(|(url, names)| same_address(url, names)).collect();
        assert_eq!(
            found,
            [
                "b and c have the same URL https://b.example.org/b/",
                "a and b have the same URL https://example.org/"
            ]
        );
        assert_eq!(same_address("u", &["a", "b", "c", "d"]), "a, b, c, and d have the same URL u");
        assert_eq!(same_address("u", &["a", "b", "c", "d", "e"]), "a, b, c, and 2 more have the same URL u");
    }
}
