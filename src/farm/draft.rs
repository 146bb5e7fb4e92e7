//! A first farm file, made from addresses, a version, and whether the wikis share logins.

use url::Url;

use super::{Key, quoted};
use crate::browser::{Suffixes, is_ip};
use crate::moin::{Behavior, Version};

/// The facts for a first farm file.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The addresses of the wikis, with or without a slash at the end of each path.
    pub urls: Vec<Url>,
    /// Whether the wikis share logins.
    pub share: bool,
    /// The release that the wikis run.
    pub version: Version,
}

impl Draft {
    /// The farm file, for browsers with that list of public suffixes. Its directories are guesses.
    ///
    /// # Errors
    /// Why these wikis can't share a login.
    pub fn text(&self, suffixes: &dyn Suffixes) -> Result<String, String> {
        let names = self.names();
        let behavior = self.version.behavior();
        let mut text = String::from(
            "# A first description of the farm. Correct the directories, then run: wikifarm config check\n\
             # Relative paths start at the directory of this file.\n",
        );
        self.line(&mut text, Key::Moin, &quoted(&self.version.to_string()), "the release that the wikis run");
        text.push_str("\n[farm]\n");
        if self.share {
            self.shared(suffixes, &mut text)?;
        } else if names.len() > 1 && behavior < Behavior::V2 {
            self.line(
                &mut text,
                Key::CookieName,
                "\"siteidmagic\"",
                "each cookie is named after the wiki's config module",
            );
        }
        if self.urls.iter().all(|url| url.scheme() == "https") {
            self.line(
                &mut text,
                Key::CookieSecure,
                "true",
                "behind a proxy, MoinMoin sees http and omits Secure",
            );
        }
        self.line(&mut text, Key::CookieHttponly, "true", "scripts can't read the login cookie");
        self.line(&mut text, Key::CookieSamesite, "\"Lax\"", "as in the wikiconfig.py that MoinMoin ships");
        for (url, name) in self.urls.iter().zip(&names) {
            text.push_str(&format!("\n[wikis.{name}]\n"));
            self.line(&mut text, Key::Url, &quoted(url.as_str()), "");
            if names.len() == 1 && behavior < Behavior::V2 {
                self.line(
                    &mut text,
                    Key::Siteid,
                    "\"wikiconfig\"",
                    "the config module of a stand-alone wiki",
                );
            }
            if behavior >= Behavior::V2 && !self.share {
                self.line(&mut text, Key::CookieName, &quoted(&format!("{name}_session")), "");
                let path = url.path().trim_end_matches('/');
                if !path.is_empty() {
                    self.line(&mut text, Key::CookiePath, &quoted(path), "");
                }
                self.line(
                    &mut text,
                    Key::SecretKeyId,
                    &quoted(name),
                    "a name for the SECRET_KEY, never the key",
                );
            }
            self.line(&mut text, Key::DataDir, &quoted(&format!("{name}/data")), "");
        }
        if self.share {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            text.push_str(&format!("\n[[share]]\nwikis = [{}]\n", names.join(", ")));
        }
        if behavior < Behavior::V2 {
            text.push_str("\n[prune]\n");
            line(&mut text, "idle", "\"400d\"", "browsers delete every cookie after 400 days");
        }
        Ok(text)
    }

    /// Adds a line with a setting, unless the version ignores the setting or has that default.
    fn line(&self, text: &mut String, key: Key, value: &str, why: &str) {
        let version = self.version.behavior();
        if key.ignored_by(version).is_none() && key.default_in(version) != Some(value) {
            line(text, key.name(), value, why);
        }
    }

    /// Adds the settings of wikis that share logins.
    fn shared(&self, suffixes: &dyn Suffixes, text: &mut String) -> Result<(), String> {
        let behavior = self.version.behavior();
        if self.urls.len() < 2 {
            return Err("one wiki can't share a login: name two or more wikis".to_owned());
        }
        let domain = self.domain(suffixes)?;
        if let Some(domain) = &domain {
            self.line(
                text,
                Key::CookieDomain,
                &quoted(&format!(".{domain}")),
                "browsers send the login to every host in it",
            );
        }
        let path = self.path();
        let mounted = self.urls.iter().any(|url| url.path() != "/");
        if path != "/" || (mounted && behavior <= Behavior::V1_9_0) {
            self.line(text, Key::CookiePath, &quoted(&path), "the common part of the wikis' paths");
        }
        let host = domain.as_deref().or(self.urls.first().and_then(Url::host_str)).unwrap_or("farm");
        let own = suffixes.registrable_domain(host).unwrap_or(host);
        let name = if is_ip(own) { "farm" } else { own.split('.').next().unwrap_or("farm") };
        if behavior >= Behavior::V2 {
            self.line(text, Key::CookieName, &quoted(&format!("{name}_session")), "");
            self.line(
                text,
                Key::SecretKeyId,
                &quoted(name),
                "a name for the SECRET_KEY of all wikis, never the key",
            );
        } else {
            self.line(text, Key::CookieName, &quoted(name), "");
        }
        match behavior {
            Behavior::V2 | Behavior::V2Beta | Behavior::V2Dev => {}
            _ if behavior < Behavior::V1_9_0 => {
                self.line(text, Key::CacheDir, "\"cache\"", "contains the sessions")
            }
            _ => self.line(text, Key::SessionDir, "\"sessions\"", ""),
        }
        self.line(text, Key::UserDir, "\"users\"", "");
        Ok(())
    }

    /// The longest domain that contains all hosts; `None` for a single host.
    fn domain(&self, suffixes: &dyn Suffixes) -> Result<Option<String>, String> {
        let hosts: Vec<&str> = self.urls.iter().filter_map(Url::host_str).collect();
        let Some((first, rest)) = hosts.split_first() else { return Ok(None) };
        let Some(other) = rest.iter().find(|host| *host != first) else { return Ok(None) };
        let apart = |why: &str| Err(format!("{first} and {other} can't share a login: {why}"));
        if let Some(address) = hosts.iter().find(|host| is_ip(host)) {
            return apart(&format!(
                "{address} is an IP address, and browsers send its cookies to no other host"
            ));
        }
        let within = |host: &str, domain: &str| {
            host == domain || host.strip_suffix(domain).is_some_and(|head| head.ends_with('.'))
        };
        let mut domain = *first;
        while !rest.iter().all(|host| within(host, domain)) {
            match domain.split_once('.') {
                Some((_, above)) => domain = above,
                None => return apart("they have no domain in common"),
            }
        }
        if suffixes.is_public_suffix(domain) || suffixes.registrable_domain(domain).is_none() {
            return apart(&format!("browsers reject cookies for all of {domain}"));
        }
        Ok(Some(domain.to_owned()))
    }

    /// The longest path of whole segments that contains all addresses.
    fn path(&self) -> String {
        let mut paths = self.urls.iter().map(|url| url.path().split('/').filter(|part| !part.is_empty()));
        let mut common: Vec<&str> = paths.next().map(Iterator::collect).unwrap_or_default();
        for path in paths {
            let same = common.iter().zip(path).take_while(|(a, b)| *a == b).count();
            common.truncate(same);
        }
        format!("/{}", common.join("/"))
    }

    /// A name for each wiki that is valid for a Python module: the last part of its path, or the first of its host.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(self.urls.len());
        for url in &self.urls {
            let host = url.host_str().unwrap_or_default();
            let label = if is_ip(host) { host } else { host.split('.').next().unwrap_or_default() };
            let part = url.path().rsplit('/').find(|part| !part.is_empty()).unwrap_or(label);
            let plain: String = part
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
                .collect();
            let word =
                plain.starts_with(|c: char| c.is_ascii_lowercase()) && !RESERVED.contains(&plain.as_str());
            let base = if word { plain } else { format!("wiki_{}", plain.trim_matches('_')) };
            let numbered =
                std::iter::once(base.clone()).chain((2..).map(|number| format!("{base}_{number}")));
            names.extend(numbered.into_iter().find(|name| !names.contains(name)));
        }
        names
    }
}

/// Names that the config module of a wiki can't have: Python's keywords, and MoinMoin's own modules.
const RESERVED: [&str; 40] = [
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "exec",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "print",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "none",
    "true",
    "false",
    "farmconfig",
    "wikiconfig",
    "moinmoin",
];

/// `key = value   # why`
fn line(text: &mut String, key: &str, value: &str, why: &str) {
    let setting = format!("{key} = {value}");
    match why {
        "" => text.push_str(&format!("{setting}\n")),
        why => text.push_str(&format!("{setting:<35} # {why}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::BuiltinSuffixes;

    fn draft(urls: &[&str], share: bool, version: &str) -> Draft {
        let urls = urls.iter().map(|url| Url::parse(url).unwrap()).collect();
        Draft { urls, share, version: version.parse().unwrap() }
    }

    #[test]
    fn domain_contains_all_hosts_and_is_no_public_suffix() {
        for (urls, expected) in [
            (&["https://a.example.org/", "https://b.example.org/"][..], Ok(Some("example.org"))),
            (&["https://a.wiki.example.org/", "https://b.c.wiki.example.org/"], Ok(Some("wiki.example.org"))),
            (&["https://example.org/", "https://a.example.org/"], Ok(Some("example.org"))),
            (&["https://example.org/a", "https://example.org/b"], Ok(None)),
            (&["http://intranet/a", "http://intranet/b"], Ok(None)),
            (
                &["https://a.example.co.uk/", "https://b.other.co.uk/"],
                Err("browsers reject cookies for all of co.uk"),
            ),
            (&["https://a.org/", "https://b.com/"], Err("they have no domain in common")),
            (&["http://wiki/", "http://other/"], Err("they have no domain in common")),
            (
                &["http://192.0.2.1/", "http://192.0.2.2/"],
                Err("192.0.2.1 is an IP address, and browsers send its cookies to no other host"),
            ),
            (
                &["https://xexample.org/", "https://example.org/"],
                Err("browsers reject cookies for all of org"),
            ),
        ] {
            let found = draft(urls, true, "1.9.11").domain(&BuiltinSuffixes);
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.as_deref(), expected, "{urls:?}"),
                (Err(found), Err(why)) => assert!(found.ends_with(why), "{found}"),
                (found, _) => panic!("{urls:?}: {found:?}"),
            }
        }
    }

    #[test]
    fn names_are_unique_and_valid_python_modules() {
        let urls = [
            "https://docs.example.org/",
            "https://docs.example.com/",
            "https://example.org/my-wiki/",
            "https://example.org/class",
            "http://192.0.2.1:8080/",
            "https://example.org/%C3%BC",
            "https://1und1.example.org/",
        ];
        let names = draft(&urls, false, "1.9.11").names();
        assert_eq!(
            names,
            ["docs", "docs_2", "my_wiki", "wiki_class", "wiki_192_0_2_1", "wiki_c3_bc", "wiki_1und1"]
        );
    }

    #[test]
    fn path_is_common_in_whole_segments() {
        let path = |urls: &[&str]| draft(urls, true, "1.9.11").path();
        assert_eq!(path(&["https://e.org/wiki/a", "https://e.org/wiki/b/"]), "/wiki");
        assert_eq!(path(&["https://e.org/wiki1", "https://e.org/wiki2"]), "/");
        assert_eq!(path(&["https://e.org/a", "https://e.org/a/b"]), "/a");
    }
}
