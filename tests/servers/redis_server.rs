//! A redis-server with its own directory and socket. It is stopped when the value is dropped.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(super) struct RedisServer {
    child: Child,
    pub(super) dir: tempfile::TempDir,
}

impl RedisServer {
    /// Starts a server with more lines of configuration.
    pub(super) fn start(more: &[&str]) -> RedisServer {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("redis.sock");
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]).arg(&socket);
        command.arg("--dir").arg(dir.path()).args(more).stdout(Stdio::null());
        let child = command.spawn().expect("redis-server: run `make check-servers`, which installs it");
        let server = RedisServer { child, dir };
        let begun = Instant::now();
        // The socket exists before the server listens on it.
        while UnixStream::connect(&socket).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "redis-server does not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        server
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.dir.path().join("redis.sock")
    }

    /// The address of a store in it.
    pub(super) fn address(&self, options: &str) -> String {
        format!("redis+unix://{}?{options}", self.socket().display())
    }

    /// The output of `redis-cli`.
    pub(super) fn cli(&self, arguments: &[&str]) -> String {
        let output = Command::new("redis-cli").arg("-s").arg(self.socket()).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
