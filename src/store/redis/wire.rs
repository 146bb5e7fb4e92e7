//! A connection to a server that is not trusted, over TCP, TLS or a Unix socket.
//!
//! An answer takes no more memory than its request allows, and no more time than a slow network needs. A signal ends
//! the wait. The crate `redis` reads answers of any length and waits in the kernel, so only its commands and its
//! parser are used.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{ConnectionLike, Parser, RedisResult, Value};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::location::RedisServer;
use crate::sys::{self, GaveUp};

/// How long to wait for a connection to one address of the server, and to all of them.
const CONNECTING: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(15));

/// How long to wait for the next byte.
const SILENCE: Duration = Duration::from_secs(20);

/// The minimum speed in bytes a second.
const SLOWEST: u64 = 8 * 1024;

/// How long the kernel waits at a time, before the clock and the signals are checked.
const GLANCE: Duration = Duration::from_millis(100);

/// Why a connection was given up by wikifarm itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// A signal asked to stop.
    Stopped,
    /// The answer was longer than this number of bytes.
    TooLong(u64),
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GivenUp::Stopped => f.write_str("stopped by a signal before Redis answered"),
            GivenUp::TooLong(most) => {
                write!(f, "answer longer than {} MiB, which is not from Redis", most / 1024 / 1024)
            }
        }
    }
}

/// The transport.
trait Socket: Read + Write + Send {}

impl<T: Read + Write + Send> Socket for T {}

/// A stream with limits.
struct Stream {
    socket: Box<dyn Socket>,
    /// The current limit, and how much of it is left.
    most: u64,
    left: u64,
    /// The start of the current answer or command, the number of its bytes so far, and the time of the last one.
    begun: Instant,
    bytes: u64,
    moved: Instant,
    given_up: Option<GivenUp>,
}

/// A connection, which sends a request and then reads its answer.
pub(super) struct Wire {
    stream: Stream,
    parser: Parser,
    db: i64,
}

impl Wire {
    /// Connects. With `tls`, the server must prove its identity when the first command is sent.
    pub(super) fn connect(
        server: &RedisServer,
        tls: Option<&Arc<ClientConfig>>,
        db: i64,
    ) -> io::Result<Wire> {
        let dialled = server.clone();
        let tls = tls.cloned();
        let socket = match sys::within(CONNECTING.1, move || dial(&dialled, tls)) {
            Ok(socket) => socket?,
            Err(GaveUp::Stopped) => return Err(io::Error::other(GivenUp::Stopped.to_string())),
            Err(GaveUp::TooLate) => return Err(ErrorKind::TimedOut.into()),
        };
        let now = Instant::now();
        let stream = Stream { socket, most: 0, left: 0, begun: now, bytes: 0, moved: now, given_up: None };
        Ok(Wire { stream, parser: Parser::new(), db })
    }

    /// Sets the number of bytes that may be read from now on.
    pub(super) fn allow(&mut self, most: u64) {
        (self.stream.most, self.stream.left) = (most, most);
    }

    /// Why the connection can no longer be used.
    pub(super) fn given_up(&self) -> Option<GivenUp> {
        self.stream.given_up
    }

    /// Sends one or more commands.
    pub(super) fn send_packed_command(&mut self, command: &[u8]) -> RedisResult<()> {
        self.stream.begin();
        self.stream.write_all(command)?;
        Ok(self.stream.flush()?)
    }

    /// Waits for the next answer.
    pub(super) fn recv_response(&mut self) -> RedisResult<Value> {
        self.stream.begin();
        loop {
            match self.parser.parse_value(&mut self.stream)? {
                // A push message was not requested. Skip it, but count it towards the limits.
                Value::Push { .. } => {}
                answer => return Ok(answer),
            }
        }
    }
}

/// A socket with kernel timeouts of [`GLANCE`].
fn dial(server: &RedisServer, tls: Option<Arc<ClientConfig>>) -> io::Result<Box<dyn Socket>> {
    match (server, tls) {
        (RedisServer::Unix(path), _) => {
            let socket = UnixStream::connect(path)?;
            socket.set_read_timeout(Some(GLANCE))?;
            socket.set_write_timeout(Some(GLANCE))?;
            Ok(Box::new(socket))
        }
        (RedisServer::Tls(host, port), Some(tls)) => {
            let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
            let connection = ClientConnection::new(tls, name).map_err(io::Error::other)?;
            Ok(Box::new(StreamOwned::new(connection, dial_tcp(host, *port)?)))
        }
        (RedisServer::Tcp(host, port) | RedisServer::Tls(host, port), _) => {
            Ok(Box::new(dial_tcp(host, *port)?))
        }
    }
}

fn dial_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(ErrorKind::InvalidInput, "host name without an address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECTING.0) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                socket.set_read_timeout(Some(GLANCE))?;
                socket.set_write_timeout(Some(GLANCE))?;
                return Ok(socket);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

impl Stream {
    fn begin(&mut self) {
        let now = Instant::now();
        (self.begun, self.bytes, self.moved) = (now, 0, now);
    }

    fn went_through(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.moved = Instant::now();
    }

    /// Whether to continue to wait.
    fn check(&mut self) -> io::Result<()> {
        if sys::must_stop() {
            return Err(self.give_up(GivenUp::Stopped));
        }
        let slow = SILENCE.saturating_add(Duration::from_secs(self.bytes / SLOWEST));
        if self.moved.elapsed() >= SILENCE || self.begun.elapsed() >= slow {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    fn give_up(&mut self, why: GivenUp) -> io::Error {
        self.given_up = Some(why);
        io::Error::other(why.to_string())
    }

    /// Retries until some bytes are transferred.
    fn patiently(
        &mut self,
        mut attempt: impl FnMut(&mut dyn Socket) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            self.check()?;
            match attempt(self.socket.as_mut()) {
                Ok(bytes) => {
                    self.went_through(bytes);
                    return Ok(bytes);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            return Err(self.give_up(GivenUp::TooLong(self.most)));
        }
        let buffer = buffer.get_mut(..most).unwrap_or_default();
        let bytes = self.patiently(|socket| socket.read(buffer))?;
        self.left = self.left.saturating_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        Ok(bytes)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(|socket| socket.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.patiently(|socket| socket.flush().map(|()| 0)).map(drop)
    }
}

impl ConnectionLike for Wire {
    fn req_packed_command(&mut self, command: &[u8]) -> RedisResult<Value> {
        self.send_packed_command(command)?;
        self.recv_response()
    }

    fn req_packed_commands(
        &mut self,
        commands: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.send_packed_command(commands)?;
        let answers = (0..offset + count).map(|_| self.recv_response());
        Ok(answers.collect::<RedisResult<Vec<_>>>()?.split_off(offset))
    }

    fn get_db(&self) -> i64 {
        self.db
    }

    fn check_connection(&mut self) -> bool {
        redis::cmd("PING").query::<()>(self).is_ok()
    }

    fn is_open(&self) -> bool {
        self.stream.given_up.is_none()
    }
}
