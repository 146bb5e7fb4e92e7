//! `--as`: as whom somebody visits.

use clap::ValueEnum;

use crate::moin::Visitor;

/// `--as`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Whom {
    Anonymous,
    User,
    Remember,
}

impl Whom {
    pub(crate) fn visitor(self) -> Visitor {
        match self {
            Whom::Anonymous => Visitor::Anonymous,
            Whom::User => Visitor::User,
            Whom::Remember => Visitor::Remember,
        }
    }
}
