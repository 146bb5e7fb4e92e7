//! What came of the steps, for programs. Bytes that are no UTF-8 go out as lone surrogates, as they come in.

use serde::Serialize;

use crate::browser::{Action, Cookie, Outcome, Played, RawText, SameSite, Step, TargetError};

/// All steps.
#[derive(Default, Serialize)]
pub(super) struct Document {
    steps: Vec<StepJson>,
}

/// One step: an answer received has no `cookie`, a visit neither `accepted` nor `refused`.
#[derive(Default, Serialize)]
struct StepJson {
    url: String,
    accepted: Vec<CookieJson>,
    refused: Vec<RefusedJson>,
    cookie: Option<RawText>,
}

/// A cookie as its header has it; one that has expired by then deletes.
#[derive(Serialize)]
struct CookieJson {
    name: RawText,
    value: RawText,
    domain: String,
    host_only: bool,
    path: RawText,
    secure: bool,
    http_only: bool,
    same_site: Option<&'static str>,
    /// Unix seconds; null until the browser closes, 0 for a Max-Age of 0 or less.
    expires: Option<f64>,
}

#[derive(Serialize)]
struct RefusedJson {
    header: RawText,
    reason: &'static str,
    section: &'static str,
}

/// The reason why headers of such a URL are refused, and the section: its host is none, or it is not HTTP.
fn no_cookies(error: &TargetError) -> (&'static str, &'static str) {
    match error {
        TargetError::Scheme(_) => ("url-without-cookies", "5.7"),
        TargetError::NotAUrl(_) | TargetError::NoHost => ("url-without-cookies", "5.1.2"),
    }
}

impl Document {
    /// The next step.
    pub(super) fn add(&mut self, step: &Step, played: &Played) {
        self.steps.push(one(step, played));
    }
}

fn one(step: &Step, played: &Played) -> StepJson {
    let headers = match &step.action {
        Action::Receive(headers) => headers.as_slice(),
        Action::Visit { .. } => &[],
    };
    let mut json = StepJson { url: step.url.clone(), ..StepJson::default() };
    match played {
        Played::Received(outcomes) => {
            for (header, outcome) in headers.iter().zip(outcomes) {
                match outcome {
                    Outcome::Stored { cookie, .. } | Outcome::Deleted { cookie, .. } => {
                        json.accepted.push(cookie_json(cookie));
                    }
                    Outcome::Refused(refusal) => {
                        json.refused.push(refused(header, (refusal.name(), refusal.section())));
                    }
                }
            }
        }
        Played::Visited(visit) => json.cookie = visit.header.as_deref().map(RawText::from_bytes),
        Played::NoCookies(error) => {
            json.refused = headers.iter().map(|header| refused(header, no_cookies(error))).collect();
        }
    }
    json
}

fn refused(header: &[u8], (reason, section): (&'static str, &'static str)) -> RefusedJson {
    RefusedJson { header: RawText::from_bytes(header), reason, section }
}

fn cookie_json(cookie: &Cookie) -> CookieJson {
    CookieJson {
        name: RawText::from_bytes(&cookie.name),
        value: RawText::from_bytes(&cookie.value),
        domain: cookie.domain.clone(),
        host_only: cookie.host_only,
        path: RawText::from_bytes(&cookie.path),
        secure: cookie.secure,
        http_only: cookie.http_only,
        same_site: cookie.same_site.map(SameSite::as_str),
        expires: cookie.expires.map(|expires| if expires.is_finite() { expires } else { 0.0 }),
    }
}
