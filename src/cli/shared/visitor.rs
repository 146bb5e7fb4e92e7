//! `--as`: the kind of visitor.

use clap::ValueEnum;

use crate::moin::Visitor;

/// `--as`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Whom {
    /// A visitor who is not logged in
    Anonymous,
    /// A user with "remember me" off
    User,
    /// A user with "remember me" on
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
