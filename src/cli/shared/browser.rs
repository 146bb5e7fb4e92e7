//! `--rfc`: whose rules the browser goes by.

use clap::Args;

use crate::browser::Profile;

/// The option, where a command needs no other of the browser.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Browser {
    /// Predict for a browser that keeps to the letter of RFC 6265bis, where Chromium does otherwise
    #[arg(long)]
    rfc: bool,
}

impl Browser {
    /// Whose rules.
    pub(crate) fn profile(self) -> Profile {
        if self.rfc { Profile::Rfc6265bis } else { Profile::Chromium }
    }

    /// The other ones.
    pub(crate) fn other(self) -> Profile {
        if self.rfc { Profile::Chromium } else { Profile::Rfc6265bis }
    }

    /// The other ones, at the beginning of a sentence.
    pub(crate) fn other_name(self) -> &'static str {
        if self.rfc { "in Chromium" } else { "by the letter of RFC 6265bis (--rfc)" }
    }
}
