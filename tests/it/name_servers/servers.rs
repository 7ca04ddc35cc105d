//! BIND and Unbound on loopback, for as long as a test needs them.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use super::dig;
use crate::authority::Authority;
use crate::cli::Folder;
use crate::support::{files, project};

/// What has to be there.
const PROGRAMS: [(&str, &str); 3] = [("named", "-V"), ("unbound", "-V"), ("dig", "-v")];

/// The name of the certificate with which Unbound speaks TLS.
pub(super) const NAME: &str = "dns.contoso.com";

/// Why servers cannot run here, if they cannot.
pub(super) fn hindrance() -> Option<String> {
    for (program, version) in PROGRAMS {
        let mut command = Command::new(program);
        command.arg(version).stdout(Stdio::null());
        if let Err(error) = command.stderr(Stdio::null()).status() {
            return Some(format!("{program}: {error}"));
        }
    }
    let bound = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0));
    bound.err().map(|error| format!("::1: {error}"))
}

/// A server, which ends with this value.
struct Daemon(Child);

impl Daemon {
    /// Starts it and waits until its log says that it answers.
    fn start(command: &mut Command, ready: &str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let daemon = Self(child);
        let mut read = String::new();
        while !read.lines().last().unwrap_or_default().contains(ready) {
            let more = log.read_line(&mut read).unwrap();
            assert!(more > 0, "{command:?} ended:\n{read}");
        }
        // A log that nobody reads would stop it.
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(drop));
        daemon
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// BIND with its zones, and Unbound that forwards to it.
pub(super) struct Servers {
    named: Option<Daemon>,
    _unbound: Daemon,
    /// BIND as the Internet sees it.
    pub(super) outside: SocketAddr,
    /// BIND as the network of the policy sees it.
    pub(super) inside: SocketAddr,
    /// Unbound.
    pub(super) forwarder: SocketAddr,
    /// Unbound over TLS.
    pub(super) over_tls: SocketAddr,
}

impl Servers {
    /// Starts both with the files of `fixtures/name-servers`, which are written to a folder.
    pub(super) fn start(folder: &Folder, authority: &Authority) -> Self {
        let (port, forwarder, over_tls, dead) = (port(), port(), port(), port());
        let places = [
            ("@FOLDER@", folder.path("").to_string()),
            ("@NAMED_PORT@", port.to_string()),
            ("@UNBOUND_PORT@", forwarder.to_string()),
            ("@TLS_PORT@", over_tls.to_string()),
            ("@DEAD_PORT@", dead.to_string()),
        ];
        for file in files("fixtures/name-servers", "") {
            let mut text = std::fs::read_to_string(project(file.as_str())).unwrap();
            for (place, value) in &places {
                text = text.replace(place, value);
            }
            folder.write(file.file_name().unwrap(), text);
        }
        let (certificate, key) = authority.certificate(NAME);
        folder.write("dns.pem", certificate.pem());
        folder.write("dns.key", key.serialize_pem());
        let mut named = Command::new("named");
        named.args(["-g", "-c"]).arg(folder.path("named.conf"));
        let mut unbound = Command::new("unbound");
        unbound.args(["-dd", "-c"]).arg(folder.path("unbound.conf"));
        let here = |port| (Ipv4Addr::LOCALHOST, port).into();
        let servers = Self {
            named: Some(Daemon::start(&mut named, " running")),
            _unbound: Daemon::start(&mut unbound, "start of service"),
            outside: here(port),
            inside: (Ipv6Addr::LOCALHOST, port).into(),
            forwarder: here(forwarder),
            over_tls: here(over_tls),
        };
        for server in [servers.outside, servers.inside] {
            // On a busy machine the log is ahead of the zones.
            let answers = (0..20).any(|_| dig::status(server, "many.contoso.com") == "NOERROR");
            assert!(answers, "{server} does not answer");
        }
        servers
    }

    /// Ends BIND.
    pub(super) fn stop_named(&mut self) {
        self.named = None;
    }
}

/// A port below those that the system gives away, free on loopback over every protocol.
fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let of_process = u16::try_from(std::process::id() % 9_000).unwrap();
    loop {
        let port = 20_000 + (of_process + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        let four = (Ipv4Addr::LOCALHOST, port);
        let six = (Ipv6Addr::LOCALHOST, port);
        let is_free = UdpSocket::bind(four).is_ok() && TcpListener::bind(four).is_ok();
        if is_free && UdpSocket::bind(six).is_ok() && TcpListener::bind(six).is_ok() {
            return port;
        }
    }
}
