//! Whether a farm meets what is wanted.

use std::collections::HashMap;

use super::intents::{Intents, Wanted};
use crate::browser::{Cookie, domain_match};
use crate::moin::NoCookie;
use crate::sharing::intent::{missing, unintended};
use crate::sharing::relation::{cookie, is_plain, same_cookie};
use crate::sharing::site::{Left, Site};
use crate::sharing::{As, Judgement, Model, Verdict};

/// In larger farms, the other URLs of a wiki are compared with that wiki only, as in `cookie preview`.
const ALL_ADDRESSES: usize = 200;

/// What is not as wanted: the first problem found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// Nobody can log in at the wiki, or not at all of its URLs on one host.
    Alone(usize),
    /// A user who goes from the first wiki to the second.
    Pair(usize, usize),
    /// The third wiki interferes with a login that the first two share.
    Third(usize, usize, usize),
    /// A host that is no wiki receives the cookie without need.
    Leak(usize),
}

/// The hosts that are no wikis.
pub(super) type OtherHosts<'a> = &'a [(String, crate::farm::Span)];

/// A farm with what is wanted of it.
#[derive(Clone, Copy)]
pub(super) struct Check<'a> {
    pub(super) model: &'a Model,
    pub(super) intents: &'a Intents,
    /// The narrowest domain that covers the hosts of each party.
    pub(super) domains: &'a [Option<String>],
    pub(super) other_hosts: OtherHosts<'a>,
}

impl Check<'_> {
    /// The first problem of the farm.
    pub(super) fn whole(&self) -> Option<Broken> {
        let Check { model, intents, .. } = *self;
        let all = || 0..model.sites.len();
        let pair = |(from, to): (usize, usize)| (!self.is_well(from, to)).then_some(Broken::Pair(from, to));
        let bad = |(from, to)| Broken::Pair(from, to);
        all()
            .find_map(|at| self.alone(at))
            .or_else(|| missing(model, &intents.tables).into_iter().map(bad).next())
            .or_else(|| intents.apart().find_map(pair))
            .or_else(|| model.encounters().iter().copied().find_map(pair))
            .or_else(|| self.over_http().into_iter().find_map(pair))
            .or_else(|| unintended(model, &intents.tables).into_iter().find_map(pair))
            .or_else(|| all().find_map(|at| self.by_address(at)))
            .or_else(|| model.thirds().first().map(|it| Broken::Third(it.from, it.to, it.by)))
    }

    /// Wikis over http, each with an example of every Secure cookie of its name: browsers may keep that cookie and reject the
    /// wiki's own, although neither wiki receives the cookie of the other.
    fn over_http(&self) -> Vec<(usize, usize)> {
        let sites = || self.model.sites.iter().enumerate();
        let mut secure: HashMap<&str, Vec<(usize, &Cookie)>> = HashMap::new();
        for (at, site) in sites() {
            let Some(cookie) = cookie(site).filter(|cookie| cookie.secure) else { continue };
            let known = secure.entry(&site.cookie_name).or_default();
            if !known.iter().any(|(_, other)| same_cookie(cookie, other)) {
                known.push((at, cookie));
            }
        }
        let http = sites().filter(|(_, site)| !site.target.is_secure());
        let pairs = http.flat_map(|(at, site)| {
            let others = secure.get(site.cookie_name.as_str()).into_iter().flatten();
            others.map(move |(other, _)| (at, *other)).filter(|(at, other)| at != other)
        });
        pairs.collect()
    }

    /// The first problem that concerns the wiki, apart from interferences among three.
    pub(super) fn around(&self, at: usize) -> Option<Broken> {
        let others = || (0..self.model.sites.len()).filter(|other| *other != at);
        let pair = |(from, to): (usize, usize)| (!self.is_well(from, to)).then_some(Broken::Pair(from, to));
        self.alone(at)
            .or_else(|| others().flat_map(|other| [(at, other), (other, at)]).find_map(pair))
            .or_else(|| self.by_address(at))
    }

    /// Whether wikis of the same cookie name have several cookies, so that three of them can interfere.
    pub(super) fn has_several_cookies(&self, at: usize) -> bool {
        let sites = &self.model.sites;
        let Some(site) = sites.get(at) else { return false };
        let named = sites.iter().filter(|other| other.cookie_name == site.cookie_name);
        let mut cookies = named.filter_map(cookie);
        let first = cookies.next();
        first.is_some_and(|first| cookies.any(|other| !same_cookie(first, other)))
    }

    /// Whether users can log in, and stay logged in at each URL of the wiki's host.
    pub(super) fn alone(&self, at: usize) -> Option<Broken> {
        let site = self.model.sites.get(at)?;
        if site.custom.is_some() {
            return None;
        }
        let all = || std::iter::once(site).chain(&site.aliases);
        let shares = |a: &Site, b: &Site| self.model.judge(a, b, As::User).verdict == Verdict::Shared;
        let goes = |a: &Site, b: &Site| match a.target.host() == b.target.host() {
            true => shares(a, b),
            false => !self.model.judge(a, b, As::User).is_trouble(),
        };
        let logged_in = all().all(|one| match one.left(As::User) {
            Left::None(why) => !matches!(why, NoCookie::BrokenDomain(_) | NoCookie::BrokenInFlask(_)),
            Left::Rejected(..) | Left::Expired(_) => false,
            Left::Cookie(_) => all().all(|other| goes(one, other)),
        });
        if !logged_in {
            return Some(Broken::Alone(at));
        }
        all().any(|one| self.leaks(at, one)).then_some(Broken::Leak(at))
    }

    /// Whether a host that is no wiki receives the cookie without need.
    fn leaks(&self, at: usize, site: &Site) -> bool {
        let Left::Cookie(cookie) = site.left(As::User) else { return false };
        let domain = self.domains.get(self.intents.party_of.get(at).copied().unwrap_or_default());
        // The wikis of one host need no Domain.
        let is_needed =
            |host: &str| domain.and_then(Option::as_deref).is_some_and(|needed| domain_match(host, needed));
        !cookie.host_only
            && self.other_hosts.iter().any(|(host, _)| {
                domain_match(host, &cookie.domain) && host != site.target.host() && !is_needed(host)
            })
    }

    /// Whether the pair is as wanted, at the first URLs of the wikis.
    fn is_well(&self, from: usize, to: usize) -> bool {
        let sites = self.model.sites.get(from).zip(self.model.sites.get(to));
        sites.is_none_or(|(a, b)| self.is_as_wanted(a, b, self.intents.wanted(from, to)))
    }

    pub(super) fn is_as_wanted(&self, a: &Site, b: &Site, wanted: Wanted) -> bool {
        // Nobody can know what such a wiki does.
        if a.custom.is_some() || b.custom.is_some() {
            return true;
        }
        let plain = is_plain(&a.cookie_name) && is_plain(&b.cookie_name);
        if wanted != Wanted::Shared && a.cookie_name != b.cookie_name && plain && !a.shares_address_with(b) {
            return true;
        }
        let judged = self.model.judge(a, b, As::User);
        match (wanted, judged.verdict) {
            (Wanted::Shared, verdict) => verdict == Verdict::Shared,
            (Wanted::Harmless, Verdict::Shared) => true,
            (_, Verdict::Separate) => !leaks_id(a, b, judged),
            // The wiki itself is reported.
            (_, verdict) => verdict == Verdict::Rejected,
        }
    }

    /// The pairs of other URLs of the wiki with those of all wikis.
    fn by_address(&self, at: usize) -> Option<Broken> {
        let sites = &self.model.sites;
        let site = sites.get(at)?;
        if sites.len() > ALL_ADDRESSES {
            return None;
        }
        let all =
            |site: &'_ Site| std::iter::once(site.clone()).chain(site.aliases.clone()).collect::<Vec<_>>();
        let others = sites.iter().enumerate().filter(|(other, _)| *other != at);
        let with_aliases = |other: &Site| !(site.aliases.is_empty() && other.aliases.is_empty());
        others.filter(|(_, other)| with_aliases(other)).find_map(|(number, other)| {
            let wanted = match self.intents.wanted(at, number) {
                Wanted::Shared => Wanted::Harmless,
                wanted => wanted,
            };
            let theirs = all(other);
            let well =
                |a: &Site, b: &Site| self.is_as_wanted(a, b, wanted) && self.is_as_wanted(b, a, wanted);
            let well = all(site).iter().all(|ours| theirs.iter().all(|theirs| well(ours, theirs)));
            (!well).then_some(Broken::Pair(at, number))
        })
    }
}

/// Whether the second wiki stores sessions under the first one's session id: it receives the first one's cookie, finds no
/// such session, and goes on under the id.
pub fn leaks_id(from: &Site, to: &Site, judged: Judgement) -> bool {
    use crate::moin::Behavior;
    use crate::sharing::Storage;
    judged.verdict == Verdict::Separate
        && judged.step == Some(4)
        && !matches!(from.storage, Storage::Cookie(_) | Storage::Unknown)
        && matches!(to.storage, Storage::Directory(..))
        && to.behavior() != Behavior::V1_9_0
        && to.id_form.accepts(from.id_form)
}
