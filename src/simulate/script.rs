//! Scripts: one step on each line.

use std::path::PathBuf;

use crate::farm::{nearest, parse_duration};

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `login WIKI NAME [forget]`
    Login {
        /// The wiki, by name or URL.
        wiki: String,
        /// The user.
        name: String,
        /// With "remember me" off.
        forget: bool,
    },
    /// `visit WIKI` or `visit URL`
    Visit {
        /// The wiki, by name or URL.
        wiki: String,
    },
    /// `logout WIKI`
    Logout {
        /// The wiki, by name or URL.
        wiki: String,
    },
    /// `change-password WIKI`
    ChangePassword {
        /// The wiki, by name or URL.
        wiki: String,
    },
    /// `switch-user WIKI NAME`
    SwitchUser {
        /// The wiki, by name or URL.
        wiki: String,
        /// The user to switch to.
        name: String,
    },
    /// `wait DURATION`, in seconds
    Wait(f64),
    /// `restart-browser`
    RestartBrowser,
    /// `reconfigure FARM.toml`
    Reconfigure(PathBuf),
    /// `expect WIKI NAME` or `expect WIKI anonymous`
    Expect {
        /// The wiki, by name or URL.
        wiki: String,
        /// The user that the wiki must see; `None` for anonymous.
        name: Option<String>,
    },
}

/// A step and its line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The number of the line, or of the argument.
    pub number: usize,
    /// The line, without comment.
    pub text: String,
    /// The step.
    pub step: Step,
}

/// A line that is not a step, or has no target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {message}")]
pub struct ScriptError {
    /// The number of the line, or of the argument.
    pub number: usize,
    /// Why.
    pub message: String,
    /// What the user can do.
    pub help: Option<String>,
}

/// The verbs and their arguments.
const VERBS: [(&str, &str); 9] = [
    ("login", "WIKI NAME [forget]"),
    ("visit", "WIKI or URL"),
    ("logout", "WIKI"),
    ("change-password", "WIKI"),
    ("switch-user", "WIKI NAME"),
    ("wait", "DURATION"),
    ("restart-browser", ""),
    ("reconfigure", "FARM.toml"),
    ("expect", "WIKI NAME|anonymous"),
];

/// Whether a step may begin with that word.
pub fn is_verb(word: &str) -> bool {
    VERBS.iter().any(|(verb, _)| *verb == word)
}

/// The longest word in an error message.
const LONGEST: usize = 60;

/// Reads all lines. Empty lines and comments (`#` at the beginning or after a blank) are ignored.
pub fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> (Vec<Line>, Vec<ScriptError>) {
    let (mut steps, mut errors) = (Vec::new(), Vec::new());
    for (position, text) in lines.into_iter().enumerate() {
        let number = position + 1;
        match words(text).and_then(|words| Ok((step(&words)?, words))) {
            Ok((None, _)) => {}
            Ok((Some(step), words)) => steps.push(Line { number, text: words.join(" "), step }),
            Err(message) => errors.push(ScriptError { number, message, help: None }),
        }
    }
    (steps, errors)
}

/// The words of a line. Text in double quotes is one word.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '#' if !quoted && word.is_none() => break,
            control if control.is_control() && !control.is_whitespace() => {
                return Err(format!("control character U+{:04X}", u32::from(control)));
            }
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            blank if blank.is_whitespace() && !quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    if quoted {
        return Err("unclosed quote".to_owned());
    }
    words.extend(word);
    if words.iter().any(String::is_empty) {
        return Err("empty name in quotes".to_owned());
    }
    Ok(words)
}

fn step(words: &[String]) -> Result<Option<Step>, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((verb, rest)) = words.split_first() else { return Ok(None) };
    let owned = |word: &str| word.to_owned();
    let step = match (*verb, rest) {
        ("login", [wiki, name]) => Step::Login { wiki: owned(wiki), name: owned(name), forget: false },
        ("login", [wiki, name, "forget"]) => {
            Step::Login { wiki: owned(wiki), name: owned(name), forget: true }
        }
        ("visit", [wiki]) => Step::Visit { wiki: owned(wiki) },
        ("logout", [wiki]) => Step::Logout { wiki: owned(wiki) },
        ("change-password", [wiki]) => Step::ChangePassword { wiki: owned(wiki) },
        ("switch-user", [wiki, name]) => Step::SwitchUser { wiki: owned(wiki), name: owned(name) },
        ("wait", [time]) => Step::Wait(parse_duration(time)?.as_secs_f64()),
        ("restart-browser", []) => Step::RestartBrowser,
        ("reconfigure", [file]) => Step::Reconfigure(PathBuf::from(file)),
        ("expect", [wiki, "anonymous"]) => Step::Expect { wiki: owned(wiki), name: None },
        ("expect", [wiki, name]) => Step::Expect { wiki: owned(wiki), name: Some(owned(name)) },
        _ => return Err(misunderstood(verb)),
    };
    Ok(Some(step))
}

fn misunderstood(verb: &str) -> String {
    if let Some((verb, rest)) = VERBS.iter().find(|(known, _)| *known == verb) {
        return format!("expected `{}`", [*verb, rest].join(" ").trim_end());
    }
    match nearest(verb, VERBS.iter().map(|(verb, _)| *verb)) {
        Some(near) => format!("unknown step {:?}; did you mean {near:?}?", clip(verb)),
        None => {
            let verbs: Vec<&str> = VERBS.iter().map(|(verb, _)| *verb).collect();
            format!("unknown step {:?}: expected {}", clip(verb), verbs.join(", "))
        }
    }
}

/// The beginning of a long word.
pub(super) fn clip(word: &str) -> String {
    match word.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", word.get(..end).unwrap_or_default()),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Step, String> {
        let (lines, errors) = parse([text]);
        errors.first().map_or_else(|| Ok(lines[0].step.clone()), |error| Err(error.message.clone()))
    }

    #[test]
    fn parse_reads_each_step() {
        let name = || "Bob".to_owned();
        let wiki = || "wiki1".to_owned();
        assert_eq!(one("login wiki1 Bob"), Ok(Step::Login { wiki: wiki(), name: name(), forget: false }));
        assert_eq!(
            one(" login wiki1 Bob forget # x"),
            Ok(Step::Login { wiki: wiki(), name: name(), forget: true })
        );
        let ada = "Ada Lovelace".to_owned();
        assert_eq!(
            one("switch-user wiki1 \"Ada Lovelace\""),
            Ok(Step::SwitchUser { wiki: wiki(), name: ada })
        );
        assert_eq!(one("wait 1h30m"), Ok(Step::Wait(5400.0)));
        assert_eq!(one("expect wiki1 anonymous"), Ok(Step::Expect { wiki: wiki(), name: None }));
        let url = "https://example.org/a#b".to_owned();
        assert_eq!(one("visit https://example.org/a#b"), Ok(Step::Visit { wiki: url }));
        assert_eq!(one("login wiki1 \"\""), Err("empty name in quotes".to_owned()));
    }

    #[test]
    fn parse_reports_every_bad_line() {
        let errors =
            parse(["# fine", "", "vist wiki1", "wait", "wait long", "dance", "visit \"x", "login a Bob\0"]).1;
        let messages: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            messages,
            [
                "line 3: unknown step \"vist\"; did you mean \"visit\"?",
                "line 4: expected `wait DURATION`",
                "line 5: expected a duration such as 90s, 1.5h, or 30d",
                "line 6: unknown step \"dance\": expected login, visit, logout, change-password, switch-user, wait, \
                 restart-browser, reconfigure, expect",
                "line 7: unclosed quote",
                "line 8: control character U+0000",
            ]
        );
        assert_eq!(
            one("restart_browser"),
            Err("unknown step \"restart_browser\"; did you mean \"restart-browser\"?".into())
        );
        assert!(one(&"x".repeat(1 << 20)).unwrap_err().len() < 200);
    }

    proptest::proptest! {
        #[test]
        fn parse_does_not_panic(text in ".{0,80}") {
            let _ = parse([text.as_str()]);
        }
    }
}
