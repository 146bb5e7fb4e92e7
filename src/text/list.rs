//! Names as part of a sentence. Every module may use it.

/// `a`, `a and b`, or `a, b, and c` for the word `and`; of many names the first `most`, and how many more there are.
pub(crate) fn list(names: &[&str], word: &str, most: usize) -> String {
    let more;
    let (shown, last) = if names.len() > most + 1 {
        more = format!("{} more", names.len() - most);
        (names.get(..most).unwrap_or(names), more.as_str())
    } else {
        match names.split_last() {
            Some((last, shown)) => (shown, *last),
            None => return String::new(),
        }
    };
    match shown {
        [] => last.to_owned(),
        [one] => format!("{one} {word} {last}"),
        several => format!("{}, {word} {last}", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_cuts_long_lists_and_counts_the_rest() {
        assert_eq!(list(&[], "and", 4), "");
        assert_eq!(list(&["a"], "and", 4), "a");
        assert_eq!(list(&["a", "b"], "or", 4), "a or b");
        assert_eq!(list(&["a", "b", "c"], "and", 2), "a, b, and c");
        assert_eq!(list(&["a", "b", "c", "d"], "and", 2), "a, b, and 2 more");
    }
}
