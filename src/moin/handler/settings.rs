//! What one wiki's session handler goes by.

use super::exchange::Failure;
use crate::moin::{Behavior, IdForm, Lifetime, Lifetimes, Settings, id_form, lifetimes};

/// One wiki's session handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Handler {
    pub(super) settings: Settings,
    pub(super) auth: Vec<String>,
    pub(super) superusers: Vec<String>,
    pub(super) interwikiname: Option<String>,
    pub(super) secret_key: String,
}

impl Handler {
    /// The handler of a wiki whose users log in by `moin`, without superusers.
    pub fn new(settings: Settings) -> Handler {
        Handler {
            settings,
            auth: vec!["moin".to_owned()],
            superusers: Vec::new(),
            interwikiname: None,
            secret_key: String::new(),
        }
    }

    /// With these authentication methods.
    #[must_use]
    pub fn with_auth(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Handler {
        self.auth = methods.into_iter().map(Into::into).collect();
        self
    }

    /// With these users as superusers.
    #[must_use]
    pub fn with_superusers(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Handler {
        self.superusers = names.into_iter().map(Into::into).collect();
        self
    }

    /// With an `interwikiname`, which trails then name.
    #[must_use]
    pub fn with_interwikiname(mut self, name: Option<impl Into<String>>) -> Handler {
        self.interwikiname = name.map(Into::into);
        self
    }

    /// With the key of that name (2.0).
    #[must_use]
    pub fn with_secret_key(mut self, id: impl Into<String>) -> Handler {
        self.secret_key = id.into();
        self
    }

    /// With other settings.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Handler {
        self.settings = settings;
        self
    }

    /// Whether cookies that `other` signed are opened here (2.0).
    pub fn has_key_of(&self, other: &Handler) -> bool {
        self.secret_key == other.secret_key
    }

    /// What shapes the wiki's cookie.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The authentication methods.
    pub fn auth(&self) -> &[String] {
        &self.auth
    }

    pub(super) fn behavior(&self) -> Behavior {
        self.settings.version.behavior()
    }

    pub(super) fn lifetimes(&self) -> Result<Lifetimes, Failure> {
        lifetimes(&self.settings).map_err(Failure::Lifetime)
    }

    /// Whether a cookie for anonymous visitors has a lifetime.
    pub(super) fn has_anonymous_sessions(&self) -> Result<bool, Failure> {
        Ok(self.lifetimes()?.anonymous != Lifetime::None)
    }

    /// The form of this wiki's ids.
    pub(super) fn id_form(&self) -> IdForm {
        id_form(self.settings.version)
    }
}
