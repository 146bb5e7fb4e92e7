//! A wiki with everything that the six steps need, computed once.

use std::path::PathBuf;

use url::Url;

use super::verdict::As;
use crate::browser::{
    Cookie, Jar, Outcome, RejectionReason, Request, Target, WithheldReason, domain_match, path_match,
};
use crate::farm::{Farm, Key, Wiki};
use crate::location::{Directories, Identity, Location};
use crate::moin::{
    Behavior, IdForm, Lifetime, NoCookie, Settings, Visitor, deletion, id_form, lifetimes, placeholder_id,
    session_cookie,
};
use crate::simulate;
use crate::sys::in_parts;

/// The time of all simulations, in unix seconds. Any time would do.
pub(super) const NOW: f64 = 1_795_400_000.0;

/// Where a wiki keeps its sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Storage {
    /// In a directory, in the layout that goes with the id's form, or in a database.
    Directory(Location, Identity),
    /// In the cookie itself, signed with that key (2.0); `None` if the farm file does not define which.
    Cookie(Option<String>),
    /// 1.9.0: in the directory of the first visited wiki of the process.
    Process(Location, Identity),
    /// The farm file does not give it.
    Unknown,
}

/// What a wiki's response leaves in the browser.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Left {
    /// A cookie.
    Cookie(Box<Cookie>),
    /// The wiki sends none.
    None(NoCookie),
    /// The browser rejects the cookie.
    Rejected(RejectionReason, String),
    /// The cookie arrives expired; its lifetime in seconds.
    Expired(f64),
}

/// Numbers that are equal for equal properties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Of what a wiki does, apart from its addresses.
    pub(super) behavior: usize,
    /// Of that, and the domain and path of its cookie.
    pub(super) kind: usize,
    /// Of where it keeps sessions.
    pub(super) storage: usize,
    /// Of where it keeps users.
    pub(super) users: usize,
}

/// A wiki, prepared.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its name in the farm file.
    pub name: String,
    /// Its name in explanations: for an alias, the URL.
    pub called: String,
    /// The settings for its cookie.
    pub settings: Settings,
    /// Its public URL, which ends with a slash.
    pub target: Target,
    /// The same wiki at its other URLs.
    pub aliases: Vec<Site>,
    /// The name of its cookie.
    pub cookie_name: String,
    /// The form of its ids.
    pub id_form: IdForm,
    /// Where it keeps sessions.
    pub storage: Storage,
    /// Its user directory.
    pub users: Option<(PathBuf, Identity)>,
    /// The methods by which users log in.
    pub auth: Vec<String>,
    /// The handler that is not MoinMoin's own.
    pub custom: Option<Key>,
    user: Left,
    anonymous: Left,
    /// Its cookie; if it leaves none, the one that it can delete.
    pub(super) own: Option<Box<Cookie>>,
    /// What it has in common with other wikis.
    pub(super) marks: Marks,
}

impl Site {
    /// What the wiki leaves in the browser of such a visitor.
    pub fn left(&self, visitor: As) -> &Left {
        match visitor {
            As::User => &self.user,
            As::Anonymous => &self.anonymous,
        }
    }

    /// How long a session lasts after a visit, in seconds. `None` if MoinMoin stores no expiry.
    pub(super) fn session_lifetime(&self, visitor: As) -> Option<f64> {
        let visitor = match visitor {
            As::User => Visitor::User,
            As::Anonymous => Visitor::Anonymous,
        };
        match lifetimes(&self.settings).ok()?.of(visitor) {
            Lifetime::Seconds(seconds) if self.behavior() != Behavior::V1_9_0 => Some(seconds),
            _ => None,
        }
    }

    /// The same, called by its address.
    pub(super) fn by_address(&self) -> Site {
        Site { called: self.target.to_string(), ..self.clone() }
    }

    /// Whether it is another wiki at the same address: only one of the two can be reached there.
    pub(super) fn shares_address_with(&self, other: &Site) -> bool {
        self.target == other.target && self.name != other.name
    }

    /// Whether the browser keeps no cookie though the wiki sends one.
    pub fn rejected(&self, visitor: As) -> bool {
        matches!(self.left(visitor), Left::Rejected(..) | Left::Expired(_))
    }

    /// Whether everything is known that decides what it does.
    pub(super) fn is_known(&self) -> bool {
        let storage = !matches!(self.storage, Storage::Unknown | Storage::Cookie(None));
        self.custom.is_none() && storage && self.users.is_some()
    }

    /// The wiki for a simulation. Unknown directories and keys are assumed to be its own.
    pub(super) fn acted(&self) -> simulate::Site {
        let own = || Identity::Own(self.name.clone());
        let (key, storage) = match &self.storage {
            Storage::Directory(_, identity) | Storage::Process(_, identity) => {
                (String::new(), identity.clone())
            }
            Storage::Cookie(Some(key)) => (key.clone(), own()),
            Storage::Cookie(None) | Storage::Unknown => (format!("\0{}", self.name), own()),
        };
        let users = self.users.as_ref().map_or_else(own, |(_, identity)| identity.clone());
        simulate::Site::at(
            &self.name,
            self.target.clone(),
            self.settings.clone(),
            &self.auth,
            key,
            simulate::Dir::unseen(storage),
            simulate::Dir::unseen(users),
        )
    }

    /// Whether the wiki gives anonymous visitors a session.
    pub fn has_anonymous_sessions(&self) -> bool {
        !matches!(self.anonymous, Left::None(_))
    }

    /// The release line it behaves like.
    pub fn behavior(&self) -> Behavior {
        self.settings.version.behavior()
    }

    /// Whether a browser sends `cookie` to this wiki when its address is typed in.
    ///
    /// The same as [`Jar::peek`] for one cookie, as a test checks, but without a jar for each pair.
    pub fn receives(&self, cookie: &Cookie) -> bool {
        self.withheld(cookie).is_none()
    }

    /// Whether this wiki lies within a cookie's domain and path.
    pub(super) fn is_within(&self, cookie: &Cookie) -> bool {
        matches!(self.withheld(cookie), None | Some(WithheldReason::SecureOnly))
    }

    /// Why a browser does not send `cookie` to this wiki when its address is typed in.
    pub(super) fn withheld(&self, cookie: &Cookie) -> Option<WithheldReason> {
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

/// Prepares every wiki, for an empty browser.
pub(super) fn sites(farm: &Farm, directories: &dyn Directories, browser: &Jar) -> Vec<Site> {
    let all: Vec<OnDisk<'_>> = farm.wikis.iter().map(|wiki| OnDisk::of(wiki, directories)).collect();
    // The browser's treatment of the cookies takes the longest by far.
    let sites = in_parts(&all, |part| part.iter().map(|wiki| with_aliases(wiki, browser)).collect());
    sites.into_iter().flatten().collect()
}

/// A wiki with the identities of its directories.
struct OnDisk<'a> {
    wiki: &'a Wiki,
    storage: Storage,
    users: Option<(PathBuf, Identity)>,
}

impl OnDisk<'_> {
    fn of<'a>(wiki: &'a Wiki, directories: &dyn Directories) -> OnDisk<'a> {
        let users = wiki.user_dir().map(|path| (path.clone(), directories.identity(&path)));
        OnDisk { wiki, storage: storage(wiki, directories), users }
    }
}

fn storage(wiki: &Wiki, directories: &dyn Directories) -> Storage {
    let location = wiki.session_location().map(|location| {
        let identity = location.identity_in(directories);
        (location, identity)
    });
    match (wiki.version().behavior(), location) {
        (behavior, _) if behavior >= Behavior::V2 => {
            Storage::Cookie(wiki.text(Key::SecretKeyId).map(str::to_owned))
        }
        (Behavior::V1_9_0, Some((location, identity))) if wiki.session_dir().is_some() => {
            Storage::Process(location, identity)
        }
        (_, Some((location, identity))) => Storage::Directory(location, identity),
        (_, None) => Storage::Unknown,
    }
}

/// A wiki with its aliases.
pub(super) fn site(wiki: &Wiki, directories: &dyn Directories, browser: &Jar) -> Option<Site> {
    with_aliases(&OnDisk::of(wiki, directories), browser)
}

fn with_aliases(of: &OnDisk<'_>, browser: &Jar) -> Option<Site> {
    let mut site = site_at(of, &of.wiki.url, browser)?;
    site.aliases = of.wiki.aliases().iter().filter_map(|url| site_at(of, url, browser)).collect();
    for alias in &mut site.aliases {
        alias.called = alias.target.to_string();
    }
    Some(site)
}

/// `None` only for a URL without a host, which the check of the farm file rejects.
fn site_at(of: &OnDisk<'_>, url: &Url, browser: &Jar) -> Option<Site> {
    let wiki = of.wiki;
    let mut url = url.clone();
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    let target = Target::of(&url).ok()?;
    let settings = if url == wiki.url { wiki.moin().clone() } else { wiki.moin_at(&url) };
    let version = settings.version;
    let server_time = NOW + settings.clock_skew;
    let request = Request { server_time: Some(server_time), ..Request::direct(NOW) };
    let left = |visitor| match session_cookie(&settings, visitor, placeholder_id(version), server_time) {
        Err(why) => Left::None(why),
        Ok(header) => {
            let header = header.to_string();
            let mut jar = browser.clone();
            match jar.receive(&target, header.as_bytes(), &request) {
                Outcome::Stored { cookie, .. } => Left::Cookie(Box::new(cookie)),
                Outcome::Deleted { cookie, .. } => Left::Expired(cookie.expires.unwrap_or(NOW) - NOW),
                Outcome::Rejected(rejection) => Left::Rejected(rejection.reason, rejection.to_string()),
            }
        }
    };
    let (user, anonymous) = (left(Visitor::User), left(Visitor::Anonymous));
    let own = match (&user, &anonymous) {
        (Left::Cookie(own), _) | (_, Left::Cookie(own)) => Some(own.clone()),
        _ if version.behavior() < Behavior::V1_9_0 => None,
        _ => deleted(&settings, &target, browser),
    };
    Some(Site {
        name: wiki.name.clone(),
        called: wiki.name.clone(),
        cookie_name: settings.session_cookie_name(),
        id_form: id_form(version),
        storage: of.storage.clone(),
        users: of.users.clone(),
        auth: wiki.auth().into_iter().map(str::to_owned).collect(),
        custom: wiki.custom_handler(),
        aliases: Vec::new(),
        marks: Marks::default(),
        user,
        anonymous,
        own,
        target,
        settings,
    })
}

/// The cookie that a deletion names, if the browser accepts it.
fn deleted(settings: &Settings, target: &Target, browser: &Jar) -> Option<Box<Cookie>> {
    let header = deletion(settings).to_string();
    match browser.clone().receive(target, header.as_bytes(), &Request::direct(NOW)) {
        Outcome::Deleted { cookie, .. } => Some(Box::new(cookie)),
        _ => None,
    }
}
