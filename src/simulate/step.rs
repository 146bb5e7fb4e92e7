//! Performs one step of a script.

use super::event::{Event, Expected, Seen, Sent, header, pair, time};
use super::plan::Plan;
use super::script::{Line, Step};
use super::wiki::{Goal, Site};
use super::world::World;
use crate::browser::{Outcome, Request, Target, Visit};
use crate::moin::{Action, Answer, Failure, MemorySessions, Outside, SetCookie};

/// A request, its response, and what the browser does with it.
#[derive(Debug)]
pub(crate) struct Exchanged {
    /// The cookies that the browser sends and withholds.
    pub(crate) visit: Visit,
    /// The wiki's response.
    pub(crate) answer: Result<Answer, Failure>,
    /// Each cookie of the response, and what the browser does with it.
    pub(crate) received: Vec<(SetCookie, Outcome)>,
}

impl World {
    /// Performs the steps of a plan in order, and reports each to `report`.
    ///
    /// # Errors
    /// The first error of `report`.
    pub fn run<E>(&mut self, plan: &Plan, mut report: impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        for (line, goal) in &plan.lines {
            let event = self.step(line, goal.as_ref());
            report(event)?;
        }
        Ok(())
    }

    fn step(&mut self, line: &Line, goal: Option<&Goal>) -> Event {
        let mut event = Event {
            line: line.number,
            step: line.text.clone(),
            time: self.now,
            time_at: String::new(),
            wiki: None,
            url: None,
            cookie: None,
            seen: None,
            set_cookie: Vec::new(),
            failure: None,
            notes: Vec::new(),
            expected: None,
            jar: Vec::new(),
            stores: Vec::new(),
        };
        match (&line.step, goal) {
            (Step::Wait(seconds), _) => {
                self.now += seconds;
                event.time = self.now;
            }
            (Step::RestartBrowser, _) => drop(self.jar.end_session()),
            // The wikis restart, and 1.9.0 looks for its directory again.
            (Step::Reconfigure(_), _) => self.process = None,
            (Step::Expect { name, .. }, Some(Goal::Wiki(site, target, page))) => {
                // A visit in a copy of the world, so that the world does not change.
                let mut other = self.clone();
                other.request(site, target, page, &Action::Visit, &mut event);
                event.cookie = None;
                event.set_cookie.clear();
                let met = event.seen.as_ref().is_some_and(|seen| seen.user == *name);
                self.unmet += usize::from(!met);
                event.expected = Some(Expected { user: name.clone(), met });
            }
            (step, Some(Goal::Wiki(site, target, page))) => {
                let action = match step {
                    Step::Login { name, forget, .. } => {
                        event.notes.extend(self.ensure(site, name, *forget));
                        Action::Login { name: name.clone(), method: None, persistent: !forget }
                    }
                    Step::SwitchUser { name, .. } => {
                        event.notes.extend(self.ensure(site, name, false));
                        Action::SwitchUser { name: name.clone() }
                    }
                    Step::Logout { .. } => Action::Logout,
                    Step::ChangePassword { .. } => Action::ChangePassword,
                    _ => Action::Visit,
                };
                self.request(site, target, page, &action, &mut event);
            }
            (_, Some(Goal::Elsewhere(target))) => {
                let visit = self.jar.cookies_for(target, &Request::direct(self.now));
                event.url = Some(target.to_string());
                event.cookie = sent(&visit.sent);
                if event.cookie.is_some() {
                    let leak = "not a wiki, but its operator receives the cookies";
                    event.notes.push(leak.to_owned());
                }
            }
            (_, None) => {}
        }
        event.time_at = time(event.time);
        event.jar = self.jar_view();
        event.stores = self.stores_view();
        event
    }

    /// Makes sure that a user exists. Returns a note if the user file is missing.
    pub(super) fn ensure(&mut self, site: &Site, name: &str, forget: bool) -> Option<String> {
        let (number, now) =
            (self.people.iter().map(|people| people.known.profiles.len()).sum::<usize>(), self.now);
        let position = self.users(site);
        self.people.get_mut(position)?.ensure(name, forget, number + 1, now)
    }

    /// One request and its response, noted in `event`.
    fn request(&mut self, site: &Site, target: &Target, page: &str, action: &Action, event: &mut Event) {
        event.wiki = Some(site.name.clone());
        event.url = Some(target.to_string());
        let Exchanged { visit, answer, received } = self.exchange(site, target, page, action);
        event.cookie = sent(&visit.sent);
        match answer {
            Err(failure) => event.failure = Some(failure.to_string()),
            Ok(answer) => {
                event.notes.extend(answer.remarks.iter().map(ToString::to_string));
                let name = |login: &crate::moin::Login| {
                    if login.name.is_empty() { login.id.clone() } else { login.name.clone() }
                };
                event.seen = Some(Seen {
                    user: answer.user.as_ref().map(name),
                    switched_from: answer.real_user.as_ref().map(name),
                });
                for (cookie, outcome) in &received {
                    event
                        .set_cookie
                        .push(Sent { header: header(cookie), browser: in_words(cookie, outcome) });
                }
            }
        }
    }

    /// One request and its response: the browser sends cookies, the wiki responds, the browser stores its cookies.
    pub(super) fn exchange(
        &mut self,
        site: &Site,
        target: &Target,
        page: &str,
        action: &Action,
    ) -> Exchanged {
        let request = self.request_of(site);
        let visit = self.jar.cookies_for(target, &request);
        let answer = self.ask(site, visit.header.as_deref(), action, page);
        let cookies = answer.as_ref().map(|answer| answer.set_cookie.clone()).unwrap_or_default();
        let received = cookies.into_iter().map(|cookie| {
            let outcome = self.jar.receive(target, cookie.to_string().as_bytes(), &request);
            (cookie, outcome)
        });
        let received = received.collect();
        Exchanged { visit, answer, received }
    }

    /// A request from the address bar. The response has a `Date` header, in whole seconds of the wiki's clock.
    pub(super) fn request_of(&self, site: &Site) -> Request {
        let server_time = Some((self.now + site.settings().clock_skew).floor());
        Request { server_time, ..Request::direct(self.now) }
    }

    /// Lets the wiki respond.
    fn ask(
        &mut self,
        site: &Site,
        header: Option<&[u8]>,
        action: &Action,
        page: &str,
    ) -> Result<Answer, Failure> {
        let (store, users) = (self.store(site), self.users(site));
        let mut none = MemorySessions::default();
        let mut nobody = crate::moin::MemoryUsers::default();
        let sessions = store.and_then(|store| self.stores.get_mut(store)).map(|store| &mut store.sessions);
        let users = self.people.get_mut(users).map(|people| &mut people.known);
        let ids = &mut self.ids;
        let mut outside = Outside {
            now: self.now + site.settings().clock_skew,
            sessions: sessions.unwrap_or(&mut none),
            users: users.unwrap_or(&mut nobody),
            new_id: &mut |form| ids.next(form),
        };
        site.handler.request(header, action, Some(page), &mut outside)
    }
}

fn sent(cookies: &[crate::browser::Cookie]) -> Option<String> {
    let pairs: Vec<String> = cookies.iter().map(pair).collect();
    (!pairs.is_empty()).then(|| pairs.join("; "))
}

/// What the browser does with a header, in words.
fn in_words(cookie: &SetCookie, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Stored { replaced: Some(_), .. } => "replaced".to_owned(),
        Outcome::Stored { .. } => "stored".to_owned(),
        Outcome::Deleted { removed: Some(_), .. } => "deleted".to_owned(),
        Outcome::Deleted { .. } if cookie.deletes() => "nothing to delete".to_owned(),
        Outcome::Deleted { .. } => "expired at once".to_owned(),
        Outcome::Rejected(rejection) => format!("rejected: {rejection}"),
    }
}
