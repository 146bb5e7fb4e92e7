//! A third wiki that interferes with the shared login of two others.
//!
//! A shares its login with B. But the browser of a user who was at C also has C's cookie, with the same name and another
//! domain or path, and B picks that one. Problems between B and C alone are those of the pair. Equal triples are simulated
//! once.

use std::collections::HashMap;

use super::effect::{By, Third};
use super::meeting::third_comes_between;
use super::model::Model;
use super::relation::{Relation, cookie, same_cookie};
use super::site::Site;
use super::verdict::{As, Verdict};

/// Everything that the result for three wikis depends on.
type Key = ([usize; 3], [(bool, bool); 3], [Relation; 3]);

impl Model {
    /// The wikis that interfere with two others: one example for each wiki gone to and each kind.
    pub fn thirds(&self) -> Vec<Third> {
        self.thirds_among(&|_| true)
    }

    /// As [`Model::thirds`], for some triples of positions only.
    pub(super) fn thirds_among(&self, asked: &dyn Fn([usize; 3]) -> bool) -> Vec<Third> {
        let mut known: HashMap<Key, Option<By>> = HashMap::new();
        let mut found = Vec::new();
        for (position, to) in self.sites().iter().enumerate() {
            let near = self.near(position);
            // A browser never has the same cookie twice.
            let apart = |one: &Site, other: &Site| {
                cookie(one).zip(cookie(other)).is_some_and(|(one, other)| !same_cookie(one, other))
            };
            let kinds: Vec<(usize, &Site)> =
                near.iter().filter_map(|other| Some((*other, self.sites().get(*other)?))).collect();
            for (left, from) in &kinds {
                let others = kinds.iter().filter(|(third, by)| {
                    left != third && apart(from, by) && asked([*left, position, *third])
                });
                let others = others.collect::<Vec<_>>();
                if others.is_empty() || self.judge(from, to, As::User).verdict != Verdict::Shared {
                    continue;
                }
                for (third, by) in others {
                    if self.hurt_each_other(to, by) {
                        continue;
                    }
                    let key = key([from, to, by]);
                    let act = || third_comes_between(from, to, by, &self.browser);
                    let after = *known.entry(key).or_insert_with(act);
                    found.extend(after.map(|after| Third { from: *left, to: position, by: *third, after }));
                }
            }
        }
        found
    }

    fn hurt_each_other(&self, one: &Site, other: &Site) -> bool {
        let trouble = |from: &Site, to: &Site| self.judge(from, to, As::User).is_trouble();
        trouble(one, other) || trouble(other, one)
    }
}

fn key([a, b, c]: [&Site; 3]) -> Key {
    let pairs = [(a, b), (a, c), (b, c)];
    let same = |one: &Site, other: &Site| {
        (one.marks.storage == other.marks.storage, one.marks.users == other.marks.users)
    };
    (
        [a.marks.behavior, b.marks.behavior, c.marks.behavior],
        pairs.map(|(one, other)| same(one, other)),
        pairs.map(|(one, other)| Relation::of(one, other)),
    )
}
