//! `wikifarm cookie test`: what browsers do with any cookie.

mod human;
mod json;
mod paste;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;

pub(super) use self::json::Document;
use crate::browser::{Difference, Jar, Played, Profile, Request, Step, Target, parse_script, responsible};
use crate::cli::shared::browser::Browser;
use crate::cli::shared::visitor::Whom;
use crate::cli::shared::wiki::find_wiki;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::moin::{placeholder_id, session_cookie};
use crate::sys::read_input_or_stdin;
use crate::text::measure::count;

/// Test which cookies browsers accept, and how they store and send cookies
///
/// Accepts headers with `Set-Cookie:` or `Cookie:` before them, as lines of curl, or as the whole output of curl. A
/// `Cookie:` line counts as one header without attributes for each cookie in the line.
///
/// A script has one JSON object on each line. {"url", "set_cookie": [..]} receives headers, byte for byte. {"url", "visit":
/// true} visits a page. Both may have "at" (unix seconds; default: as in the line before), "from": "http" or "script",
/// "nav": "direct", "link", "post", "frame", "fetch", or "image", and "from_url" (default: the page that last set cookies).
/// "date" is the Date header of the response: browsers count Expires from it. Write bytes that are not UTF-8 as lone
/// surrogates \udc80 to \udcff; with "encoding": "latin-1", each character is a byte.
///
/// A script with a request whose cookies were never recorded, such as document.cookie in a frame, is an error.
///
/// The exit status is 1 if a header is rejected or the wiki sends none, and 2 if the script has errors.
#[derive(Debug, Args)]
#[command(after_help = "Example: wikifarm cookie test --url https://a.test/ --set-cookie 'A=1; Secure'\n\
                        Example: wikifarm cookie test --from wiki1 --visit https://wiki2.example.org/\n\
                        Example: wikifarm cookie test --script steps.jsonl --format json")]
pub(in crate::cli) struct Options {
    /// Set the cookies from this page [default with --from: the wiki]
    #[arg(long, value_name = "URL", required_unless_present_any = ["from", "script"])]
    url: Option<String>,
    /// Set cookies with these Set-Cookie headers, or pasted text
    #[arg(long, value_name = "HEADER", num_args = 1.., required_unless_present_any = ["from", "script"])]
    set_cookie: Vec<OsString>,
    /// Visit these pages afterwards
    #[arg(long, value_name = "URL", num_args = 1..)]
    visit: Vec<String>,
    /// Set the cookie that this wiki of the farm sends
    #[arg(long, value_name = "WIKI")]
    from: Option<String>,
    /// Use the cookie that --from sends to this kind of visitor
    #[arg(long = "as", value_enum, value_name = "WHOM", requires = "from", default_value = "remember")]
    visitor: Whom,
    /// Run this script (`-` reads standard input)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "set_cookie", "visit", "from"])]
    script: Option<PathBuf>,
    #[command(flatten)]
    browser: Browser,
}

/// The largest script, in bytes.
const MOST_SCRIPT: u64 = 64 << 20;
/// So many bad lines of a script are reported.
const MOST_ERRORS: usize = 20;

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let (steps, mut exit) = match &options.script {
        Some(file) => (script(file, options.browser, context)?, Exit::Success),
        None => flags(options, context)?,
    };
    let jar = |profile| Jar::with_suffixes(profile, context.suffixes.clone());
    let compared = options.browser.compared();
    let mut others: Vec<Jar> = compared.into_iter().map(jar).collect();
    let mut jar = jar(options.browser.profile());
    let human = context.format == Format::Human;
    let mut document = json::Document::default();
    // Step by step: the results of a long script would not fit into memory at once.
    for (index, step) in steps.iter().enumerate() {
        let played = step.play(&mut jar);
        let others: Vec<_> = others.iter_mut().map(|jar| (jar.profile(), step.play(jar))).collect();
        if rejected(&played) || others.iter().any(|(_, played)| rejected(played)) {
            exit = exit.and(Exit::Found);
        }
        if let Played::NoCookies(error) = &played {
            context.complain(&format!("{}: no cookies: {error}", human::short(step.url.as_bytes())));
        }
        if human {
            let text = human::step(step, &played, &others, options.script.is_some());
            let before = if index > 0 { "\n" } else { "" };
            write!(context.out, "{before}{}", human::wrapped(&text, context.color, context.width));
        } else {
            document.add(step, &played, &others);
        }
    }
    for difference in compared.map(|other| why(&steps, &jar, other)).unwrap_or_default() {
        document.add_difference(difference);
        if human {
            let text = human::difference(difference);
            write!(context.out, "\n{}", human::wrapped(&text, context.color, context.width));
        }
    }
    if !human {
        context.document(&document);
    }
    Ok(exit)
}

/// The differences between two browsers that matter for these steps.
fn why(steps: &[Step], jar: &Jar, other: Profile) -> Vec<&'static Difference> {
    let sent = |played: Played| match played {
        Played::Visited(visit) => (visit.header, Vec::new()),
        Played::Received(outcomes) => (None, outcomes.iter().map(human::seen).collect()),
        Played::NoCookies(_) => (None, Vec::new()),
    };
    responsible(jar, other, |mut jar| steps.iter().map(|step| sent(step.play(&mut jar))).collect::<Vec<_>>())
}

/// Whether a header was rejected, or its URL has no cookies.
fn rejected(played: &Played) -> bool {
    match played {
        Played::Received(outcomes) => outcomes.iter().any(|outcome| outcome.rejection().is_some()),
        Played::Visited(_) => false,
        Played::NoCookies(_) => true,
    }
}

/// The steps of the flags: a page sets cookies, then the visits.
fn flags(options: &Options, context: &mut Context<'_>) -> Result<(Vec<Step>, Exit), Failure> {
    let now = context.now();
    let mut exit = Exit::Success;
    let mut headers = Vec::new();
    let mut request = Request::direct(now);
    let mut url = options.url.clone();
    if let Some(name) = &options.from {
        let farm = context.farm_to_predict()?;
        let wiki = find_wiki(&farm, name)?;
        if let Some(key) = wiki.custom_handler() {
            let message = format!("{name}: unknown cookie: the wiki has a custom {}", key.name());
            return Err(Failure::new(Exit::Found, message));
        }
        let settings = wiki.moin();
        let visitor = options.visitor.visitor();
        let server_time = now + settings.clock_skew;
        request.server_time = Some(server_time.floor());
        match session_cookie(settings, visitor, placeholder_id(settings.version), server_time) {
            Ok(cookie) => headers.push(cookie.to_string().into_bytes()),
            Err(none) => {
                context.note(&format!("{name}: no cookie with --as {}: {none}", visitor.name()));
                exit = Exit::Found;
            }
        }
        url.get_or_insert_with(|| wiki.url.to_string());
    }
    for text in &options.set_cookie {
        headers.extend(paste::headers(text.as_bytes()));
    }
    let url = url.unwrap_or_default();
    check("--url", &url)?;
    for url in &options.visit {
        check("--visit", url)?;
    }
    let mut steps = vec![Step::receive(&url, request, headers)];
    steps.extend(options.visit.iter().map(|url| Step::visit(url, Request::direct(now))));
    Ok((steps, exit))
}

/// Rejects a URL that is not that of a web page.
fn check(flag: &str, url: &str) -> Result<(), Failure> {
    let Err(error) = Target::parse(url) else { return Ok(()) };
    let shown = human::short(url.as_bytes());
    let hint = match Target::parse(&format!("https://{url}")) {
        Ok(meant) if !url.contains("://") => {
            format!("; did you mean {}?", human::short(meant.to_string().as_bytes()))
        }
        _ => String::new(),
    };
    Err(Failure::usage(format!("{flag} {shown}: {error}{hint}")))
}

/// The steps of a script without errors.
fn script(file: &Path, browser: Browser, context: &mut Context<'_>) -> Result<Vec<Step>, Failure> {
    let is_stdin = file == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    let text = read_input_or_stdin(file, MOST_SCRIPT);
    let text = text.map_err(|error| Failure::usage(format!("{name}: can't read the script: {error}")))?;
    let steps = match parse_script(&text, context.now(), browser.only()) {
        Ok(steps) => steps,
        Err(errors) => {
            for error in errors.iter().take(MOST_ERRORS) {
                context.complain(&format!("{name}:{error}"));
            }
            let lines = count(errors.len() as u64, "line", "lines");
            return Err(Failure::usage(format!("{name} has errors in {lines}: no step was run")));
        }
    };
    if steps.is_empty() {
        return Err(Failure::usage(format!("{name} has no steps")));
    }
    Ok(steps)
}
