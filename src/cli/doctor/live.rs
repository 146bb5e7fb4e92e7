//! Lines about the running wikis.

use super::line::{Area, Line, Status, Symptom};
use crate::cli::shared::Context;
use crate::cli::shared::probe::{Probe, probe_all};
use crate::farm::{Trusted, Wiki};
use crate::text::shell_word;

/// The lines of `cookie probe`.
pub(super) fn lines(farm: &Trusted, chosen: &[String], context: &Context<'_>) -> Vec<Line> {
    let wikis: Vec<&Wiki> =
        farm.wikis.iter().filter(|wiki| chosen.is_empty() || chosen.contains(&wiki.name)).collect();
    let probes = probe_all(&wikis, context);
    let well = probes.iter().filter(|probe| matches!(probe.verdict, "agrees" | "silent")).count();
    let mut lines: Vec<Line> = probes.iter().flat_map(|probe| line(probe, context)).collect();
    let answer = format!("{well} of {} addresses answer as predicted", probes.len());
    lines.push(Line::new(Status::Ok, Area::Live, answer).details(context.command("cookie probe")));
    lines
}

fn line(probe: &Probe, context: &Context<'_>) -> Vec<Line> {
    let wiki = &probe.wiki;
    let quoted = shell_word(wiki);
    let of = |status, area, message: String| {
        let line = Line::new(status, area, message).wikis([wiki.clone()]).symptoms(&[Symptom::CannotLogIn]);
        line.details(context.command(&format!("cookie probe {quoted}")))
    };
    let mut lines = Vec::new();
    if let Some(reason) = probe.rejected() {
        lines.push(of(Status::Fail, Area::Live, format!("nobody can log in at {wiki}: {reason}")));
    }
    match probe.verdict {
        "drift" => {
            let mut differ: Vec<&str> = probe.drift.iter().map(|found| found.attribute).collect();
            differ.dedup();
            let message = format!("{wiki} sends a different cookie than predicted: {}", differ.join(", "));
            // The cookie works, but another version runs, or a proxy rewrites the header.
            let works = differ.iter().all(|attribute| ["spelling", "duplicate_cookie"].contains(attribute));
            lines.push(match works {
                true => of(Status::Warn, Area::Live, message).symptoms(&[]),
                false => of(Status::Fail, Area::Live, message),
            });
        }
        "unreachable" => {
            let why = probe.error.as_deref().unwrap_or_default();
            lines.push(of(Status::Unknown, Area::Live, format!("{wiki} at {}: {why}", probe.url)));
        }
        _ => {}
    }
    if let Some(skew) = probe.skew() {
        let message = format!("the clock of {wiki} is {skew} this machine");
        lines.push(of(Status::Warn, Area::Clock, message).symptoms(&[Symptom::LoggedOut]));
    }
    lines
}
