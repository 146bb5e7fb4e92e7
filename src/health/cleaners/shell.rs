//! Reads a shell script: simple commands with their words, the working directory, and variables.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::cleaner::{Cleaner, Does};
use super::command::Command;
use super::files::read;

/// How deep scripts that call scripts are read.
const DEEPEST: usize = 3;

/// About how many commands of a script and of the scripts that it calls are read. A hostile user's script can call itself.
const MOST_COMMANDS: usize = 2000;

/// The length of a word that is read completely, and the number of words that its variables make.
const LONGEST: usize = 1024;
const MOST_VALUES: usize = 16;

/// The jobs in one shell command, which the file `file` below `root` defines.
pub fn of_command(file: &Path, root: &Path, text: &str) -> Vec<Cleaner> {
    let mut script = Script::new(root);
    script.run(text);
    let found = script.found.into_iter();
    found.map(|does| Cleaner { file: file.to_owned(), does }).collect()
}

/// A script in progress.
struct Script<'a> {
    root: &'a Path,
    depth: usize,
    commands: usize,
    dir: Option<PathBuf>,
    variables: HashMap<String, Vec<String>>,
    /// What its commands do with sessions.
    found: Vec<Does>,
}

impl<'a> Script<'a> {
    fn new(root: &'a Path) -> Self {
        Script { root, depth: 0, commands: 0, dir: None, variables: HashMap::new(), found: Vec::new() }
    }

    /// Reads the lines of a script.
    fn run(&mut self, text: &str) {
        let text = text.replace("\\\n", " ");
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            if self.commands > MOST_COMMANDS {
                return;
            }
            for pipeline in pipelines(line) {
                self.pipeline(&pipeline);
            }
        }
    }

    /// Reads the commands of `a | b`.
    fn pipeline(&mut self, commands: &[String]) {
        let words: Vec<Vec<String>> = commands.iter().filter_map(|text| self.words(text)).collect();
        for (position, command) in words.iter().enumerate() {
            self.command(command, words.get(position + 1).map(Vec::as_slice).unwrap_or_default());
        }
    }

    /// The words of a simple command, with variables and without keywords.
    fn words(&self, text: &str) -> Option<Vec<String>> {
        const KEYWORDS: [&str; 11] =
            ["do", "then", "else", "if", "while", "until", "!", "{", "(", "time", "exec"];
        let words = shlex::split(text.trim_start_matches('('))?;
        let words = words.into_iter().skip_while(|word| KEYWORDS.contains(&word.as_str()));
        let words = words.filter(|word| word.len() <= LONGEST);
        Some(words.flat_map(|word| self.expand(&word)).collect())
    }

    /// A word for each combination of the values of its variables.
    fn expand(&self, word: &str) -> Vec<String> {
        let Some((before, after)) = word.split_once('$') else { return vec![word.to_owned()] };
        let in_braces = after.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let length =
            after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let (name, rest) = in_braces.or_else(|| after.split_at_checked(length)).unwrap_or((after, ""));
        let rests = self.expand(rest);
        match self.variables.get(name) {
            Some(values) => values
                .iter()
                .flat_map(|value| rests.iter().map(move |rest| format!("{before}{value}{rest}")))
                .filter(|word| word.len() <= LONGEST)
                .take(MOST_VALUES)
                .collect(),
            // An unknown value stays a name, which matches no path.
            None => rests.iter().map(|rest| format!("{before}${name}{rest}")).collect(),
        }
    }

    /// Reads one command; `next` reads its output.
    fn command(&mut self, words: &[String], next: &[String]) {
        self.commands += 1;
        match words {
            [] => {}
            [word] if self.assign(word) => {}
            [word, dir, ..] if word == "cd" => self.dir = Some(self.path(dir)),
            [word, name, of, values @ ..] if word == "for" && of == "in" => {
                self.variables.insert(name.clone(), values.to_vec());
            }
            _ => match inner(words) {
                Some(text) if self.depth < DEEPEST => self.nested(&text),
                _ => self.program(words, next),
            },
        }
    }

    fn program(&mut self, words: &[String], next: &[String]) {
        match Command::of(words) {
            Some(command) => self.found.extend(command.does(next, &|path| self.path(path))),
            None => self.call(words),
        }
    }

    /// Reads a script that the command calls, or that it runs with a shell.
    fn call(&mut self, words: &[String]) {
        let absolute = words.iter().find(|word| word.starts_with('/') && !is_shell(word));
        let Some(path) = absolute.filter(|_| self.depth < DEEPEST) else { return };
        let text = read(&self.root.join(path.trim_start_matches('/')));
        let is_script = text.lines().next().is_some_and(|line| line.starts_with("#!") && line.contains("sh"));
        if is_script {
            self.nested(&text);
        }
    }

    fn nested(&mut self, text: &str) {
        self.depth += 1;
        self.run(text);
        self.depth -= 1;
    }

    /// Whether the word is `NAME=value`, which is then set.
    fn assign(&mut self, word: &str) -> bool {
        let Some((name, value)) = word.split_once('=') else { return false };
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if is_name {
            self.variables.insert(name.to_owned(), vec![value.to_owned()]);
        }
        is_name
    }

    /// A path in the working directory, if the directory is known.
    fn path(&self, text: &str) -> PathBuf {
        self.dir.as_ref().map_or_else(|| text.into(), |dir| dir.join(text))
    }
}

fn is_shell(word: &str) -> bool {
    ["sh", "bash", "dash", "su", "runuser"]
        .iter()
        .any(|shell| Path::new(word).file_name().is_some_and(|name| name == *shell))
}

/// The text of `sh -c TEXT` and of `su USER -c TEXT`.
fn inner(words: &[String]) -> Option<String> {
    let shell = words.iter().position(|word| is_shell(word))?;
    let option = words.iter().skip(shell).position(|word| word.starts_with('-') && word.ends_with('c'))?;
    words.get(shell + option + 1).cloned()
}

/// The pipelines of a line, split at `;`, `&&`, `||`, and `&`, each as its commands, split at `|`.
fn pipelines(line: &str) -> Vec<Vec<String>> {
    let mut pipelines = vec![vec![String::new()]];
    let mut quote = None;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut push = |text: &str| {
            if let Some(command) = pipelines.last_mut().and_then(|pipeline| pipeline.last_mut()) {
                command.push_str(text);
            }
        };
        match (letter, quote) {
            ('\\', None | Some('"')) => {
                push(&letters.next().map_or_else(String::new, |next| format!("\\{next}")));
            }
            ('\'' | '"', None) => {
                quote = Some(letter);
                push(&letter.to_string());
            }
            (letter, Some(open)) if letter == open => {
                quote = None;
                push(&letter.to_string());
            }
            ('|', None) if letters.peek() != Some(&'|') => {
                if let Some(pipeline) = pipelines.last_mut() {
                    pipeline.push(String::new());
                }
            }
            (';' | '&' | '|', None) => pipelines.push(vec![String::new()]),
            // A comment, or a redirection such as 2>&1, whose & is no end.
            ('#', None) => break,
            ('>', None) if letters.peek() == Some(&'&') => {
                letters.next();
                push(">");
            }
            (letter, _) => push(&letter.to_string()),
        }
    }
    pipelines
}
