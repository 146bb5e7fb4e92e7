//! Rules about logins that are shared, and about wikis that interfere with each other's logins.

use std::collections::{BTreeMap, BTreeSet};

use crate::browser::RejectionReason;
use crate::farm::Farm;
use crate::lint::finding::Severity::{Error, Warning};
use crate::lint::finding::{MOST_WIKIS, other_pairs};
use crate::lint::rule::{Look, Rule, Sink, all_pairs, rule};
use crate::sharing::{
    As, Browsers, Effect, Judgement, Left, Model, NewLogin, Site, Verdict, disagreements, leaks_id,
};
use crate::text::list;

const FAMILY: &str = "sharing";

pub(super) const RULES: &[Rule] = &[
    rule!("log-out-trap", FAMILY, Error, Look::Sharing(log_out_trap)),
    rule!("share-not-met", FAMILY, Error, Look::Sharing(share_not_met)),
    rule!("share-unintended", FAMILY, Error, Look::Sharing(share_unintended)),
    rule!("cookie-rejected", FAMILY, Error, Look::Browsers(cookie_rejected)),
    rule!("shadowed-cookie", FAMILY, Warning, Look::Sharing(shadowed_cookie)),
    rule!("id-leaks-to-wiki", FAMILY, Warning, Look::Sharing(id_leaks_to_wiki)),
    rule!("browsers-differ", FAMILY, Warning, Look::Browsers(browsers_differ)),
];

/// A rule reports up to this many visited wikis one by one. Beyond, wikis of the same kind become one finding.
const MOST_FINDINGS: usize = 10;

/// The wikis whose logins suffer in the same way when users visit another wiki.
struct Found {
    /// Their kinds.
    from: BTreeSet<usize>,
    /// The position of the visited wiki.
    to: usize,
    /// The kinds of the first of them and of the visited wiki.
    kinds: (usize, usize),
    effect: Option<Effect>,
    /// The positions of other visited wikis of the same kind.
    more: Vec<usize>,
}

impl Found {
    /// The wikis whose logins suffer: an encounter names one wiki for all of its kind.
    fn sites<'a>(&self, model: &'a Model, wanted: &Wanted<'_>) -> Vec<&'a Site> {
        let Some(to) = model.sites().get(self.to) else { return Vec::new() };
        let members = self.from.iter().flat_map(|kind| model.classes().members_of_kind(*kind));
        let members: BTreeSet<usize> = members.filter(|at| *at != self.to).collect();
        let sites = members.into_iter().filter_map(|at| model.sites().get(at));
        let suffers = |from: &&Site| {
            let judgement = model.judge(from, to, As::User);
            judgement.effect == self.effect && wanted(from, to, judgement)
        };
        sites.filter(suffers).collect()
    }
}

/// Reports new logins with another result in another browser, one pair for each kind of result.
fn browsers_differ(farm: &Farm, browsers: &Browsers<'_>, sink: &mut Sink) {
    let [model, other] = browsers.models();
    let sites = model.sites();
    let mut found = browsers.new_logins(model.encounters());
    let all = all_pairs(model).filter(|_| !found.is_empty());
    if let Some(all) = &all {
        found = browsers.new_logins(all);
    }
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for (_, results) in &found {
        *counted.entry(format!("{results:?}")).or_default() += 1;
    }
    for ((from, to), results) in found {
        let (Some(from), Some(to)) = (sites.get(from), sites.get(to)) else { continue };
        // The first pair stands for all with the same results.
        let Some(pairs) = counted.remove(&format!("{results:?}")) else { continue };
        let [ours, theirs] = results;
        let results = [(model.profile(), ours), (other.profile(), theirs)];
        let message = NewLogin::describe_in(&from.name, &to.name, &results);
        let message = message + &other_pairs(pairs - 1, all.is_some());
        let help = sink.help(farm, model, &from.name, &to.name);
        let span = farm.wiki(&to.name).map_or(0..0, |wiki| wiki.span.clone());
        sink.report_named(None, &[&from.name, &to.name], span, message, help, Vec::new());
    }
}

/// The message about users who come from the wikis of these names to the second wiki; the first is one of them.
type Message = fn(&Model, Judgement, &[&str], (&Site, &Site)) -> String;

/// Whether a rule reports users who come from the first wiki to the second.
type Wanted<'a> = dyn Fn(&Site, &Site, Judgement) -> bool + 'a;

/// Reports the pairs that are `wanted`, joined by the visited wiki and the effect.
fn report((farm, model): (&Farm, &Model), sink: &mut Sink, wanted: &Wanted<'_>, message: Message) {
    for one in together(visited(model, wanted)) {
        let from = one.sites(model, wanted);
        let (Some(first), Some(to)) = (from.first(), model.sites().get(one.to)) else { continue };
        let names: Vec<&str> = from.iter().map(|site| site.name.as_str()).collect();
        let message = message(model, model.judge(first, to, As::User), &names, (first, to));
        let more = match one.more.len() {
            0 => String::new(),
            1 => " (the same for 1 more wiki)".to_owned(),
            more => format!(" (the same for {more} more wikis)"),
        };
        let span = |name: &str| farm.wiki(name).map_or(0..0, |wiki| wiki.span.clone());
        let mut wikis: Vec<&str> = std::iter::once(to.name.as_str()).chain(names).collect();
        let known: BTreeSet<&str> = wikis.iter().copied().collect();
        let more_visited =
            one.more.iter().filter_map(|at| model.sites().get(*at)).map(|site| site.name.as_str());
        wikis.extend(more_visited.filter(|name| !known.contains(name)));
        let help = sink.help(farm, model, &first.name, &to.name);
        let also = vec![(span(&first.name), model.pair(first, to, As::User).reason)];
        sink.report_named(None, &wikis, span(&to.name), format!("{message}{more}"), help, also);
    }
}

/// The effect of a visit, or why the visited wiki does not see the login.
fn problem(model: &Model, judged: Judgement, from: &[&str], (example, to): (&Site, &Site)) -> String {
    model.describe_problem(judged, (from, &[&to.name]), (example, to))
}

/// For each visited wiki and each effect of a visit: the wikis whose logins suffer.
fn visited(model: &Model, wanted: &Wanted<'_>) -> Vec<Found> {
    let classes = model.classes();
    let mut by_visit: BTreeMap<(usize, Option<Effect>), Found> = BTreeMap::new();
    for (position, goal) in model.encounters().iter().copied() {
        let (Some(from), Some(to)) = (model.sites().get(position), model.sites().get(goal)) else { continue };
        let judgement = model.judge(from, to, As::User);
        if !wanted(from, to, judgement) {
            continue;
        }
        let effect = judgement.effect;
        let kind = |position| classes.kind_of(classes.class_of(position));
        let kinds = (kind(position), kind(goal));
        let found = Found { from: BTreeSet::new(), to: goal, kinds, effect, more: Vec::new() };
        by_visit.entry((goal, effect)).or_insert(found).from.insert(kinds.0);
    }
    by_visit.into_values().collect()
}

/// Joins wikis of the same kind if there are many.
fn together(found: Vec<Found>) -> Vec<Found> {
    if found.len() <= MOST_FINDINGS {
        return found;
    }
    let mut by_kind: BTreeMap<((usize, usize), Option<Effect>), Found> = BTreeMap::new();
    for one in found {
        match by_kind.get_mut(&(one.kinds, one.effect)) {
            Some(first) => first.more.push(one.to),
            None => {
                by_kind.insert((one.kinds, one.effect), one);
            }
        }
    }
    by_kind.into_values().collect()
}

/// Reports rejected cookies, unless a more specific rule reports the reason.
fn cookie_rejected(farm: &Farm, browsers: &Browsers<'_>, sink: &mut Sink) {
    let [model, other] = browsers.models();
    let [first, second] = [model, other].map(|model| model.profile().title());
    for (ours, theirs) in model.sites().iter().zip(other.sites()) {
        let Some(wiki) = farm.wiki(&ours.name) else { continue };
        let (with, why) = match (rejection(ours), rejection(theirs)) {
            (Some((reason, _)), _) if is_about_domain(reason) || has_own_rule(reason) => continue,
            (Some((_, why)), None) => (format!(" with {first}"), why),
            (Some((_, why)), Some((_, same))) if why == same => (String::new(), why),
            (Some((_, why)), Some((_, also))) => (String::new(), format!("{why}; {second}: {also}")),
            // The rules about domains report what the first browser rejects.
            (None, Some((reason, why))) if !has_own_rule(reason) => (format!(" with {second}"), why),
            _ => continue,
        };
        let message = format!("nobody can log in{with}: browsers reject the login cookie: {why}");
        let help = sink.searched(farm, model);
        let help = help.unwrap_or_else(|| format!("run `wikifarm cookie header {}`", wiki.name));
        sink.report(wiki, wiki.span.clone(), message, help);
    }
}

/// Why a browser rejects the login cookie of a wiki, in words.
fn rejection(site: &Site) -> Option<(RejectionReason, String)> {
    match site.left(As::User) {
        Left::Rejected(reason, why) => Some((*reason, format!("{why} ({})", reason.name()))),
        _ => None,
    }
}

fn is_about_domain(reason: RejectionReason) -> bool {
    use RejectionReason as R;
    matches!(reason, R::DomainMismatch | R::PublicSuffix | R::MalformedDomain | R::NonAsciiDomain)
}

/// Whether another rule reports the reason for each browser.
fn has_own_rule(reason: RejectionReason) -> bool {
    use RejectionReason as R;
    let prefix = matches!(reason, R::SecurePrefix | R::HostPrefix | R::HttpPrefix | R::HostHttpPrefix);
    prefix || matches!(reason, R::SecureFromInsecure | R::SameSiteNoneInsecure)
}

fn log_out_trap(farm: &Farm, model: &Model, sink: &mut Sink) {
    report((farm, model), sink, &|_, _, judged| judged.verdict == Verdict::Conflict, problem);
}

fn shadowed_cookie(farm: &Farm, model: &Model, sink: &mut Sink) {
    report((farm, model), sink, &|_, _, judged| judged.verdict == Verdict::Shadowed, problem);
}

fn id_leaks_to_wiki(farm: &Farm, model: &Model, sink: &mut Sink) {
    report((farm, model), sink, &leaks_id, |_, _, from, (_, to)| {
        format!(
            "{to} stores sessions under the session ids of {from}: whoever can read the sessions of {to} can act as its users \
             at {from}",
            from = list(from, "and", MOST_WIKIS),
            to = to.name
        )
    });
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
    for found in found.into_iter().filter(|found| found.intended == intended) {
        let (from, to) = (&found.from, &found.to);
        let help = sink.help(farm, model, from, to);
        let (message, help) = if intended {
            let step = found.pair.step.map_or(String::new(), |step| format!(" at step {step}"));
            let (verdict, reason) = (found.pair.verdict.name(), &found.pair.reason);
            (format!("{to} does not share the login of {from}: {verdict}{step}: {reason}"), help)
        } else {
            (
                format!("{to} shares the login of {from}, but no [[share]] contains both"),
                format!("add {to} to the [[share]] of {from}, or {help}"),
            )
        };
        sink.report_named(None, &[from, to], found.span, message, help, Vec::new());
    }
}
