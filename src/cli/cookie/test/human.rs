//! What came of a step, for people: a block of lines.

use std::fmt::Write as _;

use crate::browser::{Action, Cookie, Nav, Outcome, Played, Step, Target, Via, Visit, WithheldReason};
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

/// The lines of a step. `letter` is what RFC 6265bis makes of it, told where it differs; `when` also tells the time.
pub(super) fn step(step: &Step, played: &Played, letter: Option<&Played>, when: bool) -> String {
    let mut text = heading(step, when);
    match (played, &step.action) {
        (Played::Received(outcomes), Action::Receive(headers)) => {
            let letters = match letter {
                Some(Played::Received(letters)) => letters.as_slice(),
                _ => &[],
            };
            if outcomes.is_empty() {
                text.push_str("  no header\n");
            }
            for (index, (header, outcome)) in headers.iter().zip(outcomes).enumerate() {
                let (word, lines) = explain(outcome, step.at);
                line(&mut text, word, &short(header));
                for more in lines {
                    line(&mut text, "", &more);
                }
                let (_, other) =
                    letters.get(index).map(|letter| explain(letter, step.at)).unwrap_or_default();
                if let Some(letter) = letters.get(index).filter(|letter| differ(outcome, letter)) {
                    let (word, _) = explain(letter, step.at);
                    let how = other.first().map(String::as_str).unwrap_or_default();
                    line(&mut text, "", &format!("by the letter of RFC 6265bis (--rfc) {word}: {how}"));
                }
            }
        }
        (Played::Visited(visit), _) => {
            text.push_str(&carried(visit.header.as_deref(), "  "));
            if let (Some(Played::Visited(letter)), Ok(_)) = (letter, &step.target)
                && letter.header != visit.header
            {
                text.push_str("  by the letter of RFC 6265bis (--rfc) ");
                text.push_str(&carried(letter.header.as_deref(), ""));
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

/// Whether the letter comes to something else.
fn differ(chromium: &Outcome, letter: &Outcome) -> bool {
    match (chromium, letter) {
        (Outcome::Refused(_), Outcome::Refused(_)) => false,
        (Outcome::Stored { cookie: one, .. }, Outcome::Stored { cookie: other, .. }) => {
            one.domain != other.domain || one.host_only != other.host_only || one.expires != other.expires
        }
        (Outcome::Deleted { removed: one, .. }, Outcome::Deleted { removed: other, .. }) => {
            one.is_some() != other.is_some()
        }
        _ => true,
    }
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
