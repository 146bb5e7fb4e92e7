//! Suggestions for misspelled names.

/// The name in `known` that is most similar to `name`, if it is similar enough.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Names are short. Comparing a name of a megabyte would take too long.
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

/// The name in lower case, with `_` for `-`.
fn plain(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// The name in `known` that differs from `name` by at most two letters, if no other name is as similar.
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
    fn nearest_finds_a_misspelled_name_and_no_other_word() {
        let known = ["cookie_domain", "cookie_path", "user_dir"];
        assert_eq!(nearest("cookie_domian", known), Some("cookie_domain"));
        assert_eq!(nearest("Cookie-Path", known), Some("cookie_path"));
        assert_eq!(nearest("userdir", known), Some("user_dir"));
        assert_eq!(nearest("theme", known), None);
    }

    #[test]
    fn the_one_near_finds_nothing_between_two_similar_names() {
        let known = ["cookie_domain", "wiki1", "wiki2"];
        assert_eq!(the_one_near("cookie_domian", known), Some("cookie_domain"));
        assert_eq!(the_one_near("wiki3", known), None);
        assert_eq!(the_one_near("cookies_domains_", known), None);
        assert_eq!(the_one_near("cookie-domain", ["cookie_domain", "cookie_domain"]), Some("cookie_domain"));
    }
}
