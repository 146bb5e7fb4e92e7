//! The page of a rule: Markdown from `docs/rules`, in sections of its own.
//!
//! Every page has the same sections in the same order; a test in `lint/tests.rs` checks them.

/// The documentation of a rule.
#[derive(Debug, Clone, Copy)]
pub struct Page(pub(super) &'static str);

/// What the section "What it does" begins with.
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

    /// What to do about a finding, on one line.
    pub fn suggestion(self) -> String {
        one_line(self.section("Suggestion"))
    }

    /// The text below a heading; empty if the page does not have the heading.
    pub(super) fn section(self, heading: &str) -> &'static str {
        let sections = self.0.split("\n## ").filter_map(|section| section.split_once('\n'));
        sections.into_iter().find(|(title, _)| *title == heading).map_or("", |(_, text)| text.trim())
    }

    /// The page as plain text for a terminal: text is indented by two columns, examples by four.
    pub fn plain(self) -> String {
        let sections =
            self.0.trim_start_matches("# ").split("\n## ").filter_map(|section| section.split_once('\n'));
        let plain: Vec<String> =
            sections.map(|(title, text)| format!("{title}\n{}", indented(text.trim()))).collect();
        plain.join("\n")
    }
}

fn indented(text: &str) -> String {
    let mut indented = String::new();
    let mut code = false;
    for line in text.lines() {
        if line.starts_with("```") {
            code = !code;
            continue;
        }
        if !line.is_empty() {
            indented.push_str(if code { "    " } else { "  " });
        }
        indented.push_str(line);
        indented.push('\n');
    }
    indented
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
