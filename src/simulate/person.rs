//! Somebody with a browser, who comes to wikis, logs in and logs out: for whoever wants to know what comes of it, step by
//! step, and not the words of it.

use std::collections::HashMap;
use std::sync::Arc;

use super::step::Exchanged;
use super::wiki::Site;
use super::world::World;
use crate::browser::{Cookie, Outcome, Profile, Request, SharedSuffixes};
use crate::moin::{Action, Failure, Visitor};

/// What he is called.
const NAME: &str = "somebody";

/// So many seconds go by before each request of somebody in no hurry.
const PAUSE: f64 = 60.0;

/// Set-Cookie headers that web servers add to every answer, by the wiki's URL.
pub(crate) type Headers = Arc<HashMap<String, Vec<String>>>;

/// A browser, its user, and the sessions that the wikis keep for him.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) world: World,
    pub(crate) visitor: Visitor,
    /// What web servers add to every answer.
    headers: Headers,
    /// How many seconds go by before each request.
    pause: f64,
}

impl Person {
    pub(crate) fn new(now: f64, suffixes: &SharedSuffixes, visitor: Visitor) -> Person {
        Person {
            world: World::new(now, 1, suffixes.clone()),
            visitor,
            headers: Headers::default(),
            pause: PAUSE,
        }
    }

    /// The same, but no time goes by: not even the shortest session expires.
    pub(crate) fn in_a_hurry(mut self) -> Person {
        self.pause = 0.0;
        self
    }

    /// The same with a browser that goes by other rules than Chromium's.
    pub(crate) fn with_profile(mut self, profile: Profile) -> Person {
        self.world = self.world.with_profile(profile);
        self
    }

    fn go(&mut self, site: &Site, action: &Action) -> Exchanged {
        self.world.now += self.pause;
        let exchanged = self.world.exchange(site, &site.root, site.front_page(), action);
        let request = Request::direct(self.world.now);
        let added = if self.headers.is_empty() { None } else { self.headers.get(&site.root.to_string()) };
        for header in added.into_iter().flatten() {
            self.world.jar.receive(&site.root, header.as_bytes(), &request);
        }
        exchanged
    }

    pub(crate) fn visit(&mut self, site: &Site) -> Exchanged {
        self.go(site, &Action::Visit)
    }

    /// As a browser does it: the page with the form first.
    pub(crate) fn log_in(&mut self, site: &Site) -> Exchanged {
        let forget = self.visitor != Visitor::Remember;
        self.world.ensure(site, NAME, forget);
        let login = Action::Login { name: NAME.to_owned(), method: None, persistent: !forget };
        self.go(site, &login)
    }

    pub(crate) fn log_out(&mut self, site: &Site) -> Exchanged {
        self.go(site, &Action::Logout)
    }

    /// Comes to a wiki for the first time and does what makes a session; the cookie he then has of it.
    pub(crate) fn come(&mut self, site: &Site) -> Option<Cookie> {
        let mut cookie = None;
        let mut keep = |exchanged: &Exchanged| {
            let stored = exchanged.received.iter().rev().find_map(|(_, outcome)| outcome.stored());
            if let Some(stored) = stored {
                cookie = Some(stored.clone());
            }
        };
        keep(&self.visit(site));
        if self.visitor != Visitor::Anonymous {
            keep(&self.log_in(site));
        }
        keep(&self.visit(site));
        cookie
    }

    /// His sessions go, his cookies stay.
    pub(crate) fn lose_sessions(&mut self) {
        for store in &mut self.world.stores {
            store.sessions.0.clear();
        }
    }

    /// The farm changes: the wikis are started anew, 1.9.0 looks for its directory again, and the web servers have been
    /// told which headers to add.
    pub(crate) fn roll_out(&mut self, headers: &Headers) {
        self.world.process = None;
        self.headers = Headers::clone(headers);
    }
}

impl Exchanged {
    /// Whether the wiki knows him.
    pub(crate) fn knows(&self) -> bool {
        let user = self.answer.as_ref().ok().and_then(|answer| answer.user.as_ref());
        user.is_some_and(|user| user.name == NAME)
    }

    /// The session that the request ended with, if it is stored under an id.
    pub(crate) fn session(&self) -> Option<&str> {
        self.answer.as_ref().ok().map(|answer| answer.session.as_str()).filter(|id| !id.is_empty())
    }

    /// Why the wiki could not answer.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.answer.as_ref().err().copied()
    }

    /// A cookie of the answer that the browser refused, and why.
    pub(crate) fn refused(&self) -> Option<String> {
        self.received.iter().find_map(|(_, outcome)| match outcome {
            Outcome::Refused(refusal) => Some(refusal.to_string()),
            _ => None,
        })
    }
}
