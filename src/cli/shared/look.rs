//! Reading the sessions of a store.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering as Atomic};
use std::sync::mpsc::sync_channel;
use std::thread;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{Context, Exit, Failure};
use crate::ops::{Problem, Problems};
use crate::store::{self, Fields, Found, Session, SessionStore, State, StoreError, StoreSpec, tally};

/// Parses the names of states.
pub(crate) fn states() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::all().map(State::name)).map(|name| {
        // The parser accepts no other name.
        State::all().find(|state| state.name() == name).unwrap_or(State::Live)
    })
}

/// Passes every session of a store to `each`. Entries that can't be read are reported, and the status is 3.
pub(crate) fn look(
    spec: &StoreSpec,
    context: &mut Context<'_>,
    mut each: impl FnMut(Session) + Send,
) -> Result<Exit, Failure> {
    look_at_all(spec, context, |found| {
        if let Found::Session(session) = found {
            each(session);
        }
    })
}

/// As [`look`], with every other entry.
pub(crate) fn look_at_all(
    spec: &StoreSpec,
    context: &mut Context<'_>,
    mut each: impl FnMut(Found) + Send,
) -> Result<Exit, Failure> {
    let store = match open(spec, context) {
        Ok(store) => store,
        Err(exit) => return Ok(exit),
    };
    let stop = context.stop()?;
    let looking = context.progress("Reading sessions", &tally::LOOKED, std::slice::from_ref(spec));
    let mut failed = Problems::default();
    let scanned = store.scan(Fields::default(), &stop, &mut |found| match found {
        Found::Failed { name, error } => failed.push(spec.failed(&name, crate::sys::problem(&error))),
        other => each(other),
    });
    drop(looking);
    Ok(finish(spec, scanned, failed, &stop, context))
}

/// How many sessions are passed on at a time.
const BATCH: usize = 256;

/// Passes the sessions of a store to `each` on this thread, some at a time, while other threads scan. Memory holds a few
/// batches. An error of `each` ends the scan. `quiet` shows no progress.
pub(crate) fn stream<'c>(
    spec: &StoreSpec,
    store: &dyn SessionStore,
    quiet: bool,
    context: &mut Context<'c>,
    mut each: impl FnMut(Vec<Session>, &mut Context<'c>) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let stop = context.stop()?;
    let mut failed = Problems::default();
    let looking =
        (!quiet).then(|| context.progress("Reading sessions", &tally::LOOKED, std::slice::from_ref(spec)));
    let (sender, batches) = sync_channel::<Vec<Session>>(4);
    let taken = thread::scope(|scope| {
        let scanning = scope.spawn(|| {
            let sender = sender;
            let mut batch = Vec::with_capacity(BATCH);
            let scanned = store.scan(Fields::default(), &stop, &mut |found| match found {
                Found::Failed { name, error } => failed.push(spec.failed(&name, crate::sys::problem(&error))),
                Found::Session(session) => {
                    batch.push(session);
                    if batch.len() == BATCH {
                        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                        // The receiver stopped after an error of `each`.
                        if sender.send(full).is_err() {
                            stop.store(true, Atomic::Relaxed);
                        }
                    }
                }
                Found::Temp(_) | Found::Foreign(_) => {}
            });
            // Fails if `each` failed, which is reported below.
            drop(sender.send(batch));
            scanned
        });
        let taken = batches.into_iter().try_for_each(|batch| each(batch, context));
        let scanned = scanning.join().unwrap_or_else(|panic| resume_unwind(panic));
        taken.map(|()| scanned)
    });
    drop(looking);
    Ok(finish(spec, taken?, failed, &stop, context))
}

/// Opens a store. A failure is reported; its exit status is returned.
pub(crate) fn open(spec: &StoreSpec, context: &mut Context<'_>) -> Result<Box<dyn SessionStore>, Exit> {
    match store::open(spec.clone()) {
        Ok(store) => Ok(store),
        // A wiki that never ran has no directory yet. A location that does not exist is a mistake.
        Err(error) if error.is_missing() && !spec.wikis.is_empty() => {
            context.note(&format!("{error}: the wiki has not run yet"));
            Err(Exit::Success)
        }
        Err(error) => Err(context.store_failed(&error)),
    }
}

/// Reports what could not be read.
fn finish(
    spec: &StoreSpec,
    scanned: Result<(), StoreError>,
    mut failed: Problems,
    stop: &AtomicBool,
    context: &mut Context<'_>,
) -> Exit {
    let mut exit = Exit::Success;
    if stop.load(Atomic::Relaxed) {
        exit = context.stopped(&format!("{}: not read completely", spec.address()));
    }
    if let Err(error) = scanned {
        failed.push(Problem::of(&error));
    }
    let problems = failed.lines(&spec.address());
    context.problems(&problems);
    if problems.is_empty() { exit } else { Exit::Partial }
}
