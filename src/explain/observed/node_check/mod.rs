//! What the script of AKS says that checks the network of a node, `az aks check-network outbound`
//! (Azure/AgentBaker, parts/linux/cloud-init/artifacts/aks-check-network.sh).
//!
//! Each line that matters has a level between a date and a sentence, and the sentences of all versions that were
//! published are known. What follows a failed look-up without a level is what `nslookup`, `dig` and `host` print.

mod line;

use serde_json::Value;

use crate::net::Transport;
use crate::probe::{Class, Standing};

use super::seen::{Ending, Observation, Observed, SeenBy, UnreadLine};
use line::{Host, Line, What, level_of};

/// How much of a line is told that was not understood.
const MOST: usize = 80;

/// Whether a text has a line of the script.
pub(super) fn is_told_by(text: &str) -> bool {
    text.lines()
        .any(|line| matches!(Line::of(line), Line::Tells(_)))
}

/// The messages of a command that was run on nodes, from documents whose keys are in small letters.
pub(super) fn messages(documents: &[Value]) -> Option<String> {
    let mut all = Vec::new();
    for document in documents {
        for value in document.get("value")?.as_array()? {
            all.push(value.get("message")?.as_str()?);
        }
    }
    (!all.is_empty()).then(|| all.join("\n"))
}

/// Reads the text of a check.
pub(super) fn read(text: &str) -> Observed {
    let mut rows: Vec<Row> = Vec::new();
    let mut remarks = Vec::new();
    let mut unread = Vec::new();
    let mut looked_up: Option<Host> = None;
    let mut missing: Vec<Host> = Vec::new();
    let mut printed = 0;
    for (line, number) in text.lines().zip(1..) {
        // The lines that look for a server in resolv.conf stand between what is printed.
        if level_of(line).is_some_and(|level| level != "FAILURE") {
            looked_up = None;
        }
        match Line::of(line) {
            Line::Nothing => {}
            Line::Prints(host) => looked_up = host.or(looked_up),
            Line::Other => match &looked_up {
                Some(host) if level_of(line).is_none() => {
                    printed += 1;
                    missing.extend(line.contains("NXDOMAIN").then(|| host.clone()));
                }
                _ => unread.push(UnreadLine {
                    number,
                    text: beginning(line),
                }),
            },
            Line::Remark(words) => remarks.push(words),
            Line::Tells(told) => {
                if matches!(told.what, What::NoName) {
                    looked_up = Some(told.host.clone());
                }
                remarks.extend(told.remark);
                Row::add(&mut rows, told.host, told.what);
            }
        }
    }
    for row in &mut rows {
        row.missing = missing.contains(&row.host);
    }
    if printed > 0 {
        remarks.push(format!(
            "lines that nslookup, dig and host printed of look-ups that failed: {printed}"
        ));
    }
    Observed {
        by: SeenBy::NodeCheck,
        pool: None,
        started: None,
        servers: Vec::new(),
        rows: rows.into_iter().map(Row::observed).collect(),
        remarks,
        unread,
    }
}

/// What became of an endpoint.
struct Row {
    host: Host,
    what: What,
    /// The server says that there is no such name.
    missing: bool,
}

impl Row {
    /// A request follows the look-up of its name, and belongs into the same row.
    fn add(rows: &mut Vec<Self>, host: Host, what: What) {
        let mut open = rows.iter_mut().rev();
        let open = open.find(|row| row.host == host && matches!(row.what, What::Name));
        match (open, &what) {
            (Some(row), What::Status(_) | What::Untried) => row.what = what,
            _ => rows.push(Self {
                host,
                what,
                missing: false,
            }),
        }
    }

    fn observed(self) -> Observation {
        let (ending, standing, detail) = self.ended();
        Observation {
            requirement: None,
            endpoint: self.host.words(),
            from: None,
            name: self.host.name,
            address: self.host.address,
            service: Some((Transport::Tcp, self.host.port)),
            ending,
            standing,
            detail,
            check: None,
        }
    }

    /// How it ended, what that shows, and what was seen in words.
    fn ended(&self) -> (Ending, Standing, String) {
        let untried = Ending::Probed(Class::NotProbed);
        let (ending, standing, words) = match self.what {
            What::Name => (
                untried,
                Standing::Unknown,
                "the name resolves; of a request nothing is told",
            ),
            What::Untried => (
                untried,
                Standing::Unknown,
                "the node got no access token, without which the script does not try it",
            ),
            What::NoName if self.missing => (
                Ending::Probed(Class::NoSuchName),
                Standing::Failed,
                "no such name (NXDOMAIN)",
            ),
            What::NoName => (
                Ending::Probed(Class::DnsFailure),
                Standing::Failed,
                "the DNS servers of the node gave no address",
            ),
            What::Status(status) => return answered(status),
        };
        (ending, standing, words.to_owned())
    }
}

/// What a status shows. curl believed the certificate of what answered; 0 is its word for no answer.
fn answered(status: u16) -> (Ending, Standing, String) {
    let (ending, standing, words) = match status {
        0 => {
            let words = "the name resolves, and no answer of HTTP came";
            return (Ending::Unanswered, Standing::Failed, words.to_owned());
        }
        407 | 511 => (
            Ending::Probed(Class::ProxyNeeded),
            Standing::Failed,
            ": a proxy on the way wants something first",
        ),
        470 => (
            Ending::Probed(Class::Denied),
            Standing::Failed,
            ": Azure Firewall answers so where no application rule allows the request",
        ),
        // What a server thinks of a request is no matter of the network.
        200..=499 => (Ending::Probed(Class::Ok), Standing::Reached, " over TLS"),
        500..=599 => (
            Ending::Untold,
            Standing::Unknown,
            ": whether the server fails or a gateway before it is not told",
        ),
        _ => (
            Ending::Untold,
            Standing::Unknown,
            " is no answer that is known",
        ),
    };
    (ending, standing, format!("HTTP {status}{words}"))
}

fn beginning(line: &str) -> String {
    let line = line.trim();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}
