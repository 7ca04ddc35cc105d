//! The second opinion: what `dig` makes of the same servers.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::process::Command;

/// What `dig` prints when it asks a server.
fn dig(server: SocketAddr, arguments: &[&str]) -> String {
    let mut command = Command::new("dig");
    command.arg(format!("@{}", server.ip()));
    command.args(["-p", &server.port().to_string()]);
    let output = command.args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The addresses of a name. A server that does not follow aliases into its other zones is asked for them.
pub(super) fn addresses(server: SocketAddr, name: &str) -> BTreeSet<IpAddr> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut names = vec![name.to_owned()];
    while let Some(name) = names.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        for kind in ["A", "AAAA"] {
            for line in dig(server, &["+short", &name, kind]).lines() {
                match line.parse() {
                    Ok(address) => drop(found.insert(address)),
                    Err(_) => names.push(line.trim_end_matches('.').to_owned()),
                }
            }
        }
    }
    found
}

/// The status of the answer for a name, such as `NXDOMAIN`.
pub(super) fn status(server: SocketAddr, name: &str) -> String {
    let answer = dig(server, &["+noall", "+comments", name]);
    let status = answer.split_once("status: ").map_or("", |(_, rest)| rest);
    let status = status.split_once(',').map_or("", |(status, _)| status);
    status.to_owned()
}

/// Whether an answer over UDP is cut off. A busy machine may have the server fail at first, so it is asked a few times.
pub(super) fn is_cut_off(server: SocketAddr, name: &str) -> bool {
    (0..5).any(|_| {
        let answer = dig(server, &["+ignore", "+noall", "+comments", name]);
        println!("{answer}");
        let flags = answer.split_once("flags: ").map_or("", |(_, rest)| rest);
        let flags = flags.split_once(';').map_or("", |(flags, _)| flags);
        flags.split(' ').any(|flag| flag == "tc")
    })
}
