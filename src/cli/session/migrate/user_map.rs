//! `--map-users`: user ids of the source and of the target, matched by name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Failure, StoreSpec, UserDir, UserMap};
use crate::sys::directory_identity;

/// A store, and its user directory if it was given.
type Side<'a> = (&'a StoreSpec, Option<&'a Path>);

/// The map between the user directories of both sides.
///
/// # Errors
///
/// If a store has no user directory or several, if one can't be read, or if two users of the target have the same name.
pub(super) fn of(from: Side<'_>, to: Side<'_>) -> Result<UserMap, Failure> {
    let (from, to) = (directory(from, "--from-users")?, directory(to, "--to-users")?);
    let (ours, theirs) = (users(&from)?, users(&to)?);
    if directory_identity(&from) == directory_identity(&to) {
        return Ok(UserMap { ids: ours.into_iter().map(|(id, _)| (id.clone(), id)).collect() });
    }
    let mut by_name: HashMap<&str, &str> = HashMap::new();
    for (id, name) in &theirs {
        if by_name.insert(name, id).is_some() {
            return Err(Failure::refused(format!(
                "{}: two users have the name {name:?}: can't map sessions to one of them",
                to.display()
            )));
        }
    }
    let counterpart =
        |(id, name): &(String, String)| Some((id.clone(), (*by_name.get(name.as_str())?).to_owned()));
    Ok(UserMap { ids: ours.iter().filter_map(counterpart).collect() })
}

fn directory((spec, given): Side<'_>, flag: &str) -> Result<PathBuf, Failure> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let mut dirs: Vec<PathBuf> = spec.wikis.iter().filter_map(|wiki| wiki.user_dir.clone()).collect();
    dirs.dedup_by(|a, b| directory_identity(a) == directory_identity(b));
    match dirs.as_slice() {
        [dir] => Ok(dir.clone()),
        several => {
            let why = if several.is_empty() { "unknown user directory" } else { "several user directories" };
            Err(Failure::usage(format!("{}: {why}", spec.address())).help(format!("pass {flag} DIR")))
        }
    }
}

/// Ids and names of all users.
fn users(dir: &Path) -> Result<Vec<(String, String)>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::partial(error.to_string());
    let all = UserDir::open(dir).map_err(|error| failed(&error))?.all().map_err(|error| failed(&error))?;
    let mut users = Vec::with_capacity(all.len());
    for user in all {
        let user = user.map_err(|error| failed(&error))?;
        if !user.name.is_empty() {
            users.push((user.id, user.name));
        }
    }
    Ok(users)
}
