//! Addresses that several wikis have: only one of these can be reached there, and the farm file does not tell which.

use std::collections::BTreeMap;

use url::Url;

use super::Farm;

/// So many wikis are named.
const MOST: usize = 3;

impl Farm {
    /// The addresses that several wikis have, as URL or alias, with the wikis' names in the order of the file; as
    /// [`with_slash`] has them.
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

/// The URL with a slash at its end: a wiki is the same with and without.
pub fn with_slash(url: &Url) -> String {
    let text = url.as_str();
    if text.ends_with('/') { text.to_owned() } else { format!("{text}/") }
}

/// `a, b, c and 4 more have one URL, https://example.org/`
pub fn same_address(url: &str, names: &[&str]) -> String {
    let names = match names {
        [rest @ .., last] if names.len() <= MOST + 1 => format!("{} and {last}", rest.join(", ")),
        _ => {
            let shown: Vec<&str> = names.iter().take(MOST).copied().collect();
            format!("{} and {} more", shown.join(", "), names.len().saturating_sub(MOST))
        }
    };
    format!("{names} have one URL, {url}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn urls_and_aliases_count_with_and_without_a_slash() {
        let text = "[wikis.a]\nurl = \"https://example.org\"\naliases = [\"https://example.org/\"]\n\
                    [wikis.b]\nurl = \"https://b.example.org/b\"\naliases = [\"https://EXAMPLE.org:443\"]\n\
                    [wikis.c]\nurl = \"https://c.example.org/\"\naliases = [\"https://b.example.org/b/\"]\n\
                    [wikis.d]\nurl = \"https://d.example.org/\"\naliases = [\"https://d.example.org/\"]\n";
        let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
        let told: Vec<String> =
            farm.shared_addresses().iter().map(|(url, names)| same_address(url, names)).collect();
        assert_eq!(
            told,
            ["b and c have one URL, https://b.example.org/b/", "a and b have one URL, https://example.org/"]
        );
        assert_eq!(same_address("u", &["a", "b", "c", "d"]), "a, b, c and d have one URL, u");
        assert_eq!(same_address("u", &["a", "b", "c", "d", "e"]), "a, b, c and 2 more have one URL, u");
    }
}
