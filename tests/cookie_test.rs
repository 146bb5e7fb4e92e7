//! `wikifarm cookie test`

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use serde_json::{Value, json};

use crate::support::Place;

const NOW: &str = "--now=1795400000";

const FARM: &str = r#"
    moin = "1.9.11"

    [wikis.docs]
    url = "https://docs.example.org/"
    cookie_domain = ".example.org"
    cookie_name = "lab"

    [wikis.own]
    url = "https://own.example.org/"
    session_service = "custom"
"#;

#[test]
fn test_explains_each_header_and_each_cookie() {
    Place::new()
        .wikifarm("cookie test --url https://wiki1.example.org/ --set-cookie")
        .arg("A=1; Domain=example.org; Path=/wiki; Secure; HttpOnly; SameSite=Lax; Max-Age=3600")
        .arg("B=2; Domain=org")
        .arg("C=; Max-Age=0")
        .arg("D=4")
        .arg("D=5")
        .arg("D=; Expires=Thu, 01-Jan-1970 00:00:00 GMT")
        .arg("--visit")
        .arg("https://wiki2.example.org/wiki/Page")
        .arg("http://example.net/wiki")
        .arg(NOW)
        .status(1)
        .stdout(str![[r#"
https://wiki1.example.org/ sets cookies
  accepted  A=1; Domain=example.org; Path=/wiki; Secure; HttpOnly; SameSite=Lax;
            Max-Age=3600
            stored as A=1 for example.org and its subdomains, path /wiki,
            Secure, HttpOnly, SameSite=Lax, until 2026-11-23T03:13:20Z, in 60 m
  rejected  B=2; Domain=org
            public-suffix: Domain is a public suffix, below which anybody can
            register a domain (RFC 6265bis 5.7 step 9)
  accepted  C=; Max-Age=0
            nothing to delete: no cookie C for wiki1.example.org only, path /
  accepted  D=4
            stored as D=4 for wiki1.example.org only, path /, until the browser
            closes
  accepted  D=5
            stored as D=5 for wiki1.example.org only, path /, until the browser
            closes
            replaces D=4
  deleted   D=; Expires=Thu, 01-Jan-1970 00:00:00 GMT
            cookie D for wiki1.example.org only, path /

https://wiki2.example.org/wiki/Page is visited
  Cookie: A=1
  sent      A=1 for example.org and its subdomains, path /wiki
            wiki2.example.org is within example.org, /wiki/Page is within /wiki,
            the connection is https

http://example.net/wiki is visited
  no Cookie header
  withheld  A=1 for example.org and its subdomains, path /wiki
            domain-mismatch: the cookie is for another host or domain (RFC
            6265bis 5.1.3)
            secure-only: browsers send Secure cookies over https only (RFC
            6265bis 5.8.3)

"#]])
        .run();
}

#[test]
fn test_json_has_exactly_these_fields() {
    Place::new()
        .wikifarm("cookie test --url https://wiki1.example.org/a/b --visit https://wiki1.example.org/a/ --format json")
        .arg(NOW)
        .arg("--set-cookie=A=1; Domain=example.org; Max-Age=60; SameSite=Strict")
        .arg("--set-cookie=B=2; Domain=org")
        .arg("--set-cookie=A=; Domain=example.org; Max-Age=-1; Secure; HttpOnly; Path=/")
        .arg(OsString::from_vec(b"--set-cookie=C=\xe9\xc3\xa9".to_vec()))
        .status(1)
        .stdout(str![[r#"
{
  "schema": 1,
  "steps": [
    {
      "url": "https://wiki1.example.org/a/b",
      "accepted": [
        {
          "name": "A",
          "value": "1",
          "domain": "example.org",
          "host_only": false,
          "path": "/a",
          "secure": false,
          "http_only": false,
          "same_site": "Strict",
          "expires": 1795400060.0,
          "expires_at": "2026-11-23T02:14:20Z"
        },
        {
          "name": "A",
          "value": "",
          "domain": "example.org",
          "host_only": false,
          "path": "/",
          "secure": true,
          "http_only": true,
          "same_site": null,
          "expires": 0.0,
          "expires_at": "1970-01-01T00:00:00Z"
        },
        {
          "name": "C",
          "value": "\udce9é",
          "domain": "wiki1.example.org",
          "host_only": true,
          "path": "/a",
          "secure": false,
          "http_only": false,
          "same_site": null,
          "expires": null,
          "expires_at": null
        }
      ],
      "rejected": [
        {
          "header": "B=2; Domain=org",
          "reason": "public-suffix",
          "section": "5.7 step 9"
        }
      ],
      "cookie": null,
      "differs": [
        {
          "browsers": [
            "firefox"
          ],
          "accepted": [
            {
              "name": "A",
              "value": "1",
              "domain": "example.org",
              "host_only": false,
              "path": "/a",
              "secure": false,
              "http_only": false,
              "same_site": "Strict",
              "expires": 1795400060.0,
              "expires_at": "2026-11-23T02:14:20Z"
            },
            {
              "name": "A",
              "value": "",
              "domain": "example.org",
              "host_only": false,
              "path": "/",
              "secure": true,
              "http_only": true,
              "same_site": null,
              "expires": 0.0,
              "expires_at": "1970-01-01T00:00:00Z"
            },
            {
              "name": "C",
              "value": "�é",
              "domain": "wiki1.example.org",
              "host_only": true,
              "path": "/a",
              "secure": false,
              "http_only": false,
              "same_site": null,
              "expires": null,
              "expires_at": null
            }
          ],
          "rejected": [
            {
              "header": "B=2; Domain=org",
              "reason": "public-suffix",
              "section": "5.7 step 9"
            }
          ],
          "cookie": null
        }
      ]
    },
    {
      "url": "https://wiki1.example.org/a/",
      "accepted": [],
      "rejected": [],
      "cookie": "A=1; C=\udce9é",
      "differs": [
        {
          "browsers": [
            "firefox"
          ],
          "accepted": [],
          "rejected": [],
          "cookie": "A=1; C=�é"
        }
      ]
    }
  ],
  "differences": [
    "not-utf-8"
  ]
}

"#]])
        .run();
}

#[test]
fn test_notes_where_firefox_differs_from_chromium() {
    let place = Place::new();
    let run = |more: &str| {
        let run = place.wikifarm("cookie test --url http://w.example.org/ --visit http://w.example.org/");
        run.arg("--set-cookie=A=1; Max-Age=+60")
            .arg("--set-cookie=B=2; Domain=.")
            .arg("--set-cookie=C=3")
            .arg(NOW)
            .arg(more)
    };
    run("-v")
        .status(1)
        .stdout(str![[r#"
http://w.example.org/ sets cookies
  accepted  A=1; Max-Age=+60
            stored as A=1 for w.example.org only, path /, until
            2026-11-23T02:14:20Z, in 60 s
            Firefox differs: accepted: stored as A=1 for w.example.org only,
            path /, until the browser closes
  rejected  B=2; Domain=.
            malformed-domain: Domain must be a host name, without port, URL,
            quotes, percent signs, or empty labels (RFC 6265bis 5.1.2)
  accepted  C=3
            stored as C=3 for w.example.org only, path /, until the browser
            closes

http://w.example.org/ is visited
  Cookie: A=1; C=3
  sent      A=1 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /
  sent      C=3 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /

difference max-age-sign: Max-Age with a sign or with too many digits
  Chromium: `+100` is 100 seconds; digits that no longer fit are not read
  Firefox:  any value that begins with `-` expires the cookie; `+100` is
            ignored; digits that no longer fit are not read

"#]])
        .run();
    run("--browser=rfc")
        .stdout(str![[r#"
http://w.example.org/ sets cookies
  accepted  A=1; Max-Age=+60
            stored as A=1 for w.example.org only, path /, until the browser
            closes
  accepted  B=2; Domain=.
            stored as B=2 for w.example.org only, path /, until the browser
            closes
  accepted  C=3
            stored as C=3 for w.example.org only, path /, until the browser
            closes

http://w.example.org/ is visited
  Cookie: A=1; B=2; C=3
  sent      A=1 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /
  sent      B=2 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /
  sent      C=3 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /

"#]])
        .run();
}

#[test]
fn test_reads_pasted_headers() {
    let place = Place::new();
    let sent = |pasted: &str| {
        let run = place.wikifarm("cookie test --url https://w.example.org/ --visit https://w.example.org/");
        let run = run.arg("--format=json").arg(format!("--set-cookie={pasted}"));
        run.any_stdout().run().json()["steps"][1]["cookie"].as_str().unwrap().to_owned()
    };
    for before in
        ["", "Set-Cookie: ", "set-cookie:", "SET-COOKIE:  ", "Cookie: ", "< set-cookie: ", "< Set-Cookie: "]
    {
        assert_eq!(sent(&format!("{before}A=1; Path=/")), "A=1", "{before:?}");
    }
    assert_eq!(sent("Cookie: A=1; B=2"), "A=1; B=2");
    assert_eq!(
        sent("< HTTP/2 200\r\n< server: nginx\r\n< set-cookie: A=1; Secure\r\n< set-cookie: B=2\r\n<\r\n"),
        "A=1; B=2"
    );
}

#[test]
fn test_with_a_wiki_uses_its_header_and_url() {
    Place::farm(FARM)
        .wikifarm("cookie test --from docs --visit https://wiki.example.org/ https://docs.example.net/")
        .arg(NOW)
        .stdout(str![[r#"
https://docs.example.org/ sets cookies
  accepted  MOIN_SESSION_lab=0000000000000000000000000000000000000000;
            Domain=.example.org; Expires=Thu, 20-Nov-2036 02:13:00 GMT;
            Max-Age=315360000; Secure; Path=/
            stored as MOIN_SESSION_lab=0000000000000000000000000000000000000000
            for example.org and its subdomains, path /, Secure, until
            2027-12-28T02:13:20Z, in 400 d

https://wiki.example.org/ is visited
  Cookie: MOIN_SESSION_lab=0000000000000000000000000000000000000000
  sent      MOIN_SESSION_lab=0000000000000000000000000000000000000000 for
            example.org and its subdomains, path /
            wiki.example.org is within example.org, / is within /, the
            connection is https

https://docs.example.net/ is visited
  no Cookie header
  withheld  MOIN_SESSION_lab=0000000000000000000000000000000000000000 for
            example.org and its subdomains, path /
            domain-mismatch: the cookie is for another host or domain (RFC
            6265bis 5.1.3)

"#]])
        .run();
}

#[test]
fn test_with_a_wiki_accepts_another_visitor_and_url() {
    let place = Place::farm(FARM);
    let words = "cookie test --from docs --as user --url https://docs.example.net/";
    place
        .wikifarm(words)
        .arg(NOW)
        .status(1)
        .stdout(str![[r#"
https://docs.example.net/ sets cookies
  rejected  MOIN_SESSION_lab=0000000000000000000000000000000000000000;
            Domain=.example.org; Expires=Mon, 23-Nov-2026 14:13:00 GMT;
            Max-Age=43200; Secure; Path=/
            domain-mismatch: Domain must be the host that sets the cookie, or a
            parent of it (RFC 6265bis 5.7 step 10)

"#]])
        .run();
}

#[test]
fn test_with_a_wiki_that_sends_no_cookie_gives_the_reason() {
    let place = Place::farm(FARM);
    place
        .wikifarm("cookie test --from docs --as anonymous --visit https://docs.example.org/")
        .status(1)
        .stdout(str![[r#"
https://docs.example.org/ sets cookies
  no header

https://docs.example.org/ is visited
  no Cookie header

"#]])
        .stderr(str![[r#"
docs: no cookie with --as anonymous: anonymous sessions are off (lifetime 0)

"#]])
        .run();
    place
        .wikifarm("cookie test --from own")
        .status(1)
        .stderr(str![[r#"
error: own: unknown cookie: the wiki has a custom session_service

"#]])
        .run();
    place
        .wikifarm("cookie test --from dcos")
        .status(2)
        .stderr(str![[r#"
error: farm.toml: no wiki "dcos"
help: did you mean "docs"?

"#]])
        .run();
}

#[test]
fn test_with_a_frame_in_another_site_shows_the_cookies_of_each_browser() {
    let script = r#"{"url": "https://w.example.org/", "set_cookie": ["A=1", "N=1; Secure; SameSite=None"], "at": 1795400000}
{"url": "https://w.example.org/", "visit": true, "nav": "frame", "from_url": "https://example.net/"}
{"url": "https://w.example.org/", "set_cookie": ["A=2"], "nav": "fetch", "from_url": "https://example.net/"}
{"url": "https://w.example.org/", "visit": true, "nav": "image", "from_url": "https://example.net/"}
"#;
    Place::new()
        .file("steps.jsonl", script)
        .wikifarm("cookie test --script steps.jsonl")
        .status(1)
        .stdout(str![[r#"
2026-11-23T02:13:20Z  https://w.example.org/ sets cookies
  accepted  A=1
            stored as A=1 for w.example.org only, path /, until the browser
            closes
  accepted  N=1; Secure; SameSite=None
            stored as N=1 for w.example.org only, path /, Secure, SameSite=None,
            until the browser closes

2026-11-23T02:13:20Z  https://w.example.org/ is embedded in https://example.net/
  Cookie: N=1
  Firefox differs: no Cookie header
  sent      N=1 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /, the
            connection is https
  withheld  A=1 for w.example.org only, path /
            same-site: SameSite withholds the cookie from requests of other
            sites (RFC 6265bis 5.6.7.1)

2026-11-23T02:13:20Z  https://w.example.org/ sets cookies, embedded in
            https://example.net/
  rejected  A=2
            cross-site: pages embedded in another site can set SameSite=None
            cookies only (RFC 6265bis 5.7 step 18)
            Firefox differs: accepted: stored as A=2 for w.example.org only,
            path /, partition https://example.net, until the browser closes

2026-11-23T02:13:20Z  https://w.example.org/ is embedded in https://example.net/
  Cookie: N=1
  Firefox differs: Cookie: A=2
  sent      N=1 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /, the
            connection is https
  withheld  A=1 for w.example.org only, path /
            same-site: SameSite withholds the cookie from requests of other
            sites (RFC 6265bis 5.6.7.1)

difference same-site-default: SameSite is absent
  Chromium: as Lax, but sent with a cross-site POST for two minutes after
            creation
  Firefox:  as None

difference third-party: a frame, an image, or a `fetch` in a page of another
            site
  Chromium: has cookies with SameSite=None, or only Partitioned ones if
            third-party cookies are blocked
  Firefox:  has cookies of its own, kept apart by the site of the page: never
            those of other visits

"#]])
        .run();
}

#[test]
fn test_with_a_date_header_counts_expires_from_the_clock_of_the_server() {
    let script = r#"{"url": "https://w.example.org/", "set_cookie": ["A=1; Expires=Mon, 23 Nov 2026 04:00:00 GMT"], "at": 1795400000, "date": "Mon, 23 Nov 2026 03:00:00 GMT"}
"#;
    let place = Place::new().file("steps.jsonl", script);
    place
        .wikifarm("cookie test --script steps.jsonl")
        .stdout(str![[r#"
2026-11-23T02:13:20Z  https://w.example.org/ sets cookies
  accepted  A=1; Expires=Mon, 23 Nov 2026 04:00:00 GMT
            stored as A=1 for w.example.org only, path /, until
            2026-11-23T03:13:20Z, in 60 m

"#]])
        .run();
    let lives = |browser: &str| {
        let command = format!("cookie test --script steps.jsonl --browser {browser} --format json");
        let json = place.wikifarm(&command).any_stdout().run().json();
        json["steps"][0]["accepted"][0]["expires"].as_f64().unwrap() - 1_795_400_000.0
    };
    assert_eq!(["chromium", "firefox", "rfc"].map(lives), [3600.0, 3600.0, 6400.0]);
}

#[test]
fn test_with_a_script_runs_its_lines_in_order() {
    let script = r#"{"url": "https://w.example.org/", "set_cookie": ["A=1; HttpOnly", "B=2; SameSite=Strict"], "at": 1795400000}
{"url": "https://w.example.org/", "set_cookie": ["A=2", "C=\udce9"], "from": "script"}

{"url": "https://w.example.org/", "visit": true, "from": "script"}
{"url": "https://w.example.org/", "visit": true, "nav": "link", "from_url": "https://example.net/", "at": 1795400060}
{"url": "https://w.example.org/", "visit": true, "nav": "post", "from_url": "https://example.net/", "at": 1795400200}
"#;
    Place::new()
        .file("steps.jsonl", script)
        .wikifarm("cookie test --script steps.jsonl")
        .status(1)
        .stdout(str![[r#"
2026-11-23T02:13:20Z  https://w.example.org/ sets cookies
  accepted  A=1; HttpOnly
            stored as A=1 for w.example.org only, path /, HttpOnly, until the
            browser closes
  accepted  B=2; SameSite=Strict
            stored as B=2 for w.example.org only, path /, SameSite=Strict, until
            the browser closes

2026-11-23T02:13:20Z  a script at https://w.example.org/ sets cookies
  rejected  A=2
            overwrite-http-only: a script cannot replace an HttpOnly cookie (RFC
            6265bis 5.7 step 23)
  accepted  C=\xe9
            stored as C=\xe9 for w.example.org only, path /, until the browser
            closes
            Firefox differs: accepted: stored as C=� for w.example.org only,
            path /, until the browser closes

2026-11-23T02:13:20Z  a script at https://w.example.org/ reads cookies
  Cookie: B=2; C=\xe9
  Firefox differs: Cookie: B=2; C=�
  sent      B=2 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /
  sent      C=\xe9 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /
  withheld  A=1 for w.example.org only, path /
            http-only-from-script: scripts cannot read HttpOnly cookies (RFC
            6265bis 5.8.3)

2026-11-23T02:14:20Z  https://w.example.org/ is visited by a link from
            https://example.net/
  Cookie: A=1; C=\xe9
  Firefox differs: Cookie: A=1; C=�
  sent      A=1 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /
  sent      C=\xe9 for w.example.org only, path /
            w.example.org is the host of the cookie, / is within /
  withheld  B=2 for w.example.org only, path /
            same-site: SameSite withholds the cookie from requests of other
            sites (RFC 6265bis 5.6.7.1)

2026-11-23T02:16:40Z  https://w.example.org/ is visited by a POST form from
            https://example.net/
  no Cookie header
  Firefox differs: Cookie: A=1; C=�
  withheld  A=1 for w.example.org only, path /
            same-site: SameSite withholds the cookie from requests of other
            sites (RFC 6265bis 5.6.7.1)
  withheld  B=2 for w.example.org only, path /
            same-site: SameSite withholds the cookie from requests of other
            sites (RFC 6265bis 5.6.7.1)
  withheld  C=\xe9 for w.example.org only, path /
            same-site: SameSite withholds the cookie from requests of other
            sites (RFC 6265bis 5.6.7.1)

difference same-site-default: SameSite is absent
  Chromium: as Lax, but sent with a cross-site POST for two minutes after
            creation
  Firefox:  as None

difference not-utf-8: a value with bytes that are not UTF-8
  Chromium: come back unchanged
  Firefox:  come back as U+FFFD

"#]])
        .run();
}

#[test]
fn test_with_a_bad_script_runs_nothing() {
    let script = "{\"url\":\"https://w.example.org/\",\"set_cookie\":[\"A=1\"]}\n\
        {\"url\":\"https://w.example.org/\",\"set-cookie\":[\"A=1\"]}\n\
        {\"url\":\"https://w.example.org/\",\"visit\":1}\n";
    let place = Place::new();
    place
        .wikifarm("cookie test --script - --format json")
        .stdin(script)
        .status(2)
        .stderr(str![[r#"
error: standard input:2:44: unknown field "set-cookie"; did you mean
  "set_cookie"?
error: standard input:3:41: invalid type: integer `1`, expected a boolean
error: standard input has errors in 2 lines: no step was run

"#]])
        .run();
    place
        .wikifarm("cookie test --script -")
        .stdin("\n")
        .status(2)
        .stderr(str![[r#"
error: standard input has no steps

"#]])
        .run();
    place
        .wikifarm("cookie test --script gone.jsonl")
        .status(2)
        .stderr(str![[r#"
error: gone.jsonl: can't read the script: no such file or directory

"#]])
        .run();
}

#[test]
fn test_with_a_url_without_cookies_sets_and_sends_nothing() {
    let script = "{\"url\":\"https://[::1%25.example.com]/\",\"set_cookie\":[\"A=1\"]}\n\
        {\"url\":\"https://[::1%25.example.com]/\",\"visit\":true}\n";
    let ran = Place::new()
        .wikifarm("cookie test --script - --format json")
        .stdin(script)
        .status(1)
        .any_stdout()
        .stderr(str![[r#"
error: https://[::1%25.example.com]/: no cookies: not a URL: invalid IPv6
  address
error: https://[::1%25.example.com]/: no cookies: not a URL: invalid IPv6
  address

"#]])
        .run();
    let rejected = json!([{"header": "A=1", "reason": "url-without-cookies", "section": "5.1.2"}]);
    let url = "https://[::1%25.example.com]/";
    assert_eq!(
        ran.json(),
        json!({"schema": 1, "differences": [], "steps": [
            {"url": url, "accepted": [], "rejected": rejected, "cookie": null, "differs": []},
            {"url": url, "accepted": [], "rejected": [], "cookie": null, "differs": []},
        ]})
    );
}

#[test]
fn test_json_and_status_show_a_cookie_that_firefox_alone_rejects() {
    let place = Place::new();
    let line = "cookie test --url https://eins.bücher.example/ --set-cookie a=b;Domain=.bücher.example --format json";
    let ran = place.wikifarm(line).status(1).any_stdout().run().json();
    let step = &ran["steps"][0];
    assert_eq!((step["rejected"].clone(), &step["differs"][0]["browsers"]), (json!([]), &json!(["firefox"])));
    assert_eq!(step["differs"][0]["rejected"][0]["reason"], "non-ascii-domain");
    assert_eq!(ran["differences"], json!(["domain-non-ascii"]));
    let ran = place.wikifarm(&format!("{line} --browser chromium")).any_stdout().run().json();
    assert_eq!((&ran["steps"][0]["differs"], &ran["differences"]), (&json!([]), &json!([])));
}

#[test]
fn test_with_a_bad_url_is_refused() {
    let place = Place::new();
    for (words, message) in [
        (
            "--url wiki1.example.org",
            "--url wiki1.example.org: not a URL: relative URL without a base; did you mean https://wiki1.example.org/?",
        ),
        (
            "--url ftp://example.org",
            "--url ftp://example.org: scheme \"ftp\" has no cookies: use http or https",
        ),
        ("--url http://", "--url http://: not a URL: empty host"),
        (
            "--url http://a..b/ --visit http://a^b/",
            "--visit http://a^b/: not a URL: invalid international domain name",
        ),
        ("--url https://[::1", "--url https://[::1: not a URL: invalid IPv6 address"),
    ] {
        let stderr = format!("error: {message}\n");
        place.wikifarm(&format!("cookie test --set-cookie A=1 {words}")).status(2).stderr(&stderr).run();
    }
}

#[test]
fn test_without_arguments_is_refused() {
    let place = Place::new();
    for words in [
        "",
        "--url https://w.example.org/",
        "--set-cookie A=1",
        "--script - --url https://w.example.org/",
        "--as user",
    ] {
        let ran = place.wikifarm(&format!("cookie test {words}")).status(2).any_stderr().run();
        assert!(ran.stderr.starts_with("error: "), "{words}: {}", ran.stderr);
    }
}

#[test]
fn test_with_a_huge_header_or_a_nul_gives_the_reason() {
    let long = "x".repeat(1 << 20);
    let script = json!({"url": "https://w.example.org/", "set_cookie": [long, "a=\0"]}).to_string();
    let place = Place::new();
    let ran = place.wikifarm("cookie test --script -").stdin(&script).status(1).any_stdout().run();
    assert!(ran.stdout.len() < 2000, "{} bytes", ran.stdout.len());
    assert!(ran.stdout.contains("xxx…\n            (1048576 bytes)\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("  rejected  a=\\u{0}\n"), "{}", ran.stdout);
    let json = place
        .wikifarm("cookie test --script - --format json")
        .stdin(&script)
        .status(1)
        .any_stdout()
        .run()
        .json();
    let reasons: Vec<&Value> =
        json["steps"][0]["rejected"].as_array().unwrap().iter().map(|one| &one["reason"]).collect();
    assert_eq!(reasons, ["name-and-value-too-long", "disallowed-character"]);
    assert_eq!(json["steps"][0]["rejected"][0]["header"], long);
}

#[test]
fn test_shows_control_characters_escaped() {
    let place = Place::new();
    let run = place.wikifarm("cookie test --url https://w.example.org/ --visit https://w.example.org/");
    let header = OsString::from_vec(b"--set-cookie=A=\xff\xe2\x80\xae; Path=/\x1b[2J".to_vec());
    let stdout = run.arg(header).status(1).any_stdout().run().stdout;
    assert!(stdout.contains("  rejected  A=\\xff\\u{202e}; Path=/\\u{1b}[2J\n"), "{stdout}");
}
