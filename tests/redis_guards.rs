//! Redis servers that send endless answers or never answer: each run uses a limited amount of memory and
//! time.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use redis::{Parser, Value};

use crate::stopping::{started, stopped};
use crate::support::Place;

/// The reply of the server to a command.
enum Reply {
    Once(String),
    /// The first text, and then the second one again and again.
    Endless(&'static str, &'static str),
    Never,
}

/// A server on this machine.
struct Server {
    address: String,
    /// The number of bytes that were sent in an endless answer.
    sent: Arc<AtomicUsize>,
}

impl Server {
    /// Starts a server that answers each command with `reply`, which gets the words of the command.
    fn start(reply: impl Fn(&[String]) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("redis://{}/0", listener.local_addr().unwrap());
        let sent = Arc::new(AtomicUsize::new(0));
        let (reply, count) = (Arc::new(reply), Arc::clone(&sent));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (reply, count) = (Arc::clone(&reply), Arc::clone(&count));
                thread::spawn(move || serve(client, reply.as_ref(), &count));
            }
        });
        Server { address, sent }
    }
}

fn serve(mut client: TcpStream, reply: &dyn Fn(&[String]) -> Reply, sent: &AtomicUsize) {
    let (mut parser, mut reader) = (Parser::new(), client.try_clone().unwrap());
    while let Ok(Value::Array(words)) = parser.parse_value(&mut reader) {
        let words: Vec<String> =
            words.iter().map(|word| redis::from_redis_value_ref(word).unwrap()).collect();
        match reply(&words) {
            Reply::Once(text) => client.write_all(text.as_bytes()).unwrap(),
            Reply::Endless(begin, more) => {
                let more = more.repeat(1000);
                let mut all = client.write_all(begin.as_bytes());
                while all.is_ok() {
                    all = client.write_all(more.as_bytes());
                    sent.fetch_add(more.len(), Ordering::Relaxed);
                }
                return;
            }
            Reply::Never => {}
        }
    }
}

/// A page of a list of keys that is followed by another page.
fn page(names: &[String]) -> String {
    let names: String = names.iter().map(|name| format!("${}\r\n{name}\r\n", name.len())).collect();
    format!("*2\r\n$1\r\n7\r\n*{}\r\n{names}", names.matches("\r\n").count() / 2)
}

/// The replies of an empty Redis.
fn usual(command: &str) -> Reply {
    Reply::Once(match command {
        "GET" => "$-1\r\n".to_owned(),
        "DBSIZE" => ":50\r\n".to_owned(),
        _ => ":0\r\n".to_owned(),
    })
}

/// Checks that commands fail on the store `address` with the reason `why`.
fn said(address: &str, why: &str, help: &str) {
    let place = Place::new();
    for words in ["session list", "session verify", "session prune", "store list", "session show aaaaaaaa"] {
        let ran = place.wikifarm(&format!("{words} --store {address}"));
        let ran = ran.any_stdout().any_stderr().status(3).run();
        assert!(
            ran.stderr.contains(&format!("error: {address}: {why}\nhelp: {help}\n")),
            "{words}: {}",
            ran.stderr
        );
    }
}

#[test]
fn redis_key_list_that_always_has_new_keys_ends_at_the_limit() {
    let next = AtomicUsize::new(0);
    let server = Server::start(move |words| match &*words[0] {
        "SCAN" => {
            let first = next.fetch_add(1000, Ordering::Relaxed);
            let names: Vec<String> =
                (first..first + 1000).map(|number| format!("wikifarm:s:{number:040x}")).collect();
            Reply::Once(page(&names))
        }
        command => usual(command),
    });
    said(
        &server.address,
        "endless list of keys: read 11000 names, but it reports 50 keys",
        "check which program listens there",
    );
}

#[test]
fn redis_key_list_that_is_always_empty_ends_at_the_limit() {
    let server = Server::start(|words| match &*words[0] {
        "SCAN" => Reply::Once(page(&[])),
        command => usual(command),
    });
    said(
        &server.address,
        "endless list of keys: read 10000 pages of names, but it reports 50 keys",
        "check which program listens there",
    );
}

#[test]
fn redis_answer_that_does_not_end_is_read_to_a_limit() {
    for (command, begin, more) in [
        ("GET", "$9000000000\r\n", "some bytes of a very long string"),
        ("GET", "+a line", " without an end"),
        ("DBSIZE", "-ERR a line", " without an end"),
        ("SCAN", "*9000000000\r\n", "$1\r\na\r\n"),
        ("SCAN", "*2\r\n$1\r\n7\r\n*9000000000\r\n", "$1\r\na\r\n"),
        // A push message, which was not requested, in the later protocol.
        ("GET", "", ">1\r\n$1\r\na\r\n"),
        ("SCAN", "|9000000000\r\n", "$1\r\na\r\n"),
    ] {
        let server = Server::start(move |words| match &*words[0] {
            this if this == command => Reply::Endless(begin, more),
            other => usual(other),
        });
        let ran = Place::new();
        let ran = ran.wikifarm(&format!("session list --store {}", server.address));
        let ran = ran.any_stdout().any_stderr().status(3).run();
        let why =
            "answer longer than 4 MiB, which is not from Redis\nhelp: check which program listens there";
        assert_eq!(ran.stderr, format!("error: {}: {why}\n", server.address), "{command} {begin:?}");
        let sent = server.sent.load(Ordering::Relaxed);
        // The kernel buffers some of the bytes.
        assert!(sent < 32 << 20, "{command} {begin:?}: {sent} bytes were taken");
    }
}

#[test]
fn redis_session_over_16_mib_is_not_read_to_its_end() {
    let server = Server::start(|words| match &*words[0] {
        "EXISTS" | "STRLEN" => Reply::Once(":1\r\n".to_owned()),
        "SCAN" => {
            let names = format!("$51\r\nwikifarm:s:{}\r\n", "a".repeat(40));
            Reply::Once(format!("*2\r\n$1\r\n0\r\n*1\r\n{names}"))
        }
        "GETRANGE" => Reply::Endless("$9000000000\r\n", "more and more"),
        command => usual(command),
    });
    said(
        &server.address,
        "answer longer than 20 MiB, which is not from Redis",
        "check which program listens there",
    );
}

#[test]
fn redis_error_that_is_long_is_shown_in_part() {
    let server = Server::start(|words| match &*words[0] {
        "GET" => Reply::Once(format!("-ERR {}\r\n", "long ".repeat(100_000))),
        command => usual(command),
    });
    let place = Place::new();
    let ran = place.wikifarm(&format!("session list --store {}", server.address));
    let ran = ran.any_stdout().any_stderr().status(3).run();
    assert!(ran.stderr.contains("long long") && ran.stderr.len() < 500, "{} bytes", ran.stderr.len());
}

#[test]
fn commands_waiting_for_redis_stop_on_a_signal() {
    for silent in ["GET", "SCAN"] {
        let server = Server::start(move |words| match &*words[0] {
            command if command == silent => Reply::Never,
            command => usual(command),
        });
        let place = Place::new();
        for words in ["session prune", "session verify", "store list"] {
            let child = started(&place, &format!("{words} --store {}", server.address));
            let (status, stderr) = stopped(child, Duration::from_millis(500));
            assert_eq!(status, 3, "{words}: {stderr}");
            assert!(stderr.contains("stopped by a signal before Redis answered\n"), "{words}: {stderr}");
            assert!(stderr.contains("error: stopped by a signal: "), "{words}: {stderr}");
        }
        // `session show` has nothing to report, so the signal ends it at once.
        let child = started(&place, &format!("session show aaaaaaaa --store {}", server.address));
        assert_eq!(stopped(child, Duration::from_millis(500)), (-1, String::new()));
    }
}
