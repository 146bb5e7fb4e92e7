//! A user with a browser who visits wikis, logs in, and logs out. For code that needs results instead of
//! texts.

use std::collections::HashMap;
use std::sync::Arc;

use super::step::Exchanged;
use super::wiki::Site;
use super::world::World;
use crate::browser::{Cookie, Jar, Outcome};
use crate::moin::{Action, Failure, Visitor};

/// The user's name.
const NAME: &str = "somebody";

/// The default time before each request, in seconds.
const PAUSE: f64 = 60.0;

/// Set-Cookie headers that web servers add to every response, by the wiki's URL.
pub(crate) type Headers = Arc<HashMap<String, Vec<String>>>;

/// A browser, its user, and the sessions of this user.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) world: World,
    pub(crate) visitor: Visitor,
    /// Headers that web servers add to every response.
    headers: Headers,
    /// The time before each request, in seconds.
    pause: f64,
}

impl Person {
    /// A user with an empty browser.
    pub(crate) fn new(now: f64, browser: &Jar, visitor: Visitor) -> Person {
        Person {
            world: World::new(now, 1, browser.shared_suffixes()).with_jar(browser.clone()),
            visitor,
            headers: Headers::default(),
            pause: PAUSE,
        }
    }

    /// Returns the same person without time between requests, so that no session expires.
    pub(crate) fn in_a_hurry(mut self) -> Person {
        self.pause = 0.0;
        self
    }

    fn go(&mut self, site: &Site, action: &Action) -> Exchanged {
        self.world.now += self.pause;
        let exchanged = self.world.exchange(site, &site.root, site.front_page(), action);
        let request = self.world.request_of(site);
        let added = if self.headers.is_empty() { None } else { self.headers.get(&site.root.to_string()) };
        for header in added.into_iter().flatten() {
            self.world.jar.receive(&site.root, header.as_bytes(), &request);
        }
        exchanged
    }

    pub(crate) fn visit(&mut self, site: &Site) -> Exchanged {
        self.go(site, &Action::Visit)
    }

    /// Logs in as with a browser: loads the page with the form first.
    pub(crate) fn log_in(&mut self, site: &Site) -> Exchanged {
        let forget = self.visitor != Visitor::Remember;
        self.world.ensure(site, NAME, forget);
        let login = Action::Login { name: NAME.to_owned(), method: None, persistent: !forget };
        self.go(site, &login)
    }

    pub(crate) fn log_out(&mut self, site: &Site) -> Exchanged {
        self.go(site, &Action::Logout)
    }

    /// Visits a wiki for the first time and gets a session. Returns the wiki's cookie.
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

    /// Deletes the sessions, but keeps the cookies.
    pub(crate) fn lose_sessions(&mut self) {
        for store in &mut self.world.stores {
            store.sessions.0.clear();
        }
    }

    /// Changes the farm: the wikis restart, 1.9.0 looks for its directory again, and the web servers add these headers.
    pub(crate) fn roll_out(&mut self, headers: &Headers) {
        self.world.process = None;
        self.headers = Headers::clone(headers);
    }
}

impl Exchanged {
    /// Whether the wiki sees the user as logged in.
    pub(crate) fn knows(&self) -> bool {
        let user = self.answer.as_ref().ok().and_then(|answer| answer.user.as_ref());
        user.is_some_and(|user| user.name == NAME)
    }

    /// The id of the session after the request, if it has one.
    pub(crate) fn session(&self) -> Option<&str> {
        self.answer.as_ref().ok().map(|answer| answer.session.as_str()).filter(|id| !id.is_empty())
    }

    /// The error with which the wiki responds.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.answer.as_ref().err().copied()
    }

    /// Why the browser rejected a cookie of the response, if it did.
    pub(crate) fn rejected(&self) -> Option<String> {
        self.received.iter().find_map(|(_, outcome)| match outcome {
            Outcome::Rejected(rejection) => Some(rejection.to_string()),
            _ => None,
        })
    }
}
