//! A wiki of the farm, ready to be visited.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use url::Url;

use crate::browser::Target;
use crate::farm::{Farm, Key, Wiki};
use crate::location::Identity;
use crate::moin::{Behavior, Handler, Settings};
use crate::sys::directory_identity;

/// A directory, and the path in the farm file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dir {
    /// The path in the farm file, or the address of a store without a path.
    pub(super) path: PathBuf,
    /// The identity of the directory.
    pub(super) identity: Identity,
    /// Whether the farm file does not name the directory.
    pub(super) assumed: bool,
}

/// A wiki at one of its URLs.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// Its name in the farm file.
    pub(super) name: String,
    /// The URL, which ends with a slash.
    pub(crate) root: Target,
    /// What the wiki does with requests.
    pub(super) handler: Handler,
    /// Its session directory; none in 2.0.
    pub(super) sessions: Option<Dir>,
    /// Its user directory.
    pub(super) users: Dir,
}

/// The target of a step.
#[derive(Debug, Clone)]
pub(super) enum Goal {
    /// A page of a wiki.
    Wiki(Box<Site>, Target, String),
    /// A host that is not a wiki, but may receive cookies (`other_hosts`).
    Elsewhere(Target),
}

impl Site {
    pub(crate) fn settings(&self) -> &Settings {
        self.handler.settings()
    }

    pub(super) fn behavior(&self) -> Behavior {
        self.settings().version.behavior()
    }

    /// The wiki at `url`, or why it cannot be simulated.
    pub(super) fn new(wiki: &Wiki, url: &Url) -> Result<Site, String> {
        if let Some(key) = wiki.custom_handler() {
            return Err(format!("{} has a custom {}", wiki.name, key.name()));
        }
        let mut root = url.clone();
        if !root.path().ends_with('/') {
            root.set_path(&format!("{}/", root.path()));
        }
        let root = Target::parse(root.as_str()).map_err(|error| format!("{url}: {error}"))?;
        let settings = wiki.moin_at(url);
        let own = |rest: &str| Path::new(&wiki.name).join("data").join(rest);
        let behavior = settings.version.behavior();
        let rest = if behavior < Behavior::V1_9_0 { "cache/__common__/session" } else { "cache/__session__" };
        let sessions = match wiki.session_location() {
            Some(location) => {
                let path = location.path().map_or_else(|| location.to_string().into(), Path::to_owned);
                Dir { path, identity: location.identity(), assumed: false }
            }
            None => Dir::new(None, own(rest)),
        };
        let key = wiki.text(Key::SecretKeyId).map_or_else(|| format!("\0{}", wiki.name), str::to_owned);
        let site = Site::at(
            &wiki.name,
            root,
            settings,
            wiki.auth(),
            key,
            sessions,
            Dir::new(wiki.user_dir(), own("user")),
        );
        let superusers = wiki.names(Key::Superuser).unwrap_or_default();
        let handler = site.handler.with_superusers(superusers);
        Ok(Site { handler: handler.with_interwikiname(wiki.text(Key::Interwikiname)), ..site })
    }

    /// A wiki with everything on which its cookie and sessions depend. 2.0 ignores `sessions`.
    pub(crate) fn at(
        name: &str,
        root: Target,
        settings: Settings,
        auth: impl IntoIterator<Item = impl Into<String>>,
        key: String,
        sessions: Dir,
        users: Dir,
    ) -> Site {
        let sessions = Some(sessions).filter(|_| settings.version.behavior() < Behavior::V2);
        let handler = Handler::new(settings).with_auth(auth).with_secret_key(key);
        Site { name: name.to_owned(), root, handler, sessions, users }
    }

    /// Takes over the session and user directory of `other`, if the farm file names neither and both versions use the same
    /// layout.
    pub(super) fn stay_where(&mut self, other: &Site) {
        let alike = (self.behavior() < Behavior::V1_9_0) == (other.behavior() < Behavior::V1_9_0);
        if let (Some(here), Some(there)) = (&mut self.sessions, &other.sessions)
            && here.assumed
            && there.assumed
            && alike
        {
            here.identity = there.identity.clone();
        }
        if self.users.assumed && other.users.assumed {
            self.users.identity = other.users.identity.clone();
        }
    }

    /// What is assumed because the farm file does not give it.
    pub(super) fn assumptions(&self) -> Vec<String> {
        let silent = |what: &str| {
            format!("{}: the directory of the {what} is unknown: assuming a separate directory", self.name)
        };
        let sessions = self.sessions.as_ref().is_some_and(|dir| dir.assumed).then(|| silent("sessions"));
        let users = self.users.assumed.then(|| silent("users"));
        sessions.into_iter().chain(users).collect()
    }

    /// The page that a URL without a page shows.
    pub(super) fn front_page(&self) -> &'static str {
        if self.behavior() >= Behavior::V2 { "Home" } else { "FrontPage" }
    }
}

impl Dir {
    /// A directory that is not read: only its identity is known.
    pub(crate) fn unseen(identity: Identity) -> Dir {
        Dir { path: PathBuf::new(), identity, assumed: true }
    }

    fn new(known: Option<PathBuf>, own: PathBuf) -> Dir {
        match known {
            Some(path) => Dir { identity: directory_identity(&path).into(), path, assumed: false },
            None => Dir { identity: Identity::Own(own.display().to_string()), path: own, assumed: true },
        }
    }
}

/// Why a step can't be simulated.
#[derive(Debug)]
pub(super) struct Bad {
    /// The reason.
    pub(super) message: String,
    /// What the user can do.
    pub(super) help: Option<String>,
}

impl From<String> for Bad {
    fn from(message: String) -> Self {
        Bad { message, help: None }
    }
}

/// Finds the target of `to` (the name of a wiki, or a URL) in a farm.
///
/// # Errors
/// Why there is none, with the nearest name or URL.
pub(super) fn find(farm: &Farm, to: &str) -> Result<Goal, Bad> {
    if !to.contains("://") {
        let wiki = farm.wiki(to).ok_or_else(|| no_wiki(farm, to))?;
        let site = Site::new(wiki, &wiki.url).map_err(Bad::from)?;
        let (root, page) = (site.root.clone(), site.front_page().to_owned());
        return Ok(Goal::Wiki(Box::new(site), root, page));
    }
    let target = Target::parse(to).map_err(|error| format!("{:?}: {error}", super::script::clip(to)))?;
    let urls = farm
        .wikis
        .iter()
        .flat_map(|wiki| std::iter::once(&wiki.url).chain(wiki.aliases()).map(move |url| (wiki, url)));
    // The longest URL that matches wins, then the one with the right scheme and port, then the first one, as in
    // farmconfig.py.
    let best = urls
        .enumerate()
        .filter_map(|(position, (wiki, url))| {
            let root = Target::parse(url.as_str()).ok()?;
            let exact = root.scheme_is_https() == target.scheme_is_https() && root.port() == target.port();
            // The other scheme on its default port leads to the same server.
            let usual = |target: &Target| target.port() == if target.scheme_is_https() { 443 } else { 80 };
            let fits = exact || (usual(&root) && usual(&target));
            let path = root.path().trim_end_matches('/');
            let below = target.path().strip_prefix(path)?;
            let within = root.host() == target.host() && (below.is_empty() || below.starts_with('/'));
            (fits && within).then(|| ((path.len(), exact, Reverse(position)), wiki, url, below.to_owned()))
        })
        .max_by_key(|(rank, ..)| *rank);
    if let Some((_, wiki, url, below)) = best {
        let mut here = url.clone();
        // The visited scheme and port; setting them cannot fail for http and https.
        let _ = here.set_scheme(if target.scheme_is_https() { "https" } else { "http" });
        let _ = here.set_port(Some(target.port()));
        let site = Site::new(wiki, &here)?;
        let page = decode(below.trim_matches('/'));
        let page = if page.is_empty() { site.front_page().to_owned() } else { page };
        return Ok(Goal::Wiki(Box::new(site), target, page));
    }
    if farm.other_hosts.iter().any(|(host, _)| host.eq_ignore_ascii_case(target.host())) {
        return Ok(Goal::Elsewhere(target));
    }
    let known: Vec<&str> = farm.wikis.iter().map(|wiki| wiki.url.as_str()).collect();
    let help = crate::farm::nearest(to, known).map(|near| format!("did you mean {near}?"));
    Err(Bad {
        message: format!("no wiki of the farm is at {}", super::script::clip(&target.to_string())),
        help,
    })
}

fn no_wiki(farm: &Farm, name: &str) -> Bad {
    let names: Vec<&str> = farm.wikis.iter().map(|wiki| wiki.name.as_str()).collect();
    let help = match crate::farm::nearest(name, names.iter().copied()) {
        Some(near) => Some(format!("did you mean {near:?}?")),
        None if names.len() <= 20 => Some(format!("use {}", crate::text::list(&names, "or", 20))),
        None => None,
    };
    Bad { message: format!("no wiki {:?}", super::script::clip(name)), help }
}

/// Percent-decodes a path. Invalid UTF-8 becomes U+FFFD.
fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if let (b'%', [a, b, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (hex(a), hex(b))
        {
            bytes.push(high << 4 | low);
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn farm() -> Farm {
        let text = "other_hosts = []\n[farm]\nother_hosts = [\"www.example.org\"]\n\
             [wikis.root]\nurl = \"https://example.org/\"\n\
             [wikis.alpha]\nurl = \"https://example.org/alpha\"\naliases = [\"http://alpha:8080/\"]\n\
             [wikis.odd]\nurl = \"https://odd.example.org/\"\nsession_service = \"custom\"\n";
        Farm::parse(Path::new("farm.toml"), text.replace("other_hosts = []\n", "")).unwrap()
    }

    fn lead(to: &str) -> Result<String, String> {
        let found = find(&farm(), to);
        let text = |bad: Bad| [bad.message].into_iter().chain(bad.help).collect::<Vec<_>>().join("; ");
        Ok(match found.map_err(text)? {
            Goal::Wiki(site, target, page) => {
                format!("{} {page} {target} {}", site.name, site.settings().session_cookie_name())
            }
            Goal::Elsewhere(target) => format!("- {target}"),
        })
    }

    #[test]
    fn find_picks_the_wiki_with_the_longest_url() {
        let leads = |to: &str| lead(to).unwrap();
        assert_eq!(leads("alpha"), "alpha FrontPage https://example.org/alpha/ MOIN_SESSION_443_ROOT_alpha");
        assert_eq!(
            leads("https://example.org/alpha/Gr%C3%B6%C3%9Fe/x"),
            "alpha Größe/x https://example.org/alpha/Gr%C3%B6%C3%9Fe/x MOIN_SESSION_443_ROOT_alpha"
        );
        assert_eq!(
            leads("https://example.org/alphabet"),
            "root alphabet https://example.org/alphabet MOIN_SESSION_443_ROOT"
        );
        assert_eq!(
            leads("http://example.org/alpha"),
            "alpha FrontPage http://example.org/alpha MOIN_SESSION_80_ROOT_alpha"
        );
        assert_eq!(leads("http://alpha:8080/X"), "alpha X http://alpha:8080/X MOIN_SESSION_8080_ROOT");
        assert_eq!(leads("https://www.example.org/x"), "- https://www.example.org/x");
    }

    #[test]
    fn find_at_a_shared_address_picks_the_first_wiki() {
        let wiki = |name: &str| format!("[wikis.{name}]\nurl = \"https://example.org/\"\n");
        let text = ["c", "a", "b"].map(wiki).concat();
        let farm = Farm::parse(Path::new("farm.toml"), text).unwrap();
        let Ok(Goal::Wiki(site, ..)) = find(&farm, "https://example.org/Page") else { panic!("no wiki") };
        assert_eq!(site.name, farm.wikis[0].name);
    }

    #[test]
    fn find_without_target_names_the_nearest() {
        assert_eq!(lead("alhpa"), Err("no wiki \"alhpa\"; did you mean \"alpha\"?".to_owned()));
        assert_eq!(lead("x"), Err("no wiki \"x\"; use root, alpha, or odd".to_owned()));
        assert_eq!(
            lead("https://example.com/"),
            Err("no wiki of the farm is at https://example.com/; did you mean https://example.org/?"
                .to_owned())
        );
        assert_eq!(lead("odd"), Err("odd has a custom session_service".to_owned()));
        assert!(lead("ftp://example.org/").unwrap_err().contains("has no cookies"));
        assert!(lead("https://example.org:8443/").unwrap_err().starts_with("no wiki"));
    }
}
