//! How long a probe takes at most, and what becomes of what is left.

use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use tidegate::dns::{Answer, Resolver, Trust};
use tidegate::net::Fqdn;
use tidegate::probe::{Class, ExpectedViews, Limits, Plan, Protocol, run};

use super::servers;
use super::{IMPATIENT, PATIENT, endpoint, tried};

#[test]
fn a_connection_that_nobody_answers_is_a_timeout() {
    let full = servers::Full::new();
    let item = endpoint("a.contoso.com", "https", Protocol::Tls, full.port);
    let row = tried(item, IMPATIENT);
    assert_eq!(row.ended.class, Class::Timeout, "{row:#?}");
    assert!(row.ended.evidence);
}

/// Never answers.
struct Stuck(Mutex<mpsc::Receiver<()>>);

impl Resolver for Stuck {
    fn resolve(&self, _: &[Fqdn], _: &mut dyn FnMut(&Answer)) -> Vec<Answer> {
        let _ = self.0.lock().unwrap().recv();
        Vec::new()
    }

    fn servers(&self) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn what_is_left_when_the_time_is_over_is_told() {
    let limits = Limits {
        all: Duration::from_millis(300),
        ..PATIENT
    };
    let silent = servers::silent();
    let plan = Plan {
        items: vec![
            endpoint("a.contoso.com", "https", Protocol::Tls, silent),
            endpoint("127.0.0.1", "https", Protocol::Tls, silent),
        ],
        unused: Vec::new(),
        views: ExpectedViews::default(),
    };
    let (_open, stuck) = mpsc::channel();
    let resolver = Arc::new(Stuck(Mutex::new(stuck)));
    let began = Instant::now();
    let rows = run(&plan, resolver, &Trust::new(&[]).unwrap(), limits).unwrap();
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!(row.ended.class, Class::NotProbed, "{row:#?}");
        assert!(!row.ended.evidence);
        assert!(
            row.ended.detail.contains("the whole probe was over"),
            "{row:#?}"
        );
    }
}

#[test]
fn few_at_once_are_all_tried() {
    let limits = Limits {
        at_once: 2,
        ..PATIENT
    };
    let port = servers::saying(b"HTTP/1.1 200 OK\r\n\r\n");
    let items = (0..20).map(|_| endpoint("127.0.0.1", "http", Protocol::Http, port));
    let plan = Plan {
        items: items.collect(),
        unused: Vec::new(),
        views: ExpectedViews::default(),
    };
    let names = Arc::new(super::Names::default());
    let rows = run(&plan, names, &Trust::new(&[]).unwrap(), limits).unwrap();
    assert_eq!(rows.len(), 20);
    assert!(rows.iter().all(|row| row.ended.class == Class::Ok));
}
