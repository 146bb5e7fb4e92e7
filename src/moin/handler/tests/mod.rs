//! A browser and two wikis, and what was measured on running ones.

mod life;
mod recorded;
mod recorded_2_0;
mod table;
mod versions;

use crate::browser::{Jar, Profile, Request, Target};
use crate::moin::{
    Action, Answer, Backend, CookieLifetime, Failure, Handler, MemorySessions, MemoryUsers, Outside,
    SeededIds, Settings, Version, id_form,
};

/// 2026-11-23T02:13:20.25Z, off the grid of a minute.
pub(super) const NOW: f64 = 1_795_400_000.25;
pub(super) const HOUR: f64 = 3600.0;

/// A wiki, and which of the stores and user directories is its own.
pub(super) struct Wiki {
    pub(super) handler: Handler,
    pub(super) target: Target,
    pub(super) store: usize,
    pub(super) users: usize,
}

/// Wikis `a` and `b` at a.example.org and b.example.org, and a browser.
pub(super) struct Farm {
    pub(super) wikis: Vec<Wiki>,
    pub(super) stores: [MemorySessions; 2],
    pub(super) users: [MemoryUsers; 2],
    pub(super) jar: Jar,
    pub(super) now: f64,
    pub(super) ids: SeededIds,
}

/// What a test changes at a wiki.
pub(super) type Change<'a> = &'a dyn Fn(&mut Settings);

pub(super) const A: usize = 0;
pub(super) const B: usize = 1;

pub(super) fn settings(version: &str, name: &str) -> Settings {
    let version: Version = version.parse().unwrap();
    Settings {
        cookie_domain: Some(".example.org".to_owned()),
        cookie_path: Some("/".to_owned()),
        cookie_name: Some("lab".to_owned()),
        ..Settings::defaults(version, name, Backend { https: true, port: 443, script_path: String::new() })
    }
}

/// With anonymous sessions of two hours.
pub(super) fn anonymous(settings: &mut Settings) {
    if settings.version.behavior() < crate::moin::Behavior::V1_9_0 {
        settings.anonymous_session_lifetime = Some(2.0);
    } else {
        settings.cookie_lifetime = Some(CookieLifetime::Pair(2.0, 12.0));
    }
}

impl Farm {
    /// Two wikis of one version, with the same cookie, store and users.
    pub(super) fn new(version: &str, change: Change<'_>) -> Farm {
        let wiki = |name: &str| {
            let mut settings = settings(version, name);
            change(&mut settings);
            Wiki {
                handler: Handler::new(settings)
                    .with_interwikiname(Some(name))
                    .with_secret_key("k")
                    .with_superusers(["Ada"]),
                target: Target::parse(&format!("https://{name}.example.org/")).unwrap(),
                store: 0,
                users: 0,
            }
        };
        let people = MemoryUsers::default().with("1.1", "Bob").with("1.2", "Ada").with("1.3", "Carol");
        Farm {
            wikis: vec![wiki("a"), wiki("b")],
            stores: Default::default(),
            users: [people, MemoryUsers::default().with("2.1", "Bob")],
            jar: Jar::new(Profile::Chromium),
            now: NOW,
            ids: SeededIds::new(1),
        }
    }

    pub(super) fn with_b(mut self, change: impl FnOnce(&mut Wiki)) -> Farm {
        change(&mut self.wikis[B]);
        self
    }

    pub(super) fn try_act(&mut self, wiki: usize, action: &Action) -> Result<Answer, Failure> {
        let Wiki { handler, target, store, users } = &self.wikis[wiki];
        let request = Request::direct(self.now);
        let header = self.jar.cookies_for(target, &request).header;
        let mut outside = Outside {
            now: self.now,
            sessions: &mut self.stores[*store],
            users: &mut self.users[*users],
            new_id: &mut |form| self.ids.next(form),
        };
        let answer = handler.request(header.as_deref(), action, Some("FrontPage"), &mut outside)?;
        for cookie in &answer.set_cookie {
            self.jar.receive(target, cookie.to_string().as_bytes(), &request);
        }
        Ok(answer)
    }

    pub(super) fn act(&mut self, wiki: usize, action: &Action) -> Answer {
        self.try_act(wiki, action).unwrap()
    }

    pub(super) fn visit(&mut self, wiki: usize) -> Answer {
        self.act(wiki, &Action::Visit)
    }

    pub(super) fn login(&mut self, wiki: usize, name: &str) -> Answer {
        self.act(wiki, &Action::Login { name: name.to_owned(), method: None, persistent: true })
    }

    /// Visits, and returns the user that the wiki sees.
    pub(super) fn who(&mut self, wiki: usize) -> String {
        self.visit(wiki).user.map_or("anonymous".to_owned(), |user| user.name)
    }

    /// The values of the session cookies in the jar.
    pub(super) fn cookies(&self) -> Vec<String> {
        self.jar.all().iter().map(|cookie| String::from_utf8(cookie.value.clone()).unwrap()).collect()
    }

    /// Seconds until the only cookie ends.
    pub(super) fn cookie_lives(&self) -> f64 {
        assert_eq!(self.jar.all().len(), 1);
        self.jar.all()[0].expires.unwrap() - self.now
    }
}
