//! Manual pages as text: the man(7) macros, escaped, in lines that `mandoc -T lint` accepts.

/// The date of all pages: that of the release, so that every build writes the same bytes.
const DATE: &str = "2026-11-30";

/// Source lines are at most this long, in bytes, where words allow.
const LONGEST: usize = 76;

/// A page in the making.
pub(super) struct Roff(String);

impl Roff {
    /// A page with its title, section of the manual, and one-line description.
    pub(super) fn new(name: &str, section: u8, about: &str) -> Roff {
        let version = env!("CARGO_PKG_VERSION");
        let upper = escaped(&name.to_uppercase());
        let mut page =
            Roff(format!(".TH {upper} {section} {DATE} \"wikifarm {version}\" \"wikifarm manual\"\n"));
        page.section("NAME");
        page.filled(&format!("{name} \u{2013} {about}"));
        page
    }

    /// Begins a section.
    pub(super) fn section(&mut self, title: &str) {
        self.line(&format!(".SH {}", escaped(title)));
    }

    /// Begins a part of a section.
    pub(super) fn part(&mut self, title: &str) {
        self.line(&format!(".SS {}", escaped(title)));
    }

    /// The paragraphs of a text, which blank lines separate. Words in backquotes are bold.
    pub(super) fn text(&mut self, text: &str) {
        for (position, paragraph) in paragraphs(text).enumerate() {
            if position > 0 || self.in_item() {
                self.line(".PP");
            }
            self.filled(&paragraph);
        }
    }

    /// A term and its explanation.
    pub(super) fn item(&mut self, term: &str, text: &str) {
        self.line(".TP");
        self.line(&format!("\\fB{}\\fR", escaped(term)));
        for (position, paragraph) in paragraphs(text).enumerate() {
            if position > 0 {
                self.line(".IP");
            }
            self.filled(&paragraph);
        }
    }

    /// Lines as they are.
    pub(super) fn example(&mut self, text: &str) {
        if !self.in_section_head() {
            self.line(".PP");
        }
        self.line(".RS 4\n.EX");
        for line in text.lines() {
            self.line(&verbatim(line));
        }
        self.line(".EE\n.RE");
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Whether nothing stands below the last heading yet.
    fn in_section_head(&self) -> bool {
        self.0.lines().next_back().is_some_and(|line| line.starts_with(".S"))
    }

    /// Whether the last thing was an item, which the next paragraph would continue.
    fn in_item(&self) -> bool {
        let begin = self.0.rfind("\n.S").map_or(0, |at| at);
        self.0.get(begin..).is_some_and(|rest| rest.contains("\n.TP\n") || rest.contains("\n.RE\n"))
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn filled(&mut self, paragraph: &str) {
        let text = styled(paragraph);
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() > LONGEST {
                self.line(&protected(&line));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(&protected(&line));
    }
}

fn paragraphs(text: &str) -> impl Iterator<Item = String> {
    text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The text with words in backquotes in bold.
fn styled(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts
        .map(
            |(position, part)| {
                if position % 2 == 1 { format!("\\fB{}\\fR", escaped(part)) } else { escaped(part) }
            },
        )
        .collect()
}

/// The text without a character that roff would read as its own.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('\'', "\\(aq")
        .replace('…', "...")
        .replace('\u{2013}', "\\-")
        .replace('"', "\\(dq")
}

/// A line of text that does not begin like a macro.
fn protected(line: &str) -> String {
    if line.starts_with('.') { format!("\\&{line}") } else { line.to_owned() }
}

/// A line of an example.
fn verbatim(line: &str) -> String {
    protected(&escaped(line))
}
