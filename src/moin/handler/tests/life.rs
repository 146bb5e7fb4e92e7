//! What lies in the store after each request, and for how long.

use super::*;
use crate::moin::{Items, Remark, SessionData, Value};

fn plain(_: &mut Settings) {}

fn file(farm: &Farm) -> Option<&Items> {
    assert!(farm.stores[0].0.len() <= 1);
    farm.stores[0].0.values().next()
}

fn expires(farm: &Farm) -> Option<Value> {
    file(farm).and_then(|items| items.get("expires")).cloned()
}

#[test]
fn an_anonymous_visitor_leaves_a_file_by_version() {
    for (version, first, second) in [
        ("1.7.3", false, true),
        ("1.8.7", false, true),
        ("1.9.0", true, true),
        ("1.9.1", false, true),
        ("1.9.3", false, true),
        ("1.9.11", false, true),
    ] {
        let mut farm = Farm::new(version, &anonymous);
        farm.visit(A);
        assert_eq!(file(&farm).is_some(), first, "{version}");
        farm.now += 1.0;
        farm.visit(A);
        assert_eq!(file(&farm).is_some(), second, "{version}");
        // Without anonymous sessions there is neither cookie nor file.
        let mut farm = Farm::new(version, &plain);
        assert!(farm.visit(A).set_cookie.is_empty());
        assert_eq!((file(&farm), farm.jar.all().len()), (None, 0));
    }
}

#[test]
fn a_login_is_saved_at_once_and_its_end_by_version() {
    let year = 315_360_000.0;
    for (version, first, second) in [
        ("1.7.3", Some(Value::Float(NOW + year + HOUR)), Some(Value::Float(NOW + year + HOUR))),
        ("1.8.7", Some(Value::Float(NOW + year + HOUR)), Some(Value::Float(NOW + year + HOUR))),
        ("1.9.0", None, None),
        ("1.9.1", Some(Value::Float(NOW + year)), Some(Value::Float(NOW + 90.0 + year))),
        ("1.9.3", None, Some(Value::Int(1_795_400_040 + 315_360_000))),
        ("1.9.11", None, Some(Value::Int(1_795_400_040 + 315_360_000))),
    ] {
        let mut farm = Farm::new(version, &plain);
        farm.login(A, "Bob");
        assert!(file(&farm).is_some(), "{version}");
        assert_eq!(expires(&farm), first, "{version}");
        farm.now += 90.0;
        farm.visit(A);
        assert_eq!(expires(&farm), second, "{version}");
    }
}

#[test]
fn an_hour_of_slack_keeps_the_file_of_1_8_as_it_is() {
    let mut farm =
        Farm::new("1.8.7", &|settings| settings.cookie_lifetime = Some(CookieLifetime::Hours(-12.0)));
    farm.login(A, "Bob");
    let first = expires(&farm);
    farm.now += HOUR;
    farm.visit(A);
    assert_eq!(expires(&farm), first, "still later than the new cookie's end");
    farm.now += 1.0;
    farm.visit(A);
    assert_eq!(expires(&farm), Some(Value::Float(farm.now + 13.0 * HOUR)));
}

#[test]
fn remember_me_decides_how_long() {
    for (version, lifetime) in [("1.8.7", 12.0 * HOUR), ("1.9.3", 12.0 * HOUR - 20.25)] {
        let mut farm = Farm::new(version, &plain);
        farm.users[0].by_name_mut("Bob").unwrap().remember_me = false;
        farm.login(A, "Bob");
        assert!((farm.cookie_lives() - lifetime).abs() < 30.0, "{version}: {}", farm.cookie_lives());
        farm.now += 13.0 * HOUR;
        assert_eq!(farm.who(A), "anonymous");
    }
}

#[test]
fn the_wiki_sees_an_expired_session_whatever_the_browser_thinks() {
    for (version, seen, kept) in [
        ("1.8.7", false, false),
        ("1.9.0", true, true),
        ("1.9.1", true, true),
        ("1.9.3", false, false),
        ("1.9.11", false, false),
    ] {
        let mut farm = Farm::new(version, &plain);
        farm.users[0].by_name_mut("Bob").unwrap().remember_me = false;
        let id = farm.login(A, "Bob").session;
        farm.visit(A);
        let header = format!("{}={id}", farm.wikis[A].handler.settings().session_cookie_name());
        let Farm { wikis, stores, users, ids, .. } = &mut farm;
        let mut outside = Outside {
            now: NOW + 20.0 * HOUR,
            sessions: &mut stores[0],
            users: &mut users[0],
            new_id: &mut |form| ids.next(form),
        };
        let answer =
            wikis[A].handler.request(Some(header.as_bytes()), &Action::Visit, None, &mut outside).unwrap();
        assert_eq!(answer.user.is_some(), seen, "{version}");
        assert_eq!(farm.stores[0].0.contains_key(&id), kept, "{version}");
        // 1.9.2 and later begin a new session and send nothing; 1.8 goes on under the id.
        assert_eq!(answer.session == id, !["1.9.3", "1.9.11"].contains(&version), "{version}");
        assert!(seen || answer.set_cookie.is_empty(), "{version}");
    }
}

#[test]
fn logging_out_deletes_by_version() {
    for (version, cookies) in [
        ("1.7.3", vec![]),
        ("1.8.7", vec![]),
        (
            "1.9.0",
            vec![
                "MOIN_SESSION=; Domain=.example.org; expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=/",
            ],
        ),
        (
            "1.9.3",
            vec![
                "MOIN_SESSION_lab=; Domain=.example.org; expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=/",
            ],
        ),
        (
            "1.9.11",
            vec![
                "MOIN_SESSION_lab=; Domain=.example.org; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Max-Age=0; Path=/",
            ],
        ),
    ] {
        let mut farm = Farm::new(version, &plain);
        farm.login(A, "Bob");
        let answer = farm.act(A, &Action::Logout);
        let sent: Vec<String> = answer.set_cookie.iter().map(ToString::to_string).collect();
        assert_eq!(sent, cookies, "{version}");
        assert_eq!((answer.user, file(&farm)), (None, None), "{version}");
        assert_eq!(farm.jar.all().len(), usize::from(cookies.is_empty()));
        assert_eq!(farm.act(A, &Action::Logout).remarks, [Remark::NotLoggedIn]);
    }
}

#[test]
fn a_deletion_with_another_path_leaves_the_old_cookie() {
    let mut farm = Farm::new("1.9.11", &|settings| settings.cookie_path = Some("/alpha".to_owned()));
    farm.wikis[A].target = Target::parse("https://a.example.org/alpha/").unwrap();
    farm.login(A, "Bob");
    let now = Farm::new("1.9.11", &plain).wikis.remove(0).handler;
    farm.wikis[A].handler = now;
    assert!(farm.act(A, &Action::Logout).set_cookie[0].deletes());
    assert_eq!(farm.cookies().len(), 1);
    assert_eq!(farm.who(A), "anonymous");
}

#[test]
fn ids_are_taken_cut_or_refused_by_version() {
    let hex = "031d8acb800cc038fab650b412fa1073b51d67ec";
    let upper = hex.to_uppercase();
    for (version, given, expected) in [
        ("1.8.7", "Y4-ya!b_", Some("4yab_")),
        ("1.8.7", hex, Some("031d8acb800cc038fab650b412fa1073")),
        ("1.8.7", "", None),
        ("1.8.7", "ÄÖ", None),
        ("1.9.0", hex, None),
        ("1.9.1", hex, Some(hex)),
        ("1.9.3", &upper, Some(upper.as_str())),
        ("1.9.4", &upper, None),
        ("1.9.11", hex, Some(hex)),
        ("1.9.11", "", None),
        ("1.9.11", "y4yaqsb3lkxvs5tmcuntmabfd5vi0xc1", None),
        ("1.9.11", "../../../../etc/passwd", None),
    ] {
        let mut farm = Farm::new(version, &anonymous);
        let fresh = farm.ids.clone().next(id_form(version.parse().unwrap()));
        let header = format!("{}={given}", farm.wikis[A].handler.settings().session_cookie_name());
        let Farm { wikis, stores, users, ids, .. } = &mut farm;
        let mut outside = Outside {
            now: NOW,
            sessions: &mut stores[0],
            users: &mut users[0],
            new_id: &mut |form| ids.next(form),
        };
        let exchange = wikis[A].handler.start(Some(header.as_bytes()), &mut outside).unwrap();
        assert_eq!(exchange.session.id, expected.unwrap_or(&fresh), "{version} {given:?}");
        assert_eq!(exchange.session.is_new(), expected.is_none(), "{version} {given:?}");
    }
}

#[test]
fn an_unknown_id_in_the_winning_place_hides_the_login() {
    // Logged in; then an older, host-only cookie of the name stands in front of it.
    for (version, seen) in [("1.9.10", "Bob"), ("1.9.11", "anonymous")] {
        let mut farm = Farm::new(version, &plain);
        farm.now += 60.0;
        farm.login(A, "Bob");
        let header = format!("MOIN_SESSION_lab={}; Path=/", "0".repeat(40));
        let target = farm.wikis[A].target.clone();
        farm.jar.receive(&target, header.as_bytes(), &Request::direct(NOW));
        assert_eq!(farm.who(A), seen, "{version}");
    }
}

#[test]
fn who_is_logged_in_stays_so() {
    let mut farm = Farm::new("1.9.11", &plain);
    farm.login(A, "Bob");
    let answer = farm.login(A, "Carol");
    assert_eq!(answer.user.unwrap().name, "Bob");
    assert_eq!(answer.remarks, [Remark::AlreadyLoggedIn("Bob".to_owned())]);
    farm.act(A, &Action::Logout);
    assert_eq!(farm.login(A, "Nobody").remarks, [Remark::NoSuchUser("Nobody".to_owned())]);
    farm.users[0].by_name_mut("Carol").unwrap().disabled = true;
    assert_eq!(farm.login(A, "Carol").remarks, [Remark::Disabled("Carol".to_owned())]);
    let ldap = Action::Login { name: "Bob".to_owned(), method: Some("ldap".to_owned()), persistent: true };
    assert_eq!(farm.act(A, &ldap).remarks, [Remark::NoSuchMethod("ldap".to_owned())]);
}

#[test]
fn a_superuser_switches_and_comes_back() {
    let carol = || Action::SwitchUser { name: "Carol".to_owned() };
    for version in ["1.7.3", "1.8.7", "1.9.0", "1.9.1", "1.9.3", "1.9.11"] {
        let mut farm = Farm::new(version, &plain);
        farm.login(A, "Bob");
        assert_eq!(farm.act(A, &carol()).remarks, [Remark::MayNotSwitch("Bob".to_owned())]);
        farm.act(A, &Action::Logout);
        farm.login(A, "Ada");
        let switched = farm.act(A, &carol());
        assert_eq!(switched.user.unwrap().name, "Carol", "{version}");
        assert_eq!(switched.real_user.unwrap().name, "Ada");
        let items = file(&farm).unwrap();
        assert_eq!(items["user.id"], Value::bytes("1.2"), "the superuser's stays");
        assert_eq!(items["setuid"], Value::bytes("1.3"));
        assert_eq!(farm.who(A), "Carol");
        assert_eq!(farm.who(B), "Carol", "{version}: shared with the login");
        // Logging out ends the switch, not the login.
        let out = farm.act(A, &Action::Logout);
        assert_eq!(out.user.unwrap().name, "Ada", "{version}");
        assert_eq!(farm.who(A), "Ada");
        assert!(!file(&farm).unwrap().contains_key("setuid"), "{version}");
        // Where she is no superuser, she is herself.
        farm.act(A, &carol());
        farm.wikis[B].handler = farm.wikis[B].handler.clone().with_superusers([""; 0]);
        assert_eq!(farm.who(B), "Ada", "{version}");
    }
}

#[test]
fn the_trail_is_kept_by_version() {
    for (version, expected) in [
        ("1.8.7", "a:P2 a:P3 a:P4 a:P5 a:P6"),
        ("1.9.1", "a:P3 a:P4 a:P5 a:P6"),
        ("1.9.11", "a:P2 a:P3 a:P4 a:P5 a:P6"),
    ] {
        let mut farm = Farm::new(version, &plain);
        let id = farm.login(A, "Bob").session;
        let header = format!("{}={id}", farm.wikis[A].handler.settings().session_cookie_name());
        for page in ["P0", "P1", "P2", "P3", "P4", "P5", "P5", "P6"] {
            let Farm { wikis, stores, users, ids, .. } = &mut farm;
            let mut outside = Outside {
                now: NOW,
                sessions: &mut stores[0],
                users: &mut users[0],
                new_id: &mut |form| ids.next(form),
            };
            let handler = &wikis[A].handler;
            handler.request(Some(header.as_bytes()), &Action::Visit, Some(page), &mut outside).unwrap();
        }
        let trail = file(&farm).unwrap()["trail"].items();
        let pages: Vec<&str> = trail.iter().filter_map(Value::as_str).collect();
        assert_eq!(pages.join(" "), expected, "{version}");
    }
}

#[test]
fn what_fails_is_said_and_saves_nothing() {
    let mut farm = Farm::new("1.9.4", &|settings| settings.cookie_domain = Some("intranet".to_owned()));
    let login = Action::Login { name: "Bob".to_owned(), method: None, persistent: true };
    assert_eq!(farm.try_act(A, &login), Err(Failure::Domain("a cookie_domain without a dot")));
    assert_eq!(file(&farm), None);
    let mut farm = Farm::new("1.8.7", &plain);
    let id = farm.login(A, "Bob").session;
    farm.stores[0].0.get_mut(&id).unwrap().remove("expires");
    assert_eq!(farm.try_act(A, &Action::Visit), Err(Failure::NoExpires));
}

#[test]
fn nobody_stays_logged_in_where_the_lifetime_is_0() {
    let mut farm =
        Farm::new("1.9.11", &|settings| settings.cookie_lifetime = Some(CookieLifetime::Pair(0.0, 0.0)));
    let answer = farm.login(A, "Bob");
    assert_eq!((answer.user.unwrap().name.as_str(), answer.set_cookie.len()), ("Bob", 0));
    assert_eq!(file(&farm), None);
    assert_eq!(farm.who(A), "anonymous");
}
