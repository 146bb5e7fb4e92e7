//! Reads the values of settings from TOML, and checks their types.

use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;
use url::Url;

use crate::moin::Version;

use super::{HANDLERS, Kind, MOST_SECONDS, NAMES_COOKIE, Problem, Span, Value, quoted};

/// Reads a value of `kind` for the setting `name`.
pub(crate) fn read(name: &str, kind: Kind, raw: &Spanned<DeValue<'_>>) -> Result<Value, Problem> {
    let wrong = || match meant(kind, raw.get_ref()) {
        Some(meant) => wrong_type(name, &kind.describe(), raw).instead(meant),
        None => wrong_type(name, &kind.describe(), raw),
    };
    let bad = |message: String| Problem::new("invalid-value", raw.span(), message);
    match (kind, raw.get_ref()) {
        (Kind::Text | Kind::Store, DeValue::String(text)) if text.chars().any(char::is_control) => {
            Err(bad(format!("{name} contains a control character")))
        }
        (Kind::Store, DeValue::String(text)) => Value::store(text).map_err(|why| {
            bad(why).help(
                "write moin-1.9:DIR, moin-1.8:DIR, sqlite:FILE, or redis://HOST:PORT/DB, or delete session_store",
            )
        }),
        (Kind::Text, DeValue::String(text)) => Ok(Value::Text(text.to_string())),
        (Kind::Path, DeValue::String(text)) if text.is_empty() || text.contains('\0') => {
            Err(bad(format!("{name} must name a directory")))
        }
        (Kind::Path, DeValue::String(text)) => Ok(Value::Path(PathBuf::from(text.as_ref()))),
        (Kind::Bool, DeValue::Boolean(value)) => Ok(Value::Bool(*value)),
        (Kind::Version, DeValue::String(text)) => match text.parse() {
            Ok(version) => Ok(Value::Version(version)),
            Err(error) => {
                let problem = Problem::new("unknown-version", raw.span(), format!("{error}"));
                Err(match Version::nearest_to(text) {
                    Some(near) => problem.help(format!("write \"{near}\", the nearest release that wikifarm knows")),
                    None => problem,
                })
            }
        },
        (Kind::Version, DeValue::Float(_) | DeValue::Integer(_)) => {
            Err(wrong().help("write the version in quotes: as a number, 1.9 is the same as 1.90"))
        }
        (Kind::Url, DeValue::String(text)) => Ok(Value::Url(Box::new(url(text, &raw.span())?))),
        (Kind::Urls, DeValue::Array(items)) => {
            let urls = items.iter().map(|item| match item.get_ref() {
                DeValue::String(text) => url(text, &item.span()),
                _ => Err(wrong_type(name, &kind.describe(), item)),
            });
            Ok(Value::Urls(urls.collect::<Result<_, _>>()?))
        }
        (Kind::Names, DeValue::Array(_)) => {
            let names = names(name, raw)?;
            Ok(Value::Names(names.into_iter().map(|(name, _)| name).collect()))
        }
        (Kind::Hours | Kind::Lifetime, DeValue::Integer(_) | DeValue::Float(_)) => {
            Ok(Value::Number(number(name, raw)?))
        }
        (Kind::Seconds, DeValue::Integer(_) | DeValue::Float(_)) => match number(name, raw)? {
            seconds if seconds.abs() < MOST_SECONDS => Ok(Value::Number(seconds)),
            _ => Err(bad(format!("{name} must be less than 100 years, in seconds"))),
        },
        (Kind::Lifetime, DeValue::Array(items)) => match items.iter().collect::<Vec<_>>().as_slice() {
            [anonymous, user] => Ok(Value::Pair(number(name, anonymous)?, number(name, user)?)),
            _ => Err(wrong()),
        },
        (Kind::IdHandler, DeValue::String(text))
            if text.strip_prefix(NAMES_COOKIE).is_some_and(|name| !name.is_empty()) =>
        {
            read(name, Kind::Text, raw)
        }
        (Kind::IdHandler, DeValue::String(_)) => {
            read(name, Kind::Choice(&HANDLERS), raw).map_err(|problem| {
                let others = format!("for MoinMoin's own handler with a cookie NAME, write \"{NAMES_COOKIE}NAME\"");
                problem.help(others)
            })
        }
        (Kind::Choice(words), DeValue::String(text)) => match words.iter().find(|word| **word == text) {
            Some(word) => Ok(Value::Text((*word).to_owned())),
            None => {
                let problem = bad(format!("{name} = {text:?}: expected {}", kind.describe()));
                Err(match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
                    Some(word) => problem.instead(quoted(word)),
                    None => problem,
                })
            }
        },
        _ => Err(wrong()),
    }
}

/// The TOML that a value of the wrong type must mean: a number in quotes, or a word instead of a list with one item.
fn meant(kind: Kind, value: &DeValue<'_>) -> Option<String> {
    match (kind, value) {
        (Kind::Version, DeValue::Float(float)) => Some(quoted(float.as_str())),
        (Kind::Bool, DeValue::String(text)) => truth(&text.to_lowercase()),
        (Kind::Bool, DeValue::Integer(integer)) => truth(integer.as_str()),
        (Kind::Text, DeValue::Integer(integer)) => Some(quoted(integer.as_str())),
        (Kind::Lifetime, DeValue::String(text)) if text.contains(',') => {
            let (anonymous, user) = text.trim_matches(['(', ')', '[', ']']).split_once(',')?;
            Some(format!("[{}, {}]", hours(anonymous.trim())?, hours(user.trim())?))
        }
        (Kind::Hours | Kind::Seconds | Kind::Lifetime, DeValue::String(text)) => {
            hours(text).map(str::to_owned)
        }
        (Kind::Names | Kind::Urls, DeValue::String(text)) if !text.is_empty() => {
            Some(format!("[{}]", quoted(text)))
        }
        _ => None,
    }
}

/// The truth value that a word of another language means.
fn truth(word: &str) -> Option<String> {
    match word {
        "true" | "yes" | "on" | "1" => Some("true".to_owned()),
        "false" | "no" | "off" | "0" => Some("false".to_owned()),
        _ => None,
    }
}

/// A text that is a number in TOML.
fn hours(text: &str) -> Option<&str> {
    let number = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
    let finite = text.parse::<f64>().is_ok_and(f64::is_finite) && text.chars().all(number);
    let toml = text.starts_with(|c: char| c.is_ascii_digit() || c == '-') && !text.ends_with('.');
    (finite && toml).then_some(text)
}

/// "`name` must be a …, not an integer".
pub(super) fn wrong_type(name: &str, expected: &str, raw: &Spanned<DeValue<'_>>) -> Problem {
    let found = match raw.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    Problem::new("wrong-type", raw.span(), format!("{name} must be {expected}, not {found}"))
}

/// A list of strings, none of them empty, each with its span.
pub(super) fn names(name: &str, raw: &Spanned<DeValue<'_>>) -> Result<Vec<(String, Span)>, Problem> {
    let wrong = |raw| wrong_type(name, &Kind::Names.describe(), raw);
    let DeValue::Array(items) = raw.get_ref() else {
        return Err(match meant(Kind::Names, raw.get_ref()) {
            Some(meant) => wrong(raw).instead(meant),
            None => wrong(raw),
        });
    };
    items
        .iter()
        .map(|item| match item.get_ref() {
            DeValue::String(text) if text.is_empty() => {
                Err(Problem::new("invalid-value", item.span(), format!("{name} contains an empty name")))
            }
            DeValue::String(text) => Ok((text.to_string(), item.span())),
            _ => Err(wrong(item)),
        })
        .collect()
}

/// A finite number.
fn number(name: &str, raw: &Spanned<DeValue<'_>>) -> Result<f64, Problem> {
    let parsed = match raw.get_ref() {
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| {
            #[expect(clippy::cast_precision_loss, reason = "hours beyond 2^53 are refused just below")]
            let n = n as f64;
            n
        }),
        DeValue::Float(float) => float.as_str().parse::<f64>().ok(),
        other => {
            let problem = wrong_type(name, "a number of hours", raw);
            return Err(match meant(Kind::Hours, other) {
                Some(meant) => problem.instead(meant),
                None => problem,
            });
        }
    };
    // A million years. Longer times are beyond the calendar.
    match parsed {
        Some(hours) if hours.is_finite() && hours.abs() < 8.8e9 => Ok(hours),
        _ => Err(Problem::new(
            "invalid-value",
            raw.span(),
            format!("{name} must be a number of hours, and less than a million years"),
        )),
    }
}

/// Parses the URL of a wiki.
///
/// # Errors
/// If it is not a valid URL of a wiki.
pub fn parse_url(text: &str) -> Result<Url, String> {
    url(text, &(0..0)).map_err(|problem| problem.message)
}

/// Parses the URL of a wiki at `span`.
fn url(text: &str, span: &Span) -> Result<Url, Problem> {
    let bad = |why: &str| {
        let shown: String = text.chars().take(200).collect();
        Problem::new("invalid-url", span.clone(), format!("{shown:?} is not the URL of a wiki: {why}"))
    };
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(bad("it contains a space or a control character"));
    }
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            let better = format!("https://{}", text.trim_start_matches('/'));
            let problem = bad("the scheme is missing");
            match Url::parse(&better) {
                Ok(_) => problem.help(format!("write {better:?}")).guess(quoted(&better)),
                Err(_) => problem,
            }
        }
        other => bad(&other.to_string()),
    })?;
    match url.scheme() {
        "http" | "https" => {}
        other => return Err(bad(&format!("the scheme must be http or https, not {other}"))),
    }
    // WHATWG and browsers allow such a host in a URL, but no name server and no hosts file has one.
    let name = url.host_str().unwrap_or_default();
    if name.strip_suffix('.').unwrap_or(name).split('.').any(str::is_empty) {
        return Err(bad("the host name has an empty part: remove the extra dot"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("it must end with the path of the wiki, without ? or #"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("it must not contain a user name or password"));
    }
    Ok(url)
}
