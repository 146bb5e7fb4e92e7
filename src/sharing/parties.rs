//! The wikis that a sentence about an effect names.

use crate::text::list;

/// So many wikis are named, and the others counted.
const MOST: usize = 4;

/// The wikis at which users do something: any one of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Acting {
    /// Their names: `docs or plans`.
    pub(super) any: String,
    /// What the same sentence calls the one of them later.
    pub(super) again: String,
}

/// The wikis at which users lose something: all of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Losing {
    /// Their names: `docs and plans`.
    pub(super) all: String,
    /// What the same sentence calls them later.
    pub(super) again: String,
    /// The verb that goes with `again`.
    pub(super) picks: &'static str,
}

/// Any one of several wikis: `docs or plans`.
pub(super) fn any(wikis: &[&str]) -> String {
    list(wikis, "or", MOST)
}

/// The words for two lists of wikis. Of equal lists each wiki acts on the others.
pub(super) fn parties(acting: &[&str], losing: &[&str]) -> (Acting, Losing) {
    let any = any(acting);
    if acting == losing && acting.len() > 1 {
        let any = format!("one of {}", list(acting, "and", MOST));
        let others = "the others".to_owned();
        return (
            Acting { any, again: "that wiki".to_owned() },
            Losing { all: others.clone(), again: others, picks: "pick" },
        );
    }
    let again = if acting.len() > 1 { "that wiki".to_owned() } else { any.clone() };
    let all = list(losing, "and", MOST);
    let losing = if losing.len() > 1 {
        Losing { all, again: "those wikis".to_owned(), picks: "pick" }
    } else {
        Losing { again: all.clone(), all, picks: "picks" }
    };
    (Acting { any, again }, losing)
}

/// From which wikis to which: `docs to trap`.
pub(super) fn route(from: &[&str], to: &[&str]) -> String {
    if from == to && from.len() > 1 {
        format!("between {}", list(from, "and", MOST))
    } else {
        format!("{} to {}", list(from, "and", MOST), list(to, "and", MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parties_of_one_wiki_repeat_its_name() {
        let (acting, losing) = parties(&["trap"], &["docs"]);
        assert_eq!((acting.any.as_str(), acting.again.as_str()), ("trap", "trap"));
        assert_eq!((losing.all.as_str(), losing.again.as_str(), losing.picks), ("docs", "docs", "picks"));
    }

    #[test]
    fn parties_of_several_wikis_that_lose_have_a_plural_verb() {
        assert_eq!(parties(&["trap"], &["b", "c"]).1.picks, "pick");
    }

    #[test]
    fn parties_of_equal_lists_are_one_and_the_others() {
        let wikis = ["a", "b", "c"];
        let (acting, losing) = parties(&wikis, &wikis);
        assert_eq!((acting.any.as_str(), losing.all.as_str()), ("one of a, b, and c", "the others"));
        assert_eq!(route(&wikis, &wikis), "between a, b, and c");
        assert_eq!(route(&wikis, &["d"]), "a, b, and c to d");
    }
}
