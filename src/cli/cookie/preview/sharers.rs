//! The wikis with which one wiki shares a login.

use super::section::section;
use crate::cli::Context;
use crate::sharing::{As, Model, Site, Verdict};
use crate::text::list;

/// Shows with which wikis the one at `position` shares a login, both ways and one way.
pub(super) fn show(model: &Model, position: usize, context: &mut Context<'_>) {
    let Some(one) = model.sites().get(position) else { return };
    let shares = |from: &Site, to: &Site| model.judge(from, to, As::User).verdict == Verdict::Shared;
    let (mut both, mut there, mut here) = (Vec::new(), Vec::new(), Vec::new());
    for other in model.sites().iter().filter(|other| other.name != one.name) {
        match (shares(one, other), shares(other, one)) {
            (true, true) => both.push(other.name.as_str()),
            (true, false) => there.push(other.name.as_str()),
            (false, true) => here.push(other.name.as_str()),
            (false, false) => {}
        }
    }
    let name = &one.name;
    let mut lines = Vec::new();
    if !both.is_empty() {
        lines.push(format!("{name} with {}", list(&both, "and", 12)));
    }
    if !there.is_empty() {
        lines.push(format!("from {name} to {}, but not back", list(&there, "and", 12)));
    }
    if !here.is_empty() {
        lines.push(format!("from {} to {name}, but not back", list(&here, "and", 12)));
    }
    if lines.is_empty() {
        lines.push(format!("none: {name} shares a login with no other wiki"));
    }
    section("Shared logins", &lines, context);
}
