//! `--browser`: the browser that a command predicts for.

use clap::{Args, ValueEnum};

use crate::browser::Profile;

/// The option of all commands that predict what a browser does.
#[derive(Debug, Default, Clone, Copy, Args)]
pub(crate) struct Browser {
    /// Predict for this browser only [default: Chromium, plus differences in Firefox]
    #[arg(long, value_enum, value_name = "BROWSER")]
    browser: Option<Name>,
}

/// The option of a command that acts as one browser.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OneBrowser {
    /// Act as this browser
    #[arg(long, value_enum, value_name = "BROWSER", default_value = "chromium")]
    browser: Name,
}

impl OneBrowser {
    /// The browser.
    pub(crate) fn profile(self) -> Profile {
        Browser { browser: Some(self.browser) }.profile()
    }
}

/// A browser profile on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Name {
    Chromium,
    Firefox,
    /// RFC 6265bis, which no browser follows exactly
    Rfc,
}

impl Browser {
    /// The browser that is predicted first.
    pub(crate) fn profile(self) -> Profile {
        match self.browser {
            None | Some(Name::Chromium) => Profile::Chromium,
            Some(Name::Firefox) => Profile::Firefox,
            Some(Name::Rfc) => Profile::Rfc6265bis,
        }
    }

    /// The browser, if one was chosen.
    pub(crate) fn only(self) -> Option<Profile> {
        self.browser.map(|_| self.profile())
    }

    /// The browser to compare with, if no browser was chosen.
    pub(crate) fn compared(self) -> Option<Profile> {
        self.browser.is_none().then_some(Profile::Firefox)
    }
}
