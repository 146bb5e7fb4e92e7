//! `--rfc`: whose rules the browser goes by.

use clap::Args;

use crate::browser::Mode;

/// The option, where a command needs no other of the browser.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Browser {
    /// Predict for a browser that keeps to the letter of RFC 6265bis, where Chromium does otherwise
    #[arg(long)]
    rfc: bool,
}

impl Browser {
    /// Whose rules.
    pub(crate) fn mode(self) -> Mode {
        if self.rfc { Mode::Rfc } else { Mode::Chromium }
    }

    /// The other ones.
    pub(crate) fn other(self) -> Mode {
        if self.rfc { Mode::Chromium } else { Mode::Rfc }
    }

    /// The other ones, at the beginning of a sentence.
    pub(crate) fn other_name(self) -> &'static str {
        if self.rfc { "in Chromium" } else { "by the letter of RFC 6265bis (--rfc)" }
    }
}
