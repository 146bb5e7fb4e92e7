//! Which version of MoinMoin the files are for.

use super::value::Val;
use super::world::World;
use crate::farm::Span;
use crate::moin::Version;

/// What the files show of the version, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The version, or the line of versions.
    pub version: Version,
    /// What shows it, in a few words.
    pub what: String,
    /// Where.
    pub span: Span,
}

/// Modules that only one line of versions has.
const MODULES: [(&str, &str); 4] =
    [("moin", "2.0"), ("MoinMoin.web", "1.9"), ("MoinMoin.datastruct", "1.9"), ("MoinMoin.session", "1.8")];

impl World<'_> {
    /// What the files show of the version: the modules that they use.
    pub(super) fn evidence(&self) -> Option<Evidence> {
        MODULES.iter().find_map(|(module, version)| {
            let below = |rest: &str| rest.is_empty() || rest.starts_with('.');
            let modules = self.modules.iter().map(|module| &module.space);
            let spaces = modules.chain(self.classes.iter().map(|class| &class.space));
            let uses = spaces.flat_map(|space| space.names.values()).filter(|binding| {
                matches!(&binding.item.val, Val::Outside(name) if name.strip_prefix(module).is_some_and(below))
            });
            let span = uses.map(|binding| binding.key.clone()).min_by_key(|span| span.start)?;
            let (version, what) = (version.parse().ok()?, format!("the module {module}"));
            Some(Evidence { version, what, span })
        })
    }
}
