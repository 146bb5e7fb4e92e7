//! A wiki with everything the six steps ask of it, worked out once.

use std::path::PathBuf;

use url::Url;

use super::{As, Identity, Places};
use crate::browser::{
    Cookie, Jar, Mode, Outcome, RefusalReason, Request, SharedSuffixes, Target, WithheldReason, domain_match,
    path_match,
};
use crate::farm::{Farm, Key, Wiki};
use crate::moin::{Behaviour, IdForm, NoCookie, Settings, Visitor, id_form, placeholder_id, session_cookie};

/// The time at which the model stores its cookies, in unix seconds; any would do.
const NOW: f64 = 1_795_400_000.0;

/// Where a wiki's sessions lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In a directory, in the layout that goes with the id's form.
    Directory(PathBuf, Identity),
    /// In the cookie itself, signed with that key (2.0); `None` if the farm file does not say which.
    Cookie(Option<String>),
    /// 1.9.0: in the directory of whichever wiki of the process was asked first.
    Process(PathBuf, Identity),
    /// The farm file does not tell.
    Unknown,
}

/// What a wiki's answer leaves in the browser.
#[derive(Debug, Clone)]
pub enum Left {
    /// A cookie.
    Cookie(Box<Cookie>),
    /// The wiki sends none.
    None(NoCookie),
    /// The browser refuses what the wiki sends.
    Refused(RefusalReason, String),
}

/// A wiki, prepared.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name in the farm file.
    pub name: String,
    /// What shapes its cookie.
    pub settings: Settings,
    /// Its public URL, with a slash at its end.
    pub target: Target,
    /// The same wiki at its other URLs.
    pub aliases: Vec<Site>,
    /// The name of its cookie.
    pub cookie_name: String,
    /// The form of its ids.
    pub id_form: IdForm,
    /// Where its sessions lie.
    pub storage: Storage,
    /// Its user directory.
    pub users: Option<(PathBuf, Identity)>,
    /// The methods by which users log in.
    pub auth: Vec<String>,
    /// The handler that is not MoinMoin's own.
    pub custom: Option<Key>,
    user: Left,
    anonymous: Left,
}

impl Site {
    /// What the wiki leaves in the browser of such a visitor.
    pub fn left(&self, visitor: As) -> &Left {
        match visitor {
            As::User => &self.user,
            As::Anonymous => &self.anonymous,
        }
    }

    /// Whether the browser refuses the cookie.
    pub fn refused(&self, visitor: As) -> bool {
        matches!(self.left(visitor), Left::Refused(..))
    }

    /// Whether the wiki gives anonymous visitors a session.
    pub fn has_anonymous_sessions(&self) -> bool {
        !matches!(self.anonymous, Left::None(_))
    }

    /// The release line it behaves like.
    pub fn behaviour(&self) -> Behaviour {
        self.settings.version.behaviour()
    }

    /// Whether a browser sends `cookie` to this wiki when its address is typed in.
    ///
    /// The same as [`Jar::peek`] for one cookie, a test holds that; here without a jar for each pair.
    pub fn receives(&self, cookie: &Cookie) -> bool {
        self.withheld(cookie).is_none()
    }

    /// Why a browser does not send `cookie` to this wiki.
    pub fn why_withheld(&self, cookie: &Cookie) -> Option<String> {
        let (host, domain) = (self.target.host(), &cookie.domain);
        Some(match self.withheld(cookie)? {
            WithheldReason::PathMismatch => {
                let path = String::from_utf8_lossy(&cookie.path);
                format!("its path {path} does not cover {}", self.target.path())
            }
            WithheldReason::SecureOnly => format!("it is Secure, and {host} is visited over http"),
            _ if cookie.host_only => format!("it belongs to {domain} alone, and not to {host}"),
            _ => format!("{host} is not within its domain {domain}"),
        })
    }

    fn withheld(&self, cookie: &Cookie) -> Option<WithheldReason> {
        Site::target_withholds(&self.target, cookie)
    }

    /// Whether a browser sends `cookie` to `target` when its address is typed in.
    pub(super) fn target_receives(target: &Target, cookie: &Cookie) -> bool {
        Site::target_withholds(target, cookie).is_none()
    }

    fn target_withholds(target: &Target, cookie: &Cookie) -> Option<WithheldReason> {
        let host = target.host();
        let domain =
            if cookie.host_only { host == cookie.domain } else { domain_match(host, &cookie.domain) };
        if !domain {
            return Some(WithheldReason::DomainMismatch);
        }
        if !path_match(target.path(), &String::from_utf8_lossy(&cookie.path)) {
            return Some(WithheldReason::PathMismatch);
        }
        (cookie.secure && !target.is_secure()).then_some(WithheldReason::SecureOnly)
    }
}

/// Prepares every wiki.
pub(super) fn sites(farm: &Farm, places: &dyn Places, suffixes: &SharedSuffixes) -> Vec<Site> {
    farm.wikis.iter().filter_map(|wiki| site(wiki, places, suffixes)).collect()
}

/// A wiki with its aliases.
fn site(wiki: &Wiki, places: &dyn Places, suffixes: &SharedSuffixes) -> Option<Site> {
    let mut site = site_at(wiki, &wiki.url, places, suffixes)?;
    site.aliases = wiki.aliases().iter().filter_map(|url| site_at(wiki, url, places, suffixes)).collect();
    Some(site)
}

/// `None` only for a URL that the browser model has no host for, which the farm's own check refuses.
fn site_at(wiki: &Wiki, url: &Url, places: &dyn Places, suffixes: &SharedSuffixes) -> Option<Site> {
    let mut url = url.clone();
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    let target = Target::parse(url.as_str()).ok()?;
    let settings = wiki.moin_at(&url);
    let version = settings.version;
    let left = |visitor| match session_cookie(&settings, visitor, placeholder_id(version), NOW) {
        Err(why) => Left::None(why),
        Ok(header) => {
            let header = header.to_string();
            let mut jar = Jar::with_suffixes(Mode::Chromium, suffixes.clone());
            match jar.receive(&target, header.as_bytes(), &Request::direct(NOW)) {
                Outcome::Stored { cookie, .. } => Left::Cookie(Box::new(cookie)),
                // A lifetime that has run out before it began leaves nothing either.
                Outcome::Deleted { cookie, .. } => Left::Cookie(Box::new(cookie)),
                Outcome::Refused(refusal) => Left::Refused(refusal.reason, refusal.to_string()),
            }
        }
    };
    let identify = |path: Option<PathBuf>| path.map(|path| (path.clone(), places.identity(&path)));
    let storage = match (version.behaviour(), identify(wiki.session_dir())) {
        (Behaviour::V2, _) => Storage::Cookie(wiki.text(Key::SecretKeyId).map(str::to_owned)),
        (Behaviour::V1_9_0, Some((path, identity))) => Storage::Process(path, identity),
        (_, Some((path, identity))) => Storage::Directory(path, identity),
        (_, None) => Storage::Unknown,
    };
    Some(Site {
        name: wiki.name.clone(),
        cookie_name: settings.session_cookie_name(),
        id_form: id_form(version),
        storage,
        users: identify(wiki.user_dir()),
        auth: wiki.auth().into_iter().map(str::to_owned).collect(),
        custom: wiki.custom_handler(),
        aliases: Vec::new(),
        user: left(Visitor::User),
        anonymous: left(Visitor::Anonymous),
        target,
        settings,
    })
}
