//! `wikifarm cookie simulate`: a browser and the wikis of a farm run a script.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};

use clap::Args;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::shared::browser::OneBrowser;
use crate::cli::shared::must_be_trusted;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::Farm;
use crate::load;
use crate::simulate::{Event, Plan, ScriptError, SessionView, StoreView, World, is_verb, write};
use crate::sys::read_input_or_stdin;
use crate::text::{Paint, escape, paint, wrap};

/// The longest script, in bytes: 4 MiB.
const LONGEST: u64 = 4 << 20;

/// So many bad lines of a script are reported.
const MOST_ERRORS: usize = 20;

/// Run a script of logins, visits, and logouts, and show each cookie and session
///
/// A script has one step on each line:
///
///   login WIKI NAME         log in ("login WIKI NAME forget" turns "remember me" off)
///   visit WIKI              visit a wiki, or a URL
///   logout WIKI             log out
///   change-password WIKI    change the password of the user who is logged in
///   switch-user WIKI NAME   act as another user, as a superuser
///   wait 13h                let time pass
///   restart-browser         close the browser and open it again
///   reconfigure NEW.toml    continue with another farm file
///   expect WIKI NAME        check which user the wiki sees ("expect WIKI anonymous": no user)
///
/// `#` begins a comment. Double quotes enclose names with blanks.
///
/// The exit status is 1 if an expectation is not met.
#[derive(Debug, Args)]
#[command(
    verbatim_doc_comment,
    after_help = "Example: wikifarm cookie simulate 'login docs Bob' 'visit old' 'expect docs Bob'"
)]
pub(in crate::cli) struct Options {
    /// Run this script (`-` reads standard input), or these steps, one in each argument
    #[arg(required = true, value_name = "SCRIPT|STEP")]
    script: Vec<String>,
    /// Write the final sessions below DIR, each store at its path in the farm file
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Generate session ids from this seed [default: 1; with --write: a random seed]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    #[command(flatten)]
    browser: OneBrowser,
}

/// The results of a script.
#[derive(Serialize, JsonSchema)]
pub(super) struct Document {
    /// The steps, in order.
    steps: Vec<Event>,
    /// The number of expectations.
    expected: usize,
    /// The number of unmet expectations.
    failed: usize,
    /// The directories that --write has written.
    written: Vec<Written>,
}

/// A directory with sessions that --write has written.
#[derive(Serialize, JsonSchema)]
struct Written {
    /// The directory.
    store: String,
    /// The number of sessions in it.
    sessions: usize,
}

pub(super) fn run(options: &Options, context: &mut Context<'_>) -> Outcome {
    let script = Script::read(&options.script)?;
    let farm = context.farm_to_predict()?;
    if options.write.is_some() {
        must_be_trusted(&farm)?;
    }
    let base = script.base.clone();
    let load = |file: &Path| load(&base.join(file));
    let lines = script.lines.iter().map(String::as_str);
    let plan = match Plan::new(lines, &farm, &load) {
        Ok(plan) => plan,
        Err(errors) => return Err(script.misunderstood(&errors, context)),
    };
    if plan.is_empty() {
        return Err(Failure::usage(format!("{} has no steps", script.name)));
    }
    for assumption in plan.assumptions() {
        context.note(assumption);
    }
    let seed = options.seed.unwrap_or_else(|| match options.write {
        // A random seed: whoever guesses the id of a session that a wiki reads is logged in.
        Some(_) => RandomState::new().build_hasher().finish(),
        None => 1,
    });
    let mut world =
        World::new(context.now(), seed, context.suffixes.clone()).with_profile(options.browser.profile());
    let (mut steps, mut expected) = (Vec::new(), 0);
    world.run(&plan, |event| -> Result<(), Failure> {
        expected += usize::from(event.expected.is_some());
        match context.format {
            Format::Json => steps.push(event),
            _ => show(&event, context),
        }
        Ok(())
    })?;
    let mut written = Vec::new();
    if let Some(root) = &options.write {
        let done = write(&world, root).map_err(|failure| Failure::partial(failure.to_string()))?;
        let dirs =
            done.into_iter().map(|(dir, sessions)| Written { store: dir.display().to_string(), sessions });
        written.extend(dirs);
    }
    let failed = world.unmet();
    if context.format == Format::Json {
        context.document(&Document { steps, expected, failed, written });
    } else {
        for Written { store, sessions } in &written {
            context.note(&format!("{store}: wrote {sessions} {}", plural(*sessions, "session")));
        }
        if expected > 0 {
            let met = expected - failed;
            writeln!(context.out, "{met} of {expected} {} met", plural(expected, "expectation"));
        }
    }
    Ok(if failed > 0 { Exit::Found } else { Exit::Success })
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// A script, as read.
struct Script {
    name: String,
    /// The word for its lines.
    unit: &'static str,
    lines: Vec<String>,
    /// The directory of files that the script names.
    base: PathBuf,
}

impl Script {
    /// Reads the arguments: a single word that is not a verb is a file or `-`, everything else is steps.
    fn read(args: &[String]) -> Result<Script, Failure> {
        let file = match args {
            [one] if !is_verb(one) && !one.trim().contains(char::is_whitespace) => one,
            steps => {
                let lines = steps.to_vec();
                return Ok(Script {
                    name: "the script".to_owned(),
                    unit: "step",
                    lines,
                    base: PathBuf::new(),
                });
            }
        };
        let (name, base) = match file.as_str() {
            "-" => ("standard input".to_owned(), PathBuf::new()),
            file => (file.to_owned(), Path::new(file).parent().unwrap_or(Path::new("")).to_owned()),
        };
        let failed = |why: String| Failure::usage(format!("{name}: can't read the script: {why}"));
        let mut bytes =
            read_input_or_stdin(Path::new(file), LONGEST).map_err(|error| failed(error.to_string()))?;
        // A byte order mark is not part of the text.
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        let text = String::from_utf8(bytes)
            .map_err(|error| failed(format!("invalid UTF-8 at byte {}", error.utf8_error().valid_up_to())))?;
        Ok(Script { lines: text.lines().map(str::to_owned).collect(), name, unit: "line", base })
    }

    /// Reports the bad lines; of very many, the first.
    fn misunderstood(&self, errors: &[ScriptError], context: &mut Context<'_>) -> Failure {
        for ScriptError { number, message, help } in errors.iter().take(MOST_ERRORS) {
            context.complain(&format!("{}: {} {number}: {message}", self.name, self.unit));
            help.iter().for_each(|help| context.help(help));
        }
        let more = errors.len().saturating_sub(MOST_ERRORS);
        if more > 0 {
            context.complain(&format!("{}: {more} more bad {}s", self.name, self.unit));
        }
        let is_word = |line: &String| !line.trim().contains(char::is_whitespace);
        let hint = match self.lines.as_slice() {
            // The shell has split a step into words.
            [verb, _, ..] if self.unit == "step" && is_verb(verb) && self.lines.iter().all(is_word) => {
                "; put each step in quotes"
            }
            _ => "",
        };
        Failure::usage(format!("{} has errors: no step was run{hint}", self.name))
    }
}

/// A farm file that a script names.
fn load(path: &Path) -> Result<Farm, String> {
    let farm = load::load(path).map_err(|error| error.to_string())?;
    if farm.sound() {
        return Ok(farm);
    }
    let path = path.display();
    Err(format!("the farm file {path} has errors; see `wikifarm -f {path} config check`"))
}

/// Shows a step; with `-q` only unmet expectations.
fn show(event: &Event, context: &mut Context<'_>) {
    let unmet = event.expected.as_ref().is_some_and(|expected| !expected.met);
    if context.verbosity < 0 && !unmet {
        return;
    }
    let step = escape(&event.step);
    writeln!(
        context.out,
        "{}: {}  ({})",
        event.line,
        paint(&step, Paint::Heading, context.color),
        event.time_at
    );
    let mut row = |title: &str, text: &str| {
        let first = format!("  {title:<8} ");
        let text = wrap(&first, &escape(text), context.width);
        let paint_as = if title == "NOT MET" { Paint::Bad } else { Paint::Good };
        let colored = context.color && matches!(title, "NOT MET" | "met");
        write!(context.out, "{}", text.replacen(title, &paint(title, paint_as, colored), 1));
    };
    if event.url.is_some() && event.expected.is_none() {
        row("request", event.cookie.as_deref().unwrap_or("no cookie"));
    }
    let seen = event.seen.as_ref().map(|seen| {
        let user = seen.user.as_deref().unwrap_or("anonymous");
        match &seen.switched_from {
            Some(real) => format!("{user} (superuser {real})"),
            None => user.to_owned(),
        }
    });
    match &event.expected {
        Some(expected) => {
            let user = expected.user.as_deref().unwrap_or("anonymous");
            let failure = event.failure.as_ref().map(|failure| format!("an error ({failure})"));
            let found = failure.or(seen).unwrap_or_default();
            if expected.met {
                row("met", &found);
            } else {
                row("NOT MET", &format!("expected {user}, found {found}"));
            }
        }
        None => {
            if let Some(seen) = &seen {
                row("sees", seen);
            }
            for note in &event.notes {
                row("note", note);
            }
            if let Some(failure) = &event.failure {
                row("error", failure);
            }
            if event.seen.is_some() && event.set_cookie.is_empty() {
                row("response", "no Set-Cookie");
            }
            for sent in &event.set_cookie {
                row("response", &format!("{}  [{}]", sent.header, sent.browser));
            }
            if event.jar.is_empty() {
                row("jar", "empty");
            }
            for cookie in &event.jar {
                row("jar", cookie);
            }
            for store in &event.stores {
                sessions(store, &mut row);
            }
        }
    }
    writeln!(context.out);
}

/// The sessions of a store, one in each line.
fn sessions(store: &StoreView, row: &mut impl FnMut(&str, &str)) {
    if store.sessions.is_empty() {
        return row("store", &format!("{}: empty", store.store));
    }
    for SessionView { id, user, setuid, expires_at, trail, .. } in &store.sessions {
        let user = user.as_deref().unwrap_or("anonymous");
        let setuid = setuid.as_ref().map(|name| format!(", acts as {name}")).unwrap_or_default();
        let expires = expires_at.as_ref().map_or("no expiry date".to_owned(), |at| format!("expires {at}"));
        let trail = if trail.is_empty() { String::new() } else { format!(", trail {}", trail.join(" ")) };
        row("store", &format!("{}: {id} {user}{setuid}, {expires}{trail}", store.store));
    }
}
