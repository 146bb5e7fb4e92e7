//! 2.0: the cookie is the session.

use super::*;

fn farm() -> Farm {
    Farm::new("2.0", &|settings| settings.cookie_name = None)
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
fn a_log_out_is_good_for_every_browser_of_the_user() {
    let mut farm = farm();
    farm.login(A, "Bob");
    let kept = farm.jar.clone();
    farm.act(B, &Action::Logout);
    assert_eq!(farm.who(A), "anonymous");
    farm.jar = kept;
    assert_eq!(farm.who(A), "anonymous", "the profile has another token");
    // A change of the password does the same.
    farm.login(A, "Bob");
    crate::moin::Users::renew_token(&mut farm.users[0], "1.1");
    assert_eq!(farm.who(A), "anonymous");
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
fn remember_me_is_a_box_in_the_form() {
    for (persistent, stays) in [(true, true), (false, false)] {
        let mut farm = farm();
        farm.act(A, &Action::Login { name: "Bob".to_owned(), method: None, persistent });
        farm.jar.end_session();
        assert_eq!(farm.who(A) == "Bob", stays);
        // 31 days are the end of any.
        farm.now += 32.0 * 24.0 * HOUR;
        assert_eq!(farm.who(A), "anonymous");
    }
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
fn the_header_is_flask_s() {
    let answer = farm().login(A, "Bob");
    let header = answer.set_cookie[0].to_string();
    let (value, attributes) = header.split_once("; ").unwrap();
    assert!(value.starts_with("session=eyJ"), "{value}");
    assert_eq!(
        attributes,
        "Domain=example.org; Expires=Thu, 24 Dec 2026 02:13:20 GMT; HttpOnly; Path=/; SameSite=Lax"
    );
}
