//! Rules about the contents of sessions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Findings, Options, Problem, Rule};
use crate::farm::Farm;
use crate::moin::{Behavior, Lifetime, Visitor, lifetimes};
use crate::ops::prune::WithoutExpires;
use crate::ops::unreadable_reason;
use crate::pickle::Global;
use crate::store::{
    EntryName, Expires, Facts, Session, StoreSpec, TempFile, Trust, UserDir, is_older, seconds,
};
use crate::text::age_text;

/// In seconds. MoinMoin 1.7 and 1.8 write the expiry of the cookie plus one hour. One minute is for clocks.
const SLACK: f64 = 3660.0;

/// Everything that a decision depends on, except the session.
pub(super) struct Judge<'a> {
    spec: &'a StoreSpec,
    options: &'a Options,
    without_expires: WithoutExpires,
    /// Names by id. `None` unless all user directories are known and readable.
    users: Option<BTreeMap<String, String>>,
    /// `None` if the farm file names no superusers for some wiki.
    superusers: Option<BTreeSet<&'a str>>,
    /// The longest lifetime of a login or an anonymous session, in seconds.
    longest: Option<f64>,
    /// Whether every wiki here accepts only ids in lower case.
    lower_case: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        spec: &'a StoreSpec,
        farm: Option<&Farm>,
        options: &'a Options,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let versions = || spec.wikis.iter().map(|wiki| wiki.version);
        let named = !spec.wikis.is_empty() && spec.wikis.iter().all(|wiki| !wiki.superusers.is_empty());
        let superusers = || spec.wikis.iter().flat_map(|wiki| wiki.superusers.iter().map(String::as_str));
        Judge {
            spec,
            options,
            without_expires: WithoutExpires::of(spec.location.layout(), versions(), true),
            users: users(spec, problems),
            superusers: named.then(|| superusers().collect()),
            longest: farm.and_then(|farm| longest(spec, farm)),
            lower_case: !spec.wikis.is_empty()
                && versions().all(|version| version.behavior() >= Behavior::V1_9_4),
        }
    }

    /// Whether the versions of the wikis are known. If not, an absent `expires` is judged by the whole store.
    pub(super) fn knows_versions(&self) -> bool {
        !self.spec.wikis.is_empty()
    }

    pub(super) fn temp(&self, temp: &TempFile, found: &mut Findings) {
        if is_older(temp.modified, self.options.policy.stale_temp(), self.options.now) {
            let message = format!("last written {} ago", self.age(temp.modified));
            self.add(found, Rule::StaleTemp, &temp.name, message);
        }
    }

    pub(super) fn session(&self, session: &Session, found: &mut Findings, provisional: &mut Findings) {
        let id = &session.id;
        found.states.count(session.state(self.options.now, self.options.policy.idle()));
        if self.lower_case && id.reveal().bytes().any(|byte| byte.is_ascii_uppercase()) {
            let message = "uppercase letters in its name: its wikis reject such an id in a cookie".to_owned();
            self.add(found, Rule::UnreachableName, id, message);
        }
        match session.trust {
            Some(Trust::Foreign) => {
                self.add(found, Rule::NoMac, id, "no MAC by the key of its store".to_owned());
            }
            Some(Trust::Old) => self.add(found, Rule::OldMac, id, "MAC of version 1".to_owned()),
            Some(Trust::Valid | Trust::Ended) | None => {}
        }
        match &session.facts {
            Ok(facts) => {
                self.expires(session, facts, found, provisional);
                self.user(id, facts, found);
                self.globals(id, &facts.globals, found);
            }
            Err(why) => {
                self.add(found, Rule::Unreadable, id, unreadable_reason(self.spec, why));
                self.globals(id, why.globals(), found);
            }
        }
    }

    /// Reports a class or function that the wiki would import and could call.
    fn globals(&self, id: &EntryName, globals: &[Global], found: &mut Findings) {
        if let Some(global) = globals.iter().find(|global| !self.options.allow.allows(global)) {
            let message = format!("contains {}, which MoinMoin never stores in a session", global.path());
            self.add(found, Rule::ForbiddenClass, id, message);
        }
    }

    fn expires(&self, session: &Session, facts: &Facts, found: &mut Findings, provisional: &mut Findings) {
        let (id, modified) = (&session.id, session.modified);
        match facts.expires {
            Expires::Invalid(what) => {
                self.add(
                    found,
                    Rule::InvalidExpires,
                    id,
                    format!("`expires` is {what}, and must be a finite number"),
                );
            }
            Expires::At(end) => {
                if let Some(longest) =
                    self.longest.filter(|longest| end > seconds(modified) + longest + SLACK)
                {
                    let days = |time: f64| format!("{:.1} days", time / 86_400.0);
                    let (after, longest) = (days(end - seconds(modified)), days(longest));
                    let message =
                        format!("expires {after} after its last write: the configured maximum is {longest}");
                    self.add(found, Rule::ExpiresTooFar, id, message);
                }
            }
            Expires::Absent => {
                let (age, into) = match self.without_expires {
                    WithoutExpires::Usual => return,
                    // The wiki fails on it at any age, but a session that is being written may be incomplete.
                    WithoutExpires::Broken => (std::time::Duration::from_secs(600), found),
                    WithoutExpires::Passing => (self.options.policy.no_expires(), provisional),
                };
                if is_older(modified, age, self.options.now) {
                    let what = match self.without_expires {
                        WithoutExpires::Broken => "no `expires`: MoinMoin 1.7 and 1.8 answer with an error",
                        _ => "no `expires`",
                    };
                    let message = format!("{what}; last written {} ago", self.age(modified));
                    self.add(into, Rule::NoExpires, id, message);
                }
            }
        }
    }

    fn user(&self, id: &EntryName, facts: &Facts, found: &mut Findings) {
        let Some(user) = &facts.user else { return };
        let Some(users) = &self.users else { return };
        let name = users.get(&user.id);
        let mut unknown = Vec::new();
        if name.is_none() {
            unknown.push(format!("user id:{} does not exist", user.id));
        }
        if let Some(other) = facts.setuid.as_ref().filter(|other| !users.contains_key(*other)) {
            unknown.push(format!("acts as id:{other}, who does not exist"));
        }
        // Each session is one finding.
        if !unknown.is_empty() {
            self.add(found, Rule::UnknownUser, id, unknown.join("; "));
        }
        let Some(other) = &facts.setuid else { return };
        if let Some(superusers) = &self.superusers
            && !name.is_some_and(|name| superusers.contains(name.as_str()))
        {
            let shown = |id: &String| users.get(id).cloned().unwrap_or_else(|| format!("id:{id}"));
            let message = format!("{} acts as {}, but is not a superuser", shown(&user.id), shown(other));
            self.add(found, Rule::UnauthorizedSetuid, id, message);
        }
    }

    fn age(&self, modified: i64) -> String {
        let passed = u64::try_from(self.options.now.saturating_sub(modified)).unwrap_or(0);
        age_text(std::time::Duration::from_secs(passed))
    }

    fn add(&self, found: &mut Findings, rule: Rule, id: &EntryName, message: String) {
        let path = self.spec.entry(id);
        found.add(Finding { rule, path, message, key: id.to_string() });
    }
}

/// Every user of the store's wikis. `None` with a problem if not all can be read.
fn users(spec: &StoreSpec, problems: &mut Vec<Problem>) -> Option<BTreeMap<String, String>> {
    if spec.wikis.is_empty() || spec.wikis.iter().any(|wiki| wiki.user_dir.is_none()) {
        return None;
    }
    let dirs: BTreeSet<_> = spec.wikis.iter().filter_map(|wiki| wiki.user_dir.as_deref()).collect();
    let mut all = BTreeMap::new();
    for dir in dirs {
        let read = UserDir::open(dir).map_err(|error| error.to_string()).and_then(|users| {
            let users = users.all().map_err(|error| error.to_string())?;
            users.into_iter().collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())
        });
        match read {
            Ok(users) => all.extend(users.into_iter().map(|user| (user.id, user.name))),
            Err(why) => {
                problems.push(format!("{why}: users not checked").into());
                return None;
            }
        }
    }
    Some(all)
}

/// The longest lifetime of a session of these wikis, in seconds. `None` if it is unknown for some wiki.
fn longest(spec: &StoreSpec, farm: &Farm) -> Option<f64> {
    let mut longest = None;
    for wiki in &spec.wikis {
        let times = lifetimes(farm.wiki(&wiki.name)?.moin()).ok()?;
        for visitor in Visitor::all() {
            if let Lifetime::Seconds(time) = times.of(visitor) {
                longest = Some(time.max(longest.unwrap_or(0.0)));
            }
        }
    }
    longest
}
