//! Servers on this machine, each with a habit.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use rustls::ServerConnection;
use tokio::net::TcpSocket;
use tokio::runtime::Builder;

use super::LOCAL;
use crate::authority::Authority;

/// A port of this machine that is free.
const FREE: SocketAddr = SocketAddr::new(LOCAL, 0);

/// Listens, and does something with each connection; the port.
pub(super) fn listen(serve: impl Fn(TcpStream) + Send + 'static) -> u16 {
    listen_at(FREE, serve)
}

fn listen_at(at: SocketAddr, serve: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind(at).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    port
}

/// Resets a connection once something was said: what is not read makes a reset of the end.
pub(super) fn resetting() -> u16 {
    listen(|mut stream| drop(stream.read_exact(&mut [0])))
}

/// Ends a connection in order once something was said.
pub(super) fn closing() -> u16 {
    listen(|mut stream| drop(stream.read(&mut [0; 8192])))
}

/// Takes connections and says nothing.
pub(super) fn silent() -> u16 {
    let kept = std::sync::Mutex::new(Vec::new());
    listen(move |stream| kept.lock().unwrap().push(stream))
}

/// Holds so many connections that no more are accepted, as if everything to the port were dropped.
pub(super) struct Full {
    pub(super) port: u16,
    _kept: (TcpListener, Vec<TcpStream>),
}

impl Full {
    pub(super) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let listener = runtime.block_on(async {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind((LOCAL, 0).into()).unwrap();
            socket.listen(1).unwrap().into_std().unwrap()
        });
        let to = listener.local_addr().unwrap();
        let mut taken = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&to, Duration::from_millis(200)) {
            taken.push(stream);
        }
        Self {
            port: to.port(),
            _kept: (listener, taken),
        }
    }
}

/// A port on which nobody listens; it stays taken, so that no other test gets it.
pub(super) fn nobody() -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((LOCAL, 0).into()).unwrap();
    let port = socket.local_addr().unwrap().port();
    std::mem::forget(socket);
    port
}

/// Answers whatever is said with this text.
pub(super) fn saying(answer: &'static [u8]) -> u16 {
    saying_at(FREE, answer)
}

pub(super) fn saying_at(at: SocketAddr, answer: &'static [u8]) -> u16 {
    listen_at(at, move |mut stream| {
        let _ = stream.read(&mut [0; 8192]);
        let _ = stream.write_all(answer);
    })
}

/// Answers each datagram with this text.
pub(super) fn datagrams(answer: &'static [u8]) -> u16 {
    datagrams_at(FREE, answer)
}

pub(super) fn datagrams_at(at: SocketAddr, answer: &'static [u8]) -> u16 {
    let socket = UdpSocket::bind(at).unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((_, from)) = socket.recv_from(&mut [0; 2048]) {
            let _ = socket.send_to(answer, from);
        }
    });
    port
}

/// Takes datagrams and says nothing.
pub(super) fn mute() -> (u16, UdpSocket) {
    let socket = UdpSocket::bind((LOCAL, 0)).unwrap();
    (socket.local_addr().unwrap().port(), socket)
}

/// A port to which no datagram can be sent: its socket takes those of one other port only, and stays.
pub(super) fn no_datagrams() -> u16 {
    let (port, socket) = mute();
    socket.connect((LOCAL, 1)).unwrap();
    std::mem::forget(socket);
    port
}

impl Authority {
    /// Speaks TLS in the name.
    pub(super) fn server(&self, name: &str) -> u16 {
        self.server_at(FREE, name)
    }

    pub(super) fn server_at(&self, at: SocketAddr, name: &str) -> u16 {
        let config = self.config(name);
        listen_at(at, move |mut stream| {
            let mut server = ServerConnection::new(config.clone()).unwrap();
            while server.is_handshaking() && server.complete_io(&mut stream).is_ok() {}
            let _ = stream.read(&mut [0; 1]);
        })
    }

    /// Speaks as SQL Server in the name, and TLS in its packets.
    pub(super) fn sql_server(&self, name: &str) -> u16 {
        let config = self.config(name);
        listen(move |mut stream| {
            let Some(_) = packet(&mut stream) else {
                return;
            };
            let _ = stream.write_all(ENCRYPTING);
            let mut server = ServerConnection::new(config.clone()).unwrap();
            while server.is_handshaking() {
                let Some(heard) = packet(&mut stream) else {
                    return;
                };
                server.read_tls(&mut heard.as_slice()).unwrap();
                server.process_new_packets().unwrap();
                let mut out = vec![0x12, 0x01, 0, 0, 0, 0, 0, 0];
                while server.wants_write() {
                    server.write_tls(&mut out).unwrap();
                }
                let length = u16::try_from(out.len()).unwrap().to_be_bytes();
                out[2..4].copy_from_slice(&length);
                let _ = stream.write_all(&out);
            }
            let _ = stream.read(&mut [0; 1]);
        })
    }
}

/// What a packet of SQL Server carries.
fn packet(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).ok()?;
    assert_eq!(header[..2], [0x12, 0x01], "a pre-login, in one packet");
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let mut body = vec![0; length - 8];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

/// A pre-login of a server that encrypts.
pub(super) const ENCRYPTING: &[u8] = &[
    0x04, 0x01, 0x00, 0x1a, 0x00, 0x00, 0x01, 0x00, // header
    0x00, 0x00, 0x0b, 0x00, 0x06, 0x01, 0x00, 0x11, 0x00, 0x01, 0xff, // options
    0x0c, 0x00, 0x10, 0x00, 0x00, 0x00, 0x01, // version, encryption
];

/// A pre-login of a server that cannot encrypt.
pub(super) const NOT_ENCRYPTING: &[u8] = &[
    0x04, 0x01, 0x00, 0x1a, 0x00, 0x00, 0x01, 0x00, // header
    0x00, 0x00, 0x0b, 0x00, 0x06, 0x01, 0x00, 0x11, 0x00, 0x01, 0xff, // options
    0x0c, 0x00, 0x10, 0x00, 0x00, 0x00, 0x02, // version, encryption
];

/// The answer of a time server: version 4, mode 4.
pub(super) const TIME: &[u8] = &[
    0x24, 1, 0, 0xe8, 0, 0, 0, 0, 0, 0, 0, 0, b'G', b'P', b'S', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];
