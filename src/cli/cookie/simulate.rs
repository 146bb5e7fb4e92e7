//! `wikifarm cookie simulate`: a browser and the wikis acting out a script.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cli::shared::browser::Browser;
use crate::cli::shared::must_be_trusted;
use crate::cli::shared::{Context, Exit, Failure, Format, Outcome};
use crate::farm::Farm;
use crate::load;
use crate::report::escape;
use crate::simulate::{Event, Plan, ScriptError, SessionView, StoreView, World, is_verb, time, write};
use crate::sys::read_input_or_stdin;

/// The longest script that is read: 4 MiB.
const LONGEST: u64 = 4 << 20;

/// How many bad lines of a script are told.
const MOST_ERRORS: usize = 20;

/// Act out a script: log in, visit, wait, log out across the farm, and show each cookie and session
///
/// A script has a step on each line: `login WIKI NAME` (with `forget` behind it: "remember me" off), `visit WIKI` or
/// `visit URL`, `logout WIKI`, `switch-user WIKI NAME`, `wait 13h`, `restart-browser`, `reconfigure NEW.toml` (the wikis
/// run on with that farm file), and `expect WIKI NAME` or `expect WIKI anonymous`: whom a visit there would now see.
/// `#` begins a comment, double quotes hold a name of two words together.
///
/// The exit status is 1 if an expectation is not met.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: wikifarm cookie simulate 'login wiki1 Bob' 'visit wiki2' 'expect wiki1 Bob'"
)]
pub(in crate::cli) struct Options {
    /// The script's file, `-` for standard input, or the steps themselves, one an argument
    #[arg(required = true, value_name = "SCRIPT|STEP")]
    script: Vec<String>,
    /// Write the sessions below DIR in the end, as the wikis would have, each store at its path in the farm file
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Where ids come from: the same seed, the same ids [default: 1; with --write a random one, as ids are secrets]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    #[command(flatten)]
    browser: Browser,
}

#[derive(Serialize)]
struct Document {
    steps: Vec<Event>,
    expected: usize,
    failed: usize,
    written: Vec<Written>,
}

#[derive(Serialize)]
struct Written {
    dir: String,
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
        // Keyed by the system's random numbers: who guesses an id that a running wiki reads is logged in.
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
            done.into_iter().map(|(dir, sessions)| Written { dir: dir.display().to_string(), sessions });
        written.extend(dirs);
    }
    let failed = world.unmet();
    if context.format == Format::Json {
        context.json(&Document { steps, expected, failed, written });
    } else {
        for Written { dir, sessions } in &written {
            context.note(&format!("{sessions} {} written into {dir}", plural(*sessions, "session")));
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

/// The steps as they came.
struct Script {
    name: String,
    /// What its lines are called.
    unit: &'static str,
    lines: Vec<String>,
    /// Where the files it names are looked for.
    base: PathBuf,
}

impl Script {
    /// One word alone names a file, or `-`, unless a step begins so; what has a blank, or company, is a step.
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
        let failed = |why: String| Failure::usage(format!("can't read {name}: {why}"));
        let mut bytes =
            read_input_or_stdin(Path::new(file), LONGEST).map_err(|error| failed(error.to_string()))?;
        // A byte order mark is no part of the text.
        if bytes.starts_with(b"\xef\xbb\xbf") {
            bytes.drain(..3);
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            failed(format!("it is not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
        })?;
        Ok(Script { lines: text.lines().map(str::to_owned).collect(), name, unit: "line", base })
    }

    /// Says of each line that was not understood why; of very many, of the first.
    fn misunderstood(&self, errors: &[ScriptError], context: &mut Context<'_>) -> Failure {
        for ScriptError { number, message } in errors.iter().take(MOST_ERRORS) {
            context.complain(&format!("{}, {} {number}: {message}", self.name, self.unit));
        }
        let more = errors.len().saturating_sub(MOST_ERRORS);
        if more > 0 {
            context.complain(&format!("{}, and {more} more {}s", self.name, self.unit));
        }
        let is_word = |line: &String| !line.trim().contains(char::is_whitespace);
        let hint = match self.lines.as_slice() {
            // The shell has parted a step into its words.
            [verb, _, ..] if self.unit == "step" && is_verb(verb) && self.lines.iter().all(is_word) => {
                ": a step is one argument, in quotes"
            }
            _ => "",
        };
        Failure::usage(format!("{} can't be acted out{hint}", self.name))
    }
}

/// A farm file that a script names.
fn load(path: &Path) -> Result<Farm, String> {
    let farm = load::load(path).map_err(|error| error.to_string())?;
    if farm.sound() {
        return Ok(farm);
    }
    let path = path.display();
    Err(format!("the farm file {path} was not wholly understood; see `wikifarm -f {path} config check`"))
}

/// Shows a step; with `-q` only what was expected and is not so.
fn show(event: &Event, context: &mut Context<'_>) {
    let unmet = event.expected.as_ref().is_some_and(|expected| !expected.met);
    if context.verbosity < 0 && !unmet {
        return;
    }
    let at = time(event.at);
    writeln!(context.out, "{}: {}  ({at})", event.line, escape(&event.step));
    let mut row = |title: &str, text: &str| writeln!(context.out, "  {title:<8} {}", escape(text));
    if event.url.is_some() && event.expected.is_none() {
        row("request", event.cookie.as_deref().map_or("no cookie", |cookie| cookie));
    }
    let seen = event.seen.as_ref().map(|seen| {
        let user = seen.user.as_deref().unwrap_or("anonymous");
        match &seen.switched_from {
            Some(real) => format!("{user}, who is {real}"),
            None => user.to_owned(),
        }
    });
    match &event.expected {
        Some(expected) => {
            let user = expected.user.as_deref().unwrap_or("anonymous");
            let found = event.failure.clone().or(seen).unwrap_or_default();
            if expected.met {
                row("met", &found);
            } else {
                row("NOT MET", &format!("expected {user}, found {found}"));
            }
        }
        None => {
            if let Some(seen) = &seen {
                row("seen", seen);
            }
            for remark in &event.remarks {
                row("note", remark);
            }
            if let Some(failure) = &event.failure {
                row("error", failure);
            }
            if event.seen.is_some() && event.set_cookie.is_empty() {
                row("answer", "no Set-Cookie");
            }
            for sent in &event.set_cookie {
                row("answer", &format!("{}  [{}]", sent.header, sent.browser));
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

/// The sessions of a store, a line each.
fn sessions(store: &StoreView, row: &mut impl FnMut(&str, &str)) {
    if store.sessions.is_empty() {
        return row("store", &format!("{}: empty", store.store));
    }
    for SessionView { id, user, setuid, expires, trail } in &store.sessions {
        let user = user.as_deref().unwrap_or("anonymous");
        let setuid = setuid.as_ref().map(|name| format!(" as {name}")).unwrap_or_default();
        let expires = expires.map_or("no expires".to_owned(), |at| format!("expires {}", time(at)));
        let trail = if trail.is_empty() { String::new() } else { format!(", trail {}", trail.join(" ")) };
        row("store", &format!("{}: {id} {user}{setuid}, {expires}{trail}", store.store));
    }
}
