//! The connection to the server: made with patience, made again when lost, and errors in words.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use redis::{
    Client, ClientTlsConfig, Connection, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisConnectionInfo,
    RedisError, RedisResult, ServerErrorKind, TlsCertificates,
};

use crate::farm::{RedisAddress, RedisPlace, TlsFiles};
use crate::store::seal::{LONGEST_KEY, secret};

/// How long to wait for a connection, and for an answer.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// How long to wait before each further try.
const TRIES: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(500), Duration::from_secs(2)];

/// A server, and a connection to it while there is one.
pub(super) struct Server {
    client: Client,
    connection: Mutex<Option<Connection>>,
    /// It has answered before: where it does not listen now, it may be starting again.
    known: AtomicBool,
}

impl Server {
    /// Gets ready to connect.
    pub(super) fn new(address: &RedisAddress) -> Result<Self, String> {
        let place = match &address.place {
            RedisPlace::Tcp(host, port) => ConnectionAddr::Tcp(host.clone(), *port),
            RedisPlace::Tls(host, port) => {
                ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure: false, tls_params: None }
            }
            RedisPlace::Unix(path) => ConnectionAddr::Unix(path.clone()),
        };
        let mut settings = RedisConnectionInfo::default().set_db(address.db).set_skip_set_lib_name();
        if let Some(user) = &address.user {
            settings = settings.set_username(user);
        }
        if let Some(path) = &address.password_file {
            let password = String::from_utf8(secret(path, LONGEST_KEY)?)
                .map_err(|_| format!("{}: a password that is no UTF-8", path.display()))?;
            settings = settings.set_password(password);
        }
        let info = place.into_connection_info().map_err(|error| told(&error))?.set_redis_settings(settings);
        let client = match &address.place {
            RedisPlace::Tls(..) => Client::build_with_tls(info, certificates(&address.tls)?),
            RedisPlace::Tcp(..) | RedisPlace::Unix(_) => Client::open(info),
        };
        let client = client.map_err(|error| told(&error))?;
        Ok(Server { client, connection: Mutex::new(None), known: AtomicBool::new(false) })
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(PATIENCE.0)?;
        connection.set_read_timeout(Some(PATIENCE.1))?;
        connection.set_write_timeout(Some(PATIENCE.1))?;
        Ok(connection)
    }

    /// Asks the server; where the connection is lost, again over a new one.
    pub(super) fn ask<T>(
        &self,
        mut question: impl FnMut(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, String> {
        let mut guard = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tries = TRIES.iter();
        loop {
            let answer = match guard.as_mut() {
                Some(connection) => question(connection),
                None => self.connect().and_then(|new| question(guard.insert(new))),
            };
            match answer {
                Ok(answer) => {
                    self.known.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) if error.is_connection_refusal() && !self.known.load(Ordering::Relaxed) => {
                    return Err(told(&error));
                }
                // Another try would see the same certificate.
                Err(error) if is_mistrust(&error) => return Err(told(&error)),
                Err(error) if error.is_io_error() || error.is_unrecoverable_error() => {
                    *guard = None;
                    match tries.next() {
                        Some(pause) => thread::sleep(*pause),
                        None => return Err(told(&error)),
                    }
                }
                Err(error) => return Err(told(&error)),
            }
        }
    }
}

/// Certificates, and a key of one, are no larger.
const LARGEST_PEM: u64 = 1024 * 1024;

/// What TLS needs, read from its files.
fn certificates(files: &TlsFiles) -> Result<TlsCertificates, String> {
    let pem = |path: &Path| {
        let told = |why: String| format!("{}: {why}", path.display());
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| told(error.to_string()))?;
        file.take(LARGEST_PEM).read_to_end(&mut bytes).map_err(|error| told(error.to_string()))?;
        let begin: &[u8] = b"-----BEGIN CERTIFICATE-----";
        let whole = bytes.windows(begin.len()).any(|line| line == begin);
        if whole { Ok(bytes) } else { Err(told("no certificate in PEM in it".to_owned())) }
    };
    let root_cert = files.ca_file.as_deref().map(pem).transpose()?;
    let own = |(cert, key): &(PathBuf, PathBuf)| {
        Ok::<_, String>(ClientTlsConfig { client_cert: pem(cert)?, client_key: secret(key, LARGEST_PEM)? })
    };
    Ok(TlsCertificates { client_tls: files.own.as_ref().map(own).transpose()?, root_cert })
}

/// Whether the server's certificate was not good enough for us.
fn is_mistrust(error: &RedisError) -> bool {
    error.to_string().contains("invalid peer certificate")
}

/// An error in words, with what to do.
fn told(error: &RedisError) -> String {
    let code = error.code().unwrap_or_default();
    let text = error.to_string();
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::BusyLoading) => {
            "Redis is still loading its data: try again when it has".to_owned()
        }
        ErrorKind::Server(ServerErrorKind::ReadOnly) => {
            "this Redis is a read-only replica: name its master".to_owned()
        }
        ErrorKind::Server(ServerErrorKind::NoPerm) => {
            format!("the user may not do this (ACL): {}", error.detail().unwrap_or_default())
        }
        _ if code == "NOAUTH" || text.contains("NOAUTH") => {
            "Redis wants a password: put it into a file that only you can read, and say ?password_file=FILE"
                .to_owned()
        }
        _ if code == "WRONGPASS"
            || text.contains("WRONGPASS")
            || error.kind() == ErrorKind::AuthenticationFailed =>
        {
            "Redis does not take this user or password: see user and ?password_file in the address".to_owned()
        }
        _ if code == "WRONGTYPE" || text.contains("WRONGTYPE") => {
            "keys of another program are under this prefix: choose another ?prefix".to_owned()
        }
        _ if code == "OOM" || text.contains("OOM command") => {
            "Redis is full (maxmemory): nothing more can be written".to_owned()
        }
        _ if is_mistrust(error) => format!(
            "its certificate is not trusted ({text}): name the authority that signed it with ?ca_file=FILE, and the \
             server as the certificate does"
        ),
        _ if text.contains("CertificateRequired") || text.contains("certificate required") => {
            "the server wants a certificate of ours: say ?cert_file=FILE&cert_key_file=FILE".to_owned()
        }
        _ if error.is_connection_refusal() => format!("nothing listens there: {text}"),
        _ => text,
    }
}
