//! One step.

use super::event::{Event, Expected, Seen, Sent, header, pair};
use super::plan::Plan;
use super::script::{Line, Step};
use super::wiki::{Goal, Site};
use super::world::World;
use crate::browser::{Outcome, Request, Target, Visit};
use crate::moin::{Action, Answer, Failure, MemorySessions, Outside, SetCookie};

/// A request, its answer, and what the browser made of it.
#[derive(Debug)]
pub(crate) struct Exchanged {
    /// The cookies that went with the request, and those that stayed at home.
    pub(crate) visit: Visit,
    /// The wiki's answer.
    pub(crate) answer: Result<Answer, Failure>,
    /// Each cookie of the answer, and what became of it.
    pub(crate) received: Vec<(SetCookie, Outcome)>,
}

impl World {
    /// Acts out a plan from beginning to end, telling each step as it is done.
    ///
    /// # Errors
    /// What `tell` says.
    pub fn run<E>(&mut self, plan: &Plan, mut tell: impl FnMut(Event) -> Result<(), E>) -> Result<(), E> {
        for (line, goal) in &plan.lines {
            let event = self.step(line, goal.as_ref());
            tell(event)?;
        }
        Ok(())
    }

    fn step(&mut self, line: &Line, goal: Option<&Goal>) -> Event {
        let mut event = Event {
            line: line.number,
            step: line.text.clone(),
            at: self.now,
            wiki: None,
            url: None,
            cookie: None,
            seen: None,
            set_cookie: Vec::new(),
            failure: None,
            remarks: Vec::new(),
            expected: None,
            jar: Vec::new(),
            stores: Vec::new(),
        };
        match (&line.step, goal) {
            (Step::Wait(seconds), _) => {
                self.now += seconds;
                event.at = self.now;
            }
            (Step::RestartBrowser, _) => drop(self.jar.end_session()),
            // The wikis are started anew, and 1.9.0 looks for its directory again.
            (Step::Reconfigure(_), _) => self.process = None,
            (Step::Expect { name, .. }, Some(Goal::Wiki(site, target, page))) => {
                // What a visit would see; nobody has been there.
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
                        event.remarks.extend(self.ensure(site, name, *forget));
                        Action::Login { name: name.clone(), method: None, persistent: !forget }
                    }
                    Step::SwitchUser { name, .. } => {
                        event.remarks.extend(self.ensure(site, name, false));
                        Action::SwitchUser { name: name.clone() }
                    }
                    Step::Logout { .. } => Action::Logout,
                    _ => Action::Visit,
                };
                self.request(site, target, page, &action, &mut event);
            }
            (_, Some(Goal::Elsewhere(target))) => {
                let visit = self.jar.cookies_for(target, &Request::direct(self.now));
                event.url = Some(target.to_string());
                event.cookie = sent(&visit.sent);
                if event.cookie.is_some() {
                    let whose = "no wiki, but it gets the cookies: whoever runs it can use them";
                    event.remarks.push(whose.to_owned());
                }
            }
            (_, None) => {}
        }
        event.jar = self.jar_view();
        event.stores = self.stores_view();
        event
    }

    /// Sees that a user is there.
    pub(super) fn ensure(&mut self, site: &Site, name: &str, forget: bool) -> Option<String> {
        let (number, now) =
            (self.people.iter().map(|people| people.known.profiles.len()).sum::<usize>(), self.now);
        let position = self.users(site);
        self.people.get_mut(position)?.ensure(name, forget, number + 1, now)
    }

    /// One request and its answer, as an event tells it.
    fn request(&mut self, site: &Site, target: &Target, page: &str, action: &Action, event: &mut Event) {
        event.wiki = Some(site.name.clone());
        event.url = Some(target.to_string());
        let Exchanged { visit, answer, received } = self.exchange(site, target, page, action);
        event.cookie = sent(&visit.sent);
        match answer {
            Err(failure) => event.failure = Some(failure.to_string()),
            Ok(answer) => {
                event.remarks.extend(answer.remarks.iter().map(ToString::to_string));
                let name = |login: &crate::moin::Login| {
                    if login.name.is_empty() { login.id.clone() } else { login.name.clone() }
                };
                event.seen = Some(Seen {
                    user: answer.user.as_ref().map(name),
                    switched_from: answer.real_user.as_ref().map(name),
                });
                for (cookie, outcome) in &received {
                    event.set_cookie.push(Sent { header: header(cookie), browser: made_of(cookie, outcome) });
                }
            }
        }
    }

    /// One request and its answer: the browser sends its cookies, the wiki answers, the browser takes in what it sets.
    pub(super) fn exchange(
        &mut self,
        site: &Site,
        target: &Target,
        page: &str,
        action: &Action,
    ) -> Exchanged {
        let request = Request::direct(self.now);
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

    /// Has the wiki answer.
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
            now: self.now,
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

/// What the browser makes of a header, in words.
fn made_of(cookie: &SetCookie, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Stored { replaced: Some(_), .. } => "replaced".to_owned(),
        Outcome::Stored { .. } => "stored".to_owned(),
        Outcome::Deleted { removed: Some(_), .. } => "deleted".to_owned(),
        Outcome::Deleted { .. } if cookie.deletes() => "nothing to delete".to_owned(),
        Outcome::Deleted { .. } => "expired at once".to_owned(),
        Outcome::Refused(refusal) => format!("refused: {refusal}"),
    }
}
