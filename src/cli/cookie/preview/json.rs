//! The prediction for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::addresses::ByUrl;
use super::chosen::Chosen;
use super::prediction::{Prediction, Unmet};
use super::row::{Interference, Row};
use crate::cli::cookie::new_logins::NewLoginJson;
use crate::sharing::{As, Disagreement, Leak, Leaked, Model, Verdict};

/// Which wikis share a login, and which disturb each other.
#[derive(Serialize, JsonSchema)]
pub(in crate::cli) struct Document<'a> {
    /// The wikis that were asked about.
    wikis: Vec<&'a str>,
    /// Groups of wikis that share every login both ways.
    groups: Vec<Vec<&'a str>>,
    /// The ordered pairs of wikis.
    pairs: Vec<Row<'a>>,
    /// Whether `pairs` has every ordered pair. In a large farm, `pairs` has only problems: at least one for each wiki
    /// gone to and each kind of problem.
    complete: bool,
    /// Wikis whose cookie interferes with the login that two others share.
    interferences: Vec<Interference<'a>>,
    /// Pairs of URLs, other than the wikis' first ones, with another verdict. In a large farm, only those of one wiki.
    by_url: Vec<ByUrl<'a>>,
    /// Where the prediction differs from the farm's `[[share]]` tables.
    disagreements: Vec<DisagreementJson>,
    /// Hosts that are not wikis and receive login cookies.
    leaks: Vec<LeakJson>,
    /// Pairs where a new login has another result in one browser than in the other.
    new_logins: Vec<NewLoginJson<'a>>,
}

/// A host that is not a wiki and receives login cookies.
#[derive(Serialize, JsonSchema)]
struct LeakJson {
    /// The host.
    host: String,
    /// The cookies that it receives.
    cookies: Vec<Leaked>,
}

/// A difference between the prediction and `[[share]]`.
#[derive(Serialize, JsonSchema)]
struct DisagreementJson {
    /// The wiki that users come from.
    from: String,
    /// The wiki that users go to.
    to: String,
    /// Whether a `[[share]]` lists both wikis.
    intended: bool,
    /// The prediction.
    verdict: Verdict,
    /// Why.
    reason: String,
    /// The browsers for which this holds; absent if it holds for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    browsers: Option<[&'static str; 1]>,
}

impl From<Unmet> for DisagreementJson {
    fn from((only, found): Unmet) -> DisagreementJson {
        let Disagreement { from, to, intended, pair, .. } = found;
        let browsers = only.map(|profile| [profile.name()]);
        DisagreementJson { from, to, intended, verdict: pair.verdict, reason: pair.reason, browsers }
    }
}

impl<'a> Document<'a> {
    pub(super) fn of(prediction: Prediction<'a>) -> Document<'a> {
        let Prediction { model, chosen, .. } = prediction;
        let complete = chosen.in_full();
        let mut pairs = pairs(model, chosen, complete);
        let mut interferences =
            prediction.interferences.iter().map(|third| Interference::of(third, model)).collect();
        let new_logins = match prediction.differences {
            Some(differences) => differences.merge(model.profile(), &mut pairs, &mut interferences),
            None => prediction.new_logins,
        };
        let leak = |leak: Leak| LeakJson { host: leak.host, cookies: leak.cookies };
        Document {
            wikis: chosen.asked_about().map(|(_, site)| site.name.as_str()).collect(),
            groups: prediction.groups,
            pairs,
            complete,
            interferences,
            by_url: prediction.by_url,
            disagreements: prediction.unmet.into_iter().map(DisagreementJson::from).collect(),
            leaks: prediction.leaks.into_iter().map(leak).collect(),
            new_logins,
        }
    }
}

/// All pairs; or of a large farm, for each wiki gone to one pair of each kind of problem.
fn pairs<'a>(model: &'a Model, chosen: &Chosen<'a>, all: bool) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for pair in chosen.pairs.iter().copied() {
        let (Some(from), Some(to)) = (model.sites().get(pair.0), model.sites().get(pair.1)) else { continue };
        for visitor in [As::User, As::Anonymous] {
            if all || model.judge(from, to, visitor).is_trouble() {
                rows.extend(Row::of(model, pair, visitor));
            }
        }
    }
    rows
}
