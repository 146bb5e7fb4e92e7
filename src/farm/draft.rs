//! A first farm file from a few facts: addresses, a version, and whether the wikis share a login.

use url::Url;

use super::{Key, quoted};
use crate::browser::{Suffixes, is_ip};
use crate::moin::{Behaviour, Version};

/// What a first farm file is made from.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The wikis' addresses, with a slash at the end of each path or without.
    pub urls: Vec<Url>,
    /// Whether a login at one is a login at all; otherwise each has its own.
    pub share: bool,
    /// What the wikis run.
    pub version: Version,
}

impl Draft {
    /// The farm file, for browsers with that list of public suffixes. Directories are guesses, beside the file.
    ///
    /// # Errors
    /// Why these wikis can't share a login.
    pub fn text(&self, suffixes: &dyn Suffixes) -> Result<String, String> {
        let names = self.names();
        let behaviour = self.version.behaviour();
        let mut text = String::from(
            "# A first description of the farm. Correct the directories, which start from this file's, and check it:\n\
             # wikifarm config check\n",
        );
        self.line(&mut text, Key::Moin, &quoted(&self.version.to_string()), "what the wikis run");
        text.push_str("\n[farm]\n");
        if self.share {
            self.shared(suffixes, &mut text)?;
        } else if names.len() > 1 && behaviour < Behaviour::V2 {
            self.line(
                &mut text,
                Key::CookieName,
                "\"siteidmagic\"",
                "each wiki calls its cookie after its config module",
            );
        }
        if self.urls.iter().all(|url| url.scheme() == "https") {
            self.line(
                &mut text,
                Key::CookieSecure,
                "true",
                "behind a proxy MoinMoin sees http, and would not say so",
            );
        }
        self.line(&mut text, Key::CookieHttponly, "true", "no script reads the login");
        for (url, name) in self.urls.iter().zip(&names) {
            text.push_str(&format!("\n[wikis.{name}]\n"));
            self.line(&mut text, Key::Url, &quoted(url.as_str()), "");
            if names.len() == 1 && behaviour < Behaviour::V2 {
                self.line(
                    &mut text,
                    Key::Siteid,
                    "\"wikiconfig\"",
                    "the config module of a wiki that stands alone",
                );
            }
            if behaviour == Behaviour::V2 && !self.share {
                self.line(&mut text, Key::CookieName, &quoted(&format!("{name}_session")), "");
                let path = url.path().trim_end_matches('/');
                if !path.is_empty() {
                    self.line(&mut text, Key::CookiePath, &quoted(path), "");
                }
                self.line(&mut text, Key::SecretKeyId, &quoted(name), "which SECRET_KEY, never the key");
            }
            self.line(&mut text, Key::DataDir, &quoted(&format!("{name}/data")), "");
        }
        if self.share {
            let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
            text.push_str(&format!("\n[[share]]\nwikis = [{}]\n", names.join(", ")));
        }
        if behaviour < Behaviour::V2 {
            text.push_str("\n[prune]\n");
            line(&mut text, "idle", "\"400d\"", "no browser keeps a cookie for longer");
        }
        Ok(text)
    }

    /// A line with a setting, unless the version ignores it or has that value by default.
    fn line(&self, text: &mut String, key: Key, value: &str, why: &str) {
        let version = self.version.behaviour();
        if key.ignored_by(version).is_none() && key.default_in(version) != Some(value) {
            line(text, key.name(), value, why);
        }
    }

    /// What all wikis of a shared login have.
    fn shared(&self, suffixes: &dyn Suffixes, text: &mut String) -> Result<(), String> {
        let behaviour = self.version.behaviour();
        if self.urls.len() < 2 {
            return Err("one wiki shares its login with itself: name two or more".to_owned());
        }
        let domain = self.domain(suffixes)?;
        if let Some(domain) = &domain {
            self.line(
                text,
                Key::CookieDomain,
                &quoted(&format!(".{domain}")),
                "every host below it gets the login",
            );
        }
        let path = self.path();
        let mounted = self.urls.iter().any(|url| url.path() != "/");
        if path != "/" || (mounted && behaviour <= Behaviour::V1_9_0) {
            self.line(text, Key::CookiePath, &quoted(&path), "what the wikis' paths have in common");
        }
        let host = domain.as_deref().or(self.urls.first().and_then(Url::host_str)).unwrap_or("farm");
        let own = suffixes.registrable_domain(host).unwrap_or(host);
        let name = if is_ip(own) { "farm" } else { own.split('.').next().unwrap_or("farm") };
        if behaviour == Behaviour::V2 {
            self.line(text, Key::CookieName, &quoted(&format!("{name}_session")), "");
            self.line(
                text,
                Key::SecretKeyId,
                &quoted(name),
                "all have one SECRET_KEY; here is only what you call it",
            );
        } else {
            self.line(text, Key::CookieName, &quoted(name), "");
        }
        match behaviour {
            Behaviour::V2 => {}
            _ if behaviour < Behaviour::V1_9_0 => {
                self.line(text, Key::CacheDir, "\"cache\"", "sessions lie below it")
            }
            _ => self.line(text, Key::SessionDir, "\"sessions\"", ""),
        }
        self.line(text, Key::UserDir, "\"users\"", "");
        Ok(())
    }

    /// The longest domain that all hosts are within; `None` where they are one host.
    fn domain(&self, suffixes: &dyn Suffixes) -> Result<Option<String>, String> {
        let hosts: Vec<&str> = self.urls.iter().filter_map(Url::host_str).collect();
        let Some((first, rest)) = hosts.split_first() else { return Ok(None) };
        let Some(other) = rest.iter().find(|host| *host != first) else { return Ok(None) };
        let apart = |why: &str| Err(format!("{first} and {other} can't share a login: {why}"));
        if let Some(address) = hosts.iter().find(|host| is_ip(host)) {
            return apart(&format!("{address} is an address, whose cookies no other host gets"));
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
            return apart(&format!("browsers keep no cookie for all of {domain}"));
        }
        Ok(Some(domain.to_owned()))
    }

    /// The longest path, by whole segments, that all addresses are within.
    fn path(&self) -> String {
        let mut paths = self.urls.iter().map(|url| url.path().split('/').filter(|part| !part.is_empty()));
        let mut common: Vec<&str> = paths.next().map(Iterator::collect).unwrap_or_default();
        for path in paths {
            let same = common.iter().zip(path).take_while(|(a, b)| *a == b).count();
            common.truncate(same);
        }
        format!("/{}", common.join("/"))
    }

    /// A name for each wiki that may be a module of Python's: the last part of its path, else the first of its host.
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

/// What no module of a wiki can be called: Python's keywords, and MoinMoin's own modules.
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
    fn a_domain_holds_all_hosts_and_belongs_to_one_owner() {
        for (urls, expected) in [
            (&["https://a.example.org/", "https://b.example.org/"][..], Ok(Some("example.org"))),
            (&["https://a.wiki.example.org/", "https://b.c.wiki.example.org/"], Ok(Some("wiki.example.org"))),
            (&["https://example.org/", "https://a.example.org/"], Ok(Some("example.org"))),
            (&["https://example.org/a", "https://example.org/b"], Ok(None)),
            (&["http://intranet/a", "http://intranet/b"], Ok(None)),
            (
                &["https://a.example.co.uk/", "https://b.other.co.uk/"],
                Err("browsers keep no cookie for all of co.uk"),
            ),
            (&["https://a.org/", "https://b.com/"], Err("they have no domain in common")),
            (&["http://wiki/", "http://other/"], Err("they have no domain in common")),
            (
                &["http://192.0.2.1/", "http://192.0.2.2/"],
                Err("192.0.2.1 is an address, whose cookies no other host gets"),
            ),
            (
                &["https://xexample.org/", "https://example.org/"],
                Err("browsers keep no cookie for all of org"),
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
    fn names_are_modules_of_their_own() {
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
    fn a_path_is_common_by_whole_segments() {
        let path = |urls: &[&str]| draft(urls, true, "1.9.11").path();
        assert_eq!(path(&["https://e.org/wiki/a", "https://e.org/wiki/b/"]), "/wiki");
        assert_eq!(path(&["https://e.org/wiki1", "https://e.org/wiki2"]), "/");
        assert_eq!(path(&["https://e.org/a", "https://e.org/a/b"]), "/a");
    }
}
