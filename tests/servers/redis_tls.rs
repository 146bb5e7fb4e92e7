//! Sessions in a real Redis that uses TLS and requires client certificates.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::behavior::{behaves, opened};

use super::moin_modules::{WIKI, run};
use super::redis_server::RedisServer;
use super::why;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

/// A copy of a certificate that no other user can write, whoever owns the repository.
fn copy(server: &RedisServer, name: &str) -> PathBuf {
    let copy = server.dir.path().join(name);
    fs::copy(fixture(name), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o644)).unwrap();
    copy
}

/// Starts a server with TLS besides its socket. Returns the server, its port, and the client key, which no
/// other user can read.
fn start(ask: &str) -> (RedisServer, u16, PathBuf) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let port = free.to_string();
    let [cert, key, ca] =
        ["redis.pem", "redis.key", "redis-ca.pem"].map(|name| fixture(name).display().to_string());
    let mut options =
        vec!["--bind", "127.0.0.1", "127.0.0.2", "--tls-port", &port, "--tls-auth-clients", ask];
    options.extend(["--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &ca]);
    let server = RedisServer::start(&options);
    let own = server.dir.path().join("own.key");
    fs::copy(fixture("redis-client.key"), &own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o600)).unwrap();
    (server, free, own)
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn session_commands_work_on_redis_with_tls() {
    let (server, port, own) = start("yes");
    let ca = copy(&server, "redis-ca.pem");
    let cert = copy(&server, "redis-client.pem");
    let (ca, cert, own) = (ca.display(), cert.display(), own.display());
    for host in ["localhost", "127.0.0.1"] {
        let address = format!(
            "rediss://{host}:{port}/0?ca_file={ca}&cert_file={cert}&cert_key_file={own}&prefix={host}:"
        );
        behaves(opened(&address).as_ref());
    }
    let unknown = why(&format!("rediss://localhost:{port}"));
    assert!(unknown.contains("untrusted certificate") && unknown.contains("?ca_file="), "{unknown}");
    let nobody = why(&format!("rediss://localhost:{port}?ca_file={ca}"));
    assert!(nobody.contains("requires a client certificate: use ?cert_file="), "{nobody}");
    let other = copy(&server, "ca.pem");
    let untrusted = why(&format!("rediss://localhost:{port}?ca_file={}", other.display()));
    assert!(untrusted.contains("untrusted certificate"), "{untrusted}");
}

#[test]
#[ignore = "needs python2.7 and redis-server: make check-servers"]
fn python2_wiki_reaches_tls_redis_with_the_same_address() {
    let (server, port, own) = start("yes");
    let key = server.dir.path().join("key");
    fs::write(&key, "an example of a key\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let (ca, cert) = (copy(&server, "redis-ca.pem"), copy(&server, "redis-client.pem"));
    let files =
        format!("cert_file={}&cert_key_file={}&key_file={}", cert.display(), own.display(), key.display());
    let address = format!("rediss://localhost:{port}/0?ca_file={}&{files}", ca.display());
    let output = run(&["-c", WIKI, &address], Path::new("none"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut names = Vec::new();
    opened(&address).names(&mut |name| names.push(name.to_string())).unwrap();
    assert_eq!(names, ["eeeeeeee…"]);
    // The wiki also rejects untrusted certificates.
    let output = run(&["-c", WIKI, &format!("rediss://localhost:{port}/0?{files}")], Path::new("none"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains("certificate verify failed"), "{stderr}");
}

#[test]
#[ignore = "needs redis-server: make check-servers"]
fn redis_with_a_bad_certificate_or_key_file_is_refused() {
    let (server, port, own) = start("no");
    let ca = copy(&server, "redis-ca.pem");
    let name = why(&format!("rediss://127.0.0.2:{port}?ca_file={}", ca.display()));
    assert!(
        name.contains("untrusted certificate") && name.contains("use the server name in the certificate"),
        "{name}"
    );
    fs::set_permissions(&own, fs::Permissions::from_mode(0o644)).unwrap();
    let cert = copy(&server, "redis-client.pem");
    let open = why(&format!(
        "rediss://localhost:{port}?ca_file={}&cert_file={}&cert_key_file={}",
        ca.display(),
        cert.display(),
        own.display()
    ));
    assert!(open.contains("every local user can read or write it"), "{open}");
    let none = why(&format!("rediss://localhost:{port}?ca_file={}", own.display()));
    assert!(none.contains("no certificate in PEM"), "{none}");
}
