//! The six steps, each with its evidence.

use super::site::{Left, Site, Storage};
use super::{As, Identity};
use crate::moin::Duplicate;

/// The steps' questions, in order.
pub const TITLES: [&str; 6] = [
    "the browser accepts the cookie",
    "the browser sends it on",
    "the other wiki looks for it",
    "it finds the session",
    "it knows the user",
    "the session has not expired",
];

/// How a step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepResult {
    /// On to the next.
    Passed,
    /// Here it ends.
    Failed,
    /// Here it ends: another cookie of the name is in front.
    Shadowed,
    /// The farm file does not tell.
    Unknown,
}

/// One step with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How it ends.
    pub result: StepResult,
    /// Why, in one line.
    pub evidence: String,
}

type Result = std::result::Result<String, (StepResult, String)>;

const ALL: [fn(&Site, &Site, As) -> Result; 6] = [accepted, sent, named, found, known, alive];

/// The steps from one wiki to another, up to the first that does not pass.
pub(super) fn steps(from: &Site, to: &Site, visitor: As) -> Vec<Step> {
    let mut steps = Vec::with_capacity(ALL.len());
    for step in ALL {
        match step(from, to, visitor) {
            Ok(evidence) => steps.push(Step { result: StepResult::Passed, evidence }),
            Err((result, evidence)) => {
                steps.push(Step { result, evidence });
                break;
            }
        }
    }
    steps
}

/// How many steps pass, and how it ends.
pub(super) fn results(from: &Site, to: &Site, visitor: As) -> (usize, StepResult) {
    let mut passed = 0;
    for step in ALL {
        match step(from, to, visitor) {
            Ok(_) => passed += 1,
            Err((result, _)) => return (passed, result),
        }
    }
    (passed, StepResult::Passed)
}

/// The third step where a cookie of B's own is in front: somebody has been at B without a login, and A did not go on under
/// its id, so there are two ids, and B takes one.
pub(super) fn shadowed(to: &Site) -> Step {
    let which = match to.settings.takes() {
        Duplicate::First => "first",
        Duplicate::Last => "last",
    };
    let evidence = format!(
        "{} takes the {which} of two cookies named {}, which is its own if somebody was there before",
        to.called, to.cookie_name
    );
    Step { result: StepResult::Shadowed, evidence }
}

fn failed(evidence: impl Into<String>) -> Result {
    Err((StepResult::Failed, evidence.into()))
}

fn unknown(evidence: impl Into<String>) -> Result {
    Err((StepResult::Unknown, evidence.into()))
}

/// 1. The browser accepts A's Set-Cookie for A's URL.
fn accepted(from: &Site, _: &Site, visitor: As) -> Result {
    if let Some(key) = from.custom {
        return unknown(format!(
            "{} has its own {}: nobody can say what cookie it sends",
            from.called,
            key.name()
        ));
    }
    match from.left(visitor) {
        Left::None(why) => failed(format!("{} sends no session cookie: {why}", from.called)),
        Left::Refused(reason, explanation) => failed(format!(
            "the browser refuses the cookie of {} ({}): {explanation}",
            from.called,
            reason.name()
        )),
        Left::Expired(seconds) => failed(format!(
            "the cookie of {} has expired as it comes: its lifetime is {seconds} s",
            from.called
        )),
        Left::Cookie(cookie) => {
            let wide = if cookie.host_only { "only" } else { "and all below it" };
            let path = String::from_utf8_lossy(&cookie.path);
            let secure = if cookie.secure { ", Secure" } else { "" };
            Ok(format!("{} for {} {wide}, path {path}{secure}", from.cookie_name, cookie.domain))
        }
    }
}

/// 2. The browser sends it to B's URL; ports do not separate.
fn sent(from: &Site, to: &Site, visitor: As) -> Result {
    let Left::Cookie(cookie) = from.left(visitor) else { return failed("there is no cookie") };
    match to.why_withheld(cookie) {
        None => Ok(format!("{}{} is within its domain and path", to.target.host(), to.target.path())),
        Some(why) => failed(format!("the cookie of {} is not sent to {}: {why}", from.called, to.called)),
    }
}

/// 3. B looks for that name. Whether another cookie shadows it is only seen when it is acted out ([`shadowed`]).
fn named(from: &Site, to: &Site, _: As) -> Result {
    if let Some(key) = to.custom {
        return unknown(format!(
            "{} has its own {}: nobody can say what it looks for",
            to.called,
            key.name()
        ));
    }
    if from.crowds(to) {
        return unknown(format!(
            "{} and {} have one URL, {}: the farm file does not tell which of them answers there",
            from.called, to.called, to.target
        ));
    }
    if from.cookie_name != to.cookie_name {
        return failed(format!(
            "{} looks for {}, the cookie is {}",
            to.called, to.cookie_name, from.cookie_name
        ));
    }
    Ok(format!("both call it {}", to.cookie_name))
}

/// 4. B accepts the id's form and finds the session.
fn found(from: &Site, to: &Site, _: As) -> Result {
    if !to.id_form.accepts(from.id_form) {
        return failed(format!(
            "{} wants {}, the id is {}",
            to.called,
            to.id_form.describe(),
            from.id_form.describe()
        ));
    }
    if from.name == to.name {
        return Ok("it is one wiki, and finds its own sessions".to_owned());
    }
    let same = |a: &Identity, b: &Identity| a == b;
    match (&from.storage, &to.storage) {
        (Storage::Cookie(Some(a)), Storage::Cookie(Some(b))) if a == b => {
            Ok(format!("both sign with the key {a:?}"))
        }
        (Storage::Cookie(Some(a)), Storage::Cookie(Some(b))) => {
            failed(format!("{} signs with the key {a:?}, {} with {b:?}", from.called, to.called))
        }
        (Storage::Cookie(_), Storage::Cookie(_)) => {
            unknown("whether both sign with one SECRET_KEY is not in the farm file: set secret_key_id")
        }
        (Storage::Process(..), Storage::Process(..)) => {
            Ok("1.9.0 keeps the sessions of all wikis of one process in one directory".to_owned())
        }
        (Storage::Unknown, _) => unknown(no_storage(from)),
        (_, Storage::Unknown) => unknown(no_storage(to)),
        (
            Storage::Directory(path, a) | Storage::Process(path, a),
            Storage::Directory(other, b) | Storage::Process(other, b),
        ) => {
            if same(a, b) {
                Ok(format!("both keep sessions in {}", path.display()))
            } else {
                failed(format!(
                    "{} keeps sessions in {}, {} in {}",
                    from.called,
                    path.display(),
                    to.called,
                    other.display()
                ))
            }
        }
        _ => failed(format!("{} and {} keep their sessions in different ways", from.called, to.called)),
    }
}

fn no_storage(site: &Site) -> String {
    format!("where {} keeps its sessions is not in the farm file: set data_dir or session_dir", site.called)
}

/// 5. B knows the user, and the way he logged in.
fn known(from: &Site, to: &Site, visitor: As) -> Result {
    if visitor == As::Anonymous {
        return Ok("an anonymous session has no user".to_owned());
    }
    if from.name == to.name {
        return Ok("it is one wiki, and knows its own users".to_owned());
    }
    match (&from.users, &to.users) {
        (Some((path, a)), Some((_, b))) if a == b => {
            if let Some(method) = from.auth.iter().find(|method| !to.auth.contains(method)) {
                return failed(format!(
                    "{} knows no method {method:?}, by which users log in at {}",
                    to.called, from.called
                ));
            }
            Ok(format!("both keep users in {}", path.display()))
        }
        (Some((path, _)), Some((other, _))) => failed(format!(
            "{} keeps users in {}, {} in {}",
            from.called,
            path.display(),
            to.called,
            other.display()
        )),
        _ => {
            let silent = if from.users.is_none() { from } else { to };
            unknown(format!(
                "where {} keeps its users is not in the farm file: set data_dir or user_dir",
                silent.called
            ))
        }
    }
}

/// 6. The session is not expired by B's clock.
fn alive(from: &Site, _: &Site, _: As) -> Result {
    Ok(match from.storage {
        Storage::Cookie(_) => "the signed cookie carries its own age".to_owned(),
        _ => "both read the same session, and with it the same expiry".to_owned(),
    })
}

/// Why all six passed, in one line.
pub(super) fn summary(from: &Site, visitor: As) -> String {
    let what = match visitor {
        As::User => "sessions and users",
        As::Anonymous => "sessions",
    };
    format!("both get and look for {}, and have the same {what}", from.cookie_name)
}
