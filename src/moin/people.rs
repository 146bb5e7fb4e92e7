//! The users of a wiki, as far as sessions are concerned.
//!
//! Source: `MoinMoin/user.py` of 1.7 to 1.9, `moin/user.py` of 2.0.

/// The contents of a user's profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The id: in 1.7 to 1.9 the name of the file in `user_dir`.
    pub id: String,
    /// The name.
    pub name: String,
    /// May not log in any more.
    pub disabled: bool,
    /// Wants to stay logged in (1.7 to 1.9; in `2.0-dev` a box in the login form asks).
    pub remember_me: bool,
}

/// A user directory.
pub trait Users {
    /// The user of that id.
    fn by_id(&self, id: &str) -> Option<Profile>;

    /// The user of that name.
    fn by_name(&self, name: &str) -> Option<Profile>;

    /// The session token in the profile of a user, made if there is none (2.0).
    fn token(&mut self, id: &str) -> String;

    /// Makes a new session token: cookies with the old one are good no more (2.0: a change of the password).
    fn renew_token(&mut self, id: &str);
}

/// The user object of a request, valid or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user's id.
    pub id: String,
    /// His name; empty where this wiki has no such user.
    pub name: String,
    /// Whether the user counts as logged in.
    pub valid: bool,
    /// The auth method of the login, or `setuid`.
    pub auth_method: String,
    /// His profile's `remember_me`.
    pub remember_me: bool,
}

impl Login {
    /// The user with an id, who is not valid if missing or disabled.
    pub(super) fn of(users: &dyn Users, id: &str, auth_method: &str) -> Login {
        let profile = users.by_id(id);
        Login {
            id: id.to_owned(),
            valid: profile.as_ref().is_some_and(|profile| !profile.disabled),
            remember_me: profile.as_ref().is_none_or(|profile| profile.remember_me),
            name: profile.map(|profile| profile.name).unwrap_or_default(),
            auth_method: auth_method.to_owned(),
        }
    }
}
