//! 2.0: the cookie is the session.

use super::*;

fn farm() -> Farm {
    farm_of("2.0.0b5")
}

fn farm_of(version: &str) -> Farm {
    Farm::new(version, &|settings| settings.cookie_name = None)
}

#[test]
fn wikis_with_one_key_and_one_user_store_share_a_login() {
    let mut farm = farm();
    farm.login(A, "Bob");
    assert_eq!((farm.who(B), farm.who(A)), ("Bob".to_owned(), "Bob".to_owned()));
    assert!(farm.stores[0].0.is_empty());
    assert_eq!(farm.cookies().len(), 1);
}

#[test]
fn with_another_key_each_overwrites_the_other_s_cookie() {
    let mut farm = farm().with_b(|wiki| wiki.handler = wiki.handler.clone().with_secret_key("l"));
    farm.login(A, "Bob");
    assert_eq!(farm.who(B), "anonymous");
    assert_eq!(farm.cookies().len(), 1);
    assert_eq!(farm.who(A), "anonymous");
}

#[test]
fn log_out_ends_the_cookie_of_one_browser_and_a_new_password_ends_all() {
    for version in ["2.0.0a1", "2.0.0b5", "2.0-dev"] {
        let mut farm = farm_of(version);
        farm.login(A, "Bob");
        let copy = farm.jar.clone();
        farm.act(B, &Action::Logout);
        assert_eq!(farm.who(A), "anonymous");
        farm.jar = copy.clone();
        assert_eq!(farm.who(A), "Bob", "{version}: a copy stays valid");
        farm.act(B, &Action::ChangePassword);
        assert_eq!(farm.who(A), "Bob", "{version}: the browser with the new password");
        farm.jar = copy;
        assert_eq!(farm.who(A), "anonymous", "{version}: a copy with the old token");
        assert_eq!(farm.act(A, &Action::ChangePassword).remarks, [crate::moin::Remark::NotLoggedIn]);
    }
}

#[test]
fn a_disabled_user_is_not_seen_but_keeps_the_cookie() {
    let mut farm = farm();
    farm.login(A, "Bob");
    farm.users[0].by_name_mut("Bob").unwrap().disabled = true;
    assert_eq!(farm.who(A), "anonymous");
    farm.users[0].by_name_mut("Bob").unwrap().disabled = false;
    assert_eq!(farm.who(A), "Bob");
}

#[test]
fn a_user_store_without_the_user_takes_him_out_of_the_cookie() {
    let mut farm = farm().with_b(|wiki| wiki.users = 1);
    farm.login(A, "Carol");
    assert_eq!(farm.who(B), "anonymous");
    assert_eq!(farm.who(A), "anonymous");
}

#[test]
fn a_method_that_b_does_not_have_leaves_the_user_in_the_cookie() {
    let mut farm = farm().with_b(|wiki| wiki.handler = wiki.handler.clone().with_auth(["ldap"]));
    farm.login(A, "Bob");
    assert_eq!(farm.who(B), "anonymous");
    assert_eq!(farm.who(A), "Bob");
}

#[test]
fn remember_me_is_a_box_in_the_form_of_the_development_branch_alone() {
    for (version, persistent, stays) in [
        ("2.0.0a1", true, false),
        ("2.0.0b5", true, false),
        ("2.0-dev", true, true),
        ("2.0-dev", false, false),
    ] {
        let mut farm = farm_of(version);
        farm.act(A, &Action::Login { name: "Bob".to_owned(), method: None, persistent });
        farm.jar.end_session();
        assert_eq!(farm.who(A) == "Bob", stays, "{version} {persistent}");
        // 31 days are the end of any.
        farm.now += 32.0 * 24.0 * HOUR;
        assert_eq!(farm.who(A), "anonymous");
    }
}

#[test]
fn permanent_session_lifetime_bounds_the_age_of_a_signature() {
    let mut farm =
        Farm::new("2.0.0b5", &|settings| settings.cookie_lifetime = Some(CookieLifetime::Hours(1.0)));
    farm.login(A, "Bob");
    farm.now += HOUR;
    assert_eq!(farm.who(A), "Bob", "each visit of a user signs the cookie again");
    farm.now += HOUR + 1.0;
    assert_eq!(farm.who(A), "anonymous");
}

#[test]
fn nobody_switches_users() {
    let mut farm = farm();
    farm.login(A, "Ada");
    let answer = farm.act(A, &Action::SwitchUser { name: "Bob".to_owned() });
    assert_eq!(answer.user.unwrap().name, "Ada");
    assert_eq!(answer.remarks, [crate::moin::Remark::NoSwitching]);
}

#[test]
fn only_the_development_branch_sends_expires() {
    for (version, expected) in [
        ("2.0.0a1", "Domain=.example.org; HttpOnly; Path=/"),
        ("2.0.0b5", "Domain=example.org; HttpOnly; Path=/"),
        ("2.0-dev", "Domain=example.org; Expires=Thu, 24 Dec 2026 02:13:20 GMT; HttpOnly; Path=/"),
    ] {
        let header = farm_of(version).login(A, "Bob").set_cookie[0].to_string();
        let (value, attributes) = header.split_once("; ").unwrap();
        assert!(value.starts_with("session=eyJ"), "{value}");
        assert_eq!(attributes, expected, "{version}");
    }
}

#[test]
fn settings_that_flask_refuses_fail_where_a_cookie_is_sent() {
    let change = |settings: &mut Settings| settings.cookie_samesite = Some("Foo".to_owned());
    let mut farm = Farm::new("2.0.0b5", &change);
    let login = Action::Login { name: "Bob".to_owned(), method: None, persistent: false };
    let failure = Failure::Flask("SameSite must be Lax, Strict, or None");
    assert_eq!(farm.try_act(A, &login), Err(failure));
    assert_eq!(farm.try_act(A, &Action::LoginForm), Err(failure));
}
