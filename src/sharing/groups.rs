//! Groups of wikis that share a login.

use std::collections::{HashMap, HashSet};

use super::model::Model;
use super::site::{Left, Site};
use super::verdict::{As, Verdict};
use crate::browser::Target;

/// A group under way.
#[derive(Default)]
struct Group<'a> {
    members: Vec<usize>,
    /// One member of each class.
    examples: Vec<(usize, usize)>,
    /// Where they lie.
    targets: HashSet<&'a Target>,
}

/// The groups of two or more wikis among which every login is shared both ways, as positions in
/// [`Model::sites`]. Each wiki is in at most one, the first that matches.
pub fn groups(model: &Model) -> &[Vec<usize>] {
    model.groups.get_or_init(|| find(model))
}

fn find(model: &Model) -> Vec<Vec<usize>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut by_class: HashMap<usize, Vec<usize>> = HashMap::new();
    for (position, site) in model.sites().iter().enumerate() {
        // Only a group whose cookie reaches here can be home.
        let mut candidates: Vec<usize> = model
            .may_share(position)
            .iter()
            .filter_map(|class| by_class.get(class))
            .flatten()
            .copied()
            .collect();
        candidates.sort_unstable();
        candidates.dedup();
        let home = candidates.into_iter().find(|candidate| {
            groups.get(*candidate).is_some_and(|group| belongs(model, position, site, group))
        });
        let home = home.unwrap_or_else(|| {
            groups.push(Group::default());
            groups.len() - 1
        });
        let class = model.classes().of.get(position).copied().unwrap_or_default();
        if let Some(group) = groups.get_mut(home) {
            group.members.push(position);
            group.targets.insert(&site.target);
            if !group.examples.iter().any(|(known, _)| *known == class) {
                group.examples.push((class, position));
                by_class.entry(class).or_default().push(home);
            }
        }
    }
    groups.into_iter().map(|group| group.members).filter(|members| members.len() > 1).collect()
}

/// Whether a site shares logins both ways with every member of a group.
fn belongs(model: &Model, position: usize, site: &Site, group: &Group<'_>) -> bool {
    let shares = |a: &Site, b: &Site| model.judge(a, b, As::User).verdict == Verdict::Shared;
    if group.targets.contains(&site.target) {
        return false;
    }
    let examples = group.examples.iter().all(|(_, member)| {
        model.sites().get(*member).is_some_and(|other| shares(site, other) && shares(other, site))
    });
    // Members of one class differ in their address: whether this site's cookie reaches each is left to ask, and
    // known already where it is the class's own cookie.
    let class = model.classes().of.get(position);
    let Left::Cookie(cookie) = site.left(As::User) else { return false };
    examples
        && group.members.iter().all(|member| {
            model.classes().of.get(*member) == class
                || model.sites().get(*member).is_some_and(|other| other.receives(cookie))
        })
}
