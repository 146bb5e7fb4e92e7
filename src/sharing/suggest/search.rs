//! A farm, prepared for the search.

use super::check::Check;
use super::intents::Intents;
use super::party::common_parent;
use crate::farm::{Farm, Wiki};
use crate::sharing::Model;

/// A farm, prepared for the search.
pub(super) struct Search<'a> {
    pub(super) farm: &'a Farm,
    pub(super) model: &'a Model,
    pub(super) intents: &'a Intents,
    /// The wikis of the model, in its order.
    pub(super) wikis: Vec<Wiki>,
    /// The narrowest domain that covers the hosts of each party.
    domains: Vec<Option<String>>,
}

impl<'a> Search<'a> {
    pub(super) fn new(farm: &'a Farm, model: &'a Model, intents: &'a Intents) -> Search<'a> {
        let wikis: Vec<Wiki> =
            model.sites().iter().filter_map(|site| farm.wiki(&site.name)).cloned().collect();
        let host = |at: &usize| wikis.get(*at).and_then(|wiki| wiki.url.host_str());
        let parent = |party: &Vec<usize>| common_parent(&party.iter().filter_map(host).collect::<Vec<_>>());
        let domains = intents.parties.iter().map(parent).collect();
        Search { farm, model, intents, wikis, domains }
    }

    /// The check of the farm as it is.
    pub(super) fn check(&self) -> Check<'_> {
        self.check_of(self.model)
    }

    /// The check of the farm with changed wikis.
    pub(super) fn check_of<'m>(&'m self, model: &'m Model) -> Check<'m> {
        Check { model, intents: self.intents, domains: &self.domains, other_hosts: &self.farm.other_hosts }
    }
}
