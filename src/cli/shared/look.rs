//! Looking at the sessions of a store.

use std::sync::atomic::Ordering as Atomic;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{Context, Exit, Failure};
use crate::ops::Problems;
use crate::store::{self, Fields, Found, Session, State, StoreSpec, tally};

/// Reads `--state` by the states' own names.
pub(crate) fn states() -> impl TypedValueParser<Value = State> {
    PossibleValuesParser::new(State::ALL.map(State::name)).map(|name| {
        // The parser lets no other name through.
        State::ALL.into_iter().find(|state| state.name() == name).unwrap_or(State::Live)
    })
}

/// Tells every session of a store; what could not be looked at is said, and makes the run a partial one.
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

/// As [`look`], with all else that lies there.
pub(crate) fn look_at_all(
    spec: &StoreSpec,
    context: &mut Context<'_>,
    mut each: impl FnMut(Found) + Send,
) -> Result<Exit, Failure> {
    let store = match store::open(spec.clone()) {
        Ok(store) => store,
        // A wiki that never ran has no directory yet; an address that names none is a mistake.
        Err(error) if error.is_missing() && !spec.wikis.is_empty() => {
            context.note(&format!("{error}: no wiki has run yet"));
            return Ok(Exit::Success);
        }
        Err(error) => {
            context.complain(&error.to_string());
            return Ok(Exit::from(&error));
        }
    };
    let mut failed = Problems::default();
    let stop = context.stop()?;
    let looking = context.progress("Looking at sessions", &tally::LOOKED, std::slice::from_ref(spec));
    let scanned = store.scan(Fields::default(), &stop, &mut |found| match found {
        Found::Failed { name, error } => failed.push(&spec.failed(&name, &error)),
        other => each(other),
    });
    drop(looking);
    let mut exit = Exit::Success;
    if stop.load(Atomic::Relaxed) {
        exit = context.stopped(&format!("not everything in {} was looked at", spec.address()));
    }
    if let Err(error) = scanned {
        failed.push(&error);
    }
    for problem in failed.told(&spec.address()) {
        context.complain(&problem.to_string());
        exit = Exit::Partial;
    }
    Ok(exit)
}
