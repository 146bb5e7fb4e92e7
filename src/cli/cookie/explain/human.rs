//! The steps for people.

use super::diagram;
use super::document::{Answer, Case, Document};
use crate::cli::Context;
use crate::sharing::{As, Verdict};
use crate::text::{Paint, escape, only_ascii, paint, wrap};

/// Shows each case: what happens, the drawing, and the steps up to the first that fails. Then the lines about new logins.
pub(super) fn show(document: &Document<'_>, new_logins: &[String], context: &mut Context<'_>) {
    for (position, case) in document.cases.iter().enumerate() {
        if position > 0 {
            writeln!(context.out);
        }
        show_case(document, case, context);
    }
    for line in new_logins {
        writeln!(context.out);
        put("", line, context);
    }
}

fn show_case(document: &Document<'_>, case: &Case, context: &mut Context<'_>) {
    let (from, to) = (escape(document.from), escape(document.to));
    let who = match case.visitor {
        As::User => "Users logged in at",
        As::Anonymous => "Anonymous visitors of",
    };
    let verdict = paint(case.answer.verdict.name(), color(case.answer.verdict), context.color);
    writeln!(context.out, "{who} {from} who go to {to}: {verdict}");
    if let Some(effect) = &case.answer.effect {
        put("  ", effect, context);
    }
    if case.steps.len() > 1 {
        let ascii = only_ascii();
        let drawing = diagram::draw(document.from, document.to, &case.results, ascii);
        write!(context.out, "\n{drawing}\n");
    }
    let width = case.steps.iter().map(|line| line.result.len()).max().unwrap_or_default();
    for line in &case.steps {
        let first = format!("  {}. {:<width$} ", line.step, line.result);
        let title = line.title.replace("the other wiki", document.to);
        put(&first, &format!("{title}: {}", line.evidence), context);
    }
    for other in &case.differs {
        put("  ", &format!("{} differs: {}", other.title, what(&other.answer)), context);
    }
    for other in &case.by_url {
        put("  ", &format!("{} to {}: {}", other.from_url, other.to_url, what(&other.answer)), context);
    }
}

/// Writes a paragraph.
fn put(first: &str, text: &str, context: &mut Context<'_>) {
    write!(context.out, "{}", wrap(first, &escape(text), context.width));
}

/// The verdict, and why.
fn what(answer: &Answer) -> String {
    format!("{}: {}", answer.verdict.name(), answer.effect.as_ref().unwrap_or(&answer.reason))
}

fn color(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Shared => Paint::Good,
        Verdict::Separate => Paint::Heading,
        Verdict::Unknown | Verdict::Shadowed => Paint::Warning,
        Verdict::Conflict | Verdict::Rejected => Paint::Bad,
    }
}
