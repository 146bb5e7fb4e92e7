//! Rules about logins that are shared, or that hurt each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::browser::RefusalReason;
use crate::farm::Farm;
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::rule::{Look, Rule, Sink, rule};
use crate::location::RealDirectories;
use crate::sharing::{Aim, As, Left, Model, Pair, Site, Suggestions, Verdict, disagreements};

const FAMILY: &str = "sharing";

pub(super) const RULES: &[Rule] = &[
    rule!("log-out-trap", FAMILY, Error, Look::Sharing(log_out_trap)),
    rule!("share-not-met", FAMILY, Error, Look::Sharing(share_not_met)),
    rule!("share-unintended", FAMILY, Error, Look::Sharing(share_unintended)),
    rule!("cookie-rejected", FAMILY, Error, Look::Sharing(cookie_rejected)),
    rule!("shadowed-cookie", FAMILY, Warning, Look::Sharing(shadowed_cookie)),
];

/// Up to so many findings of a rule each wiki gone to has its own; of more, wikis of one kind have one together.
const APART: usize = 10;

/// A pair of wikis with a verdict.
struct Found<'a> {
    from: &'a Site,
    to: &'a Site,
    pair: Pair,
    /// The kinds of the two.
    kinds: (usize, usize),
    /// How many more wikis it is so for.
    more: usize,
}

/// For each wiki that is gone to with a verdict: one wiki it concerns, how many more, and what helps.
fn report(farm: &Farm, model: &Model, sink: &mut Sink, verdict: Verdict) {
    let classes = model.classes();
    let mut by_goal: BTreeMap<usize, Found<'_>> = BTreeMap::new();
    let mut counted: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (position, goal) in model.encounters() {
        let (Some(from), Some(to)) = (model.sites().get(position), model.sites().get(goal)) else { continue };
        if model.judge(from, to, As::User).verdict != verdict {
            continue;
        }
        let (class, own) = (classes.class_of(position), classes.class_of(goal));
        if !counted.insert((class, goal)) {
            continue;
        }
        let others = classes.members.get(class).map_or(0, Vec::len) - usize::from(own == class);
        match by_goal.get_mut(&goal) {
            Some(found) => found.more += others,
            None => {
                let pair = model.pair(from, to, As::User);
                let kinds = (classes.kind_of(class), classes.kind_of(own));
                by_goal.insert(goal, Found { from, to, pair, kinds, more: others.saturating_sub(1) });
            }
        }
    }
    let mut found: Vec<Found<'_>> = by_goal.into_values().collect();
    if found.len() > APART {
        let mut together: BTreeMap<(usize, usize), Found<'_>> = BTreeMap::new();
        for one in found {
            match together.get_mut(&one.kinds) {
                Some(first) => first.more += 1,
                None => {
                    together.insert(one.kinds, Found { more: 0, ..one });
                }
            }
        }
        found = together.into_values().collect();
    }
    if found.is_empty() {
        return;
    }
    let places = RealDirectories::default();
    let suggestions = Suggestions::new(farm, model, &places);
    for Found { from, to, pair, more, .. } in found {
        let help = suggestions.help(from, to, Aim::Harmless);
        let more = match more {
            0 => String::new(),
            1 => " (and so for 1 more wiki)".to_owned(),
            more => format!(" (and so for {more} more wikis)"),
        };
        let what = pair.effect.unwrap_or(pair.reason.clone());
        let place = |name: &str| farm.wiki(name).map_or(0..0, |wiki| wiki.span.clone());
        let also = vec![(place(&from.name), pair.reason)];
        sink.report_farm(place(&to.name), format!("{what}{more}"), help, also);
    }
}

/// Cookies that are refused for a reason no narrower rule reports.
fn cookie_rejected(farm: &Farm, model: &Model, sink: &mut Sink) {
    use RefusalReason as R;
    for site in model.sites() {
        let (Some(wiki), Left::Refused(reason, explanation)) = (farm.wiki(&site.name), site.left(As::User))
        else {
            continue;
        };
        match reason {
            R::DomainMismatch
            | R::PublicSuffix
            | R::MalformedDomain
            | R::NonAsciiDomain
            | R::SecureFromInsecure
            | R::SameSiteNoneInsecure
            | R::SecurePrefix
            | R::HostPrefix
            | R::HttpPrefix
            | R::HostHttpPrefix => {}
            _ => {
                let message = format!("browsers refuse the login cookie ({}): {explanation}", reason.name());
                sink.report(
                    wiki,
                    wiki.span.clone(),
                    message,
                    "nobody can log in; `cookie header` shows the cookie",
                );
            }
        }
    }
}

fn log_out_trap(farm: &Farm, model: &Model, sink: &mut Sink) {
    report(farm, model, sink, Verdict::Conflict);
}

fn shadowed_cookie(farm: &Farm, model: &Model, sink: &mut Sink) {
    report(farm, model, sink, Verdict::Shadowed);
}

fn share_not_met(farm: &Farm, model: &Model, sink: &mut Sink) {
    intent(farm, model, sink, true);
}

fn share_unintended(farm: &Farm, model: &Model, sink: &mut Sink) {
    intent(farm, model, sink, false);
}

fn intent(farm: &Farm, model: &Model, sink: &mut Sink, intended: bool) {
    if farm.shares.is_empty() {
        return;
    }
    let found = disagreements(farm, model);
    if found.iter().all(|found| found.intended != intended) {
        return;
    }
    let places = RealDirectories::default();
    let suggestions = Suggestions::new(farm, model, &places);
    for found in found.into_iter().filter(|found| found.intended == intended) {
        let (message, help) = if intended {
            let step = found.pair.step.map_or(String::new(), |step| format!(" at step {step}"));
            (
                format!(
                    "a login at {:?} does not reach {:?}: {}{step}",
                    found.from,
                    found.to,
                    found.pair.verdict.name()
                ),
                found.pair.reason,
            )
        } else {
            (
                format!("{:?} shares the login of {:?}, though no [[share]] has both", found.to, found.from),
                match (model.site(&found.from), model.site(&found.to)) {
                    (Some(from), Some(to)) => {
                        format!("add it to the [[share]], or {}", suggestions.help(from, to, Aim::Apart))
                    }
                    _ => "add it to the [[share]]".to_owned(),
                },
            )
        };
        sink.report_farm(found.span, message, help, Vec::new());
    }
}
