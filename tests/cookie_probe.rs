//! `wikifarm cookie probe [WIKI..]`

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

use crate::support::{Place, fixtures};

/// A wiki that gives each response once, in order, and keeps the requests. `PORT` in a response is replaced
/// by its own port, and `LAST` by the last id of the request.
pub(crate) struct Wiki {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Wiki {
    pub(crate) fn answering(answers: &[&str]) -> Wiki {
        Wiki::serve(answers, None)
    }

    pub(crate) fn over_tls(answers: &[&str]) -> Wiki {
        let tls = fixtures().join("tls");
        let certificate = CertificateDer::from_pem_file(tls.join("wiki.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(tls.join("wiki.key")).unwrap();
        let config = rustls::ServerConfig::builder().with_no_client_auth();
        Wiki::serve(answers, Some(Arc::new(config.with_single_cert(vec![certificate], key).unwrap())))
    }

    fn serve(answers: &[&str], tls: Option<Arc<rustls::ServerConfig>>) -> Wiki {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let port = address.port().to_string();
        let (answers, kept): (Vec<String>, _) =
            (answers.iter().map(|answer| answer.replace("PORT", &port)).collect(), asked.clone());
        thread::spawn(move || {
            for answer in answers {
                let Ok((stream, _)) = listener.accept() else { return };
                match &tls {
                    None => talk(stream, &answer, &kept),
                    Some(config) => {
                        let connection = rustls::ServerConnection::new(config.clone()).unwrap();
                        talk(rustls::StreamOwned::new(connection, stream), &answer, &kept);
                    }
                }
            }
        });
        Wiki { address, asked }
    }

    /// The lines of the requests that contain `word`.
    pub(crate) fn asked(&self, word: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|line| line.to_lowercase().starts_with(word)).cloned().collect()
    }

    fn farm(&self, settings: &str) -> Place {
        let scheme = if settings.contains("# tls") { "https" } else { "http" };
        Place::farm(&format!(
            "moin = \"1.9.11\"\n[wikis.docs]\nurl = \"{scheme}://wiki.example.org:{}/\"\n{settings}\n",
            self.address.port()
        ))
    }
}

fn talk(stream: impl Read + Write, answer: &str, kept: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
        kept.lock().unwrap().push(line.trim_end().to_owned());
        line.clear();
    }
    let cookie = kept.lock().unwrap().iter().rev().find(|line| line.starts_with("cookie:")).cloned();
    let last = cookie.as_deref().and_then(|cookie| cookie.rsplit_once('=')).map_or("", |(_, id)| id);
    let head = answer.replace('\n', "\r\n").replace("LAST", last);
    let _ = stream
        .get_mut()
        .write_all(format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").as_bytes());
    let _ = stream.get_mut().flush();
}

pub(crate) const HERE: &str = "--resolve wiki.example.org:127.0.0.1";

#[test]
fn probe_of_a_wiki_that_deletes_an_unknown_id_agrees() {
    let wiki =
        Wiki::answering(&["200 OK\nSet-Cookie: MOIN_SESSION_lab=; Domain=.example.org; Max-Age=0; Path=/"]);
    let place = wiki.farm("cookie_name = \"lab\"\ncookie_domain = \".example.org\"");
    place
        .wikifarm(&format!("cookie probe docs {HERE}"))
        .stdout(format!(
            r"
            docs: sends the predicted cookie
              200 http://wiki.example.org:{}/
                Set-Cookie: MOIN_SESSION_lab=; Domain=.example.org; Max-Age=0; Path=/
            ",
            wiki.address.port()
        ))
        .run();
    let cookies = wiki.asked("cookie:");
    assert_eq!(cookies.len(), 1);
    let id = cookies[0].split_once("MOIN_SESSION_lab=").unwrap().1;
    assert!(id.len() == 40 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    assert_eq!(wiki.asked("get /"), ["GET / HTTP/1.1"], "it never logs in");
}

#[test]
fn probe_with_drift_names_each_attribute() {
    let wiki = Wiki::answering(&["200 OK\nSet-Cookie: MOIN_SESSION_lab=; Max-Age=0; Path=/wiki"]);
    let place = wiki.farm("cookie_name = \"lab\"\ncookie_domain = \".example.org\"");
    place
        .wikifarm(&format!("cookie probe {HERE}"))
        .status(1)
        .stdout(format!(
            r"
            docs: sends a different cookie than predicted
              200 http://wiki.example.org:{}/
                Set-Cookie: MOIN_SESSION_lab=; Max-Age=0; Path=/wiki
                accepted by browsers
              Domain: predicted .example.org, found none
              Path: predicted /, found /wiki
            ",
            wiki.address.port()
        ))
        .run();
}

#[test]
fn probe_follows_and_shows_redirects_on_the_host() {
    let wiki = Wiki::answering(&[
        "302 Found\nLocation: /FrontPage",
        "200 OK\nSet-Cookie: MOIN_SESSION_lab=0123456789abcdef; Max-Age=1800; HttpOnly; Path=/",
    ]);
    let place = wiki.farm("cookie_name = \"lab\"\ncookie_lifetime = [0.5, 12]");
    let port = wiki.address.port();
    let answer = place
        .wikifarm(&format!("cookie probe docs {HERE} --format json"))
        .status(1)
        .any_stdout()
        .run()
        .json();
    assert_eq!(
        answer,
        json!({"schema": 1, "probes": [{
            "wiki": "docs",
            "url": format!("http://wiki.example.org:{port}/"),
            "verdict": "drift",
            "drift": [{"attribute": "HttpOnly", "expected": "no", "found": "yes"}],
            "hops": [
                {"url": format!("http://wiki.example.org:{port}/"), "status": 302, "cookies": [], "location": "/FrontPage"},
                {
                    "url": format!("http://wiki.example.org:{port}/FrontPage"),
                    "status": 200,
                    "cookies": [{"set_cookie": "MOIN_SESSION_lab=01234567…; Max-Age=1800; HttpOnly; Path=/", "rejected_by": []}],
                    "location": null
                }
            ],
            "clock_skew": null, "error": null
        }]})
    );
}

#[test]
fn probe_shows_a_redirect_that_leads_nowhere() {
    let wiki = Wiki::answering(&["301 Moved Permanently\nLocation: http://wiki.example.org:1/"]);
    let run = wiki.farm("").wikifarm(&format!("cookie probe docs {HERE}")).status(3).any_stdout().run();
    let port = wiki.address.port();
    let hop =
        format!("docs: unreachable\n  301 http://wiki.example.org:{port}/ to http://wiki.example.org:1/\n");
    assert!(run.stdout.starts_with(&format!("{hop}  http://wiki.example.org:1/: ")), "{}", run.stdout);
}

#[test]
fn probe_does_not_follow_to_another_host() {
    let wiki = Wiki::answering(&["302 Found\nLocation: http://elsewhere.example.net/"]);
    let run = wiki.farm("moin = \"1.9.1\"").wikifarm(&format!("cookie probe docs {HERE}")).any_stdout().run();
    assert!(run.stdout.starts_with("docs: sends no cookie, as predicted\n  302 "), "{}", run.stdout);
    assert!(run.stdout.ends_with(" to http://elsewhere.example.net/\n"), "{}", run.stdout);
}

#[test]
fn probe_with_cacert_trusts_that_authority() {
    let wiki = Wiki::over_tls(&["200 OK\nSet-Cookie: MOIN_SESSION_lab=; Max-Age=0; Path=/"]);
    let place = wiki.farm("cookie_name = \"lab\" # tls");
    let ca = fixtures().join("tls/ca.pem");
    let ca = std::fs::read_to_string(ca).unwrap();
    let place = place.file("ca.pem", &ca);
    let run = place.wikifarm(&format!("cookie probe docs {HERE} --cacert ca.pem")).any_stdout().run();
    assert!(run.stdout.starts_with("docs: sends the predicted cookie\n"), "{}", run.stdout);
}

#[test]
fn probe_with_an_untrusted_certificate_exits_3() {
    let wiki = Wiki::over_tls(&["200 OK"]);
    let place = wiki.farm("# tls");
    let run = place.wikifarm(&format!("cookie probe docs {HERE}")).status(3).any_stdout().run();
    assert!(run.stdout.starts_with("docs: unreachable\n"), "{}", run.stdout);
    assert!(run.stdout.contains("UnknownIssuer"), "{}", run.stdout);
}

#[test]
fn probe_with_a_bad_cacert_is_refused_before_any_visit() {
    let place = Place::farm("[wikis.docs]\nurl = \"https://wiki.example.org/\"\n").file("ca.pem", "none\n");
    let refused = |file: &str, why: &str| {
        let message = format!("error: {file}: can't read the certificates: {why}\n");
        place.wikifarm(&format!("cookie probe --cacert {file}")).status(2).stderr(&message).run();
    };
    refused("ca.pem", "unusable certificates: no certificate in PEM");
    refused("gone.pem", "no such file or directory");
}

#[test]
fn probe_of_a_wiki_that_does_not_answer_exits_3() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let farm = format!("moin = \"1.9.11\"\n[wikis.docs]\nurl = \"http://wiki.example.org:{port}/\"\n");
    let run = Place::farm(&farm).wikifarm(&format!("cookie probe {HERE}")).status(3).any_stdout().run();
    let why = format!("docs: unreachable\n  http://wiki.example.org:{port}/: connection refused\n");
    assert!(run.stdout.starts_with(&why), "{}", run.stdout);
}

#[test]
fn probe_of_an_endless_answer_ends_after_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let farm = format!("moin = \"1.9.11\"\n[wikis.docs]\nurl = \"http://wiki.example.org:{port}/\"\n");
    let run = Place::farm(&farm)
        .wikifarm(&format!("cookie probe {HERE} --timeout 1s"))
        .status(3)
        .any_stdout()
        .run();
    assert!(run.stdout.contains("timeout"), "{}", run.stdout);
}

#[test]
fn probe_with_a_bad_url_is_refused() {
    Place::farm("[wikis.docs]\nurl = \"http://wiki.example.org/\"\n")
        .wikifarm("cookie probe --resolve wiki.example.org")
        .status(2)
        .stderr(str![[r#"
error: invalid value 'wiki.example.org' for '--resolve <HOST:IP>': expected
  HOST:IP, for example wiki.example.org:127.0.0.1

For more information, try '--help'.

"#]])
        .run();
}

#[test]
fn probe_with_a_wrong_clock_notes_it_and_reports_no_drift() {
    // The clock of the wiki is an hour ahead, so the cookie expires an hour later.
    let wiki = Wiki::answering(&[
        "200 OK\nDate: Mon, 23 Nov 2026 03:00:10 GMT\nSet-Cookie: MOIN_SESSION_lab=12345678; \
         Expires=Mon, 23-Nov-2026 03:30:00 GMT; Max-Age=1800; Path=/",
    ]);
    let place = wiki.farm("cookie_name = \"lab\"\ncookie_lifetime = [0.5, 12]");
    place
        .wikifarm(&format!("cookie probe docs {HERE} --now 2026-11-23T02:00:00Z"))
        .stdout(format!(
            r"
            docs: sends the predicted cookie
              200 http://wiki.example.org:{}/
                Set-Cookie: MOIN_SESSION_lab=12345678; Expires=Mon, 23-Nov-2026 03:30:00
                  GMT; Max-Age=1800; Path=/
              clock: the server is 3610 s ahead of this machine (clock_skew = 3610 predicts
                the effects)
            ",
            wiki.address.port()
        ))
        .run();
}

#[test]
fn probe_with_a_wrong_name_compares_the_other_attributes_and_shows_the_rejection() {
    let wiki =
        Wiki::answering(&["200 OK\nSet-Cookie: MOIN_SESSION_8080_ROOT_moin=12345678; Path=/moin; Secure"]);
    let place = wiki.farm("cookie_name = \"lab\"\ncookie_lifetime = [0.5, 12]");
    let port = wiki.address.port();
    let run = place.wikifarm(&format!("cookie probe docs {HERE}")).status(1).any_stdout().run();
    let expected = format!(
        "docs: sends a different cookie than predicted
  200 http://wiki.example.org:{port}/
    Set-Cookie: MOIN_SESSION_8080_ROOT_moin=12345678; Path=/moin; Secure
    rejected by Chromium and Firefox: Secure cookies must be set over https (RFC
    6265bis 5.7 step 13)
  name: predicted MOIN_SESSION_lab, found MOIN_SESSION_8080_ROOT_moin
  Path: predicted /, found /moin
  Secure: predicted no, found yes
  Max-Age: predicted 1800, found none
"
    );
    assert_eq!(run.stdout, expected);
}

#[test]
fn probe_of_a_cookie_with_a_name_unlike_moin_compares_every_attribute() {
    let sent = "FOO=LAST; Domain=example.com; Path=/moin; Max-Age=60; SameSite=None; HttpOnly";
    let wiki = Wiki::answering(&[&format!("200 OK\nSet-Cookie: {sent}")]);
    let place = wiki.farm("cookie_name = \"lab\"\ncookie_lifetime = [0.5, 12]");
    let run = place.wikifarm(&format!("cookie probe docs {HERE}")).status(1).any_stdout().run();
    let cookies = wiki.asked("cookie:");
    let last = cookies[0].rsplit_once('=').unwrap().1;
    let expected = format!(
        "docs: sends a different cookie than predicted
  200 http://wiki.example.org:{}/
    Set-Cookie: FOO={}…; Domain=example.com; Path=/moin; Max-Age=60;
      SameSite=None; HttpOnly
    rejected by Chromium and Firefox: Domain must be the host that sets the
    cookie, or a parent of it (RFC 6265bis 5.7 step 10)
  name: predicted MOIN_SESSION_lab, found FOO
  duplicate_cookie: predicted first, found last
  Domain: predicted none, found example.com
  Path: predicted /, found /moin
  HttpOnly: predicted no, found yes
  SameSite: predicted none, found None
  Max-Age: predicted 1800, found 60
  spelling: predicted Max-Age; Path, found Path; Max-Age
",
        wiki.address.port(),
        last.get(..8).unwrap()
    );
    assert_eq!(run.stdout, expected);
}

#[test]
fn probe_of_a_deletion_with_another_name_shows_what_browsers_do() {
    let wiki = Wiki::answering(&["200 OK\nSet-Cookie: FOO=; Domain=.example.org; Max-Age=0; Path=/"]);
    let place = wiki.farm("cookie_name = \"lab\"\ncookie_domain = \".example.org\"");
    place
        .wikifarm(&format!("cookie probe docs {HERE}"))
        .status(1)
        .stdout(format!(
            r"
            docs: sends a different cookie than predicted
              200 http://wiki.example.org:{}/
                Set-Cookie: FOO=; Domain=.example.org; Max-Age=0; Path=/
                accepted by browsers
              name: predicted MOIN_SESSION_lab, found FOO
            ",
            wiki.address.port()
        ))
        .run();
}

#[test]
fn probe_sends_two_cookies_and_names_the_one_that_the_wiki_uses() {
    let wiki = Wiki::answering(&["200 OK\nSet-Cookie: MOIN_SESSION_lab=LAST; Max-Age=1800; Path=/"]);
    let place = wiki.farm("cookie_name = \"lab\"\ncookie_lifetime = [0.5, 12]");
    let run = place.wikifarm(&format!("cookie probe docs {HERE}")).status(1).any_stdout().run();
    let last = "  duplicate_cookie: predicted first, found last\n";
    assert!(run.stdout.ends_with(last), "{}", run.stdout);
}

#[test]
fn probe_of_2_0_visits_the_login_form() {
    let deletion = "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/";
    let wiki = Wiki::answering(&[&format!("200 OK\nSet-Cookie: {deletion}")]);
    let place = wiki.farm("moin = \"2.0.0b5\"\nsecret_key_id = \"a\"");
    place
        .wikifarm(&format!("cookie probe docs {HERE}"))
        .stdout(format!(
            r"
            docs: sends the predicted cookie
              200 http://wiki.example.org:{}/+login
                Set-Cookie: session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0;
                  HttpOnly; Path=/
            ",
            wiki.address.port()
        ))
        .run();
    assert_eq!(wiki.asked("get /"), ["GET /+login HTTP/1.1"]);
}

#[test]
fn probe_reads_the_body_to_its_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).unwrap();
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&vec![b'x'; 900_000]))?;
        // A client that leaves data unread resets the connection.
        stream.read(&mut request)
    });
    let farm = format!("moin = \"1.9.1\"\n[wikis.docs]\nurl = \"http://wiki.example.org:{port}/\"\n");
    Place::farm(&farm).wikifarm(&format!("cookie probe {HERE}")).any_stdout().run();
    assert_eq!(server.join().unwrap().unwrap(), 0);
}
