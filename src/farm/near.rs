//! The nearest known name to one that is not known.

/// The name among `known` that `name` was most likely meant to be, if any is near enough.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Names are short; a hostile file's megabyte of key gets no suggestion.
    if name.len() > 100 {
        return None;
    }
    let wanted = plain(name);
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= 100)
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, candidate)| *distance <= (candidate.len().max(wanted.len()) / 3).max(1))
        .map(|(_, candidate)| candidate)
}

/// A name as it is compared: in small letters, and whether it is spelt with `-` or with `_`.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// The name among `known` that `name` can only have been meant to be: no more than two slips away, and no other as near.
pub fn the_one_near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    let found = nearest(name, known.iter().copied())?;
    let wanted = plain(name);
    let away = |other: &str| strsim::damerau_levenshtein(&wanted, &plain(other));
    let distance = away(found);
    let as_near = known.iter().any(|other| *other != found && other.len() <= 100 && away(other) <= distance);
    (distance <= 2 && !as_near).then_some(found)
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

    #[test]
    fn where_two_are_as_near_nobody_knows_which_was_meant() {
        let known = ["cookie_domain", "wiki1", "wiki2"];
        assert_eq!(the_one_near("cookie_domian", known), Some("cookie_domain"));
        assert_eq!(the_one_near("wiki3", known), None);
        assert_eq!(the_one_near("cookies_domains_", known), None);
        assert_eq!(the_one_near("cookie-domain", ["cookie_domain", "cookie_domain"]), Some("cookie_domain"));
    }
}
