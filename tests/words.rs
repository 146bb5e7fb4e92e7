//! Checks the words in help, messages, and docs: plain American English, with the terms of the glossary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use syn::visit::Visit;

/// Words to avoid, each with a better one.
const AVOID: [(&str, &str); 34] = [
    ("hurt", "the effect on people"),
    ("keeps out", "rejects"),
    ("let go", "removed or released"),
    ("as such", "leave it out"),
    ("behaviour", "behavior"),
    ("census", "store usage"),
    ("colour", "color"),
    ("coloured", "colored"),
    ("colours", "colors"),
    ("cure", "suggestion"),
    ("cures", "suggestions"),
    ("favour", "favor"),
    ("half-written", "leftover temporary"),
    ("held back", "refused or skipped"),
    ("honour", "honor"),
    ("honoured", "honored"),
    ("left behind", "leftover"),
    ("licence", "license"),
    ("licences", "licenses"),
    ("likewise", "leave it out"),
    ("mend", "fix"),
    ("mended", "fixed"),
    ("misspelt", "misspelled"),
    ("strangers", "other users"),
    ("that are none", "which are not"),
    ("the letter", "RFC 6265bis"),
    ("told", "printed or reported"),
    ("says", "prints, shows, has, or reports"),
    ("tell", "print, show, or report"),
    ("tells", "prints, shows, or reports"),
    ("harm", "the effect on people"),
    ("crowd", "shared address"),
    ("otherwise", "else"),
    ("whatever", "any"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a directory whose names end in `ending`.
fn files(dir: &str, ending: &str) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root().join(dir)).sort_by_file_name();
    let files = entries.into_iter().map(|entry| entry.unwrap().into_path());
    files.filter(|path| path.is_file() && path.to_string_lossy().ends_with(ending)).collect()
}

/// The words to avoid in a text.
fn avoided(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let found = AVOID.iter().filter(|(word, _)| {
        text.match_indices(word).any(|(at, _)| {
            let (before, after) = (text.get(..at), text.get(at + word.len()..));
            !is_word(before.and_then(|text| text.chars().next_back()))
                && !is_word(after.and_then(|text| text.chars().next()))
        })
    });
    found.map(|(word, better)| format!("{word} (better: {better})")).collect()
}

/// The strings and doc comments of a source file, without its tests.
#[derive(Default)]
struct Texts(Vec<String>);

impl<'a> Visit<'a> for Texts {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if item.ident != "tests" {
            syn::visit::visit_item_mod(self, item);
        }
    }

    fn visit_lit_str(&mut self, text: &'a syn::LitStr) {
        self.0.push(text.value());
    }

    fn visit_macro(&mut self, item: &'a syn::Macro) {
        let tokens = item.tokens.clone().into_iter();
        for token in tokens {
            if let Ok(text) = syn::parse2::<syn::LitStr>(token.into()) {
                self.0.push(text.value());
            }
        }
    }
}

#[test]
fn help_and_messages_avoid_unclear_words() {
    let mut wrong = Vec::new();
    // `src/cli/cookie/test` is a command.
    let is_test = |path: &PathBuf| {
        let path = path.strip_prefix(root()).unwrap().to_string_lossy().replace("cookie/test", "");
        path.contains("test")
    };
    for path in files("src", ".rs").into_iter().filter(|path| !is_test(path)) {
        let mut texts = Texts::default();
        texts.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
        let found = texts.0.iter().flat_map(|text| avoided(text).into_iter().map(move |word| (word, text)));
        wrong.extend(found.map(|(word, text)| format!("{}: {word} in {text:?}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn messages_give_no_advice_because_help_lines_do() {
    let mut found = Vec::new();
    // The line that `doctor` prints about cut lines is itself the advice.
    for path in files("src", ".rs").into_iter().filter(|path| !path.ends_with("cli/doctor/human.rs")) {
        let mut texts = Texts::default();
        texts.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
        let advice = |text: &&String| text.contains(": run `") || text.contains(": run the command");
        found.extend(texts.0.iter().filter(advice).map(|text| format!("{}: {text:?}", path.display())));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn docs_avoid_unclear_words() {
    let mut wrong = Vec::new();
    let texts = [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
        "CODE_OF_CONDUCT.md",
        "farm.example.toml",
        "Makefile",
        ".pre-commit-hooks.yaml",
    ];
    let texts = texts.map(|file| root().join(file));
    for path in
        files("docs", ".md").into_iter().chain(files("contrib", ".md")).chain(files("man", "")).chain(texts)
    {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let words = avoided(line);
            wrong.extend(words.iter().map(|word| format!("{}:{}: {word}", path.display(), number + 1)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Subjects were not checked before this commit.
const CHECKED_SINCE: &str = "475d263";

#[test]
fn commit_subjects_have_at_most_72_characters() {
    let git = |range: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-C", &root().to_string_lossy(), "log", "--format=%s"]).args(range);
        command.output().ok().filter(|output| output.status.success())
    };
    // A shallow clone has the last commit only; a copy without history has none.
    let range = format!("{CHECKED_SINCE}..HEAD");
    let Some(output) = git(&[&range]).or_else(|| git(&["-1"])) else { return };
    let subjects = String::from_utf8(output.stdout).unwrap();
    let long: Vec<&str> = subjects.lines().filter(|subject| subject.chars().count() > 72).collect();
    assert!(long.is_empty(), "{long:#?}");
}
