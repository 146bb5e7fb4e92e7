//! Simulates the users who come back after the change.

use super::act::{Before, Course, Round, judge};
use super::acted::Acted;
use super::case::{Case, Verdict, Way};
use super::pair::Seat;
use super::search::{Cookies, Neighbors};
use crate::browser::Jar;
use crate::moin::Visitor;
use crate::simulate::person::{Headers, Person};

/// Simulates all users who come to the seats at `positions`.
pub(super) fn act_out(stage: &Stage<'_>, seats: &[Acted], positions: &[usize]) -> Vec<Vec<Case>> {
    let old_cookies = Cookies::new(seats);
    let neighbors = Neighbors::new(seats);
    let act = |position: &usize| {
        let mut found = seats.get(*position).map(|seat| stage.back(seat)).unwrap_or_default();
        found.extend(stage.other_users(*position, seats, &old_cookies));
        found.extend(stage.over_neighbors(*position, seats, &neighbors));
        found
    };
    positions.iter().map(act).collect()
}

/// The browser and the time of the simulation.
pub(super) struct Stage<'a> {
    /// An empty one.
    pub(super) browser: &'a Jar,
    pub(super) now: f64,
    /// Headers that web servers add to every response after the change.
    pub(super) headers: Headers,
}

impl Stage<'_> {
    fn person(&self, visitor: Visitor) -> Person {
        Person::new(self.now, self.browser, visitor)
    }

    /// Returns a user from before the change in the state after the change.
    fn changed(&self, person: &Person) -> Person {
        let mut person = person.clone();
        person.roll_out(&self.headers);
        person
    }

    /// A user whose first visit is after the change.
    fn fresh(&self, visitor: Visitor) -> Person {
        let mut person = self.person(visitor);
        person.roll_out(&self.headers);
        person
    }

    pub(super) fn prepare(&self, pair: usize, seat: Seat) -> Acted {
        let mut person = self.person(Visitor::Remember);
        let cookie = person.come(&seat.old).filter(|_| person.visit(&seat.old).knows());
        person.roll_out(&self.headers);
        let remembered = cookie.map(|cookie| (person, cookie));
        let ours = self.fresh(Visitor::Remember).come(&seat.new);
        Acted { pair, seat, remembered, ours }
    }

    /// Users who come back to the same wiki.
    fn back(&self, acted: &Acted) -> Vec<Case> {
        let seat = &acted.seat;
        let mut cases = Vec::with_capacity(3);
        for visitor in [Visitor::Remember, Visitor::User, Visitor::Anonymous] {
            let (mut person, cookie) = match (&acted.remembered, visitor) {
                (Some((person, cookie)), Visitor::Remember) => (self.changed(person), cookie.clone()),
                (None, Visitor::Remember) => continue,
                _ => {
                    let mut person = self.person(visitor);
                    let Some(cookie) = person.come(&seat.old) else { continue };
                    if visitor != Visitor::Anonymous && !person.visit(&seat.old).knows() {
                        continue;
                    }
                    (person, cookie)
                }
            };
            person.roll_out(&self.headers);
            let control = Course::run(self.fresh(visitor), &seat.new);
            let course = Course::run(person, &seat.new);
            let before = Before { cookie: Some(&cookie), known: true, site: &seat.old };
            let who = (visitor, Way::Back);
            cases.push(judge(&course, &control, &before, seat, acted.ours.as_ref(), who));
        }
        let worst = cases.first().map(|case| case.verdict);
        cases.extend(self.after_the_end(acted).filter(|case| worst.is_none_or(|worst| worst < case.verdict)));
        cases
    }

    /// Users whose session has ended, but whose cookie is alive; only if they have worse problems than logging in once.
    fn after_the_end(&self, acted: &Acted) -> Option<Case> {
        let (person, cookie) = acted.remembered.as_ref()?;
        let mut person = self.changed(person);
        person.lose_sessions();
        let control = Course::run(self.fresh(Visitor::Remember), &acted.seat.new);
        let course = Course::run(person, &acted.seat.new);
        let before = Before { cookie: Some(cookie), known: false, site: &acted.seat.old };
        let who = (Visitor::Remember, Way::Ended);
        let case = judge(&course, &control, &before, &acted.seat, acted.ours.as_ref(), who);
        matches!(case.verdict, Verdict::StuckAtLogin | Verdict::CannotLogOut).then_some(case)
    }

    /// Users of another wiki whose old cookie now reaches this one, or prevents that this one sets its own.
    fn other_users(&self, position: usize, seats: &[Acted], cookies: &Cookies) -> Vec<Case> {
        let Some(acted) = seats.get(position) else { return Vec::new() };
        let mut cases = Vec::new();
        for other in cookies.that_reach(position, seats) {
            let Some(other) = seats.get(other) else { continue };
            let Some((person, cookie)) = &other.remembered else { continue };
            let mut before = person.clone();
            before.roll_out(&Headers::default());
            let known = before.visit(&acted.seat.old).knows();
            let mut fresh = self.fresh(Visitor::Remember);
            fresh.come(&other.seat.new);
            let mut control = Course::run(fresh, &acted.seat.new);
            if !control.again() {
                if self.is_stuck_before(other, acted) {
                    continue;
                }
                control = Course::run(self.fresh(Visitor::Remember), &acted.seat.new);
            }
            let course = Course::run(self.changed(person), &acted.seat.new);
            let before = Before { cookie: Some(cookie), known, site: &other.seat.old };
            let who = (Visitor::Remember, Way::From(other.seat.old.name.clone()));
            let case = judge(&course, &control, &before, &acted.seat, acted.ours.as_ref(), who);
            if case.hurts() {
                cases.push(case);
            }
        }
        cases
    }

    /// Whether users who come from the other wiki can't log in before the change either.
    fn is_stuck_before(&self, other: &Acted, acted: &Acted) -> bool {
        let mut person = self.person(Visitor::Remember);
        person.come(&other.seat.old);
        !Course::run(person, &acted.seat.old).again()
    }

    /// Users who log in at a neighbor that sets the same cookie after the change, and then come here.
    fn over_neighbors(&self, position: usize, seats: &[Acted], neighbors: &Neighbors) -> Vec<Case> {
        let Some(acted) = seats.get(position) else { return Vec::new() };
        let Some((person, _)) = &acted.remembered else { return Vec::new() };
        let (here, ours) = (&acted.seat.new, acted.ours.as_ref());
        let mut cases = Vec::new();
        for other in neighbors.of(position) {
            let Some(other) = seats.get(other) else { continue };
            let there = &other.seat.new;
            let control = Round::run(self.fresh(Visitor::Remember), there, here, ours);
            let name = other.seat.new.name.clone();
            let over = Round::run(self.changed(person), there, here, ours);
            cases.extend(over.worse(&control, Visitor::Remember, Way::Over(name.clone())));
            let mut both = self.person(Visitor::Remember);
            both.come(&acted.seat.old);
            both.come(&other.seat.old);
            both.roll_out(&self.headers);
            let both = Round::run(both, there, here, ours);
            cases.extend(both.worse(&control, Visitor::Remember, Way::Both(name)));
        }
        cases
    }
}
