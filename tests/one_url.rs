//! Several wikis at one URL. A visitor reaches one of them, but the farm file does not say which one.

use crate::support::Place;

/// Three wikis at one URL, and a fourth at another. Each would share logins with all others.
const FARM: &str = r#"
    moin = "1.9.11"

    [farm]
    user_dir = "users"
    session_dir = "sessions"
    cookie_domain = ".example.org"
    cookie_name = "lab"

    [wikis.a]
    url = "https://wiki.example.org/"

    [wikis.b]
    url = "https://wiki.example.org"

    [wikis.c]
    url = "https://WIKI.example.org:443/"

    [wikis.other]
    url = "https://other.example.org/"
"#;

#[test]
fn preview_with_a_shared_address_predicts_no_sharing() {
    let place = Place::farm(FARM);
    place
        .wikifarm("cookie preview")
        .stdout(str![[r#"
Shared logins
  a and other
Separate
  b and c
Problems
  between a, b, and c: unknown: a and b share the address
    https://wiki.example.org/: only one of the wikis answers
help: `wikifarm cookie explain a b` shows each step

"#]])
        .run();
    place
        .wikifarm("cookie preview --matrix")
        .stdout(str![[r#"
from \ to 1 2 3 4
1 a       \ ? ? =
2 b       ? \ ? =
3 c       ? ? \ =
4 other   = = = \
= shared   . separate   ! conflict   x rejected   ~ shadowed   ? unknown

"#]])
        .run();
}

#[test]
fn preview_with_a_share_at_a_shared_address_exits_1() {
    Place::farm(&format!("{FARM}\n    [[share]]\n    wikis = [\"a\", \"b\", \"c\", \"other\"]\n"))
        .wikifarm("cookie preview a b other")
        .status(1)
        .stdout(str![[r#"
Shared logins
  a and other
Separate
  b
Problems
  between a and b: unknown: a and b share the address https://wiki.example.org/:
    only one of the wikis answers
help: `wikifarm cookie explain a b` shows each step
Differs from [[share]]
  a and b: unknown: a and b share the address https://wiki.example.org/: only
    one of the wikis answers
  a to c: unknown: a and c share the address https://wiki.example.org/: only one
    of the wikis answers

"#]])
        .run();
}

#[test]
fn preview_of_a_large_farm_finds_shared_addresses() {
    // All wikis are in the same class, so that a few represent all.
    let wikis: String = (0..210)
        .map(|n| {
            format!("[wikis.w{n}]\nurl = \"https://w{}.example.org/\"\n", if n % 100 == 5 { 5 } else { n })
        })
        .collect();
    let farm = format!(
        "moin = \"1.9.11\"\n[farm]\nuser_dir = \"u\"\nsession_dir = \"s\"\ncookie_domain = \".example.org\"\n\
         cookie_name = \"lab\"\n{wikis}"
    );
    let share = |names: &str| format!("{farm}[[share]]\nwikis = [{names}]\n");
    let preview =
        |farm: &str| Place::farm(farm).wikifarm("cookie preview").status_among(&[0, 1]).any_stdout().run();
    let trouble = "  between w5, w105, and w205: unknown: w5 and w105 share the address\n";
    assert!(preview(&farm).stdout.contains(trouble));
    let named: Vec<String> = (0..210).map(|n| format!("\"w{n}\"")).collect();
    let stdout = preview(&share(&named.join(", "))).stdout;
    let intended = stdout.split_once("Differs from [[share]]\n").unwrap().1;
    let lines = intended.lines().filter(|line| !line.starts_with("    "));
    let pairs: Vec<&str> = lines.map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(pairs, ["  w5 and w105", "  w5 to w205"]);
}

#[test]
fn explain_with_a_shared_address_names_the_step() {
    let explain = Place::farm(FARM).wikifarm("cookie explain a b").any_stdout().run().stdout;
    assert!(explain.starts_with("Users logged in at a who go to b: unknown\n"), "{explain}");
    assert!(
        explain.contains(
            "  3. unknown b looks for the cookie: a and b share the address\n             https://wiki.example.org/: \
             only one of the wikis answers\n"
        ),
        "{explain}"
    );
}

#[test]
fn explain_with_an_alias_at_another_wikis_url_is_unknown_there() {
    let farm = FARM.replace(
        "url = \"https://other",
        "aliases = [\"https://wiki.example.org/\"]\n    url = \"https://other",
    );
    let explain = Place::farm(&farm).wikifarm("cookie explain a other").any_stdout().run().stdout;
    let line = "https://wiki.example.org/ to https://wiki.example.org/: unknown: ";
    assert!(explain.starts_with("Users logged in at a who go to other: shared\n"), "{explain}");
    let words: Vec<&str> = explain.split_whitespace().collect();
    assert!(words.join(" ").contains(line), "{explain}");
}

#[test]
fn simulate_with_a_shared_address_names_the_wiki_reached() {
    Place::farm(FARM)
        .wikifarm("cookie simulate")
        .args(["login b Bob", "visit https://wiki.example.org/Page", "expect other Bob"])
        .any_stdout()
        .stderr(str![[r#"
a, b, and c have the same URL https://wiki.example.org/: assuming b
a, b, and c have the same URL https://wiki.example.org/: assuming a

"#]])
        .run();
}

#[test]
fn diff_with_a_shared_address_is_unknown() {
    let apart = FARM.replace("https://wiki.example.org\"", "https://b.example.org\"");
    let apart = apart.replace("https://WIKI.example.org:443/", "https://c.example.org/");
    let place = Place::farm(FARM).file("apart.toml", crate::support::unindent(&apart));
    place
        .wikifarm("cookie diff apart.toml farm.toml --fail-on-impact")
        .status(1)
        .stdout(str![[r#"
a, b, and c: unknown: a, b, and c have the same URL https://wiki.example.org/:
  visitors reach only one of these wikis
apart.toml -> farm.toml: at the other wikis, nobody is logged out, and no old
  cookie hides a new one
help: in farm.toml, use the URL "https://b.wiki.example.org/" in b and use the
        URL "https://c.wiki.example.org/" in c, so that wikis share logins as
        intended

"#]])
        .run();
    let markdown =
        place.wikifarm("cookie diff farm.toml apart.toml --format markdown").any_stdout().run().stdout;
    let line = "\na, b, and c: unknown: a, b, and c have the same URL https://wiki.example.org/: visitors reach only one \
                of these wikis.\n";
    assert!(markdown.contains(line), "{markdown}");
}

#[test]
fn probe_with_a_shared_address_notes_that_one_wiki_answers() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let farm = FARM
        .replace("wiki.example.org", &format!("127.0.0.1:{port}"))
        .replace("WIKI.example.org:443", "c.example.org");
    Place::farm(&farm)
        .wikifarm("cookie probe a")
        .status(3)
        .any_stdout()
        .stderr(format!(
            "a and b have the same URL https://127.0.0.1:{port}/: only one of these wikis answers\n"
        ))
        .run();
}
