//! The nearest known name to one that is not known.

/// The name among `known` that `name` was most likely meant to be, if any is near enough.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Names are short; a hostile file's megabyte of key gets no suggestion.
    if name.len() > 100 {
        return None;
    }
    let lower = name.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= 100)
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(lower.len()) / 3).max(1))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["cookie_domain", "cookie_path", "user_dir"];
        assert_eq!(nearest("cookie_domian", known), Some("cookie_domain"));
        assert_eq!(nearest("Cookie-Path", known), Some("cookie_path"));
        assert_eq!(nearest("userdir", known), Some("user_dir"));
        assert_eq!(nearest("theme", known), None);
    }
}
