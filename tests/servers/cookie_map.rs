//! `session migrate --cookie-map`: web servers with the map in front of a wiki that records its requests.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use wikifarm::moin::Duplicate;
use wikifarm::ops::migrate::{CookieMap, MapKind, Pair};

use super::web::{WebServer, Wiki};

/// The response of a 1.9 wiki to a logged-in user.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\
     Set-Cookie: MOIN_SESSION_lab=1111111111111111111111111111111111111111; Path=/\r\n\r\nok\n";

fn old(letter: char) -> String {
    letter.to_string().repeat(32)
}

/// Migrates sessions of 1.8 to 1.9 in `dir`. Returns the new ids of `a` and `b`.
fn migrate(dir: &Path, kind: &str) -> [String; 2] {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["from", "to"] {
        fs::create_dir(dir.join(name)).unwrap();
    }
    for letter in ['a', 'b'] {
        let bytes = format!("(dS'expires'\nF4000000000.0\nsS'n'\nS'{letter}'\ns.");
        fs::write(dir.join("from").join(old(letter)), bytes).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_wikifarm"));
    command.args(["session", "migrate", "--from", "moin-1.8:from", "--to", "moin-1.9:to", "--rename-ids"]);
    command
        .args(["--cookie-map", kind, "map.conf", "--new-cookie", "MOIN_SESSION_lab", "-q"])
        .current_dir(dir);
    command.env("STATE_DIRECTORY", dir.join("state")).env("RUNTIME_DIRECTORY", dir.join("locks"));
    assert!(command.status().unwrap().success());
    ['a', 'b'].map(|letter| {
        let mine = fs::read_dir(dir.join("to"))
            .unwrap()
            .map(|entry| entry.unwrap())
            .find(|entry| fs::read_to_string(entry.path()).unwrap().contains(&format!("S'{letter}'")));
        mine.unwrap().file_name().into_string().unwrap()
    })
}

/// Checks the cookies that the wiki receives for the cookies that browsers send.
fn visits(server: &WebServer, wiki: &Wiki, [a, b]: &[String; 2]) {
    let (old_a, old_b, none) = (old('a'), old('b'), old('z'));
    let same = |cookie: String| (Some(cookie.clone()), Some(cookie));
    let visits = [
        (Some(format!("MOIN_SESSION={old_a}")), Some(format!("MOIN_SESSION_lab={a}"))),
        (
            Some(format!("lang=de; MOIN_SESSION={old_a}; theme=x")),
            Some(format!("lang=de; MOIN_SESSION_lab={a}; theme=x")),
        ),
        (Some(format!("x=\"1\"; MOIN_SESSION=\"{old_b}\"")), Some(format!("x=\"1\"; MOIN_SESSION_lab={b}"))),
        // The wiki's own cookie takes precedence at any position, for any user.
        same(format!("MOIN_SESSION={old_a}; MOIN_SESSION_lab={b}")),
        same(format!("MOIN_SESSION_lab=; MOIN_SESSION={old_a}")),
        // Of two old cookies, the last one counts, as in 1.8.
        (
            Some(format!("MOIN_SESSION={old_a}; MOIN_SESSION={old_b}")),
            Some(format!("MOIN_SESSION={old_a}; MOIN_SESSION_lab={b}")),
        ),
        same(format!("MOIN_SESSION={old_a}; MOIN_SESSION={none}")),
        same(format!("MOIN_SESSION={none}")),
        same(format!("XMOIN_SESSION={old_a}; MOIN_SESSIONX={old_a}; y=MOIN_SESSION={old_a}")),
        same(format!("MOIN_SESSION={old_a}{old_a}")),
        same("lang=de".to_owned()),
        (None, None),
    ];
    for (sent, seen) in visits {
        let header = sent.as_ref().map(|sent| format!("Cookie: {sent}"));
        let arguments: Vec<&str> = header.iter().flat_map(|header| ["--header", header]).collect();
        assert!(server.curl(&arguments).unwrap().ends_with("ok\n"));
        assert_eq!(wiki.cookie(), seen, "sent: {sent:?}");
    }
    // A visitor with a cookie jar: the new cookie is set beside the old one, and takes precedence from then
    // on.
    let jar = server.socket.with_file_name("jar");
    fs::write(&jar, format!("wiki.example.org\tFALSE\t/\tFALSE\t4000000000\tMOIN_SESSION\t{old_a}\n"))
        .unwrap();
    let jar = jar.to_str().unwrap();
    server.curl(&["--cookie", jar, "--cookie-jar", jar]).unwrap();
    assert_eq!(wiki.cookie().unwrap(), format!("MOIN_SESSION_lab={a}"));
    server.curl(&["--cookie", jar, "--cookie-jar", jar]).unwrap();
    let both = wiki.cookie().unwrap();
    assert!(both.contains(&format!("MOIN_SESSION={old_a}")), "{both}");
    assert!(both.contains("MOIN_SESSION_lab=1111111111111111111111111111111111111111"), "{both}");
}

#[test]
#[ignore = "needs nginx and curl: make check-servers"]
fn cookie_map_in_nginx_replaces_the_old_cookie() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let ids = migrate(dir, "nginx");
    assert_eq!(fs::metadata(dir.join("map.conf")).unwrap().permissions().mode() & 0o777, 0o600);
    let wiki = Wiki::listen(&dir.join("wiki.sock"), ANSWER);
    let http = format!(
        "include {0}/map.conf;\nserver {{\nlisten unix:{0}/front.sock;\nlocation / {{\nproxy_pass http://unix:{0}/wiki.sock:/;\n\
         proxy_set_header Cookie $wikifarm_map;\n}}\n}}",
        dir.display()
    );
    let server = WebServer::nginx(dir, &http);
    wiki.request();
    visits(&server, &wiki, &ids);
}

#[test]
#[ignore = "needs nginx and curl: make check-servers"]
fn cookie_map_in_nginx_reaches_a_wiki_behind_fastcgi() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let [a, _] = migrate(dir, "nginx");
    let wiki = Wiki::listen(&dir.join("wiki.sock"), "");
    let http = format!(
        "include {0}/map.conf;\nserver {{\nlisten unix:{0}/front.sock;\nlocation / {{\nfastcgi_pass unix:{0}/wiki.sock;\n\
         fastcgi_param HTTP_COOKIE $wikifarm_map;\n}}\n}}",
        dir.display()
    );
    let server = WebServer::nginx(dir, &http);
    wiki.request();
    server.curl(&["--header", &format!("Cookie: lang=de; MOIN_SESSION={}", old('a'))]).unwrap();
    let request = String::from_utf8_lossy(&wiki.request()).into_owned();
    assert_eq!(request.matches("HTTP_COOKIE").count(), 1);
    assert!(request.contains(&format!("HTTP_COOKIElang=de; MOIN_SESSION_lab={a}")), "{request}");
}

#[test]
#[ignore = "needs nginx: make check-servers"]
fn cookie_map_of_many_ids_loads_in_nginx_without_warnings() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let pair =
        |number: usize| Pair { old: format!("_{number:031}"), new: format!("{number:040}"), ends: None };
    let names = ("MOIN_SESSION".to_owned(), "MOIN_SESSION_8080_ROOT".to_owned());
    let pairs = (0..100_000).map(pair).collect();
    let map = CookieMap::new(MapKind::Nginx, names, Duplicate::Last, pairs, 0);
    fs::write(dir.join("map.conf"), map.nginx("map")).unwrap();
    assert_eq!(nginx_check(dir), (Some(0), String::new()));
}

/// The status and messages of `nginx -t` for `map.conf`.
fn nginx_check(dir: &Path) -> (Option<i32>, String) {
    fs::write(
        dir.join("nginx.conf"),
        format!("error_log stderr warn;\npid {0}/pid;\nevents {{}}\nhttp {{\naccess_log off;\ninclude {0}/map.conf;\n}}\n", dir.display()),
    )
    .unwrap();
    let mut command = Command::new("nginx");
    command.args(["-t", "-q", "-p"]).arg(dir).arg("-c").arg(dir.join("nginx.conf")).args(["-e", "stderr"]);
    let output = command.output().expect("nginx: run `make check-servers`, which installs it");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Ids that differ only by case, ids that are words of nginx, and ids with every printable character. A
/// hostile directory can have such file names.
fn hostile_ids() -> Vec<String> {
    let mut ids: Vec<String> = ["abcdef0123456789", "Deadbeef", "hostnameX", "_"]
        .into_iter()
        .flat_map(|id| [id.to_owned(), id.to_ascii_uppercase(), id.to_ascii_lowercase()])
        .collect();
    for word in
        ["default", "hostnames", "include", "volatile", "\\default", "Default", "#", "//", "~.*", "~*x"]
    {
        ids.push(word.to_owned());
    }
    for byte in b'!'..=b'~' {
        let character = char::from(byte);
        ids.extend([character.to_string(), format!("{character}x{byte}"), format!("x{character}{byte}")]);
    }
    ids.sort();
    ids.dedup();
    ids
}

#[test]
#[ignore = "needs nginx: make check-servers"]
fn cookie_map_of_hostile_ids_is_read_by_nginx() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let pair = |(number, old): (usize, String)| Pair { old, new: format!("{number:040}"), ends: None };
    let pairs: Vec<Pair> = hostile_ids().into_iter().enumerate().map(pair).collect();
    let names = ("MOIN_SESSION".to_owned(), "MOIN_SESSION_lab".to_owned());
    let map = CookieMap::new(MapKind::Nginx, names.clone(), Duplicate::Last, pairs.clone(), 0);
    assert!(map.pairs.len() > 50 && map.left_out.len() > 50);
    fs::write(dir.join("map.conf"), map.nginx("map")).unwrap();
    assert_eq!(nginx_check(dir), (Some(0), String::new()));
    // If nginx considers two ids equal, it rejects the whole configuration.
    let mut case = CookieMap::new(MapKind::Json, names, Duplicate::Last, pairs, 0);
    case.pairs.retain(|pair| pair.old.eq_ignore_ascii_case("deadbeef"));
    fs::write(dir.join("map.conf"), case.nginx("map")).unwrap();
    let (status, text) = nginx_check(dir);
    assert!(status == Some(1) && text.contains("conflicting parameter"), "{text}");
}

#[test]
#[ignore = "needs apache2 and curl: make check-servers"]
fn cookie_map_in_apache_distinguishes_ids_by_case_and_finds_no_hostile_id() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    let pair = |(number, old): (usize, String)| Pair { old, new: format!("{number:040}"), ends: None };
    let pairs = hostile_ids().into_iter().enumerate().map(pair).collect();
    let names = ("MOIN_SESSION".to_owned(), "MOIN_SESSION_lab".to_owned());
    let map = CookieMap::new(MapKind::Apache, names, Duplicate::Last, pairs, 0);
    assert!(map.pairs.len() > 50 && map.left_out.len() > 50);
    let ids = dir.join("map.conf.ids");
    fs::write(&ids, map.apache_ids()).unwrap();
    fs::write(dir.join("map.conf"), map.apache("map", &ids.display().to_string())).unwrap();
    let wiki = Wiki::listen(&dir.join("wiki.sock"), ANSWER);
    let host = format!(
        "Include {0}/map.conf\nProxyPass / unix:{0}/wiki.sock|http://wiki.example.org/",
        dir.display()
    );
    let server = WebServer::apache(dir, &host);
    wiki.request();
    for Pair { old, new, .. } in &map.pairs {
        server.curl(&["--header", &format!("Cookie: MOIN_SESSION={old}")]).unwrap();
        assert_eq!(wiki.cookie(), Some(format!("MOIN_SESSION_lab={new}")), "{old}");
    }
    // A cookie ends at a semicolon.
    for Pair { old, .. } in map.left_out.iter().filter(|pair| !pair.old.contains(';')) {
        let sent = format!("MOIN_SESSION={old}");
        server.curl(&["--header", &format!("Cookie: {sent}")]).unwrap();
        assert_eq!(wiki.cookie(), Some(sent), "{old}");
    }
}

#[test]
#[ignore = "needs apache2 and curl: make check-servers"]
fn cookie_map_in_apache_replaces_the_old_cookie() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path();
    let ids = migrate(dir, "apache");
    for name in ["map.conf", "map.conf.ids"] {
        assert_eq!(fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    // Apache runs as www-data. The file explains the permissions it needs.
    fs::set_permissions(dir.join("map.conf.ids"), fs::Permissions::from_mode(0o644)).unwrap();
    let wiki = Wiki::listen(&dir.join("wiki.sock"), ANSWER);
    let host = format!(
        "Include {0}/map.conf\nProxyPass / unix:{0}/wiki.sock|http://wiki.example.org/",
        dir.display()
    );
    let server = WebServer::apache(dir, &host);
    wiki.request();
    visits(&server, &wiki, &ids);
}
