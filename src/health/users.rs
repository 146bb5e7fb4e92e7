//! The user that a wiki runs as.

use std::collections::BTreeMap;

/// How many session files each user owns.
pub type Owners = BTreeMap<u32, u64>;

/// Who owns the files of a store's wikis: the owner of `user_dir`, or else of the session directory if that is not root.
pub fn home(user_dir: Option<u32>, directory: u32) -> Option<u32> {
    user_dir.or(Some(directory).filter(|uid| *uid != 0))
}

/// The user that the wikis of a store run as: the owner of most session files, or `home` if there are no session files.
/// [`home`] gives the latter. Files of root do not count unless root is
/// `home`, or `home` is unknown: people restore backups as root.
pub fn wikis_user(owners: &Owners, home: Option<u32>) -> Option<u32> {
    let not_root = home.is_some_and(|uid| uid != 0);
    let counted = owners.iter().filter(|(uid, _)| !(not_root && **uid == 0));
    let most = counted.max_by_key(|(uid, count)| (**count, Some(**uid) == home)).map(|(uid, _)| *uid);
    most.or(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wikis_user_is_the_owner_of_most_sessions() {
        for (owners, home, user) in [
            (vec![(33, 2), (1000, 1)], None, Some(33)),
            (vec![(33, 1), (1000, 2)], Some(33), Some(1000)),
            (vec![(33, 1), (1000, 1)], Some(33), Some(33)),
            (vec![(0, 9)], None, Some(0)),
            (vec![(0, 9)], Some(0), Some(0)),
            (vec![(0, 9), (33, 1)], Some(33), Some(33)),
            (vec![(0, 9)], Some(33), Some(33)),
            (vec![], Some(33), Some(33)),
            (vec![], None, None),
        ] {
            let owners: Owners = owners.into_iter().collect();
            assert_eq!(wikis_user(&owners, home), user, "{owners:?} {home:?}");
        }
    }
}
