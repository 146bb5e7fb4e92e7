//! The effects of single changes.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::browser::BuiltinSuffixes;

pub(super) const NOW: f64 = 1_795_500_000.0;

pub(super) fn farm(text: &str) -> Farm {
    let farm = Farm::parse(Path::new("farm.toml"), text.to_owned()).unwrap();
    assert!(farm.sound(), "{:?}", crate::lint::parse_findings(&farm));
    farm
}

fn diff(old: &str, new: &str) -> Diff {
    let suffixes: SharedSuffixes = Arc::new(BuiltinSuffixes);
    Diff::new(&farm(old), &farm(new), &suffixes, NOW)
}

/// Each case as `wiki visitor way: verdict (reason)`, without cases that have no effect.
fn cases(diff: &Diff) -> Vec<String> {
    let mut found = Vec::new();
    for group in &diff.groups {
        let wikis: Vec<_> = group.wikis.iter().map(|wiki| wiki.old.as_str()).collect();
        for case in group.cases.iter().filter(|case| case.verdict != Verdict::Kept || case.shadowed) {
            let way = match &case.way {
                Way::Back => String::new(),
                Way::Ended => " ended".to_owned(),
                Way::From(other) => format!(" from {other}"),
                Way::Over(other) => format!(" over {other}"),
                Way::Both(other) => format!(" both {other}"),
            };
            let shadowed = if case.shadowed { " shadowed" } else { "" };
            let (verdict, reason) = (case.verdict.name(), case.reason.name());
            let who = case.visitor.name();
            found.push(format!("{} {who}{way}: {verdict} ({reason}){shadowed}", wikis.join("+")));
        }
    }
    found
}

/// One wiki, with these lines before and after the change.
fn one(version: &str, before: &str, after: &str) -> Vec<String> {
    let wiki = |lines: &str| {
        let url = if lines.contains("url =") { "" } else { "url = \"https://example.org/alpha\"\n" };
        let data_dir = if lines.contains("_dir =") { "" } else { "data_dir = \"/none\"\n" };
        format!("moin = \"{version}\"\n[wikis.a]\n{url}{data_dir}{lines}\n")
    };
    cases(&diff(&wiki(before), &wiki(after)))
}

#[test]
fn unchanged_farm_has_no_effect() {
    for version in ["1.7.3", "1.8.7", "1.9.0", "1.9.1", "1.9.3", "1.9.8", "1.9.10", "1.9.11", "2.0"] {
        let none: [&str; 0] = [];
        assert_eq!(one(version, "", ""), none, "{version}");
    }
}

#[test]
fn wider_path_keeps_the_old_cookie_first_in_1_9_11_only() {
    let widen = |version| one(version, "cookie_path = \"/alpha\"", "cookie_path = \"/\"");
    // The longer path comes first, and versions up to 1.9.10 pick the last cookie.
    assert_eq!(widen("1.9.11"), ["a remember: kept (none) shadowed", "a user: kept (none) shadowed"]);
    for version in ["1.9.1", "1.9.3", "1.9.8", "1.9.10"] {
        let none: [&str; 0] = [];
        assert_eq!(widen(version), none, "{version}");
    }
}

#[test]
fn old_signed_cookie_before_the_new_one_leaves_users_stuck_at_login() {
    // 2.0 picks the first cookie, and cannot continue under its id as 1.9 does.
    assert_eq!(
        one(
            "2.0",
            "cookie_path = \"/alpha\"\nsecret_key_id = \"old\"",
            "cookie_path = \"/\"\nsecret_key_id = \"new\""
        ),
        [
            "a remember: stuck-at-login (shadowed) shadowed",
            "a user: stuck-at-login (shadowed) shadowed",
            "a anonymous: stuck-at-login (shadowed) shadowed",
        ]
    );
}

#[test]
fn cases_of_logged_out_users_have_a_reason() {
    let first = |version: &str, before: &str, after: &str| one(version, before, after).swap_remove(0);
    let dir = |name: &str| format!("data_dir = \"/none/{name}\"");
    assert_eq!(
        first("1.9.11", "cookie_name = \"one\"", "cookie_name = \"two\""),
        "a remember: logged-out (cookie-name)"
    );
    assert_eq!(
        first("1.9.11", "", "url = \"https://wiki.example.org/\""),
        "a remember: logged-out (cookie-not-sent)"
    );
    assert_eq!(
        first("1.8.7", &dir("one"), &format!("{}\nuser_dir = \"/none/one/user\"", dir("two"))),
        "a remember: logged-out (storage)"
    );
    assert_eq!(
        first("1.9.8", &dir("one"), &format!("{}\nuser_dir = \"/none/users\"", dir("one"))),
        "a remember: logged-out (users)"
    );
    assert_eq!(first("1.9.8", "auth = [\"moin\"]", "auth = [\"ldap\"]"), "a remember: logged-out (auth)");
    assert_eq!(
        first("1.9.11", "", "cookie_domain = \".example.com\""),
        "a remember: nobody-logs-in (cookie-rejected)"
    );
    assert_eq!(first("1.9.8", "", "cookie_domain = \"localhost\""), "a remember: fails (failure)");
    assert_eq!(
        first("2.0", "secret_key_id = \"old\"", "secret_key_id = \"new\""),
        "a remember: logged-out (secret-key)"
    );
}

#[test]
fn upgrade_to_1_9_logs_out_because_of_name_or_id_form() {
    let wiki = |version: &str, lines: &str| {
        format!(
            "moin = \"{version}\"\n[wikis.a]\nurl = \"https://example.org/\"\ndata_dir = \"/none\"\n{lines}\n"
        )
    };
    let upgrade = |version: &str, lines| cases(&diff(&wiki("1.8.7", ""), &wiki(version, lines)));
    assert_eq!(
        upgrade("1.9.11", ""),
        ["a remember: logged-out (cookie-name)", "a user: logged-out (cookie-name)"]
    );
    // 1.9.0 keeps the name. The old cookie has the same domain and path as the new one, and is replaced.
    assert_eq!(upgrade("1.9.0", ""), ["a remember: logged-out (id-form)", "a user: logged-out (id-form)"]);
    // With another domain, both cookies stay. The new one is created later, so it comes last, and 1.9.0 picks
    // the last one.
    assert_eq!(
        cases(&diff(&wiki("1.8.7", ""), &wiki("1.9.0", "cookie_domain = \".example.org\""))),
        ["a remember: logged-out (id-form)", "a user: logged-out (id-form)",]
    );
}

#[test]
fn old_secure_cookie_leaves_users_stuck_at_login_over_http() {
    let wiki = |scheme: &str| {
        let name = "cookie_name = \"lab\"\ncookie_domain = \".example.org\"";
        format!(
            "moin = \"1.9.11\"\n[wikis.a]\nurl = \"{scheme}://wiki.example.org/\"\ndata_dir = \"/none\"\n{name}\n"
        )
    };
    assert_eq!(
        cases(&diff(&wiki("https"), &wiki("http"))),
        ["a remember: stuck-at-login (cookie-rejected)", "a user: stuck-at-login (cookie-rejected)",]
    );
}

#[test]
fn wiki_that_leaves_a_shared_login_still_receives_the_old_cookie() {
    let wikis = |shared: bool| {
        let (domain, keys) = match shared {
            true => ("cookie_domain = \".example.org\"\n", ["k", "k"]),
            false => ("", ["k", "l"]),
        };
        let wiki = |name: &str, key: &str| {
            format!(
                "[wikis.{name}]\nurl = \"https://{name}.example.org/\"\nuser_dir = \"/none\"\nsecret_key_id = \"{key}\"\n{domain}"
            )
        };
        format!("moin = \"2.0\"\n{}{}", wiki("one", keys[0]), wiki("two", keys[1]))
    };
    let found = cases(&diff(&wikis(true), &wikis(false)));
    assert!(found.contains(&"two remember: stuck-at-login (shadowed) shadowed".to_owned()), "{found:#?}");
}

#[test]
fn unreachable_stores_are_reported() {
    let farm = |lines: &str| {
        format!(
            "moin = \"1.9.11\"\n[farm]\nuser_dir = \"/none/users\"\nsession_dir = \"/none/sessions\"\n{lines}"
        )
    };
    let a = "[wikis.a]\nurl = \"https://a.example.org/\"\n";
    let b = "[wikis.b]\nurl = \"https://b.example.org/\"\n";
    let old =
        farm(&format!("{a}{b}[wikis.c]\nurl = \"https://c.example.org/\"\nsession_dir = \"/none/c\"\n"));
    let new = farm(&format!("{a}cookie_name = \"new\"\n{b}"));
    let diff = diff(&old, &new);
    let stores: Vec<_> = diff
        .stores
        .iter()
        .map(|store| {
            format!("{} {:?} {:?} {}", store.store, store.wikis, store.reachable_from, store.unreachable())
        })
        .collect();
    assert_eq!(stores, [r#"/none/sessions ["a", "b"] ["b"] false"#, r#"/none/c ["c"] [] true"#]);
    assert_eq!(diff.removed, ["c"]);
}

#[test]
fn no_deletion_is_suggested_for_a_cookie_that_a_new_wiki_sets() {
    // All wikis received the root wiki's cookie. After the change, alpha has its own path, and root keeps the
    // same cookie.
    let wikis = |path: &str, keys: [&str; 2]| {
        let wiki = |name: &str, url: &str, key: &str, lines: &str| {
            format!(
                "[wikis.{name}]\nurl = \"https://example.org/{url}\"\nuser_dir = \"/none\"\nsecret_key_id = \"{key}\"\n{lines}"
            )
        };
        format!(
            "moin = \"2.0\"\n{}{}",
            wiki("root", "", keys[0], ""),
            wiki(
                "alpha",
                "alpha",
                keys[1],
                &format!("cookie_path = \"{path}\"\nduplicate_cookie = \"last\"\n")
            )
        )
    };
    let diff = diff(&wikis("/", ["k", "k"]), &wikis("/alpha", ["k", "l"]));
    assert!(cases(&diff).contains(&"alpha remember: stuck-at-login (shadowed) shadowed".to_owned()));
    assert!(diff.suggestions.deletions.is_empty());
    let [cookie] = &diff.suggestions.undeletable[..] else { panic!("{:#?}", diff.suggestions) };
    assert_eq!(cookie.used_by, ["root"]);
    assert!(diff.suggestions.with_fresh_names.unwrap().is_well());
}

#[test]
fn each_suggestion_is_simulated() {
    let wiki = |lines: &str| {
        format!(
            "moin = \"2.0\"\n[wikis.a]\nurl = \"https://example.org/alpha\"\nuser_dir = \"/none\"\n{lines}\n"
        )
    };
    let old = wiki("cookie_path = \"/alpha\"\nsecret_key_id = \"k\"");
    let suggestions = diff(&old, &wiki("secret_key_id = \"l\"")).suggestions;
    let headers: Vec<_> = suggestions.deletions.iter().map(|deletion| deletion.set_cookie.as_str()).collect();
    assert_eq!(headers, ["session=; Path=/alpha; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"]);
    assert_eq!(suggestions.with_deletions, Some(Left { verdict: Verdict::LoggedOut, shadowed: false }));
    let names: Vec<_> = suggestions.fresh_names.iter().map(|name| name.cookie.as_str()).collect();
    assert_eq!(names, ["session_2"]);
    assert_eq!(suggestions.with_fresh_names, Some(Left { verdict: Verdict::LoggedOut, shadowed: false }));
}

#[test]
fn secure_cookie_cannot_be_deleted_over_http() {
    let wiki = |scheme: &str| {
        let lines = "cookie_name = \"lab\"\ncookie_domain = \".example.org\"";
        format!(
            "moin = \"1.9.11\"\n[wikis.a]\nurl = \"{scheme}://wiki.example.org/\"\ndata_dir = \"/none\"\n{lines}\n"
        )
    };
    let suggestions = diff(&wiki("https"), &wiki("http")).suggestions;
    assert_eq!(suggestions.with_deletions.map(Left::is_well), None);
    let [cookie] = &suggestions.undeletable[..] else { panic!("{suggestions:#?}") };
    assert_eq!((cookie.used_by.as_slice(), cookie.cookie.secure), (&[][..], true));
    assert!(suggestions.with_fresh_names.unwrap().is_well());
}

#[test]
fn secure_cookie_that_another_wiki_no_longer_sets_keeps_users_over_http_stuck_at_login() {
    let wikis = |name: &str| {
        format!(
            "moin = \"1.9.11\"\n[wikis.plain]\nurl = \"http://a.example.org/w/v\"\ndata_dir = \"/none/p\"\ncookie_name = \"x\"\n\
             [wikis.safe]\nurl = \"https://a.example.org/\"\ndata_dir = \"/none/s\"\ncookie_name = \"{name}\"\n"
        )
    };
    let found = cases(&diff(&wikis("x"), &wikis("y")));
    assert!(
        found.contains(&"plain remember from safe: stuck-at-login (cookie-rejected)".to_owned()),
        "{found:#?}"
    );
    // The same trouble before and after the change is not an effect of the change.
    let none: [&str; 0] = [];
    assert_eq!(cases(&diff(&wikis("x"), &wikis("x"))), none);
}

/// Plain, at http, and safe, at https on the same host, whose cookie name changes from x to y.
fn plain_and_safe(plain: &str) -> (Farm, Farm) {
    let wikis = |name: &str| {
        farm(&format!(
            "moin = \"1.9.11\"\n[wikis.plain]\nurl = \"http://a.example.org/w/v\"\ndata_dir = \"/none/p\"\n\
             cookie_name = \"x\"\n{plain}\n[wikis.safe]\nurl = \"https://a.example.org/\"\ndata_dir = \"/none/s\"\n\
             cookie_name = \"{name}\"\n"
        ))
    };
    (wikis("x"), wikis("y"))
}

/// Whether a user with the old Secure cookie can log in at plain and stays logged in there, after and between visits to safe,
/// if `sender` adds this header to its responses.
fn stays_logged_in(profile: Profile, sender: &str, header: &str) -> (bool, bool) {
    let (old, new) = plain_and_safe("");
    let browser = Jar::new(profile);
    let site = |farm: &Farm, name: &str| {
        let wiki = farm.wiki(name).unwrap();
        crate::simulate::wiki::Site::new(wiki, &wiki.url).unwrap()
    };
    let (plain, safe) = (site(&new, "plain"), site(&new, "safe"));
    let mut person = crate::simulate::person::Person::new(NOW, &browser, Visitor::Remember);
    person.come(&site(&old, "safe"));
    let url = site(&new, sender).root.to_string();
    person.roll_out(&Arc::new(HashMap::from([(url, vec![header.to_owned()])])));
    person.visit(&safe);
    person.log_in(&plain);
    let after = person.visit(&plain).knows();
    person.visit(&safe);
    (after, person.visit(&plain).knows())
}

#[test]
fn header_that_deletes_a_secure_cookie_works_over_https_only_and_deletes_the_plain_one_too() {
    // RFC 6265bis 5.7: step 16 rejects what would replace a Secure cookie over http; step 23 finds the old cookie by name,
    // domain, host-only flag, and path.
    for (profile, secure) in Profile::ALL.iter().flat_map(|profile| [(*profile, ""), (*profile, "; Secure")])
    {
        let header = format!("MOIN_SESSION_x=; Path=/; Max-Age=0{secure}");
        assert_eq!(stays_logged_in(profile, "plain", &header), (false, false), "{profile:?} {header}");
        assert_eq!(stays_logged_in(profile, "safe", &header), (true, false), "{profile:?} {header}");
    }
    let (old, new) = plain_and_safe("");
    let suggestions = Diff::new(&old, &new, &(Arc::new(BuiltinSuffixes) as _), NOW).suggestions;
    assert!(suggestions.deletions.is_empty());
    let [cookie] = &suggestions.undeletable[..] else { panic!("{suggestions:#?}") };
    assert_eq!((cookie.used_by.as_slice(), cookie.cookie.secure), (&["plain".to_owned()][..], true));
}

#[test]
fn secure_cookie_with_another_path_is_deleted_by_a_wiki_at_https() {
    let (old, new) = plain_and_safe("cookie_path = \"/w/v\"");
    let suggestions = Diff::new(&old, &new, &(Arc::new(BuiltinSuffixes) as _), NOW).suggestions;
    let urls: Vec<_> = suggestions.deletions.iter().map(|one| one.url.as_str()).collect();
    assert_eq!((urls, suggestions.undeletable), (vec!["https://a.example.org/"], vec![]));
}
