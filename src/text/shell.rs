//! Words of a shell command.

/// A word that a shell reads as this text: in quotes if it has spaces or other special characters.
pub(crate) fn shell_word(text: &str) -> String {
    shlex::try_quote(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// [`shell_word`] for a path.
pub(crate) fn shell_path(path: &std::path::Path) -> String {
    shell_word(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_word_quotes_only_what_a_shell_would_split_or_expand() {
        assert_eq!(shell_word("/srv/wiki"), "/srv/wiki");
        assert_eq!(shell_path("sp ace/x".as_ref()), "'sp ace/x'");
        assert_eq!(shell_word("a'b$(c)"), "\"a'b\"'$(c)'");
    }
}
