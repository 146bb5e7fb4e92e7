//! A script for a browser: JSON lines, each of which is a response that the browser receives or a page that
//! it visits, in order.
//!
//! ```json
//! {"url": "https://wiki1.example.org/", "set_cookie": ["A=1; Domain=example.org"]}
//! {"url": "https://wiki2.example.org/", "visit": true, "nav": "link", "from_url": "https://example.net/"}
//! ```
//!
//! `at` is unix seconds. Without `at`, the time of the previous line continues, and cookies keep the order in
//! which they were received. `date` is the `Date` header of the response. `from` is `http` or `script`
//! (`document.cookie`). A header's bytes are written as [`RawText`](super::RawText); with `"encoding": "latin-1"`, each
//! character is a byte. `nav` is `direct`, `link`, `post`, `frame`, `fetch`, or `image`. Without `from_url`,
//! the request comes from the page that last set cookies. `null` is the same as a missing field. Anything
//! else that is not understood, and requests whose cookies nobody has recorded, are errors with their line
//! number.

use super::script_line::{Wrong, parse_line};
use super::step::{Action, Step};
use super::{BuiltinSuffixes, Nav, Profile, Request, Via};

/// A line of a script that is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}{}: {what}", .column.map_or(String::new(), |column| format!(":{column}")))]
#[non_exhaustive]
pub struct ScriptError {
    /// The line number, from 1.
    pub line: usize,
    /// The column, from 1, if the error has a column.
    pub column: Option<usize>,
    /// The problem.
    pub what: String,
}

/// Parses a script that starts at `now` (unix seconds). Skips blank lines.
///
/// # Errors
/// Each line that is not understood, or that can't be predicted for `profile`, or for all browsers if it is `None`.
pub fn parse_script(text: &[u8], now: f64, profile: Option<Profile>) -> Result<Vec<Step>, Vec<ScriptError>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let (mut steps, mut errors) = (Vec::new(), Vec::new());
    let (mut at, mut page) = (now, None);
    let mut ways = Vec::new();
    for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let step = parse_line(line).and_then(|line| line.step(at, page.as_ref()));
        match step.and_then(|step| recorded(step, profile, &mut ways)) {
            Ok(step) => {
                at = step.request.now;
                let opens = step.request.nav != Nav::Embedded;
                if let (Action::Receive(_), Ok(target), true) = (&step.action, &step.target, opens) {
                    page = Some(target.clone());
                }
                steps.push(step);
            }
            Err((what, column)) => errors.push(ScriptError { line: index + 1, column, what }),
        }
    }
    if errors.is_empty() { Ok(steps) } else { Err(errors) }
}

/// Top-level requests by link or form: the sites that they come from and go to.
type Ways = Vec<(String, String)>;

/// The step, unless no recording shows what browsers do with its cookies.
fn recorded(step: Step, profile: Option<Profile>, ways: &mut Ways) -> Result<Step, Wrong> {
    let unknown = |what: &str| Err((format!("cannot be predicted: {what}"), None));
    let (Request { nav, from: Some(from), via, .. }, Ok(to)) = (&step.request, &step.target) else {
        return Ok(step);
    };
    let way = (from.site(&BuiltinSuffixes), to.site(&BuiltinSuffixes));
    match nav {
        Nav::Embedded if *via == Via::Script => unknown("document.cookie in frames was not recorded"),
        Nav::Embedded | Nav::Post if from.scheme_is_https() && !to.is_secure() => {
            unknown("only links from a page of https to http were recorded")
        }
        Nav::Embedded if profile != Some(Profile::Chromium) && came_back(ways, &way) => {
            unknown("Firefox may send all cookies to a site from which the user came back to this page")
        }
        Nav::Link | Nav::Post => {
            ways.push(way);
            Ok(step)
        }
        _ => Ok(step),
    }
}

/// Whether a user went from one site to the other and back, by links or forms.
fn came_back(ways: &Ways, (from, to): &(String, String)) -> bool {
    let there = ways.iter().position(|way| (&way.0, &way.1) == (from, to));
    let back = ways.iter().rposition(|way| (&way.0, &way.1) == (to, from));
    from != to && there.is_some_and(|there| back.is_some_and(|back| there < back))
}

#[cfg(test)]
mod tests {
    use super::super::{Jar, Played, Profile, Target, TargetError};
    use super::*;

    const NOW: f64 = 1_795_400_000.0;

    fn steps(text: &str) -> Vec<Step> {
        parse_script(text.as_bytes(), NOW, None).unwrap()
    }

    fn errors(text: &[u8]) -> Vec<String> {
        parse_script(text, NOW, None).unwrap_err().iter().map(ScriptError::to_string).collect()
    }

    #[test]
    fn line_without_time_keeps_the_time_and_form_is_on_the_last_page() {
        let steps = steps(
            "\u{feff}{\"url\":\"http://a.example\",\"set_cookie\":[\"a\\udce9\"]}\r\n\n\
             {\"url\":\"http://b.example\",\"visit\":true,\"at\":5.5,\"nav\":\"post\",\"from\":null}\n\
             {\"url\":\"http://b.example\",\"visit\":true,\"nav\":\"link\",\"from_url\":\"http://c.example\"}\n\
             {\"url\":\"http://b.example\",\"set_cookie\":[\"\u{e9}\"],\"encoding\":\"latin-1\",\"from\":\"script\"}",
        );
        assert_eq!(steps.iter().map(|step| step.request.now).collect::<Vec<_>>(), [NOW, 5.5, 5.5, 5.5]);
        assert_eq!(steps[0].action, Action::Receive(vec![b"a\xe9".to_vec()]));
        let at = |url| Target::parse(url).unwrap();
        assert_eq!(steps[1].request, Request::post(5.5, at("http://a.example")));
        assert_eq!(steps[2].request, Request::link(5.5, at("http://c.example")));
        assert_eq!(steps[3].action, Action::Receive(vec![b"\xe9".to_vec()]));
        assert_eq!(steps[3].request, Request::script(5.5));
    }

    #[test]
    fn response_to_a_frame_has_a_date_and_leaves_the_page_open() {
        let steps = steps(
            "{\"url\":\"http://a.example\",\"set_cookie\":[\"a\"],\"date\":\"Thu, 01 Jan 1970 00:01:00 GMT\"}\n\
             {\"url\":\"http://b.example\",\"set_cookie\":[\"b\"],\"nav\":\"frame\"}\n\
             {\"url\":\"http://c.example\",\"visit\":true,\"nav\":\"image\"}",
        );
        assert_eq!(steps[0].request, Request { server_time: Some(60.0), ..Request::direct(NOW) });
        let embedded = Request::embedded(NOW, Target::parse("http://a.example").unwrap());
        assert_eq!([&steps[1].request, &steps[2].request], [&embedded, &embedded]);
    }

    #[test]
    fn each_line_without_a_recording_is_reported() {
        let there_and_back = "{\"url\":\"https://w.example\",\"visit\":true,\"nav\":\"link\",\"from_url\":\"https://p.example\"}\n\
            {\"url\":\"https://p.example\",\"visit\":true,\"nav\":\"post\",\"from_url\":\"https://w.example\"}\n\
            {\"url\":\"https://w.example\",\"visit\":true,\"nav\":\"frame\",\"from_url\":\"https://p.example\"}\n\
            {\"url\":\"https://p.example\",\"visit\":true,\"nav\":\"frame\",\"from_url\":\"https://w.example\"}\n";
        assert_eq!(
            errors(there_and_back.as_bytes()),
            [
                "3: cannot be predicted: Firefox may send all cookies to a site from which the user came back to this page"
            ]
        );
        assert!(parse_script(there_and_back.as_bytes(), NOW, Some(Profile::Chromium)).is_ok());
        let text = b"{\"url\":\"https://w.example\",\"visit\":true,\"nav\":\"frame\"}\n\
            {\"url\":\"https://w.example\",\"visit\":true,\"nav\":\"frame\",\"from_url\":\"http://p.example\",\"from\":\"script\"}\n\
            {\"url\":\"http://w.example\",\"visit\":true,\"nav\":\"fetch\",\"from_url\":\"https://p.example\"}\n\
            {\"url\":\"http://w.example\",\"set_cookie\":[],\"nav\":\"post\",\"from_url\":\"https://p.example\"}\n\
            {\"url\":\"http://localhost\",\"visit\":true,\"nav\":\"image\",\"from_url\":\"https://p.example\"}\n\
            {\"url\":\"http://w.example\",\"set_cookie\":[],\"nav\":\"link\",\"from_url\":\"https://p.example\"}";
        assert_eq!(
            errors(text),
            [
                "1: \"from_url\" is missing: the page with the frame or image",
                "2: cannot be predicted: document.cookie in frames was not recorded",
                "3: cannot be predicted: only links from a page of https to http were recorded",
                "4: cannot be predicted: only links from a page of https to http were recorded",
            ]
        );
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
            {\"url\":\"http://a.example\",\"set_cookie\":[],\"date\":\"yesterday\"}\n\
            {\"url\":\"http://a.example\",\"set_cookie\":[\"\xe9\"]}\n\
            {\"url\":\"http://a.example\",\"set_cookie\":[\"\xc4\x80\"],\"encoding\":\"latin-1\"}\n\
            {\"url\":\"http://a.example\",\"visit\":true,\"color\":1}\n\
            {\"url\":";
        assert_eq!(
            errors(text),
            [
                "1:37: unknown field \"setcookie\"; did you mean \"set_cookie\"?",
                "2:42: invalid type: string \"a\", expected a sequence",
                "3:50: unknown variant `lnk`, expected one of `direct`, `link`, `post`, `frame`, `fetch`, `image`",
                "4: \"url\" is missing",
                "6: expected \"set_cookie\": [..] or \"visit\": true",
                "7: \"url\": \"a.example\": not a URL: relative URL without a base",
                "8:52: duplicate field \"visit\"",
                "9: invalid type: sequence, expected an object: {\"url\": .., \"set_cookie\": [..]} or {\"url\": .., \"visit\": true}",
                "10: \"date\": \"yesterday\": expected a date such as \"Mon, 30 Nov 2026 18:00:00 GMT\"",
                "11:42: not UTF-8: write other bytes as \\udc80 to \\udcff",
                "12: 'Ā' is not in latin-1",
                "13:46: unknown field \"color\": expected one of url, set_cookie, visit, at, date, nav, from_url, from, encoding",
                "14:7: EOF while parsing a value",
            ]
        );
    }

    #[test]
    fn urls_without_cookies_set_and_receive_nothing() {
        let steps = steps("{\"url\":\"https://[::1%25.example.com]:80/\",\"visit\":true}");
        let mut jar = Jar::new(Profile::Chromium);
        assert!(matches!(steps[0].play(&mut jar), Played::NoCookies(TargetError::NotAUrl(_))));
    }
}
