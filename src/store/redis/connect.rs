//! The connection to the server, which is retried and restored, with readable errors.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use redis::{ErrorKind, RedisError, RedisResult, Value};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::location::{RedisLocation, RedisServer, TlsFiles};
use crate::store::mac::secret;
use crate::sys::{self, Readers, read_trusted};
use crate::text::Problem;

use super::trouble::{Trouble, is_mistrust};
use super::wire::{GivenUp, Wire};

/// The maximum size of all answers to one request without pickles, in bytes.
const SHORT_ANSWER: u64 = 4 * 1024 * 1024;

/// The delays before each retry.
const TRIES: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(500), Duration::from_secs(2)];

/// The state of the connection.
#[derive(Default)]
struct Link {
    connection: Option<Wire>,
    /// Why there will be no more connection.
    lost: Option<Trouble>,
}

/// A server and the connection to it.
pub(super) struct Server {
    server: RedisServer,
    tls: Option<Arc<ClientConfig>>,
    user: Option<String>,
    password: Option<String>,
    db: i64,
    connection: Mutex<Link>,
    /// The server has answered before. If it does not listen now, it may be restarting.
    known: AtomicBool,
}

impl Server {
    /// Prepares the connection.
    pub(super) fn new(address: &RedisLocation) -> Result<Self, Problem> {
        let password = |path: &PathBuf| {
            let text = String::from_utf8(secret(path)?);
            text.map_err(|_| Problem::from("password is not UTF-8").at(path.display()))
        };
        Ok(Server {
            server: address.server.clone(),
            tls: match &address.server {
                RedisServer::Tls(..) => Some(Arc::new(tls(&address.tls)?)),
                RedisServer::Tcp(..) | RedisServer::Unix(_) => None,
            },
            user: address.user.clone(),
            password: address.password_file.as_ref().map(password).transpose()?,
            db: address.db,
            connection: Mutex::default(),
            known: AtomicBool::new(false),
        })
    }

    fn connect(&self) -> RedisResult<Wire> {
        let mut wire = Wire::connect(&self.server, self.tls.as_ref(), self.db)?;
        wire.allow(SHORT_ANSWER);
        if let Some(password) = &self.password {
            self.authenticate(&mut wire, self.user.as_deref(), password)?;
        }
        if self.db != 0 {
            redis::cmd("SELECT").arg(self.db).query::<()>(&mut wire)?;
        }
        Ok(wire)
    }

    fn authenticate(&self, wire: &mut Wire, user: Option<&str>, password: &str) -> RedisResult<()> {
        let mut auth = redis::cmd("AUTH");
        auth.arg(user).arg(password);
        let error = match redis::ConnectionLike::req_command(wire, &auth)? {
            Value::ServerError(error) => error,
            _ => return Ok(()),
        };
        // Redis before version 6 has no users.
        let knows_no_users = error.details().is_some_and(|text| text.contains("wrong number of arguments"));
        if user.is_some() && knows_no_users {
            return self.authenticate(wire, None, password);
        }
        Err(RedisError::from((ErrorKind::AuthenticationFailed, "the server refused the password")))
    }

    /// Sends a request, and sends it again over a new connection if the connection is lost. So a request may run
    /// twice if only its answer was lost: each change must make sure that it is done once.
    pub(super) fn ask<T>(&self, question: impl FnMut(&mut Wire) -> RedisResult<T>) -> Result<T, Trouble> {
        self.ask_for(SHORT_ANSWER, question)
    }

    /// The same, with a maximum size of all answers in bytes.
    pub(super) fn ask_for<T>(
        &self,
        most: u64,
        mut question: impl FnMut(&mut Wire) -> RedisResult<T>,
    ) -> Result<T, Trouble> {
        let mut guard = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let Link { connection, lost } = &mut *guard;
        // Earlier requests have already waited for the server.
        if let Some(lost) = lost {
            return Err(lost.clone());
        }
        let (mut tries, mut silent) = (TRIES.iter(), false);
        loop {
            let mut ask = |connection: &mut Wire| {
                connection.allow(most);
                question(connection)
            };
            let answer = match connection.as_mut() {
                Some(connection) => ask(connection),
                None => self.connect().and_then(|new| ask(connection.insert(new))),
            };
            let error = match answer {
                Ok(answer) => {
                    self.known.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let given_up = connection.as_ref().and_then(Wire::given_up);
            let stopped = error.is_io_error() && sys::asked_to_stop();
            if let Some(why) = given_up.or(stopped.then_some(GivenUp::Stopped)) {
                *connection = None;
                return Err(lost.insert(Trouble::given_up(why)).clone());
            }
            let first_refusal = error.is_connection_refusal() && !self.known.load(Ordering::Relaxed);
            // A retry would get the same certificate.
            if first_refusal
                || is_mistrust(&error)
                || !(error.is_io_error() || error.is_unrecoverable_error())
            {
                return Err(Trouble::of(&error));
            }
            *connection = None;
            let was_silent = error.is_timeout() && std::mem::replace(&mut silent, true);
            match tries.next().filter(|_| !was_silent) {
                Some(pause) => wait(*pause),
                None => return Err(lost.insert(Trouble::of(&error)).clone()),
            }
        }
    }
}

/// Waits before a retry, unless a signal asks to stop.
fn wait(pause: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < pause && !sys::asked_to_stop() {
        thread::sleep(Duration::from_millis(50));
    }
}

/// The maximum size of a certificate.
const LARGEST_PEM: u64 = 1024 * 1024;

/// The TLS configuration with the certificate files.
fn tls(files: &TlsFiles) -> Result<ClientConfig, Problem> {
    let pem = |path: &Path| {
        let bytes = read_trusted(path, Readers::Everybody, LARGEST_PEM)?;
        let begin: &[u8] = b"-----BEGIN CERTIFICATE-----";
        let whole = bytes.windows(begin.len()).any(|line| line == begin);
        if whole { Ok(bytes) } else { Err(Problem::from("no certificate in PEM").at(path.display())) }
    };
    let certificates = |path: &Path| {
        let parsed = CertificateDer::pem_slice_iter(&pem(path)?).collect::<Result<Vec<_>, _>>();
        parsed.map_err(|error| Problem::from(error.to_string()).at(path.display()))
    };
    let mut authorities = RootCertStore::empty();
    let trusted = match &files.ca_file {
        Some(path) => certificates(path)?,
        None => {
            let found = rustls_native_certs::load_native_certs();
            match found.errors.into_iter().next() {
                Some(error) => {
                    return Err(format!("can't read the certificates of this machine: {error}").into());
                }
                None => found.certs,
            }
        }
    };
    for certificate in trusted {
        authorities.add(certificate).map_err(|error| format!("invalid certificate authority: {error}"))?;
    }
    let settings = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(authorities);
    let Some((certificate, key)) = &files.own else { return Ok(settings.with_no_client_auth()) };
    let with_path = |error: &dyn std::fmt::Display| Problem::from(error.to_string()).at(key.display());
    let secret = PrivateKeyDer::from_pem_slice(&secret(key)?).map_err(|error| with_path(&error))?;
    settings.with_client_auth_cert(certificates(certificate)?, secret).map_err(|error| with_path(&error))
}
