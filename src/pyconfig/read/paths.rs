//! `os.path`, on text alone.
//!
//! Source: posixpath.py of Python 2.7.

/// Stands behind `….py` in the name of a file: Python 2 has `….pyc` where it finds the file compiled.
pub(super) const COMPILED: &str = "\u{e000}";

/// `os.path.join`.
pub(super) fn join(parts: &[&str]) -> String {
    let mut path = String::new();
    for (position, part) in parts.iter().enumerate() {
        if part.starts_with('/') {
            path.clear();
        } else if position > 0 && !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}

/// `os.path.dirname`.
pub(super) fn dirname(path: &str) -> &str {
    let Some((head, _)) = path.rsplit_once('/') else { return "" };
    match head.trim_end_matches('/') {
        "" => path.get(..=head.len()).unwrap_or("/"),
        trimmed => trimmed,
    }
}

/// `os.path.splitext`.
pub(super) fn splitext(path: &str) -> (&str, &str) {
    let name = basename(path);
    let stem = name.trim_start_matches('.');
    match stem.rfind('.') {
        Some(at) => path.split_at(path.len() - stem.len() + at),
        None => (path, ""),
    }
}

/// `os.path.basename`.
pub(super) fn basename(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// `os.path.normpath`.
pub(in crate::pyconfig) fn normpath(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    // Two slashes at the beginning stay two, as POSIX has it.
    let root = match path.len() - path.trim_start_matches('/').len() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if !root.is_empty() => {}
            part => parts.push(part),
        }
    }
    match format!("{root}{}", parts.join("/")) {
        empty if empty.is_empty() => ".".to_owned(),
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_computed_as_python_does() {
        assert_eq!(join(&["/srv", "data", ""]), "/srv/data/");
        assert_eq!(join(&["/srv/", "data"]), "/srv/data");
        assert_eq!(join(&["a", "/b", "c"]), "/b/c");
        assert_eq!(join(&["", "b"]), "b");
        assert_eq!(
            [dirname("/a/b"), dirname("/a"), dirname("a"), dirname("/a/"), dirname("//a")],
            ["/a", "/", "", "/a", "//"]
        );
        assert_eq!(
            ["/a.b/c.d.py", "/a/.py", "a.b/c"].map(splitext),
            [("/a.b/c.d", ".py"), ("/a/.py", ""), ("a.b/c", "")]
        );
        assert_eq!([basename("/a/b"), basename("b"), basename("/a/")], ["b", "b", ""]);
        let normal = ["/a/./b/../c/", "a//b", "../a", "/..", "//a", "///a", "", "a/.."].map(normpath);
        assert_eq!(normal, ["/a/c", "a/b", "../a", "/", "//a", "/a", ".", "."]);
    }
}
