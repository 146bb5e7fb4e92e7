//! Which files a command names: paths and names with wildcards.

use std::path::{Component, Path, PathBuf};

/// The files that a command reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// The paths where it starts, with wildcards.
    pub(super) roots: Vec<PathBuf>,
    /// Whether it also reaches the files below, or else only the roots themselves.
    pub(super) below: bool,
    /// How deep below, if limited: 1 for the entries of a root.
    pub(super) depth: Option<usize>,
    /// The names that files need, or must not have.
    pub(super) names: Vec<(String, bool)>,
    /// Paths that it leaves out, with all below.
    pub(super) except: Vec<PathBuf>,
}

/// Directories for temporary files. A farm that lies in one as a whole is a test.
const TEMPORARY: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// A session directory that jobs may clean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its absolute path, as written.
    whole: PathBuf,
    /// Its path without links.
    real: PathBuf,
}

impl Target {
    /// The directory at `path`.
    pub fn at(path: &Path) -> Target {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let real = path.canonicalize().unwrap_or_else(|_| whole.clone());
        Target { whole, real }
    }
}

impl Reach {
    /// Whether sessions in a directory are reached.
    pub(super) fn covers(&self, dir: &Target) -> bool {
        self.covers_path(&dir.whole) || self.covers_path(&dir.real)
    }

    fn covers_path(&self, dir: &Path) -> bool {
        // Most jobs are about something else.
        if !self.roots.iter().any(|root| is_near(root, dir)) {
            return false;
        }
        let names_fit =
            |name: &str| self.names.iter().all(|(pattern, wanted)| glob(pattern, name) == *wanted);
        let names: Vec<String> = sample_names().filter(|name| names_fit(name)).collect();
        let excepted = self.except.iter().any(|except| depth_below(except, dir).is_some());
        if names.is_empty() || excepted {
            return false;
        }
        self.roots.iter().any(|root| {
            if TEMPORARY.iter().any(|temporary| root == Path::new(temporary)) {
                return false;
            }
            let entries = depth_below(root, dir).map(|depth| depth + 1);
            let reached =
                entries.is_some_and(|depth| self.below && self.depth.is_none_or(|most| depth <= most));
            reached || names.iter().any(|name| depth_below(root, &dir.join(name)) == Some(0))
        })
    }
}

/// Whether a session can be where a pattern leads: whether the part before its first wildcard is above `dir`, or a file in it.
fn is_near(pattern: &Path, dir: &Path) -> bool {
    let is_plain =
        |part: &Component<'_>| !part.as_os_str().as_encoded_bytes().iter().any(|b| b"*?[".contains(b));
    let plain: PathBuf = pattern.components().take_while(is_plain).collect();
    dir.starts_with(&plain) || plain.starts_with(dir)
}

/// Names of sessions: 40 hexadecimal digits, or 32.
fn sample_names() -> impl Iterator<Item = String> {
    [40, 32]
        .into_iter()
        .flat_map(|length| "0123456789abcdef".chars().map(move |c| c.to_string().repeat(length)))
}

/// How many components `path` has below a directory that the pattern matches: 0 for that directory itself.
fn depth_below(pattern: &Path, path: &Path) -> Option<usize> {
    let parts = |path: &Path| -> Vec<String> {
        let parts = path.components().filter(|part| !matches!(part, Component::CurDir));
        parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect()
    };
    let (wanted, found) = (parts(pattern), parts(path));
    let fits = wanted.iter().zip(&found).all(|(pattern, part)| glob(pattern, part));
    (fits && pattern.is_absolute()).then(|| found.len().checked_sub(wanted.len())).flatten()
}

/// Whether a name matches a pattern of the shell: `*`, `?`, and `[set]`. Takes time in proportion to both lengths: the pattern
/// can be a hostile user's.
pub(super) fn glob(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let rest = |at: usize| pattern.get(at..).unwrap_or_default();
    let (mut at, mut seen) = (0, 0);
    // After the last `*`, and how many letters it matches from there.
    let mut star = None;
    while let Some(letter) = name.get(seen) {
        if rest(at).first() == Some(&'*') {
            at += 1;
            star = Some((at, seen));
        } else if let Some(length) = one(rest(at), *letter) {
            at += length;
            seen += 1;
        } else if let Some((after, from)) = star {
            (at, seen) = (after, from + 1);
            star = Some((after, from + 1));
        } else {
            return false;
        }
    }
    rest(at).iter().all(|letter| *letter == '*')
}

/// The length of the beginning of a pattern that matches one letter, if it does.
fn one(pattern: &[char], letter: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['[', set @ ..] if set.contains(&']') => {
            let length = set.iter().position(|c| *c == ']')?;
            let set = set.get(..length)?;
            let negated = matches!(set, ['!' | '^', ..]);
            let set = set.get(usize::from(negated)..)?;
            (in_set(set, letter) != negated).then_some(length + 2)
        }
        [literal, ..] => (*literal == letter).then_some(1),
        [] => None,
    }
}

fn in_set(set: &[char], wanted: char) -> bool {
    let range = set.windows(3).any(|part| matches!(part, [from, '-', to] if (*from..=*to).contains(&wanted)));
    range || set.contains(&wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_the_shell() {
        for (pattern, name, fits) in [
            ("*", "abc", true),
            ("a*c", "abc", true),
            ("a*c", "abd", false),
            ("[0-9a-f]*", "f0", true),
            ("[!0-9]*", "7", false),
            ("tmp?", "tmpx", true),
            ("tmp?", "tmp", false),
            ("*.tmp", "0123", false),
            ("", "", true),
            ("[", "[", true),
            (&"*a".repeat(30), &"a".repeat(29), false),
            (&"*a".repeat(30), &"a".repeat(300), true),
        ] {
            assert_eq!(glob(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn reach_depends_on_depth_names_and_exceptions() {
        let reach = |root: &str| Reach { roots: vec![root.into()], below: true, ..Reach::default() };
        let dir = &Target::at(Path::new("/srv/wiki/sessions"));
        assert!(reach("/srv/wiki/sessions").covers(dir));
        assert!(reach("/srv/*").covers(dir));
        assert!(!reach("/srv/wikis").covers(dir));
        assert!(!reach("srv/wiki").covers(dir), "a relative path is unknown");
        assert!(!reach("/srv/wiki/sessions/old").covers(dir));
        assert!(Reach { depth: Some(1), ..reach("/srv/wiki/sessions") }.covers(dir));
        assert!(!Reach { depth: Some(1), ..reach("/srv/wiki") }.covers(dir));
        let names = |pattern: &str, wanted| vec![(pattern.to_owned(), wanted)];
        assert!(Reach { names: names("*", true), ..reach("/srv") }.covers(dir));
        assert!(!Reach { names: names("*.tmp", true), ..reach("/srv") }.covers(dir));
        assert!(!Reach { names: names("*", false), ..reach("/srv") }.covers(dir));
        assert!(!Reach { except: vec!["/srv/wiki".into()], ..reach("/srv") }.covers(dir));
        assert!(Reach { below: false, ..reach("/srv/wiki/sessions/*") }.covers(dir));
        assert!(!Reach { below: false, ..reach("/srv/wiki/sessions/*.tmp") }.covers(dir));
        assert!(!Reach { below: false, ..reach("/srv/wiki/sessions") }.covers(dir));
        assert!(!reach("/tmp").covers(&Target::at(Path::new("/tmp/wiki/sessions"))));
    }
}
