//! One line of a script as written, and the step that it describes.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::raw_text::RawText;
use super::step::Step;
use super::{Nav, Profile, Request, Target, TargetError, Via, parse_cookie_date};

/// The problem and its column.
pub(super) type Wrong = (String, Option<usize>);

/// Reads a line.
pub(super) fn parse_line(line: &[u8]) -> Result<Line, Wrong> {
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
    Frame,
    Fetch,
    Image,
}

impl NavWord {
    fn nav(self) -> Nav {
        match self {
            Self::Direct => Nav::Direct,
            Self::Link => Nav::Link,
            Self::Post => Nav::Post,
            Self::Frame | Self::Fetch | Self::Image => Nav::Embedded,
        }
    }
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
pub(super) struct Line {
    url: Option<String>,
    set_cookie: Option<Vec<RawText>>,
    visit: Option<bool>,
    at: Option<f64>,
    date: Option<String>,
    nav: Option<NavWord>,
    from_url: Option<String>,
    from: Option<ViaWord>,
    encoding: Option<Encoding>,
}

/// The fields of a line.
const FIELDS: [&str; 9] = ["url", "set_cookie", "visit", "at", "date", "nav", "from_url", "from", "encoding"];

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
                        "date" => line.date = map.next_value()?,
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
    pub(super) fn step(self, at: f64, page: Option<&Target>) -> Result<Step, Wrong> {
        let wrong = |what: &str| (what.to_owned(), None);
        let url = self.url.as_deref().ok_or_else(|| wrong("\"url\" is missing"))?;
        let request = self.request(at, page)?;
        let step = match (&self.set_cookie, self.visit.unwrap_or_default()) {
            (None, false) => return Err(wrong("expected \"set_cookie\": [..] or \"visit\": true")),
            (Some(_), true) => return Err(wrong("\"set_cookie\" and \"visit\" need a line each")),
            (Some(headers), false) => Step::receive(url, request, self.decoded(headers)?),
            (None, true) => Step::visit(url, request),
        };
        match &step.target {
            // An invalid host and ftp are for the browser to reject. A text that is not a URL is a mistake in
            // the script.
            Err(error @ TargetError::NotAUrl(_)) if !is_http(url) => {
                Err((short(&format!("\"url\": {url:?}: {error}")), None))
            }
            _ => Ok(step),
        }
    }

    fn request(&self, at: f64, page: Option<&Target>) -> Result<Request, Wrong> {
        let nav = self.nav.map_or(Nav::Direct, NavWord::nav);
        let named = |url: &String| {
            Target::parse(url).map_err(|error| (short(&format!("\"from_url\": {url:?}: {error}")), None))
        };
        let from = self.from_url.as_ref().map(named).transpose()?;
        let from = from.or_else(|| page.filter(|_| nav != Nav::Direct).cloned());
        if nav == Nav::Embedded && from.is_none() {
            return Err(("\"from_url\" is missing: the page with the frame or image".to_owned(), None));
        }
        let date = |text: &String| match parse_cookie_date(text.as_bytes(), Profile::Rfc6265bis) {
            Some(date) => Ok(date as f64),
            None => {
                let what = format!("\"date\": {text:?}: expected a date such as {EXAMPLE_DATE:?}");
                Err((short(&what), None))
            }
        };
        Ok(Request {
            now: self.at.unwrap_or(at),
            nav,
            from,
            via: match self.from {
                Some(ViaWord::Script) => Via::Script,
                Some(ViaWord::Http) | None => Via::Http,
            },
            server_time: self.date.as_ref().map(date).transpose()?,
        })
    }

    fn decoded(&self, headers: &[RawText]) -> Result<Vec<Vec<u8>>, Wrong> {
        let decode = |text: &RawText| match self.encoding {
            None => Ok(text.to_bytes()),
            Some(Encoding::Latin1) => {
                text.to_latin_1().map_err(|character| (format!("{character:?} is not in latin-1"), None))
            }
        };
        headers.iter().map(decode).collect()
    }
}

/// A `Date` header.
const EXAMPLE_DATE: &str = "Mon, 30 Nov 2026 18:00:00 GMT";

fn is_http(url: &str) -> bool {
    let lower = url.get(..8.min(url.len())).unwrap_or_default().to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}
