//! Which wikis and which pairs are asked about.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::shared::Failure;
use crate::cli::shared::wiki::find_wiki;
use crate::farm::Farm;
use crate::sharing::{Leak, Model, Site, Third};

/// Up to so many wikis every pair is asked about; beyond, examples of those that do not work.
pub(super) const ALL_PAIRS: usize = 200;

/// The wikis asked about.
pub(super) struct Chosen<'a> {
    /// Those that a pair may be of, by position.
    pub(super) sites: BTreeMap<usize, &'a Site>,
    /// The one that every pair is of, if a single one was named.
    pub(super) one: Option<usize>,
    /// The pairs to ask about: all; or of a large farm enough that each kind of trouble at each wiki is among them.
    pub(super) pairs: Vec<(usize, usize)>,
}

impl<'a> Chosen<'a> {
    /// All wikis if none is named; of a single one the pairs with every other, of several those among them.
    pub(super) fn new(farm: &Farm, model: &'a Model, names: &[String]) -> Result<Chosen<'a>, Failure> {
        for name in names {
            find_wiki(farm, name)?;
        }
        let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let is_named = |site: &Site| names.contains(site.name.as_str());
        let one = model.sites().iter().position(|site| names.len() == 1 && is_named(site));
        let all = names.is_empty() || one.is_some();
        let sites = model.sites().iter().enumerate().filter(|(_, site)| all || is_named(site)).collect();
        let mut chosen = Chosen { sites, one, pairs: Vec::new() };
        chosen.pairs = chosen.pairs_of(model);
        Ok(chosen)
    }

    /// The wikis that were asked about, by position: all, or those named.
    pub(super) fn asked_about(&self) -> impl Iterator<Item = (usize, &'a Site)> {
        let named = |position: &usize| self.one.is_none_or(|one| one == *position);
        self.sites
            .iter()
            .map(|(position, site)| (*position, *site))
            .filter(move |(position, _)| named(position))
    }

    /// Whether a pair is asked about.
    pub(super) fn has_pair(&self, from: usize, to: usize) -> bool {
        let concerned = self.one.is_none_or(|one| one == from || one == to);
        from != to && concerned && self.sites.contains_key(&from) && self.sites.contains_key(&to)
    }

    /// Whether all three wikis are among those asked for, and the one that was named.
    pub(super) fn has(&self, third: &Third) -> bool {
        let three = [third.from, third.to, third.by];
        three.iter().all(|position| self.sites.contains_key(position))
            && self.one.is_none_or(|one| three.contains(&one))
    }

    /// What leaks of the wikis that were asked about.
    pub(super) fn leak(&self, mut leak: Leak) -> Option<Leak> {
        let names: BTreeSet<&str> = self.asked_about().map(|(_, site)| site.name.as_str()).collect();
        for cookie in &mut leak.cookies {
            cookie.wikis.retain(|wiki| names.contains(wiki.as_str()));
        }
        leak.cookies.retain(|cookie| !cookie.wikis.is_empty());
        (!leak.cookies.is_empty()).then_some(leak)
    }

    /// Whether every pair is asked about, and not just enough of them.
    pub(super) fn in_full(&self) -> bool {
        self.one.is_some() || self.sites.len() <= ALL_PAIRS
    }

    /// The pairs to ask a model of the farm about.
    pub(super) fn pairs_of(&self, model: &Model) -> Vec<(usize, usize)> {
        if let Some(one) = self.one {
            let others = self.sites.keys().filter(|other| **other != one);
            return others.flat_map(|other| [(one, *other), (*other, one)]).collect();
        }
        if !self.in_full() && self.sites.len() == model.sites().len() {
            return model.encounters().to_vec();
        }
        let all = self.sites.keys().flat_map(|from| self.sites.keys().map(move |to| (*from, *to)));
        all.filter(|(from, to)| from != to).collect()
    }
}
