//! The servers behind the packet filter: this test binary again, started in their namespace.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Stdio};

use crate::authority::Authority;
use crate::cli::Folder;
use crate::dns::servers::authoritative_at;
use crate::namespace::Namespace;
use crate::probe::servers;

/// Says to which folder the process writes its authority.
const VARIABLE: &str = "TIDEGATE_OTHER_SIDE";

const READY: &str = "ready";

pub(super) const DNS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 40, 0, 1)), 53);

const ZONE: &str = "
    ok.contoso.com              60 A    198.51.100.1
    dropped.contoso.com         60 A    198.51.100.2
    prohibited.contoso.com      60 A    198.51.100.3
    reset.contoso.com           60 A    198.51.100.4
    denied.contoso.com          60 A    198.51.100.5
    swallowed.contoso.com       60 A    198.51.100.6
    inspected.contoso.com       60 A    198.51.100.7
    page.contoso.com            60 A    198.51.100.8
    time.contoso.com            60 A    198.51.100.8
    dropped-time.contoso.com    60 A    198.51.100.9
    closed-time.contoso.com     60 A    198.51.100.10
    prohibited-time.contoso.com 60 A    198.51.100.11
    unreachable.contoso.com     60 A    198.51.100.12
    closed.contoso.com          60 A    198.51.100.13
    kept-time.contoso.com       60 A    198.51.100.14
    nowhere.contoso.com         60 A    203.0.113.9
    some.contoso.com            60 A    198.51.100.2
    some.contoso.com            60 A    198.51.100.20
    none.contoso.com            60 A    198.51.100.2
    none.contoso.com            60 A    198.51.100.4
    dual.contoso.com            60 A    203.0.113.9
    dual.contoso.com            60 AAAA 2001:db8:1::1
";

/// What speaks TLS as it should: the name of its certificate, and where.
const TLS: [(&str, &str); 8] = [
    ("ok.contoso.com", "198.51.100.1:443"),
    ("dropped.contoso.com", "198.51.100.2:443"),
    ("prohibited.contoso.com", "198.51.100.3:443"),
    ("reset.contoso.com", "198.51.100.4:443"),
    ("denied.contoso.com", "198.51.100.5:443"),
    ("swallowed.contoso.com", "198.51.100.6:443"),
    ("some.contoso.com", "198.51.100.20:443"),
    ("dual.contoso.com", "[2001:db8:1::1]:443"),
];

/// The servers' end of the wire, and their addresses.
pub(super) fn links() -> String {
    let wire = "link set lo up\nlink set wire up\naddr add 10.40.0.1/24 dev wire\naddr add 2001:db8:40::1/64 dev wire nodad\n";
    let addresses = (1..=20).map(|last| format!("addr add 198.51.100.{last}/32 dev lo\n"));
    let six = "addr add 2001:db8:1::1/128 dev lo nodad\n";
    wire.to_owned() + &addresses.collect::<String>() + six
}

/// The process, which ends with this value.
pub(super) struct OtherSide(Child);

impl OtherSide {
    /// Starts it and waits until everything listens; its authority is `ca.pem` in the folder then.
    pub(super) fn start(namespace: &Namespace, folder: &Folder) -> Self {
        let test = "probe::filtered::other_side::serve_until_input_ends";
        let mut command = namespace.this_binary(test);
        command.env(VARIABLE, folder.path("ca.pem"));
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let servers = Self(child);
        let mut read = Vec::new();
        for line in log.lines().map_while(Result::ok) {
            if line == READY {
                return servers;
            }
            read.push(line);
        }
        panic!("{}", read.join("\n"));
    }
}

impl Drop for OtherSide {
    fn drop(&mut self) {
        // `ip netns exec` becomes the program, so this ends the servers.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Not a test of its own: what [`OtherSide::start`] runs.
#[test]
fn serve_until_input_ends() {
    let Some(path) = std::env::var_os(VARIABLE) else {
        return;
    };
    let own = Authority::named("Contoso Root");
    for (name, at) in TLS {
        own.server_at(at.parse().unwrap(), name);
    }
    let inspecting = Authority::named("Contoso Inspection CA");
    let at = "198.51.100.7:443".parse().unwrap();
    inspecting.server_at(at, "inspected.contoso.com");
    let denial = b"HTTP/1.1 470 status code 470\r\n\r\n";
    servers::saying_at("198.51.100.8:80".parse().unwrap(), denial);
    for last in [8, 9, 10, 11] {
        let at = SocketAddr::from(([198, 51, 100, last], 123));
        servers::datagrams_at(at, servers::TIME);
    }
    let _names = authoritative_at(DNS, &[("contoso.com", ZONE)]);
    std::fs::write(path, own.pem()).unwrap();
    eprintln!("{READY}");
    let _ = io::stdin().read_to_end(&mut Vec::new());
}
