//! The page of a rule: Markdown from `docs/rules`.
//!
//! Every page has the same sections in the same order; a test in `lint/tests.rs` checks them.

use crate::text::wrap;

/// The documentation of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Page(pub(super) &'static str);

/// The first word of the section "What it does".
pub(super) const REPORTS: &str = "Reports ";

impl Page {
    /// The page as Markdown.
    pub fn markdown(self) -> &'static str {
        self.0
    }

    /// What the rule reports, as a noun phrase on one line: the first sentence of "What it does" without "Reports".
    pub fn summary(self) -> String {
        let what = one_line(self.section("What it does"));
        let sentence = what.split_once(". ").map_or(what.as_str(), |(first, _)| first);
        sentence.trim_start_matches(REPORTS).trim_end_matches('.').to_owned()
    }

    /// How to remove a finding, on one line.
    pub fn suggestion(self) -> String {
        one_line(self.section("Suggestion"))
    }

    /// The text below a heading; empty if the page does not have the heading.
    pub(crate) fn section(self, heading: &str) -> &'static str {
        let sections = self.0.split("\n## ").filter_map(|section| section.split_once('\n'));
        sections.into_iter().find(|(title, _)| *title == heading).map_or("", |(_, text)| text.trim())
    }

    /// The page as plain text of that width: text is indented by two columns, examples by four.
    pub fn plain(self, width: Option<u16>) -> String {
        let sections =
            self.0.trim_start_matches("# ").split("\n## ").filter_map(|section| section.split_once('\n'));
        let plain: Vec<String> =
            sections.map(|(title, text)| format!("{title}\n{}", indented(text.trim(), width))).collect();
        plain.join("\n")
    }
}

fn indented(text: &str, width: Option<u16>) -> String {
    let mut indented = String::new();
    for (position, block) in text.split("```").enumerate() {
        // Every other block is code, and begins with its language.
        if position % 2 == 1 {
            for line in block.trim_end().lines().skip(1) {
                indented.push_str(format!("    {line}").trim_end());
                indented.push('\n');
            }
            continue;
        }
        let paragraphs: Vec<String> = block
            .split("\n\n")
            .map(one_line)
            .filter(|paragraph| !paragraph.is_empty())
            .map(|paragraph| wrap("  ", &paragraph, width))
            .collect();
        let between = if position > 0 && !paragraphs.is_empty() { "\n" } else { "" };
        let after = if text.len() > block.len() && !paragraphs.is_empty() { "\n" } else { "" };
        indented.push_str(&format!("{between}{}{after}", paragraphs.join("\n")));
    }
    indented
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
