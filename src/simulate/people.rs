//! The users of a user directory: those with readable files, and those assumed to exist.

use crate::moin::{MemoryUsers, Profile, Users};
use crate::store::UserDir;

use super::wiki::Dir;

/// One user directory.
#[derive(Debug, Clone)]
pub(super) struct People {
    pub(super) dir: Dir,
    pub(super) known: MemoryUsers,
    /// The users whose files turn "remember me" off.
    forgotten: Vec<String>,
}

impl People {
    /// Reads the directory if it exists. Unreadable files are ignored.
    pub(super) fn new(dir: &Dir) -> People {
        let mut known = MemoryUsers::default();
        let open = if dir.assumed { None } else { UserDir::open(&dir.path).ok() };
        for user in open.and_then(|open| open.all().ok()).into_iter().flatten().flatten() {
            known.profiles.push(Profile {
                id: user.id,
                name: user.name,
                disabled: user.disabled,
                remember_me: user.remember_me,
            });
        }
        known.profiles.sort_by(|one, other| one.id.cmp(&other.id));
        let forgotten = known.profiles.iter().filter(|profile| !profile.remember_me);
        let forgotten = forgotten.map(|profile| profile.name.clone()).collect();
        People { dir: dir.clone(), known, forgotten }
    }

    /// Makes sure that a user of that name exists, with "remember me" off if `forget` or if it is off in the user file. Returns a
    /// note if the user file is missing.
    pub(super) fn ensure(&mut self, name: &str, forget: bool, number: usize, now: f64) -> Option<String> {
        let made = self.known.by_name(name).is_none();
        if made {
            // As MoinMoin creates ids: the time, and a random number.
            let profile = Profile {
                id: format!("{now:.2}.{number}"),
                name: name.to_owned(),
                disabled: false,
                remember_me: true,
            };
            self.known.profiles.push(profile);
        }
        let remember = !forget && !self.forgotten.iter().any(|one| one == name);
        if let Some(profile) = self.known.by_name_mut(name) {
            profile.remember_me = remember;
        }
        made.then(|| format!("no user {name} in {}: assuming an account", self.dir.path.display()))
    }
}
