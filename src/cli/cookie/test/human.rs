//! The results of a step, for people.

use std::fmt::Write as _;

use crate::browser::{
    Action, Cookie, Difference, Nav, Outcome, Played, Profile, Request, Step, Target, Via, Visit,
    WithheldReason,
};
use crate::text::measure::{relative, rfc3339};
use crate::text::{Paint, escape, hang, paint};

/// The column of the text after the first word of a line.
const INDENT: usize = 12;

/// So many characters of a header are shown.
const MOST_SHOWN: usize = 400;

/// Bytes as safe text: what is not UTF-8 as `\xNN`, and cut if they are too many.
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

/// The words before a result, in color.
const VERDICTS: [(&str, Paint); 5] = [
    ("accepted", Paint::Good),
    ("deleted", Paint::Warning),
    ("rejected", Paint::Bad),
    ("sent", Paint::Good),
    ("withheld", Paint::Warning),
];

/// The text with long lines wrapped, and the verdicts in color.
pub(super) fn wrapped(text: &str, color: bool, width: Option<u16>) -> String {
    let painted = |line: &str| {
        let begins = |word: &str| line.get(2..).is_some_and(|rest| rest.starts_with(&format!("{word:<8}  ")));
        let verdict = VERDICTS.iter().find(|(word, _)| line.starts_with("  ") && begins(word));
        verdict.map_or(line.to_owned(), |(word, paint_)| line.replacen(word, &paint(word, *paint_, color), 1))
    };
    text.lines().map(|line| hang("", INDENT, &painted(line), width)).collect()
}

/// The lines of a step. `others` has the results in other browsers, which are shown if they differ. `when` also shows the
/// time.
pub(super) fn step(step: &Step, played: &Played, others: &[(Profile, Played)], when: bool) -> String {
    let mut text = heading(step, when);
    match (played, &step.action) {
        (Played::Received(outcomes), Action::Receive(headers)) => {
            if outcomes.is_empty() {
                text.push_str("  no header\n");
            }
            for (index, (header, outcome)) in headers.iter().zip(outcomes).enumerate() {
                let (word, lines) = explain(outcome, step.request.now);
                line(&mut text, word, &short(header));
                for more in lines {
                    line(&mut text, "", &more);
                }
                for (profile, other) in others {
                    if let Some(other) = received(other, index).filter(|other| seen(outcome) != seen(other)) {
                        let (word, lines) = explain(other, step.request.now);
                        let how = lines.first().map(String::as_str).unwrap_or_default();
                        line(&mut text, "", &format!("{} differs: {word}: {how}", profile.title()));
                    }
                }
            }
        }
        (Played::Visited(visit), _) => {
            text.push_str(&cookie_header(visit.header.as_deref(), "  "));
            for (profile, other) in others {
                if let (Played::Visited(other), Ok(_)) = (other, &step.target)
                    && other.header != visit.header
                {
                    text.push_str(&format!("  {} differs: ", profile.title()));
                    text.push_str(&cookie_header(other.header.as_deref(), ""));
                }
            }
            if let Ok(target) = &step.target {
                cookies(&mut text, visit, target);
            }
        }
        (Played::NoCookies(error), _) => line(&mut text, "rejected", &escape(&error.to_string())),
        (Played::Received(_), Action::Visit) => {}
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
    let Request { nav, from, via, now, .. } = &step.request;
    let page = |before: &str| {
        from.as_ref().map_or(String::new(), |from| format!(" {before} {}", escape(&from.to_string())))
    };
    let how = match nav {
        Nav::Direct => "visited".to_owned(),
        Nav::Link => format!("visited by a link{}", page("from")),
        Nav::Post => format!("visited by a POST form{}", page("from")),
        Nav::Embedded => format!("embedded{}", page("in")),
    };
    let mut text = match (&step.action, via) {
        (Action::Receive(_), Via::Script) => format!("a script at {url} sets cookies"),
        (Action::Visit, Via::Script) => format!("a script at {url} reads cookies"),
        (Action::Receive(_), Via::Http) if *nav == Nav::Direct => format!("{url} sets cookies"),
        (Action::Receive(_), Via::Http) => format!("{url} sets cookies, {how}"),
        (Action::Visit, Via::Http) => format!("{url} is {how}"),
    };
    if let Some(time) = when.then(|| rfc3339(*now)).flatten() {
        text = format!("{time}  {text}");
    }
    text.push('\n');
    text
}

fn cookie_header(header: Option<&[u8]>, before: &str) -> String {
    match header {
        Some(header) => format!("{before}Cookie: {}\n", short(header)),
        None => format!("{before}no Cookie header\n"),
    }
}

/// What the browser does with a header: a word, and the lines that explain it.
fn explain(outcome: &Outcome, now: f64) -> (&'static str, Vec<String>) {
    match outcome {
        Outcome::Stored { cookie, replaced, evicted } => {
            let mut lines = vec![stored(cookie, now)];
            if let Some(old) = replaced {
                lines.push(format!("replaces {}", short(&old.pair())));
            }
            for old in evicted {
                lines.push(format!("evicts {} for {}: too many cookies", short(&old.pair()), scope(old)));
            }
            ("accepted", lines)
        }
        Outcome::Deleted { cookie, removed } => {
            let name = short(&cookie.name);
            let scope = scope(cookie);
            match removed {
                Some(_) => ("deleted", vec![format!("cookie {name} for {scope}")]),
                None => ("accepted", vec![format!("nothing to delete: no cookie {name} for {scope}")]),
            }
        }
        Outcome::Rejected(rejection) => {
            let mut lines = vec![format!("{}: {rejection}", rejection.name())];
            for also in &rejection.also {
                lines.push(format!("{}: {also} (RFC 6265bis {})", also.name(), also.section()));
            }
            ("rejected", lines)
        }
    }
}

/// The visible part of an outcome. Browsers differ if it differs.
#[derive(PartialEq)]
pub(super) enum Seen {
    Stored { pair: Vec<u8>, domain: String, host_only: bool, expires: Option<f64>, partition: Option<String> },
    Deleted { removed: bool },
    Rejected,
}

pub(super) fn seen(outcome: &Outcome) -> Seen {
    match outcome {
        Outcome::Stored { cookie, .. } => Seen::Stored {
            pair: cookie.pair(),
            domain: cookie.domain.clone(),
            host_only: cookie.host_only,
            expires: cookie.expires,
            partition: cookie.partition.clone(),
        },
        Outcome::Deleted { removed, .. } => Seen::Deleted { removed: removed.is_some() },
        Outcome::Rejected(_) => Seen::Rejected,
    }
}

/// A difference between browsers, and what each does.
pub(super) fn difference(difference: &Difference) -> String {
    format!(
        "difference {}: {}\n  Chromium: {}\n  Firefox:  {}",
        difference.name, difference.what, difference.chromium, difference.firefox
    )
}

/// The stored cookie.
fn stored(cookie: &Cookie, now: f64) -> String {
    let mut text = format!("stored as {} for {}", short(&cookie.pair()), scope(cookie));
    for (set, word) in [(cookie.secure, ", Secure"), (cookie.http_only, ", HttpOnly")] {
        text.push_str(if set { word } else { "" });
    }
    if let Some(same_site) = cookie.same_site {
        let _ = write!(text, ", SameSite={same_site}");
    }
    if let Some(partition) = &cookie.partition {
        let _ = write!(text, ", partition {}", escape(partition));
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

/// The hosts and paths that receive a cookie.
fn scope(cookie: &Cookie) -> String {
    let domain = escape(&cookie.domain);
    let below = if cookie.host_only { "only" } else { "and its subdomains" };
    format!("{domain} {below}, path {}", short(&cookie.path))
}

/// Every cookie of the browser: sent or withheld, and why.
fn cookies(text: &mut String, visit: &Visit, to: &Target) {
    for cookie in &visit.sent {
        line(text, "sent", &format!("{} for {}", short(&cookie.pair()), scope(cookie)));
        let host = escape(to.host());
        let belongs = if to.host() == cookie.domain {
            format!("{host} is the host of the cookie")
        } else {
            format!("{host} is within {}", escape(&cookie.domain))
        };
        let secure = match (cookie.secure, to.scheme_is_https()) {
            (true, true) => ", the connection is https",
            (true, false) => ", localhost counts as secure",
            (false, _) => "",
        };
        let (path, page) = (short(&cookie.path), short(to.path().as_bytes()));
        line(text, "", &format!("{belongs}, {page} is within {path}{secure}"));
    }
    for withheld in &visit.withheld {
        line(
            text,
            "withheld",
            &format!("{} for {}", short(&withheld.cookie.pair()), scope(&withheld.cookie)),
        );
        for reason in std::iter::once(withheld.reason).chain(withheld.also.iter().copied()) {
            line(text, "", &because(reason));
        }
    }
}

fn because(reason: WithheldReason) -> String {
    format!("{}: {reason} (RFC 6265bis {})", reason.name(), reason.section())
}
