//! Which version of MoinMoin the files are for.

use super::address::Scheme;
use super::value::Val;
use super::world::World;
use crate::farm::{Key, Span};
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

/// Settings that came with a line of versions, the stronger evidence first.
const SETTINGS: [(&str, &str); 9] = [
    ("session_service", "1.9"),
    ("session_dir", "1.9"),
    ("cookie_name", "1.9"),
    ("cookie_httponly", "1.9"),
    ("cookie_lifetime", "1.9"),
    ("session_handler", "1.8"),
    ("session_id_handler", "1.8"),
    ("anonymous_session_lifetime", "1.8"),
    ("cookie_lifetime", "1.8"),
];

/// Modules that a line of versions has.
const MODULES: [(&str, &str); 4] =
    [("moin", "2.0"), ("MoinMoin.web", "1.9"), ("MoinMoin.datastruct", "1.9"), ("MoinMoin.session", "1.8")];

impl World<'_> {
    /// What the files show of the version; `schemes` are those of the expressions of `wikis`.
    pub(super) fn evidence(&self, schemes: &[(Scheme, Span)]) -> Option<Evidence> {
        let found = |version: &str, what: String, span: &Span| {
            Some(Evidence { version: version.parse().ok()?, what, span: span.clone() })
        };
        let of_classes = |name: &str| self.classes.iter().find_map(|class| class.space.names.get(name));
        // The directory of the static files is called by the release.
        if let Some(binding) = of_classes("url_prefix_static")
            && let Some(version) = binding.item.text().and_then(release)
        {
            let (what, span) = ("url_prefix_static".to_owned(), binding.item.span.clone());
            return Some(Evidence { version, what, span });
        }
        for (module, version) in MODULES {
            let below = |name: &str| {
                name == module || name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'))
            };
            let all = self.modules.iter().flat_map(|module| module.space.names.values());
            let all = all.chain(self.classes.iter().flat_map(|class| class.space.names.values()));
            let uses = all.filter(|it| matches!(&it.item.val, Val::Outside(name) if below(name)));
            if let Some(binding) = uses.min_by_key(|binding| binding.key.start) {
                return found(version, format!("the module {module}"), &binding.key);
            }
        }
        let always = schemes.iter().find(|(scheme, _)| *scheme == Scheme::Always);
        let never = schemes.iter().find(|(scheme, _)| *scheme == Scheme::Never);
        for (name, version) in SETTINGS {
            let Some(binding) = of_classes(name) else { continue };
            let tuple = matches!(binding.item.val, Val::Tuple(_));
            let number = binding.item.val.number().is_some();
            match (name, version) {
                ("cookie_lifetime", "1.9") if !tuple => {}
                ("cookie_lifetime", "1.8") if !number => {}
                // Left over from before an update, where the expressions are those of 1.9.
                (_, "1.8") if always.is_some() => {}
                ("cookie_lifetime", _) => {
                    return found(version, "the form of cookie_lifetime".to_owned(), &binding.key);
                }
                _ => return found(version, name.to_owned(), &binding.key),
            }
        }
        match (always, never) {
            (Some((_, span)), None) => found("1.9", "the scheme in this expression".to_owned(), span),
            (None, Some((_, span))) => found("1.8", "this expression without a scheme".to_owned(), span),
            _ => None,
        }
    }
}

/// The release in `/moin_static1911`.
fn release(prefix: &str) -> Option<Version> {
    let digits = prefix.rsplit_once("moin_static")?.1.trim_end_matches('/');
    let mut chars = digits.chars();
    let (major, minor) = (chars.next()?, chars.next()?);
    let patch = chars.as_str();
    format!("{major}.{minor}.{}", if patch.is_empty() { "0" } else { patch }).parse().ok()
}

/// Whether a farm file can give a setting that Python files can't: what a note may hold.
pub(super) fn may_be_noted(key: Key, own_file: bool) -> bool {
    own_file || key.inheritable()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moin::Behavior;

    #[test]
    fn settings_are_evidence_of_versions_that_have_them() {
        for (name, line) in SETTINGS {
            let key = Key::named(name).unwrap();
            let line: Version = line.parse().unwrap();
            assert_eq!(key.ignored_by(line.behavior()), None, "{name}");
            let other = if line.behavior() < Behavior::V1_9_0 { Behavior::V1_9_11 } else { Behavior::V1_8 };
            let tells = key.ignored_by(other).is_some() || key == Key::CookieLifetime;
            assert!(tells, "{name} is read by every version");
        }
    }

    #[test]
    fn the_directory_of_static_files_names_the_release() {
        let found = |prefix: &str| release(prefix).map(|version| version.to_string());
        assert_eq!(found("/moin_static1911").unwrap(), "1.9.11");
        assert_eq!(found("/moin_static187/").unwrap(), "1.8.7");
        assert_eq!([found("/static"), found("/moin_static"), found("/moin_static99")], [const { None }; 3]);
    }
}
