//! User ids of the source and of the target, matched by name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Failure, StoreSpec, UserDir, UserMap};
use crate::sys::directory_identity;

/// A store, and the user directory given for it.
type Side<'a> = (&'a StoreSpec, Option<&'a Path>);

/// The map between the user directories of both sides.
///
/// # Errors
///
/// Where a side has none or several, one cannot be read, or two users of the target have one name.
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
                "{}: two users are called {name:?}: whose the sessions would be is not to be told",
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
        [] => {
            Err(Failure::usage(format!("nothing tells the user directory of {}: say {flag}", spec.address())))
        }
        _ => Err(Failure::usage(format!(
            "the wikis of {} have several user directories: say {flag}",
            spec.address()
        ))),
    }
}

/// Id and name of every user.
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
