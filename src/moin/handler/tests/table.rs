//! The table of MOINMOIN.md, cell by cell: log in at A, visit B with A's cookie, go back to A; same cookie name, domain
//! and path. One test for each row and version line.

use super::*;
use crate::moin::{Behavior, SetCookie};

/// The columns of the table; 1.9.0 apart, as one process of it has one storage.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    Old,
    First,
    Second,
    New,
}
use Column::{First, New, Old, Second};

fn column(version: &str) -> Column {
    match version.parse::<Version>().unwrap().behavior() {
        Behavior::V1_7_0 | Behavior::V1_7_3 | Behavior::V1_8 => Old,
        Behavior::V1_9_0 => First,
        Behavior::V1_9_1 => Second,
        _ => New,
    }
}

/// A test of a row for each version line.
macro_rules! row {
    ($($name:ident)*) => {$(
        mod $name {
            #[test] fn v1_7_0() { super::cells::$name("1.7.0") }
            #[test] fn v1_7_3() { super::cells::$name("1.7.3") }
            #[test] fn v1_8_5() { super::cells::$name("1.8.5") }
            #[test] fn v1_8_7() { super::cells::$name("1.8.7") }
            #[test] fn v1_9_0() { super::cells::$name("1.9.0") }
            #[test] fn v1_9_1() { super::cells::$name("1.9.1") }
            #[test] fn v1_9_3() { super::cells::$name("1.9.3") }
            #[test] fn v1_9_8() { super::cells::$name("1.9.8") }
            #[test] fn v1_9_10() { super::cells::$name("1.9.10") }
            #[test] fn v1_9_11() { super::cells::$name("1.9.11") }
        }
    )*};
}

row! {
    nothing
    session_storage_without_anonymous_sessions
    session_storage_with_anonymous_sessions
    session_storage_then_a_login_at_b
    user_directory
    user_directory_with_anonymous_sessions
    storage_and_user_directory
    storage_and_user_directory_with_anonymous_sessions
    auth_without_a_s_method
    auth_without_a_s_method_with_anonymous_sessions
    cookie_name
}

fn plain(_: &mut Settings) {}

/// Gives B a session storage of its own, unless it can't have one.
fn own_storage(version: &str) -> impl FnOnce(&mut Wiki) {
    let store = usize::from(column(version) != First);
    move |wiki| wiki.store = store
}

fn deletions(cookies: &[SetCookie]) -> Vec<bool> {
    cookies.iter().map(SetCookie::deletes).collect()
}

mod cells {
    use super::*;

    pub(super) fn nothing(version: &str) {
        for change in [&plain as Change<'_>, &anonymous] {
            let mut farm = Farm::new(version, change);
            let id = farm.login(A, "Bob").session;
            assert_eq!(farm.who(B), "Bob");
            assert_eq!(farm.who(A), "Bob");
            assert_eq!(farm.cookies(), std::slice::from_ref(&id));
            assert_eq!(farm.stores[0].0.keys().collect::<Vec<_>>(), [&id]);
        }
    }

    pub(super) fn session_storage_without_anonymous_sessions(version: &str) {
        let mut farm = Farm::new(version, &plain).with_b(own_storage(version));
        let id = farm.login(A, "Bob").session;
        let at_b = farm.visit(B);
        match column(version) {
            First => {
                assert_eq!(at_b.user.unwrap().name, "Bob");
                assert_eq!(farm.who(A), "Bob");
                return;
            }
            New => {
                assert_eq!(at_b.user, None);
                assert_eq!(deletions(&at_b.set_cookie), [true]);
                assert!(farm.cookies().is_empty());
                assert_eq!(farm.who(A), "anonymous");
            }
            Old | Second => {
                assert_eq!(at_b.user, None);
                assert!(at_b.set_cookie.is_empty());
                assert_eq!(farm.cookies(), std::slice::from_ref(&id));
                assert_eq!(farm.who(A), "Bob");
            }
        }
        // The session at A is unharmed in any case, B has none.
        assert!(farm.stores[0].0.contains_key(&id));
        assert!(farm.stores[1].0.is_empty());
    }

    pub(super) fn session_storage_with_anonymous_sessions(version: &str) {
        let mut farm = Farm::new(version, &anonymous).with_b(own_storage(version));
        let id = farm.login(A, "Bob").session;
        let at_b = farm.visit(B);
        if column(version) == First {
            assert_eq!(at_b.user.unwrap().name, "Bob");
            return;
        }
        assert_eq!(at_b.user, None);
        assert_eq!(at_b.session, id);
        assert_eq!(deletions(&at_b.set_cookie), [false]);
        assert_eq!(farm.cookies(), std::slice::from_ref(&id));
        assert!(farm.cookie_lives() <= 2.0 * HOUR);
        // Back at A within that time, it is as before.
        assert_eq!(farm.who(A), "Bob");
        assert!(farm.cookie_lives() > 300.0 * 24.0 * HOUR);
        // Back after it, nobody is logged in.
        farm.visit(B);
        farm.now += 2.5 * HOUR;
        assert_eq!(farm.who(A), "anonymous");
    }

    pub(super) fn session_storage_then_a_login_at_b(version: &str) {
        for change in [&plain as Change<'_>, &anonymous] {
            let mut farm = Farm::new(version, change).with_b(own_storage(version));
            let id = farm.login(A, "Bob").session;
            let at_b = farm.login(B, "Bob");
            assert_eq!(at_b.user.unwrap().name, "Bob");
            assert_eq!((farm.who(A), farm.who(B)), ("Bob".to_owned(), "Bob".to_owned()));
            let files = |store: usize| farm.stores[store].0.keys().cloned().collect::<Vec<_>>();
            assert_eq!(files(0), std::slice::from_ref(&id));
            let expected = if column(version) == First { vec![] } else { vec![id] };
            assert_eq!(files(1), expected, "two files under one id");
        }
    }

    pub(super) fn user_directory(version: &str) {
        logged_out_everywhere(Farm::new(version, &plain).with_b(|wiki| wiki.users = 1), version, false);
    }

    pub(super) fn user_directory_with_anonymous_sessions(version: &str) {
        logged_out_everywhere(Farm::new(version, &anonymous).with_b(|wiki| wiki.users = 1), version, true);
    }

    pub(super) fn auth_without_a_s_method(version: &str) {
        logged_out_everywhere(Farm::new(version, &plain).with_b(ldap), version, false);
    }

    pub(super) fn auth_without_a_s_method_with_anonymous_sessions(version: &str) {
        logged_out_everywhere(Farm::new(version, &anonymous).with_b(ldap), version, true);
    }

    fn ldap(wiki: &mut Wiki) {
        wiki.handler = wiki.handler.clone().with_auth(["ldap"]);
    }

    fn logged_out_everywhere(mut farm: Farm, version: &str, anonymous: bool) {
        let id = farm.login(A, "Bob").session;
        let at_b = farm.visit(B);
        assert_eq!(at_b.user, None);
        assert_eq!(at_b.session, id);
        let deleted = deletions(&at_b.set_cookie);
        match (column(version), anonymous) {
            (New, _) | (First | Second, false) => assert_eq!(deleted, [true]),
            (First | Second, true) => assert_eq!(deleted, [true, false], "deletes and sets in one answer"),
            (Old, true) => assert_eq!(deleted, [false], "an anonymous cookie of the same id"),
            (Old, false) => assert!(deleted.is_empty(), "sends nothing"),
        }
        let user = farm.stores[0].0.get(&id).and_then(|items| items.get("user.id"));
        assert_eq!(user, None, "the session file is gone, or an anonymous one");
        if !anonymous {
            assert!(farm.stores[0].0.is_empty());
        }
        assert_eq!(farm.who(A), "anonymous");
    }

    pub(super) fn storage_and_user_directory(version: &str) {
        let own = own_storage(version);
        let mut farm = Farm::new(version, &plain).with_b(own).with_b(|wiki| wiki.users = 1);
        farm.login(A, "Carol");
        let at_b = farm.visit(B);
        assert_eq!(at_b.user, None);
        let expected = match column(version) {
            Old | Second => "Carol",
            // The storage of 1.9.0 is one: only the user directory differs.
            First | New => "anonymous",
        };
        assert_eq!(deletions(&at_b.set_cookie), vec![true; usize::from(expected == "anonymous")]);
        assert_eq!(farm.who(A), expected);
        // No login of A's at B.
        let refused = farm.login(B, "Carol");
        assert_eq!((refused.user, refused.remarks.len()), (None, 1));
    }

    pub(super) fn storage_and_user_directory_with_anonymous_sessions(version: &str) {
        if column(version) == First {
            return;
        }
        let own = own_storage(version);
        let mut farm = Farm::new(version, &anonymous).with_b(own).with_b(|wiki| wiki.users = 1);
        let id = farm.login(A, "Carol").session;
        let at_b = farm.visit(B);
        assert_eq!((at_b.user, at_b.session), (None, id));
        assert!(farm.cookie_lives() <= 2.0 * HOUR);
        assert_eq!(farm.who(A), "Carol");
    }

    pub(super) fn cookie_name(version: &str) {
        let mut farm = Farm::new(version, &plain);
        let other = |settings: &mut Settings| settings.cookie_name = Some("other".to_owned());
        farm.wikis[B].handler = Farm::new(version, &other).wikis.remove(B).handler;
        let id = farm.login(A, "Bob").session;
        if matches!(column(version), Old | First) {
            assert_eq!(farm.who(B), "Bob", "the name is fixed");
            return;
        }
        assert_eq!(farm.who(B), "anonymous");
        assert_eq!(farm.who(A), "Bob");
        let theirs = farm.login(B, "Bob").session;
        assert_ne!(id, theirs);
        assert_eq!((farm.who(A), farm.who(B)), ("Bob".to_owned(), "Bob".to_owned()));
        assert_eq!(farm.cookies().len(), 2);
        farm.act(B, &Action::Logout);
        assert_eq!((farm.who(A), farm.who(B)), ("Bob".to_owned(), "anonymous".to_owned()));
    }
}
