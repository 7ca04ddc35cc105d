//! Sends packets from inside a namespace: this test binary again, started there with one test to run.

use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{SocketAddrV4, TcpStream, UdpSocket};
use std::process::{Child, ChildStderr, ChildStdin, Stdio};
use std::time::Duration;

use crate::namespace::Namespace;

const VARIABLE: &str = "TIDEGATE_KERNEL_PROBE";

/// No packet is lost without an answer, so this is only met when something is wrong with the test.
const PATIENCE: Duration = Duration::from_secs(3);

/// A packet to send. Over TCP the source is the one that the route to the destination names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet {
    pub(super) transport: Transport,
    pub(super) from: SocketAddrV4,
    pub(super) to: SocketAddrV4,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Tcp,
    Udp,
}

impl Transport {
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

/// The process that sends.
pub(super) struct Probe {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStderr>,
}

impl Probe {
    pub(super) fn start(namespace: &Namespace) -> Self {
        let mut command = namespace.this_binary("kernel::probe::send_what_is_asked_for");
        command.env(VARIABLE, "1");
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        Self {
            commands: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Sends packets one after the other: which of them passed.
    pub(super) fn send(&mut self, packets: &[Packet]) -> Vec<bool> {
        let lines = packets.iter().map(|packet| {
            let Packet {
                transport,
                from,
                to,
            } = packet;
            format!("{} {from} {to}\n", transport.keyword())
        });
        let lines: String = lines.collect();
        self.commands.write_all(lines.as_bytes()).unwrap();
        let answer = |packet| {
            let mut line = String::new();
            self.answers.read_line(&mut line).unwrap();
            match line.trim_end() {
                "passed" => true,
                "refused" => false,
                other => panic!("{packet:?}: {other}"),
            }
        };
        packets.iter().map(answer).collect()
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a packet that passes finds no listener, the other end says so; one that a rule denies is answered with
/// "administratively prohibited".
fn outcome(result: io::Result<()>) -> String {
    match result.map_err(|error| (error.kind(), error)) {
        Ok(()) | Err((ErrorKind::ConnectionRefused, _)) => "passed".to_owned(),
        Err((ErrorKind::HostUnreachable, _)) => "refused".to_owned(),
        Err((_, error)) => format!("no answer: {error}"),
    }
}

fn datagram(from: SocketAddrV4, to: SocketAddrV4) -> io::Result<()> {
    let socket = UdpSocket::bind(from)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(to)?;
    socket.send(b"tidegate")?;
    socket.recv(&mut [0; 8]).map(drop)
}

fn connection(to: SocketAddrV4) -> io::Result<()> {
    TcpStream::connect_timeout(&to.into(), PATIENCE).map(drop)
}

/// Not a test of its own: what [`Probe::start`] runs.
#[test]
fn send_what_is_asked_for() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    for line in io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        let result = match words.as_slice() {
            ["udp", from, to] => datagram(from.parse().unwrap(), to.parse().unwrap()),
            ["tcp", _, to] => connection(to.parse().unwrap()),
            _ => panic!("{line}"),
        };
        eprintln!("{}", outcome(result));
    }
}
