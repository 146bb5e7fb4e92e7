//! Web servers in front of a substitute for a wiki, which records its requests.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The requests to the wiki, byte for byte.
pub(super) struct Wiki {
    requests: Receiver<Vec<u8>>,
}

impl Wiki {
    /// Listens on a socket, and sends this response to every request.
    pub(super) fn listen(socket: &Path, answer: &'static str) -> Wiki {
        let listener = UnixListener::bind(socket).unwrap();
        fs::set_permissions(socket, fs::Permissions::from_mode(0o777)).unwrap();
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let (mut request, mut part) = (Vec::new(), [0; 65536]);
                // The end of the head of HTTP, or the empty record that ends the parameters of FastCGI.
                let whole = |request: &[u8]| {
                    request.ends_with(b"\r\n\r\n") || request.ends_with(&[1, 5, 0, 1, 0, 0, 0, 0])
                };
                while !whole(&request) {
                    match stream.read(&mut part) {
                        Ok(0) | Err(_) => break,
                        Ok(read) => request.extend_from_slice(&part[..read]),
                    }
                }
                let _ = stream.write_all(answer.as_bytes());
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        Wiki { requests }
    }

    /// The next request.
    pub(super) fn request(&self) -> Vec<u8> {
        self.requests.recv_timeout(Duration::from_secs(10)).expect("the wiki was asked nothing")
    }

    /// The Cookie header of the next request, if it has one.
    pub(super) fn cookie(&self) -> Option<String> {
        let request = String::from_utf8(self.request()).unwrap();
        let mut cookies = request.lines().filter_map(|line| line.strip_prefix("Cookie: ")).map(str::to_owned);
        let cookie = cookies.next();
        assert_eq!(cookies.next(), None, "one header: {request}");
        cookie
    }
}

/// A running server, which is stopped when the value is dropped.
pub(super) struct WebServer {
    child: Child,
    pub(super) socket: PathBuf,
}

impl WebServer {
    /// Starts nginx with these lines in `http {}`. It listens on `front.sock` in `dir`.
    pub(super) fn nginx(dir: &Path, http: &str) -> WebServer {
        let config = format!(
            "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log stderr warn;\nevents {{}}\nhttp {{\naccess_log off;\n\
             client_body_temp_path {0}/t1;\nproxy_temp_path {0}/t2;\nfastcgi_temp_path {0}/t3;\nuwsgi_temp_path {0}/t4;\n\
             scgi_temp_path {0}/t5;\n{http}\n}}\n",
            dir.display()
        );
        fs::write(dir.join("nginx.conf"), config).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-p").arg(dir).arg("-c").arg(dir.join("nginx.conf")).args(["-e", "stderr"]);
        WebServer::start(command, dir, "nginx")
    }

    /// Starts Apache with these lines in its only host.
    pub(super) fn apache(dir: &Path, host: &str) -> WebServer {
        let modules = ["mpm_event", "authz_core", "rewrite", "headers", "proxy", "proxy_http"];
        let modules: String = modules
            .iter()
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
            .collect();
        // If root starts Apache, it must run as another user. Only root can set this.
        let user = if rustix::process::geteuid().is_root() { "User www-data\nGroup www-data\n" } else { "" };
        let port = free_port();
        let config = format!(
            "{modules}{user}ServerRoot {0}\nServerName wiki.example.org\nPidFile {0}/pid\nErrorLog /dev/stderr\nListen 127.0.0.1:{port}\n\
             <VirtualHost *:{port}>\n{host}\n</VirtualHost>\n",
            dir.display()
        );
        fs::write(dir.join("apache.conf"), config).unwrap();
        let mut command = Command::new("apache2");
        command.arg("-f").arg(dir.join("apache.conf")).arg("-DFOREGROUND");
        fs::write(dir.join("front.port"), port.to_string()).unwrap();
        WebServer::start(command, dir, "apache2")
    }

    fn start(mut command: Command, dir: &Path, name: &str) -> WebServer {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let child =
            command.spawn().unwrap_or_else(|_| panic!("{name}: run `make check-servers`, which installs it"));
        let mut server = WebServer { child, socket: dir.join("front.sock") };
        let begun = Instant::now();
        while server.curl(&["--max-time", "5"]).is_none() {
            if let Some(status) = server.child.try_wait().unwrap() {
                let mut text = String::new();
                server.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
                panic!("{name}: {status}: {text}");
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{name} does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// Requests the front page with curl. `None` if nothing responds.
    pub(super) fn curl(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--include"]).args(arguments);
        match fs::read_to_string(self.socket.with_extension("port")) {
            Ok(port) => command
                .arg("--resolve")
                .arg(format!("wiki.example.org:{port}:127.0.0.1"))
                .arg(format!("http://wiki.example.org:{port}/")),
            Err(_) => command.arg("--unix-socket").arg(&self.socket).arg("http://wiki.example.org/"),
        };
        let output = command.output().expect("curl: run `make check-servers`, which installs it");
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }
}

/// A port that is free at the moment.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Drop for WebServer {
    fn drop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, Signal::TERM);
        }
        let _ = self.child.wait();
    }
}
