//! Sites, classes, leaks, and third wikis of whole farms.

use super::*;
use crate::browser::{Jar, Outcome, Profile, Request, Target};
use crate::moin::{Visitor, session_cookie};

#[test]
fn site_receives_the_same_cookies_as_a_jar_sends() {
    let urls = [
        "https://a.example.org/",
        "http://a.example.org/",
        "https://example.org/a",
        "https://example.org/ab/",
        "http://192.0.2.1/",
        "http://localhost:8080/a",
        "https://b.a.example.org/A",
    ];
    let domains = ["", "cookie_domain = \".example.org\"", "cookie_domain = \"a.example.org\""];
    let paths = ["", "cookie_path = \"/\"", "cookie_path = \"/a\"", "cookie_path = \"/a/\""];
    let secures = ["", "cookie_secure = true", "cookie_secure = false"];
    let mut asked = 0;
    for domain in domains {
        for path in paths {
            for secure in secures {
                let mut text = "moin = \"1.9.11\"\n".to_owned();
                for (number, url) in urls.iter().enumerate() {
                    text.push_str(&format!(
                        "[wikis.w{number}]\nurl = \"{url}\"\n{domain}\n{path}\n{secure}\n"
                    ));
                }
                let model = model(&text);
                for from in model.sites() {
                    let header = session_cookie(&from.settings, Visitor::User, "x", 0.0).unwrap().to_string();
                    let mut jar = Jar::new(Profile::Chromium);
                    let outcome = jar.receive(&from.target, header.as_bytes(), &Request::direct(0.0));
                    let Outcome::Stored { cookie, .. } = outcome else { continue };
                    for to in model.sites() {
                        let target: &Target = &to.target;
                        let sent = !jar.peek(target, &Request::direct(1.0)).sent.is_empty();
                        assert_eq!(to.receives(&cookie), sent, "{header} to {target:?}");
                        asked += 1;
                    }
                }
            }
        }
    }
    assert!(asked > 500, "{asked}");
}

#[test]
fn classes_give_the_same_answers_as_pairs() {
    // A farm with every kind of wiki: classes give the same groups and senders as the judgement of each pair.
    let mut text = "moin = \"1.9.11\"\n".to_owned();
    let kinds = [
        "cookie_domain = \".example.org\"",
        "",
        "cookie_domain = \".example.org\"\nuser_dir = \"/v\"",
        "moin = \"1.8.7\"",
        "moin = \"1.9.0\"",
        "cookie_domain = \".example.org\"\ncookie_path = \"/x\"",
    ];
    for number in 0..24 {
        let kind = kinds[number % kinds.len()];
        let url = if number % 4 == 3 {
            format!("https://example.org/x/{number}")
        } else {
            // Two of one kind at one address.
            format!("https://w{}.example.org/", if number == 18 { 12 } else { number })
        };
        let users = if kind.contains("user_dir") { "" } else { "user_dir = \"/u\"" };
        text.push_str(&format!("[wikis.w{number}]\nurl = \"{url}\"\ndata_dir = \"/d\"\n{users}\n{kind}\n"));
        if !kind.contains("moin") {
            text.push_str("cookie_name = \"lab\"\n");
        }
    }
    let model = model(&text);
    let encounters = model.encounters();
    let judge = |from: usize, to: usize| model.judge(&model.sites()[from], &model.sites()[to], As::User);
    let wikis = model.sites().len();
    assert!(encounters.len() < wikis * (wikis - 1) / 2, "{} of {wikis}", encounters.len());
    for from in 0..wikis {
        for to in (0..wikis).filter(|to| *to != from) {
            let judged = judge(from, to);
            let shares = judged.verdict == Verdict::Shared;
            assert!(!shares || model.may_share(to).contains(&model.classes().class_of(from)));
            let mut asked = encounters.iter().filter(|(a, b)| *b == to || *a == from);
            assert!(
                !(shares || judged.is_trouble())
                    || asked.any(|(a, b)| {
                        let other = judge(*a, *b);
                        (other.verdict, other.effect) == (judged.verdict, judged.effect)
                    }),
                "{from} to {to} is like no pair asked about: {judged:?}"
            );
        }
    }
    for group in groups(&model) {
        for a in group {
            for b in group {
                if a != b {
                    let pair = model.pair(&model.sites()[*a], &model.sites()[*b], As::User);
                    assert_eq!(pair.verdict, Verdict::Shared);
                }
            }
        }
    }
    assert!(!groups(&model).is_empty());
}

#[test]
fn leaks_lists_other_hosts_that_receive_login_cookies() {
    let text = "moin = \"1.9.11\"\n[farm]\nother_hosts = [\"www.example.org\", \"other.org\", \"a.example.org\"]\n\
                cookie_name = \"lab\"\n\
                [wikis.a]\nurl = \"https://a.example.org/\"\ncookie_domain = \".example.org\"\n\
                [wikis.b]\nurl = \"https://b.example.org/\"\n\
                [wikis.c]\nurl = \"https://c.example.org/\"\ncookie_domain = \".example.org\"\ncookie_secure = false\n\
                [wikis.d]\nurl = \"https://a.example.org/d\"\ncookie_path = \"/d\"\ncookie_name = \"d\"\n";
    let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
    let found: Vec<String> = leaks(&farm, &Model::new(&farm, &Paper, &builtin()))
        .iter()
        .flat_map(|leak| {
            leak.cookies.iter().map(|c| format!("{} {} {:?} {}", leak.host, c.name, c.wikis, c.over_http))
        })
        .collect();
    let expected = [
        "www.example.org MOIN_SESSION_lab [\"a\"] false",
        "www.example.org MOIN_SESSION_lab [\"c\"] true",
        "a.example.org MOIN_SESSION_d [\"d\"] false",
        "a.example.org MOIN_SESSION_lab [\"a\"] false",
        "a.example.org MOIN_SESSION_lab [\"c\"] true",
    ];
    assert_eq!(found, expected);
}

#[test]
fn by_alias_has_urls_with_another_verdict() {
    let text = "moin = \"1.9.11\"\n[farm]\nuser_dir = \"/u\"\nsession_dir = \"/s\"\ncookie_name = \"lab\"\n\
                [wikis.a]\nurl = \"https://example.org/a\"\naliases = [\"http://example.org/a\"]\n\
                [wikis.b]\nurl = \"http://example.org/b\"\n";
    let model = model(text);
    let (a, b) = (model.site("a").unwrap(), model.site("b").unwrap());
    assert_eq!(model.pair(a, b, As::User).verdict, Verdict::Separate, "Secure over https only");
    let others = model.by_alias(a, b, As::User);
    let shown: Vec<_> =
        others.iter().map(|(a, b, p)| (a.target.to_string(), b.target.to_string(), p.verdict)).collect();
    assert_eq!(
        shown,
        [("http://example.org/a/".to_owned(), "http://example.org/b/".to_owned(), Verdict::Shared)]
    );
}

#[test]
fn pair_over_http_and_https_makes_the_cookie_secure() {
    let text = "moin = \"1.9.11\"\n[farm]\nuser_dir = \"/u\"\nsession_dir = \"/s\"\ncookie_name = \"lab\"\n\
                cookie_domain = \".example.org\"\n[wikis.a]\nurl = \"http://a.example.org/\"\n\
                [wikis.b]\nurl = \"https://b.example.org/\"\n";
    let got = pair(text, As::User);
    assert_eq!((got.verdict, got.step, got.cookie_sent), (Verdict::Conflict, None, true));
    assert_eq!(
        got.effect.unwrap(),
        "visiting b makes the shared cookie Secure: users are logged out of a, since browsers send Secure cookies over \
         https only"
    );
    let never_secure = text.replace("[wikis.a]", "cookie_secure = false\n[wikis.a]");
    assert_eq!(pair(&never_secure, As::User).verdict, Verdict::Shared);
}

#[test]
fn thirds_lists_a_wiki_that_interferes() {
    let farm = |third: &str| {
        format!(
            "moin = \"1.9.11\"\n[farm]\nuser_dir = \"/u\"\nsession_dir = \"/s\"\ncookie_name = \"lab\"\n\
             [wikis.a]\nurl = \"https://a.example.org/\"\ncookie_domain = \".example.org\"\n\
             [wikis.b]\nurl = \"https://example.org/b\"\n\
             [wikis.c]\nurl = \"https://example.org/c\"\n{third}\n"
        )
    };
    let found = |text: &str| {
        let model = model(text);
        model.thirds().iter().map(|third| third.describe(model.sites())).collect::<Vec<_>>()
    };
    assert!(found(&farm("")).is_empty(), "c makes no anonymous sessions");
    assert_eq!(
        found(&farm("cookie_lifetime = [2, 12]")),
        ["after visiting c, users who log in at a stay anonymous at b: b picks the cookie of c"]
    );
    // b uses the last cookie, which is the one of a.
    assert!(found(&farm("cookie_lifetime = [2, 12]").replace("1.9.11", "1.9.10")).is_empty());
}
