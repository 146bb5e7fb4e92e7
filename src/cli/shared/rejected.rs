//! The browsers that reject a single header.

use schemars::JsonSchema;
use serde::Serialize;

use crate::browser::{Jar, Outcome, Profile, Request, SharedSuffixes, Target};
use crate::cli::shared::browser::Browser;
use crate::text::list;

/// A browser that rejects the header.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RejectedBy {
    /// The browser.
    browser: &'static str,
    /// Why the browser rejects the header.
    reason: String,
    #[serde(skip)]
    title: &'static str,
}

/// The chosen browsers that reject a header from a URL, at `now` in unix seconds.
pub(crate) fn rejected_by(
    browser: Browser,
    url: &url::Url,
    header: &[u8],
    now: f64,
    suffixes: &SharedSuffixes,
) -> Vec<RejectedBy> {
    let Ok(target) = Target::of(url) else { return Vec::new() };
    let reject = |profile: Profile| {
        let outcome =
            Jar::with_suffixes(profile, suffixes.clone()).receive(&target, header, &Request::direct(now));
        let Outcome::Rejected(rejection) = outcome else { return None };
        Some(RejectedBy { browser: profile.name(), reason: rejection.to_string(), title: profile.title() })
    };
    std::iter::once(browser.profile()).chain(browser.compared()).filter_map(reject).collect()
}

/// A line for each reason.
pub(crate) fn lines(rejected: &[RejectedBy]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for RejectedBy { reason, title, .. } in rejected {
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, titles)) => titles.push(title),
            None => reasons.push((reason, vec![title])),
        }
    }
    let line = |(reason, titles): (&str, Vec<&str>)| {
        format!("rejected by {}: {reason}", list(&titles, "and", titles.len()))
    };
    reasons.into_iter().map(line).collect()
}
