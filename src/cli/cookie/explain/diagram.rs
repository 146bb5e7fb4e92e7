//! Draws the six steps in two lines: from wiki to browser to wiki, and on to the things that the second wiki looks for.
//!
//! No line is wider than 80 columns, even with long names.

use crate::sharing::StepResult;
use crate::text::escape;

/// The longest name of the first wiki that is not cut.
const LONGEST_FROM: usize = 10;

/// The longest name of the second wiki that is not cut.
const LONGEST_TO: usize = 40;

/// The things that steps 3 to 6 look for.
const INSIDE: [&str; 4] = ["cookie", "session", "user", "time"];

/// The strokes of a drawing.
struct Strokes {
    line: char,
    /// The line of steps that are not reached.
    faint: char,
    corner: char,
    arrow: char,
    broken: char,
    cut: &'static str,
}

const DRAWN: Strokes =
    Strokes { line: '─', faint: '┄', corner: '└', arrow: '▶', broken: '✗', cut: "…" };
const ASCII: Strokes = Strokes { line: '-', faint: '.', corner: '`', arrow: '>', broken: 'x', cut: ".." };

/// Draws the steps from one wiki to the other.
pub(super) fn draw(from: &str, to: &str, steps: &[StepResult], plain: bool) -> String {
    let strokes = if plain { &ASCII } else { &DRAWN };
    let link = |number: usize| strokes.link(number, steps.get(number - 1).copied());
    let (from, to) = (strokes.name(from, LONGEST_FROM), strokes.name(to, LONGEST_TO));
    let first = format!("  {from} {} browser {} ", link(1), link(2));
    let below = first.chars().count();
    let mut second = format!("{:below$}{}", "", strokes.corner);
    for (position, what) in INSIDE.iter().enumerate() {
        let number = position + 3;
        let link = strokes.short(number, steps.get(number - 1).copied());
        second.push_str(&format!("{link} {what} "));
    }
    format!("{first}{to}\n{}\n", second.trim_end())
}

impl Strokes {
    /// The line of a step.
    fn link(&self, number: usize, result: Option<StepResult>) -> String {
        let line = if result.is_some() { self.line } else { self.faint };
        format!("{line}{}", self.short(number, result))
    }

    /// The shorter line of a step.
    fn short(&self, number: usize, result: Option<StepResult>) -> String {
        let (line, end) = match result {
            Some(StepResult::Passed) => (self.line, self.arrow),
            Some(StepResult::Failed) => (self.line, self.broken),
            Some(StepResult::Shadowed) => (self.line, '~'),
            Some(StepResult::Unknown) => (self.line, '?'),
            None => (self.faint, self.faint),
        };
        format!("{line}{number}{line}{end}")
    }

    /// A name that fits.
    fn name(&self, name: &str, longest: usize) -> String {
        let name = escape(name);
        match name.char_indices().nth(longest) {
            Some((end, _)) => format!("{}{}", name.get(..end).unwrap_or_default(), self.cut),
            None => name.into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draw_breaks_the_line_where_a_step_fails() {
        use StepResult::{Failed, Passed, Shadowed, Unknown};
        assert_eq!(
            draw("docs", "trap", &[Passed, Passed, Passed, Failed], false),
            "  docs ──1─▶ browser ──2─▶ trap\n                           └─3─▶ cookie ─4─✗ session ┄5┄┄ user ┄6┄┄ time\n"
        );
        assert_eq!(
            draw("docs", "trap", &[Passed, Unknown], true),
            "  docs --1-> browser --2-? trap\n                           `.3.. cookie .4.. session .5.. user .6.. time\n"
        );
        assert!(draw("a", "b", &[Passed, Passed, Shadowed], true).contains("`-3-~ cookie"));
    }

    #[test]
    fn draw_with_long_names_fits_80_columns() {
        let name = "wiki".repeat(50);
        for plain in [true, false] {
            let drawing = draw(&name, &name, &[StepResult::Passed; 6], plain);
            assert!(drawing.lines().all(|line| line.chars().count() <= 80), "{drawing}");
        }
    }
}
