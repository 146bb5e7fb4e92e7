//! What came of a step, for people: a block of lines.

use std::fmt::Write as _;

use crate::browser::{
    Action, Cookie, Difference, Nav, Outcome, Played, Profile, Step, Target, Via, Visit, WithheldReason,
};
use crate::report::escape;
use crate::report::measure::{relative, rfc3339};

/// How many characters of a header are shown.
const MOST_SHOWN: usize = 400;

/// The bytes safe for a terminal: what is no UTF-8 as `\xNN`, the end left out where there is no end of them.
pub(super) fn short(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(&escape(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a String does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
        if text.len() > 4 * MOST_SHOWN {
            break;
        }
    }
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), bytes.len()),
        None => text,
    }
}

/// The lines of a step. `others` is what other browsers make of it, shown where it differs; `when` also shows the time.
pub(super) fn step(step: &Step, played: &Played, others: &[(Profile, Played)], when: bool) -> String {
    let mut text = heading(step, when);
    match (played, &step.action) {
        (Played::Received(outcomes), Action::Receive(headers)) => {
            if outcomes.is_empty() {
                text.push_str("  no header\n");
            }
            for (index, (header, outcome)) in headers.iter().zip(outcomes).enumerate() {
                let (word, lines) = explain(outcome, step.at);
                line(&mut text, word, &short(header));
                for more in lines {
                    line(&mut text, "", &more);
                }
                for (profile, other) in others {
                    if let Some(other) = received(other, index).filter(|other| seen(outcome) != seen(other)) {
                        let (word, lines) = explain(other, step.at);
                        let how = lines.first().map(String::as_str).unwrap_or_default();
                        line(&mut text, "", &format!("{} differs: {word}: {how}", profile.title()));
                    }
                }
            }
        }
        (Played::Visited(visit), _) => {
            text.push_str(&carried(visit.header.as_deref(), "  "));
            for (profile, other) in others {
                if let (Played::Visited(other), Ok(_)) = (other, &step.target)
                    && other.header != visit.header
                {
                    text.push_str(&format!("  {} differs: ", profile.title()));
                    text.push_str(&carried(other.header.as_deref(), ""));
                }
            }
            if let Ok(target) = &step.target {
                cookies(&mut text, visit, target);
            }
        }
        (Played::NoCookies(error), _) => line(&mut text, "refused", &escape(&error.to_string())),
        (Played::Received(_), Action::Visit { .. }) => {}
    }
    text
}

/// What a browser did with one of the headers it received.
fn received(played: &Played, index: usize) -> Option<&Outcome> {
    match played {
        Played::Received(outcomes) => outcomes.get(index),
        Played::Visited(_) | Played::NoCookies(_) => None,
    }
}

fn line(text: &mut String, word: &str, rest: &str) {
    // Writing to a String does not fail.
    let _ = writeln!(text, "  {word:<8}  {rest}");
}

fn heading(step: &Step, when: bool) -> String {
    let url = short(step.url.as_bytes());
    let by_script = step.via == Via::Script;
    let mut text = match &step.action {
        Action::Receive(_) if by_script => format!("a script at {url} sets"),
        Action::Receive(_) => format!("{url} sets"),
        Action::Visit { .. } if by_script => format!("a script at {url} sees"),
        Action::Visit { nav, from } => {
            let from =
                from.as_ref().map(|from| format!(" from {}", escape(&from.to_string()))).unwrap_or_default();
            match nav {
                Nav::Direct => format!("{url} gets"),
                Nav::Link => format!("{url}, by a link{from}, gets"),
                Nav::Post => format!("{url}, by a form with POST{from}, gets"),
                Nav::Embedded => format!("{url}, embedded in a page{from}, gets"),
            }
        }
    };
    if let Some(time) = when.then(|| rfc3339(step.at)).flatten() {
        text = format!("{time}  {text}");
    }
    text.push('\n');
    text
}

fn carried(header: Option<&[u8]>, before: &str) -> String {
    match header {
        Some(header) => format!("{before}Cookie: {}\n", short(header)),
        None => format!("{before}no Cookie header\n"),
    }
}

/// What became of a header: a word, and the lines that explain it.
fn explain(outcome: &Outcome, now: f64) -> (&'static str, Vec<String>) {
    match outcome {
        Outcome::Stored { cookie, replaced, evicted } => {
            let mut lines = vec![kept(cookie, now)];
            if let Some(old) = replaced {
                lines.push(format!("in place of {}", short(&old.pair())));
            }
            for old in evicted {
                lines.push(format!("too many cookies: {} went, {}", short(&old.pair()), place(old)));
            }
            ("accepted", lines)
        }
        Outcome::Deleted { cookie, removed } => {
            let name = short(&cookie.name);
            let place = place(cookie);
            match removed {
                Some(_) => ("deleted", vec![format!("the cookie {name} of {place}")]),
                None => ("accepted", vec![format!("it deletes, but there is no cookie {name} of {place}")]),
            }
        }
        Outcome::Refused(refusal) => {
            let mut lines = vec![format!("{}: {refusal}", refusal.name())];
            for also in &refusal.also {
                lines.push(format!("{}: {also} (RFC 6265bis {})", also.name(), also.section()));
            }
            ("refused", lines)
        }
    }
}

/// What people see of an outcome; browsers differ if it differs.
#[derive(PartialEq)]
pub(super) enum Seen {
    Stored { pair: Vec<u8>, domain: String, host_only: bool, expires: Option<f64> },
    Deleted { removed: bool },
    Refused,
}

pub(super) fn seen(outcome: &Outcome) -> Seen {
    match outcome {
        Outcome::Stored { cookie, .. } => Seen::Stored {
            pair: cookie.pair(),
            domain: cookie.domain.clone(),
            host_only: cookie.host_only,
            expires: cookie.expires,
        },
        Outcome::Deleted { removed, .. } => Seen::Deleted { removed: removed.is_some() },
        Outcome::Refused(_) => Seen::Refused,
    }
}

/// A difference between browsers that matters here, with what each does.
pub(super) fn difference(difference: &Difference) -> String {
    format!(
        "Difference `{}`: {}\n  Chromium: {}\n  Firefox:  {}",
        difference.name, difference.what, difference.chromium, difference.firefox
    )
}

/// The cookie as it is stored.
fn kept(cookie: &Cookie, now: f64) -> String {
    let mut text = format!("kept as {} for {}", short(&cookie.pair()), place(cookie));
    for (set, word) in [(cookie.secure, ", Secure"), (cookie.http_only, ", HttpOnly")] {
        text.push_str(if set { word } else { "" });
    }
    if let Some(same_site) = cookie.same_site {
        let _ = write!(text, ", SameSite={same_site}");
    }
    if let Some(partition) = &cookie.partition {
        let _ = write!(text, ", under pages of {}", escape(partition));
    }
    match cookie.expires {
        None => text.push_str(", until the browser closes"),
        Some(end) => {
            let date = rfc3339(end).map(|date| format!("{date}, ")).unwrap_or_default();
            let _ = write!(text, ", until {date}{}", relative(end, now));
        }
    }
    text
}

/// Where a cookie belongs.
fn place(cookie: &Cookie) -> String {
    let domain = escape(&cookie.domain);
    let below = if cookie.host_only { "alone" } else { "and all below it" };
    format!("{domain} {below}, path {}", short(&cookie.path))
}

/// Every cookie of the jar: sent or withheld, and why.
fn cookies(text: &mut String, visit: &Visit, to: &Target) {
    for cookie in &visit.sent {
        line(text, "sent", &format!("{} of {}", short(&cookie.pair()), place(cookie)));
        let host = escape(to.host());
        let belongs = if to.host() == cookie.domain {
            format!("{host} is the host")
        } else {
            format!("{host} is below {}", escape(&cookie.domain))
        };
        let secure = match (cookie.secure, to.scheme_is_https()) {
            (true, true) => ", https is secure",
            (true, false) => ", a host on the machine itself counts as secure",
            (false, _) => "",
        };
        let (path, page) = (short(&cookie.path), short(to.path().as_bytes()));
        line(text, "", &format!("{belongs}, {path} covers {page}{secure}"));
    }
    for withheld in &visit.withheld {
        line(text, "withheld", &format!("{} of {}", short(&withheld.cookie.pair()), place(&withheld.cookie)));
        for reason in std::iter::once(withheld.reason).chain(withheld.also.iter().copied()) {
            line(text, "", &because(reason));
        }
    }
}

fn because(reason: WithheldReason) -> String {
    format!("{}: {reason} (RFC 6265bis {})", reason.name(), reason.section())
}
