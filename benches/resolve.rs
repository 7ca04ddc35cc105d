//! Many names, asked of a server on loopback that answers after a while, as one across a network does.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot run should say so and stop"
)]

use std::hint::black_box;
use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use tidegate::dns::{NetworkResolver, Resolver, Server, Settings, Trust};
use tidegate::net::Fqdn;

/// How long a server takes that is not near.
const AWAY: Duration = Duration::from_millis(20);

/// Starts a server that answers every question with one address, after a while; it lives as long as the process.
fn server(away: Duration) -> Server {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket on loopback");
    let address = socket.local_addr().expect("its address");
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let answer = answer(&buffer[..length]);
            let socket = socket.try_clone().expect("the same socket");
            let send = move || {
                thread::sleep(away);
                let _ = socket.send_to(&answer, from);
            };
            match away.is_zero() {
                true => send(),
                false => drop(thread::spawn(send)),
            }
        }
    });
    format!("{address}").parse().expect("a server")
}

/// The question with one address behind it; the additional records of the question are left out.
fn answer(question: &[u8]) -> Vec<u8> {
    let name = question[12..].iter().position(|byte| *byte == 0);
    let end = 12 + name.expect("the end of a name") + 5;
    let mut answer = question[..end].to_vec();
    answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    // The name of the question, A, IN, 60 seconds, 192.0.2.1.
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    answer
}

fn names(count: usize) -> Vec<Fqdn> {
    let name = |at| format!("n{at}.contoso.com").parse().expect("a name");
    (0..count).map(name).collect()
}

fn resolve(c: &mut Criterion) {
    let mut group = c.benchmark_group("resolve");
    group.sample_size(10);
    let trust = Trust::new(&[]).expect("the public roots");
    for (label, away) in [("near", Duration::ZERO), ("away", AWAY)] {
        let settings = Settings {
            ipv6: false,
            ..Settings::default()
        };
        let resolver = NetworkResolver::new(&[server(away)], settings, &trust).expect("a resolver");
        for count in [100, 1_000] {
            let names = names(count);
            group.bench_function(format!("{label}/{count}"), |b| {
                b.iter(|| {
                    let answers = resolver.resolve(black_box(&names), &mut |_| {});
                    assert!(answers.iter().all(|answer| answer.failure.is_none()));
                    answers
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, resolve);
criterion_main!(benches);
