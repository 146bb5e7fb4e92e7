//! Where two models of one farm, for browsers with different rules, can have different answers.
//!
//! The rules of two browsers tell apart what becomes of a header by itself, which shows in what each wiki leaves in the
//! browser, and which of two cookies is the older one. The latter counts only where their paths are equally long. So most
//! pairs need not be acted out again.

use super::relation::{Relation, cookie, same_cookie};
use super::third::Third;
use super::{As, Model};

/// Two models of one farm.
#[derive(Debug)]
pub struct Modes<'a> {
    one: &'a Model,
    other: &'a Model,
    /// Whether each wiki leaves something else in the one browser than in the other.
    differs: Vec<bool>,
}

impl<'a> Modes<'a> {
    /// Holds what each wiki leaves in the two browsers together.
    pub fn new(one: &'a Model, other: &'a Model) -> Modes<'a> {
        let left = |model: &Model, position: usize, visitor| {
            model.sites().get(position).map(|site| format!("{:?}", site.left(visitor)))
        };
        let same = |at: usize, visitor| left(one, at, visitor) == left(other, at, visitor);
        let differs = (0..one.sites().len()).map(|at| !(same(at, As::User) && same(at, As::Anonymous)));
        Modes { one, other, differs: differs.collect() }
    }

    /// Whether a pair, by position, can have another answer.
    pub fn may_differ(&self, from: usize, to: usize) -> bool {
        let differs = |at: usize| self.differs.get(at).is_some_and(|differs| *differs);
        differs(from) || differs(to) || self.age_counts(from, to)
    }

    /// Whether which of two wikis' cookies comes first depends on when they were made.
    fn age_counts(&self, from: usize, to: usize) -> bool {
        let (Some(from), Some(to)) = (self.one.sites().get(from), self.one.sites().get(to)) else {
            return false;
        };
        let (Some(ours), Some(theirs)) = (cookie(from), cookie(to)) else { return false };
        ours.path.len() == theirs.path.len()
            && !same_cookie(ours, theirs)
            && Model::may_meet(from, to, Relation::of(from, to))
    }

    /// The wikis that come between two others by the other rules, and those by ours, where they can differ.
    pub fn thirds(&self) -> (Vec<Third>, Vec<Third>) {
        let asked = |[from, to, by]: [usize; 3]| {
            self.may_differ(from, to) || self.may_differ(from, by) || self.may_differ(to, by)
        };
        let (ours, theirs) = (self.one.thirds_among(&asked), self.other.thirds_among(&asked));
        let only = |some: &[Third], others: &[Third]| {
            some.iter().filter(|third| !others.contains(third)).copied().collect()
        };
        (only(&theirs, &ours), only(&ours, &theirs))
    }
}
