//! The results of the steps, for programs. Bytes that are not UTF-8 are lone surrogates, as in scripts.

use schemars::JsonSchema;
use serde::Serialize;

use crate::browser::{
    Action, Cookie, Difference, Outcome, Played, Profile, RawText, SameSite, Step, TargetError,
};
use crate::text::measure::rfc3339;

/// What a browser does with cookies, step by step.
#[derive(Default, Serialize, JsonSchema)]
pub(in crate::cli) struct Document {
    /// The steps, in order.
    steps: Vec<StepJson>,
    /// The names of the differences between browsers that matter here; empty with `--browser`.
    differences: Vec<&'static str>,
}

/// One step.
#[derive(Serialize, JsonSchema)]
struct StepJson {
    /// The URL of the page.
    url: String,
    #[serde(flatten)]
    answer: Answer,
    /// What other browsers do instead; empty if they do the same, and with `--browser`.
    differs: Vec<DiffersJson>,
}

/// What another browser does in a step.
#[derive(Serialize, JsonSchema)]
struct DiffersJson {
    /// The browser.
    browsers: [&'static str; 1],
    #[serde(flatten)]
    answer: Answer,
}

/// What a browser does in a step. A response has no `cookie`, a visit neither `accepted` nor `rejected`.
#[derive(Default, PartialEq, Serialize, JsonSchema)]
struct Answer {
    /// The cookies that the browser accepts.
    accepted: Vec<CookieJson>,
    /// The headers that the browser rejects.
    rejected: Vec<RejectedJson>,
    /// The Cookie header that the browser sends.
    #[schemars(with = "Option<String>")]
    cookie: Option<RawText>,
}

/// An accepted cookie. One that is already expired deletes.
#[derive(PartialEq, Serialize, JsonSchema)]
struct CookieJson {
    /// The name.
    #[schemars(with = "String")]
    name: RawText,
    /// The value.
    #[schemars(with = "String")]
    value: RawText,
    /// The host or domain that receives the cookie.
    domain: String,
    /// Whether only that host receives the cookie.
    host_only: bool,
    /// The path.
    #[schemars(with = "String")]
    path: RawText,
    /// Whether the cookie is Secure.
    secure: bool,
    /// Whether the cookie is HttpOnly.
    http_only: bool,
    /// The SameSite attribute; null if absent.
    same_site: Option<&'static str>,
    /// When the cookie expires, in unix seconds; null if it ends with the browser's session, 0 for a Max-Age of 0 or less.
    expires: Option<f64>,
    /// The same in RFC 3339.
    expires_at: Option<String>,
}

/// A rejected header.
#[derive(PartialEq, Serialize, JsonSchema)]
struct RejectedJson {
    /// The header.
    #[schemars(with = "String")]
    header: RawText,
    /// The reason, as a name.
    reason: &'static str,
    /// The section of RFC 6265bis.
    section: &'static str,
}

/// Why headers from such a URL are rejected, and the section.
fn no_cookies(error: &TargetError) -> (&'static str, &'static str) {
    match error {
        TargetError::Scheme(_) => ("url-without-cookies", "5.7"),
        TargetError::NotAUrl(_) | TargetError::NoHost => ("url-without-cookies", "5.1.2"),
    }
}

impl Document {
    /// Adds the next step, as other browsers play it too.
    pub(super) fn add(&mut self, step: &Step, played: &Played, others: &[(Profile, Played)]) {
        let mine = answer(step, played);
        let theirs = others.iter().map(|(profile, played)| (profile, answer(step, played)));
        let differs = theirs
            .filter(|(_, answer)| *answer != mine)
            .map(|(profile, answer)| DiffersJson { browsers: [profile.name()], answer })
            .collect();
        self.steps.push(StepJson { url: step.url.clone(), answer: mine, differs });
    }

    /// Adds a difference that matters.
    pub(super) fn add_difference(&mut self, difference: &Difference) {
        self.differences.push(difference.name);
    }
}

fn answer(step: &Step, played: &Played) -> Answer {
    let headers = match &step.action {
        Action::Receive(headers) => headers.as_slice(),
        Action::Visit => &[],
    };
    let mut json = Answer::default();
    match played {
        Played::Received(outcomes) => {
            for (header, outcome) in headers.iter().zip(outcomes) {
                match outcome {
                    Outcome::Stored { cookie, .. } | Outcome::Deleted { cookie, .. } => {
                        json.accepted.push(cookie_json(cookie));
                    }
                    Outcome::Rejected(rejection) => {
                        json.rejected.push(rejected(header, (rejection.name(), rejection.section())));
                    }
                }
            }
        }
        Played::Visited(visit) => json.cookie = visit.header.as_deref().map(RawText::from_bytes),
        Played::NoCookies(error) => {
            json.rejected = headers.iter().map(|header| rejected(header, no_cookies(error))).collect();
        }
    }
    json
}

fn rejected(header: &[u8], (reason, section): (&'static str, &'static str)) -> RejectedJson {
    RejectedJson { header: RawText::from_bytes(header), reason, section }
}

fn cookie_json(cookie: &Cookie) -> CookieJson {
    let expires = cookie.expires.map(|expires| if expires.is_finite() { expires } else { 0.0 });
    CookieJson {
        name: RawText::from_bytes(&cookie.name),
        value: RawText::from_bytes(&cookie.value),
        domain: cookie.domain.clone(),
        host_only: cookie.host_only,
        path: RawText::from_bytes(&cookie.path),
        secure: cookie.secure,
        http_only: cookie.http_only,
        same_site: cookie.same_site.map(SameSite::as_str),
        expires,
        expires_at: expires.and_then(rfc3339),
    }
}
