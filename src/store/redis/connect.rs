//! The connection to the server: made with patience, made again when lost, and errors in words.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use redis::{
    Client, ClientTlsConfig, Connection, ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo,
    RedisResult, TlsCertificates,
};

use crate::farm::{RedisAddress, RedisPlace, TlsFiles};
use crate::store::seal::{LONGEST_KEY, secret};

use super::trouble::{Trouble, is_mistrust};

/// How long to wait for a connection, and for an answer.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(20));

/// How long to wait before each further try.
const TRIES: [Duration; 3] = [Duration::from_millis(50), Duration::from_millis(500), Duration::from_secs(2)];

/// A connection while there is one.
#[derive(Default)]
struct Link {
    connection: Option<Connection>,
    /// Why there will be none any more.
    lost: Option<Trouble>,
}

/// A server, and a connection to it while there is one.
pub(super) struct Server {
    client: Client,
    connection: Mutex<Link>,
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
        let info = place
            .into_connection_info()
            .map_err(|error| Trouble::of(&error).to_string())?
            .set_redis_settings(settings);
        let client = match &address.place {
            RedisPlace::Tls(..) => Client::build_with_tls(info, certificates(&address.tls)?),
            RedisPlace::Tcp(..) | RedisPlace::Unix(_) => Client::open(info),
        };
        let client = client.map_err(|error| Trouble::of(&error).to_string())?;
        Ok(Server { client, connection: Mutex::default(), known: AtomicBool::new(false) })
    }

    fn connect(&self) -> RedisResult<Connection> {
        let connection = self.client.get_connection_with_timeout(PATIENCE.0)?;
        connection.set_read_timeout(Some(PATIENCE.1))?;
        connection.set_write_timeout(Some(PATIENCE.1))?;
        Ok(connection)
    }

    /// Asks the server; where the connection is lost, again over a new one. So a question may be put twice, of which the
    /// first was answered and the answer lost: what changes something has to see to it that it is done once.
    pub(super) fn ask<T>(
        &self,
        mut question: impl FnMut(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, Trouble> {
        let mut guard = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let Link { connection, lost } = &mut *guard;
        // It was waited for long enough.
        if let Some(lost) = lost {
            return Err(lost.clone());
        }
        let (mut tries, mut silent) = (TRIES.iter(), false);
        loop {
            let answer = match connection.as_mut() {
                Some(connection) => question(connection),
                None => self.connect().and_then(|new| question(connection.insert(new))),
            };
            let error = match answer {
                Ok(answer) => {
                    self.known.store(true, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let first_refusal = error.is_connection_refusal() && !self.known.load(Ordering::Relaxed);
            // Another try would see the same certificate.
            if first_refusal
                || is_mistrust(&error)
                || !(error.is_io_error() || error.is_unrecoverable_error())
            {
                return Err(Trouble::of(&error));
            }
            *connection = None;
            let was_silent = error.is_timeout() && std::mem::replace(&mut silent, true);
            match tries.next().filter(|_| !was_silent) {
                Some(pause) => thread::sleep(*pause),
                None => return Err(lost.insert(Trouble::of(&error)).clone()),
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
