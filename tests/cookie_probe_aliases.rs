//! `wikifarm cookie probe [WIKI..]`: wikis with several URLs

use serde_json::Value;

use crate::cookie_probe::{HERE, Wiki};
use crate::support::{Place, fixtures};

const HTTPS: &str = "200 OK\nSet-Cookie: MOIN_SESSION_PORT_ROOT=; Max-Age=0; Path=/";
const HTTP: &str = "200 OK\nSet-Cookie: MOIN_SESSION_PORT_ROOT_docs=; Max-Age=0; Path=/";

/// A wiki over TLS that has an alias over http with another path.
fn farm(https: u16, http: u16) -> Place {
    let ca = std::fs::read_to_string(fixtures().join("tls/ca.pem")).unwrap();
    let url = format!("https://wiki.example.org:{https}/");
    let alias = format!("http://wiki.example.org:{http}/docs");
    Place::farm(&format!(
        "moin = \"1.9.11\"\n[wikis.docs]\nurl = \"{url}\"\naliases = [\"{alias}\", \"{url}\"]\n"
    ))
    .file("ca.pem", ca)
}

fn probe(flags: &str) -> String {
    format!("cookie probe {HERE} --cacert ca.pem {flags}")
}

/// The wiki, the scheme, the verdict, and the differing attributes of each probe.
fn summary(answer: &Value) -> Vec<String> {
    let probes = answer["probes"].as_array().unwrap().iter();
    let lines = probes.map(|probe| {
        let scheme = probe["url"].as_str().unwrap().split(':').next().unwrap().to_owned();
        let drift = probe["drift"].as_array().unwrap().iter();
        let drift: String = drift.map(|one| format!(" {}", one["attribute"].as_str().unwrap())).collect();
        format!("{} {scheme} {}{drift}", probe["wiki"].as_str().unwrap(), probe["verdict"].as_str().unwrap())
    });
    lines.collect()
}

#[test]
fn probe_with_aliases_compares_each_url_with_its_prediction() {
    // The cookie name contains the port and the path.
    let (https, http) = (Wiki::over_tls(&[HTTPS]), Wiki::answering(&[HTTP]));
    let (secure, plain) = (https.address.port(), http.address.port());
    farm(secure, plain)
        .wikifarm(&probe(""))
        .stdout(format!(
            r"
            docs: sends the predicted cookie
              200 https://wiki.example.org:{secure}/
                Set-Cookie: MOIN_SESSION_{secure}_ROOT=; Max-Age=0; Path=/
            docs at http://wiki.example.org:{plain}/docs: sends the predicted cookie
              200 http://wiki.example.org:{plain}/docs
                Set-Cookie: MOIN_SESSION_{plain}_ROOT_docs=; Max-Age=0; Path=/
            "
        ))
        .run();
    let sent = |wiki: &Wiki| wiki.asked("cookie:")[0].split_once('=').unwrap().0.to_owned();
    assert_eq!(sent(&https), format!("cookie: MOIN_SESSION_{secure}_ROOT"));
    assert_eq!(sent(&http), format!("cookie: MOIN_SESSION_{plain}_ROOT_docs"));
}

#[test]
fn probe_with_aliases_exits_with_the_highest_status() {
    let narrow = "200 OK\nSet-Cookie: MOIN_SESSION_PORT_ROOT_docs=; Max-Age=0; Path=/docs";
    let (https, http) = (Wiki::over_tls(&[HTTPS]), Wiki::answering(&[narrow]));
    let place = farm(https.address.port(), http.address.port());
    let answer = place.wikifarm(&probe("--format json")).status(1).any_stdout().run().json();
    assert_eq!(summary(&answer), ["docs https agrees", "docs http drift Path"]);
    // Both wikis have stopped listening.
    let answer = place.wikifarm(&probe("--format json")).status(3).any_stdout().run().json();
    assert_eq!(summary(&answer), ["docs https unreachable", "docs http unreachable"]);
}

#[test]
fn probe_without_aliases_visits_only_the_url() {
    let (https, http) = (Wiki::over_tls(&[HTTPS]), Wiki::answering(&[HTTP]));
    let place = farm(https.address.port(), http.address.port());
    let answer = place.wikifarm(&probe("docs --no-aliases --format json")).any_stdout().run().json();
    assert_eq!(summary(&answer), ["docs https agrees"]);
    assert!(http.asked("get").is_empty());
}

#[test]
fn probe_of_an_alias_that_redirects_to_the_url_compares_that_url() {
    let https = Wiki::over_tls(&[HTTPS, HTTPS]);
    let secure = https.address.port();
    let http = Wiki::answering(&[&format!("301 Moved\nLocation: https://wiki.example.org:{secure}/")]);
    let plain = http.address.port();
    // The alias is also on another host.
    let place = farm(secure, plain);
    let text = std::fs::read_to_string(place.path().join("farm.toml")).unwrap();
    let place = place.file("farm.toml", text.replace("http://wiki.", "http://www."));
    place
        .wikifarm(&probe("--resolve www.example.org:127.0.0.1"))
        .stdout(format!(
            r"
            docs: sends the predicted cookie
              200 https://wiki.example.org:{secure}/
                Set-Cookie: MOIN_SESSION_{secure}_ROOT=; Max-Age=0; Path=/
            docs at http://www.example.org:{plain}/docs: sends the predicted cookie
              301 http://www.example.org:{plain}/docs to https://wiki.example.org:{secure}/
              200 https://wiki.example.org:{secure}/
                Set-Cookie: MOIN_SESSION_{secure}_ROOT=; Max-Age=0; Path=/
            "
        ))
        .run();
    let names: Vec<bool> =
        https.asked("cookie:").iter().map(|line| line.contains(&format!("_{secure}_ROOT="))).collect();
    assert_eq!(names, [true, true]);
}
