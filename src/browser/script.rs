//! A script for a browser: JSON lines, each of which is a response that the browser receives or a page that
//! it visits, in order.
//!
//! ```json
//! {"url": "https://wiki1.example.org/", "set_cookie": ["A=1; Domain=example.org"]}
//! {"url": "https://wiki2.example.org/", "visit": true, "nav": "link", "from_url": "https://example.net/"}
//! ```
//!
//! `at` is unix seconds. Without `at`, the time of the previous line continues, and cookies keep the order in
//! which they were received. `from` is `http` or `script` (`document.cookie`). A header's bytes are written
//! as [`RawText`]; with `"encoding": "latin-1"`, each character is a byte. A link or form without `from_url`
//! is on the page that last set cookies. `null` is the same as a missing field. Anything else that is not
//! understood is an error with its line number.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::raw_text::RawText;
use super::{Jar, Nav, Outcome, Request, Target, TargetError, Via, Visit};

/// One step of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The URL as written.
    pub url: String,
    /// The target of the URL. An error if URLs of this kind have no cookies: nothing is received or sent.
    pub target: Result<Target, TargetError>,
    /// The time in unix seconds.
    pub at: f64,
    /// Headers or a script.
    pub via: Via,
    /// The action.
    pub action: Action,
}

/// The action of a step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// The page sets cookies with these headers.
    Receive(Vec<Vec<u8>>),
    /// The browser visits the page.
    Visit {
        /// The kind of navigation.
        nav: Nav,
        /// The page of the link or form; `None` for a direct visit.
        from: Option<Target>,
    },
}

/// The outcome of a step.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Played {
    /// The outcome of each header.
    Received(Vec<Outcome>),
    /// The cookies that the request sent.
    Visited(Visit),
    /// URLs of this kind have no cookies.
    NoCookies(TargetError),
}

impl Step {
    /// A page that sets cookies with the headers of its response.
    pub fn receive(url: &str, at: f64, headers: Vec<Vec<u8>>) -> Self {
        Self::new(url, at, Via::Http, Action::Receive(headers))
    }

    /// A page opened from the address bar.
    pub fn visit(url: &str, at: f64) -> Self {
        Self::new(url, at, Via::Http, Action::Visit { nav: Nav::Direct, from: None })
    }

    fn new(url: &str, at: f64, via: Via, action: Action) -> Self {
        Self { url: url.to_owned(), target: Target::parse(url), at, via, action }
    }

    /// Runs the step.
    pub fn play(&self, jar: &mut Jar) -> Played {
        let target = match &self.target {
            Ok(target) => target,
            Err(error) => return Played::NoCookies(error.clone()),
        };
        match &self.action {
            Action::Receive(headers) => {
                let request = Request { via: self.via, ..Request::direct(self.at) };
                Played::Received(headers.iter().map(|header| jar.receive(target, header, &request)).collect())
            }
            Action::Visit { nav, from } => {
                let request = Request { now: self.at, nav: *nav, from: from.clone(), via: self.via };
                Played::Visited(jar.cookies_for(target, &request))
            }
        }
    }
}

/// A line of a script that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptError {
    /// The line number, from 1.
    pub line: usize,
    /// The column, from 1, if the error has a column.
    pub column: Option<usize>,
    /// The problem.
    pub what: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(out, "{}:{column}: {}", self.line, self.what),
            None => write!(out, "{}: {}", self.line, self.what),
        }
    }
}

impl std::error::Error for ScriptError {}

/// Parses a script that starts at `now` (unix seconds). Skips blank lines.
///
/// # Errors
/// Each line that is not understood.
pub fn parse_script(text: &[u8], now: f64) -> Result<Vec<Step>, Vec<ScriptError>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let (mut steps, mut errors) = (Vec::new(), Vec::new());
    let (mut at, mut page) = (now, None);
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let step = parse_line(line).and_then(|line| line.step(at, page.as_ref()));
        match step {
            Ok(step) => {
                at = step.at;
                if let (Action::Receive(_), Ok(target)) = (&step.action, &step.target) {
                    page = Some(target.clone());
                }
                steps.push(step);
            }
            Err((what, column)) => errors.push(ScriptError { line: index + 1, column, what }),
        }
    }
    if errors.is_empty() { Ok(steps) } else { Err(errors) }
}

/// The problem and its column.
type Wrong = (String, Option<usize>);

fn parse_line(line: &[u8]) -> Result<Line, Wrong> {
    let text = std::str::from_utf8(line).map_err(|error| {
        ("not UTF-8: write other bytes as \\udc80 to \\udcff".to_owned(), Some(error.valid_up_to() + 1))
    })?;
    serde_json::from_str(text).map_err(|error| {
        // Remove the line number of serde_json: each line is parsed alone, so it is always 1.
        let position = format!(" at line {} column {}", error.line(), error.column());
        let what = error.to_string();
        let what = what.strip_suffix(&position).unwrap_or(&what);
        // `at` is the only number in a line.
        let what = match what.strip_suffix("expected f64") {
            Some(before) => format!("{before}expected unix seconds"),
            None => what.to_owned(),
        };
        (short(&what), Some(error.column()).filter(|column| *column > 0))
    })
}

/// The start of a message, which may repeat a megabyte of the script.
fn short(what: &str) -> String {
    const MOST: usize = 200;
    match what.char_indices().nth(MOST) {
        Some((end, _)) => what.get(..end).unwrap_or_default().to_owned() + "…",
        None => what.to_owned(),
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum NavWord {
    Direct,
    Link,
    Post,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ViaWord {
    Http,
    Script,
}

#[derive(Clone, Copy, Deserialize)]
enum Encoding {
    #[serde(rename = "latin-1")]
    Latin1,
}

/// A line as written.
#[derive(Default)]
struct Line {
    url: Option<String>,
    set_cookie: Option<Vec<RawText>>,
    visit: Option<bool>,
    at: Option<f64>,
    nav: Option<NavWord>,
    from_url: Option<String>,
    from: Option<ViaWord>,
    encoding: Option<Encoding>,
}

/// The fields of a line.
const FIELDS: [&str; 8] = ["url", "set_cookie", "visit", "at", "nav", "from_url", "from", "encoding"];

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Line;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(
                    "an object: {\"url\": .., \"set_cookie\": [..]} or {\"url\": .., \"visit\": true}",
                )
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Line, A::Error> {
                let mut line = Line::default();
                let mut seen = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "url" => line.url = map.next_value()?,
                        "set_cookie" => line.set_cookie = map.next_value()?,
                        "visit" => line.visit = map.next_value()?,
                        "at" => line.at = map.next_value()?,
                        "nav" => line.nav = map.next_value()?,
                        "from_url" => line.from_url = map.next_value()?,
                        "from" => line.from = map.next_value()?,
                        "encoding" => line.encoding = map.next_value()?,
                        _ => return Err(de::Error::custom(unknown(&key))),
                    }
                    if seen.contains(&key) {
                        return Err(de::Error::custom(format!("duplicate field {key:?}")));
                    }
                    seen.push(key);
                }
                Ok(line)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

fn unknown(key: &str) -> String {
    let short: String = key.chars().take(40).collect();
    let near = FIELDS
        .into_iter()
        .map(|field| (strsim::damerau_levenshtein(&short.to_lowercase(), field), field))
        .min();
    match near {
        Some((distance, field)) if distance <= (field.len() / 3).max(1) => {
            format!("unknown field {short:?}; did you mean {field:?}?")
        }
        _ => format!("unknown field {short:?}: expected one of {}", FIELDS.join(", ")),
    }
}

impl Line {
    /// The step that the line describes. `at` and `page` are the time and the page of the previous lines.
    fn step(self, at: f64, page: Option<&Target>) -> Result<Step, Wrong> {
        let wrong = |what: &str| (what.to_owned(), None);
        let url = self.url.ok_or_else(|| wrong("\"url\" is missing"))?;
        let via = match self.from {
            Some(ViaWord::Script) => Via::Script,
            Some(ViaWord::Http) | None => Via::Http,
        };
        let action = match (self.set_cookie, self.visit.unwrap_or_default()) {
            (None, false) => {
                return Err(wrong("expected \"set_cookie\": [..] or \"visit\": true"));
            }
            (Some(_), true) => {
                return Err(wrong("\"set_cookie\" and \"visit\" need a line each"));
            }
            (Some(headers), false) => {
                if self.nav.is_some() || self.from_url.is_some() {
                    return Err(wrong("\"nav\" and \"from_url\" are for visits only"));
                }
                let decode = |text: &RawText| match self.encoding {
                    None => Ok(text.to_bytes()),
                    Some(Encoding::Latin1) => text
                        .to_latin_1()
                        .map_err(|character| (format!("{character:?} is not in latin-1"), None)),
                };
                Action::Receive(headers.iter().map(decode).collect::<Result<_, _>>()?)
            }
            (None, true) => {
                let named = |url: &String| {
                    Target::parse(url)
                        .map_err(|error| (short(&format!("\"from_url\": {url:?}: {error}")), None))
                };
                let from = self.from_url.as_ref().map(named).transpose()?;
                match self.nav {
                    None | Some(NavWord::Direct) => Action::Visit { nav: Nav::Direct, from },
                    Some(NavWord::Link) => Action::Visit { nav: Nav::Link, from: from.or(page.cloned()) },
                    Some(NavWord::Post) => Action::Visit { nav: Nav::Post, from: from.or(page.cloned()) },
                }
            }
        };
        let step = Step::new(&url, self.at.unwrap_or(at), via, action);
        match &step.target {
            // An invalid host and ftp are for the browser to reject. A text that is not a URL is a mistake in
            // the script.
            Err(error @ TargetError::NotAUrl(_)) if !is_http(&url) => {
                Err((short(&format!("\"url\": {url:?}: {error}")), None))
            }
            _ => Ok(step),
        }
    }
}

fn is_http(url: &str) -> bool {
    let lower = url.get(..8.min(url.len())).unwrap_or_default().to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1_795_400_000.0;

    fn steps(text: &str) -> Vec<Step> {
        parse_script(text.as_bytes(), NOW).unwrap()
    }

    fn errors(text: &[u8]) -> Vec<String> {
        parse_script(text, NOW).unwrap_err().iter().map(ScriptError::to_string).collect()
    }

    #[test]
    fn line_without_time_keeps_the_time_and_form_is_on_the_last_page() {
        let steps = steps(
            "\u{feff}{\"url\":\"http://a.example\",\"set_cookie\":[\"a\\udce9\"]}\r\n\n\
             {\"url\":\"http://b.example\",\"visit\":true,\"at\":5.5,\"nav\":\"post\",\"from\":null}\n\
             {\"url\":\"http://b.example\",\"visit\":true,\"nav\":\"link\",\"from_url\":\"http://c.example\"}\n\
             {\"url\":\"http://b.example\",\"set_cookie\":[\"\u{e9}\"],\"encoding\":\"latin-1\",\"from\":\"script\"}",
        );
        assert_eq!(steps.iter().map(|step| step.at).collect::<Vec<_>>(), [NOW, 5.5, 5.5, 5.5]);
        assert_eq!(steps[0].action, Action::Receive(vec![b"a\xe9".to_vec()]));
        let from = |url| Some(Target::parse(url).unwrap());
        assert_eq!(steps[1].action, Action::Visit { nav: Nav::Post, from: from("http://a.example") });
        assert_eq!(steps[2].action, Action::Visit { nav: Nav::Link, from: from("http://c.example") });
        assert_eq!(steps[3].action, Action::Receive(vec![b"\xe9".to_vec()]));
        assert_eq!(steps[3].via, Via::Script);
    }

    #[test]
    fn each_line_that_is_not_understood_is_reported() {
        let text = b"{\"url\":\"http://a.example\",\"setcookie\":[\"a\"]}\n\
            {\"url\":\"http://a.example\",\"set_cookie\":\"a\"}\n\
            {\"url\":\"http://a.example\",\"visit\":true,\"nav\":\"lnk\"}\n\
            {\"visit\":true}\n\
            \n\
            {\"url\":\"http://a.example\"}\n\
            {\"url\":\"a.example\",\"visit\":true}\n\
            {\"url\":\"http://a.example\",\"visit\":true,\"visit\":true}\n\
            [1]\n\
            {\"url\":\"http://a.example\",\"set_cookie\":[],\"nav\":\"link\"}\n\
            {\"url\":\"http://a.example\",\"set_cookie\":[\"\xe9\"]}\n\
            {\"url\":\"http://a.example\",\"set_cookie\":[\"\xc4\x80\"],\"encoding\":\"latin-1\"}\n\
            {\"url\":\"http://a.example\",\"visit\":true,\"color\":1}\n\
            {\"url\":";
        assert_eq!(
            errors(text),
            [
                "1:37: unknown field \"setcookie\"; did you mean \"set_cookie\"?",
                "2:42: invalid type: string \"a\", expected a sequence",
                "3:50: unknown variant `lnk`, expected one of `direct`, `link`, `post`",
                "4: \"url\" is missing",
                "6: expected \"set_cookie\": [..] or \"visit\": true",
                "7: \"url\": \"a.example\": not a URL: relative URL without a base",
                "8:52: duplicate field \"visit\"",
                "9: invalid type: sequence, expected an object: {\"url\": .., \"set_cookie\": [..]} or {\"url\": .., \"visit\": true}",
                "10: \"nav\" and \"from_url\" are for visits only",
                "11:42: not UTF-8: write other bytes as \\udc80 to \\udcff",
                "12: 'Ā' is not in latin-1",
                "13:46: unknown field \"color\": expected one of url, set_cookie, visit, at, nav, from_url, from, encoding",
                "14:7: EOF while parsing a value",
            ]
        );
    }

    #[test]
    fn urls_without_cookies_set_and_receive_nothing() {
        let steps = steps("{\"url\":\"https://[::1%25.example.com]:80/\",\"visit\":true}");
        let mut jar = Jar::new(super::super::Profile::Chromium);
        assert!(matches!(steps[0].play(&mut jar), Played::NoCookies(TargetError::NotAUrl(_))));
    }
}
