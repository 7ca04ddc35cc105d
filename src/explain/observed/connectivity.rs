//! What Network Watcher says of a connection: `az network watcher test-connectivity`, and the body of the API's
//! connectivity check (Azure/azure-rest-api-specs, networkWatcher.json, `ConnectivityInformation`; MicrosoftDocs/azure-docs,
//! articles/network-watcher/connection-troubleshoot-overview.md).

use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::estate::Direction;
use crate::net::{Transport, parse_address};
use crate::probe::{Class, Standing};

use super::read::ObservedError;
use super::seen::{
    Blamed, Check, Ending, Hop, HopKind, Issue, IssueSeverity, Observation, Observed, SeenBy, Tried,
};

/// The key that makes an object a check.
const STATUS: &str = "connectionstatus";

/// What stands before the name of a rule that somebody wrote.
const WRITTEN: &str = "UserRule_";

/// What stands before the name of a rule that Azure adds.
const ADDED: &str = "DefaultRule_";

/// What is no part of a network, in Azure's word and in ours; the last two are of older pages.
const MACHINE: [(&str, &str); 7] = [
    (
        "AgentStopped",
        "the agent on the machine, which stands still",
    ),
    ("GuestFirewall", "the machine's own firewall"),
    (
        "SocketBind",
        "a port of the machine that could not be bound",
    ),
    ("PortThrottled", "the throttling of the machine's ports"),
    ("Platform", "a fault of Azure's platform"),
    ("CPU", "the load of the machine's processor"),
    ("Memory", "the machine's lack of memory"),
];

/// Whether a document, its keys in small letters, is a check.
pub(super) fn is_check(document: &Value) -> bool {
    document.get(STATUS).is_some()
}

/// Reads checks, whose keys are in small letters.
pub(super) fn read(checks: &[Value], tried: Option<&Tried>) -> Result<Observed, ObservedError> {
    let checks: Vec<RawCheck> = checks
        .iter()
        .zip(1..)
        .map(|(check, number)| RawCheck::of(check, number))
        .collect::<Result<_, _>>()?;
    let Some(tried) = tried else {
        let address = checks.iter().find_map(|check| destination(&check.hops));
        let example = match address {
            Some(IpAddr::V6(address)) => format!("[{address}]:443"),
            Some(IpAddr::V4(address)) => format!("{address}:443"),
            None => "mcr.microsoft.com:443".to_owned(),
        };
        return Err(ObservedError::Untold(example));
    };
    if !matches!(tried.transport, Transport::Tcp | Transport::Icmp) {
        return Err(ObservedError::Transport(tried.transport.keyword()));
    }
    let mut went: Vec<IpAddr> = checks
        .iter()
        .filter_map(|it| destination(&it.hops))
        .collect();
    went.sort_unstable();
    went.dedup();
    let remarks = match (&tried.to.name, went.len()) {
        (Some(name), 2..) => {
            let went: Vec<String> = went.iter().map(ToString::to_string).collect();
            vec![format!(
                "the checks went to {}, and all are taken for checks of {name}",
                went.join(", ")
            )]
        }
        _ => Vec::new(),
    };
    let rows = checks.into_iter().map(|check| check.observed(tried));
    Ok(Observed {
        by: SeenBy::ConnectivityCheck,
        pool: None,
        started: None,
        servers: Vec::new(),
        rows: rows.collect::<Result<_, _>>()?,
        remarks,
        unread: Vec::new(),
    })
}

/// A check, read.
struct RawCheck {
    number: usize,
    status: Status,
    hops: Vec<Hop>,
    issues: Vec<Issue>,
    sent: Option<u64>,
    failed: Option<u64>,
    latency: Option<u64>,
}

/// What became of the connection.
#[derive(Clone, Copy)]
enum Status {
    Reachable,
    Degraded,
    Unreachable,
    Unknown,
}

impl RawCheck {
    fn of(check: &Value, number: usize) -> Result<Self, ObservedError> {
        let place = format!("check {number}");
        let status = check.get(STATUS).unwrap_or(&Value::Null);
        let status = status_of(status, &place)?;
        let mut hops = Vec::new();
        let mut issues = Vec::new();
        for hop in objects(check.get("hops"), "hop", &place)? {
            let address = match text(hop, "address").filter(|it| !it.is_empty()) {
                Some(written) => {
                    let parsed = parse_address(written);
                    Some(parsed.ok_or_else(|| wrong(written, "address of a hop", &place))?)
                }
                None => None,
            };
            let mut found = objects(hop.get("issues"), "issue", &place)?;
            for link in objects(hop.get("links"), "link", &place)? {
                found.extend(objects(link.get("issues"), "issue", &place)?);
            }
            for issue in found {
                let issue = issue_of(issue, address);
                if !issues.contains(&issue) {
                    issues.push(issue);
                }
            }
            hops.push(Hop {
                kind: hop_kind(text(hop, "type").unwrap_or_default()),
                address,
            });
        }
        let number_at = |key: &str| check.get(key).and_then(Value::as_u64);
        Ok(Self {
            number,
            status,
            hops,
            issues,
            sent: number_at("probessent"),
            failed: number_at("probesfailed"),
            latency: number_at("avglatencyinms"),
        })
    }

    fn observed(self, tried: &Tried) -> Result<Observation, ObservedError> {
        let address = destination(&self.hops);
        if let (None, Some(said), Some(seen)) = (&tried.to.name, tried.to.address, address)
            && said != seen
        {
            return Err(ObservedError::OtherTarget {
                check: self.number,
                seen: seen.to_string(),
                said: said.to_string(),
            });
        }
        let (ending, standing) = self.ending();
        let detail = self.detail();
        let source = self.hops.iter().find(|hop| hop.kind == HopKind::Source);
        let host = match (&tried.to.name, tried.to.address) {
            (Some(name), _) => name.to_string(),
            (None, Some(address)) => address.to_string(),
            (None, None) => String::new(),
        };
        let transport = tried.transport.keyword();
        Ok(Observation {
            requirement: None,
            endpoint: match tried.transport.has_ports() {
                true => format!("{host} {transport}/{}", tried.port),
                false => format!("{host} {transport}"),
            },
            from: source.and_then(|hop| hop.address),
            name: tried.to.name.clone(),
            address: tried.to.address.or(address),
            service: Some((tried.transport, tried.port)),
            ending,
            standing,
            detail,
            check: Some(Check {
                hops: self.hops,
                issues: self.issues,
            }),
        })
    }

    fn ending(&self) -> (Ending, Standing) {
        let errors = || {
            let issues = self.issues.iter();
            issues
                .filter(|issue| issue.severity == IssueSeverity::Error)
                .map(|issue| &issue.blamed)
        };
        let of_machine = |blamed: &Blamed| matches!(blamed, Blamed::Machine(_));
        match self.status {
            Status::Reachable => (Ending::Probed(Class::Ok), Standing::Reached),
            // One connection that was made shows that the way is open.
            Status::Degraded if self.failed.zip(self.sent).is_some_and(|(f, s)| f < s) => {
                (Ending::Probed(Class::Ok), Standing::Reached)
            }
            Status::Degraded | Status::Unknown => (Ending::Untold, Standing::Unknown),
            Status::Unreachable if errors().next().is_some() && errors().all(of_machine) => {
                (Ending::Unreachable, Standing::Unknown)
            }
            Status::Unreachable if errors().any(|it| *it == Blamed::Resolution) => {
                (Ending::Probed(Class::DnsFailure), Standing::Failed)
            }
            Status::Unreachable => (Ending::Unreachable, Standing::Failed),
        }
    }

    fn detail(&self) -> String {
        let mut parts = vec![
            match self.status {
                Status::Reachable => "the connection was made",
                Status::Degraded => "the connection is degraded",
                Status::Unreachable => "the connection was not made",
                Status::Unknown => "Network Watcher does not know what became of the connection",
            }
            .to_owned(),
        ];
        if let (Some(failed), Some(sent)) = (self.failed, self.sent) {
            parts.push(format!("{failed} of {sent} probes failed"));
        }
        parts.extend(self.latency.map(|ms| format!("{ms} ms on average")));
        parts.join(", ")
    }
}

fn wrong(value: &str, what: &'static str, place: &str) -> ObservedError {
    ObservedError::Value {
        value: value.to_owned(),
        what,
        place: place.to_owned(),
    }
}

fn status_of(status: &Value, place: &str) -> Result<Status, ObservedError> {
    let word = status
        .as_str()
        .map_or_else(|| status.to_string(), str::to_owned);
    // The pages of the command write the first of each, the API knows the second.
    match word.to_ascii_lowercase().as_str() {
        "reachable" | "connected" => Ok(Status::Reachable),
        "unreachable" | "disconnected" => Ok(Status::Unreachable),
        "degraded" => Ok(Status::Degraded),
        "unknown" => Ok(Status::Unknown),
        _ => Err(wrong(&word, "connection status", place)),
    }
}

fn hop_kind(word: &str) -> HopKind {
    match word.to_ascii_lowercase().as_str() {
        "source" => HopKind::Source,
        "virtualappliance" => HopKind::Appliance,
        _ => HopKind::Other,
    }
}

fn issue_of(issue: &Map<String, Value>, hop: Option<IpAddr>) -> Issue {
    let word = text(issue, "type").unwrap_or("Unknown");
    let is = |other: &str| word.eq_ignore_ascii_case(other);
    let machine = MACHINE.iter().find(|(azure, _)| is(azure));
    let blamed = match machine {
        Some((_, words)) => Blamed::Machine(words),
        None if is("NetworkSecurityRule") => match context(issue, "RuleName") {
            None => Blamed::SomeSecurityRule,
            Some(name) => match (name.strip_prefix(WRITTEN), name.strip_prefix(ADDED)) {
                (Some(name), _) => Blamed::SecurityRule(name.to_owned()),
                (None, Some(name)) => Blamed::DefaultRule(name.to_owned()),
                (None, None) => Blamed::SecurityRule(name.to_owned()),
            },
        },
        None if is("UserDefinedRoute") => Blamed::Route("a user-defined route".to_owned()),
        None if is("RouteMissing") => Blamed::Route("the lack of a route".to_owned()),
        None if is("DnsResolution") => Blamed::Resolution,
        None => Blamed::Other(word.to_owned()),
    };
    let origin = text(issue, "origin").map(str::to_ascii_lowercase);
    let at = hop.map(|address| format!("at {address}"));
    let message = context(issue, "ErrorMessage").map(|it| it.trim().to_owned());
    let place: Vec<String> = [origin, at, message].into_iter().flatten().collect();
    let warning = text(issue, "severity").is_some_and(|it| it.eq_ignore_ascii_case("Warning"));
    Issue {
        blamed,
        severity: match warning {
            true => IssueSeverity::Warning,
            false => IssueSeverity::Error,
        },
        direction: match text(issue, "origin")
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            Some("inbound") => Some(Direction::Inbound),
            Some("outbound") => Some(Direction::Outbound),
            _ => None,
        },
        place: place.join(", "),
    }
}

/// A value of the context of an issue: a list of pairs, a list of objects with keys of their own, or one such object.
fn context<'i>(issue: &'i Map<String, Value>, key: &str) -> Option<&'i str> {
    let context = issue.get("context");
    let one = context.and_then(Value::as_object);
    let small = key.to_ascii_lowercase();
    let several = context.and_then(Value::as_array).into_iter().flatten();
    let several = several.filter_map(Value::as_object);
    one.into_iter().chain(several).find_map(|member| {
        let named = text(member, "key").is_some_and(|it| it.eq_ignore_ascii_case(key));
        match named {
            true => text(member, "value"),
            false => text(member, &small),
        }
    })
}

/// The objects of a list; none of null, which the API writes for an empty list, and the one that stands for a list of one.
fn objects<'o>(
    list: Option<&'o Value>,
    what: &'static str,
    place: &str,
) -> Result<Vec<&'o Map<String, Value>>, ObservedError> {
    let items = match list {
        None | Some(Value::Null) => &[],
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let objects = items.iter().map(|item| {
        let object = item.as_object();
        object.ok_or_else(|| ObservedError::CutOff {
            value: item.to_string(),
            what,
            place: place.to_owned(),
        })
    });
    objects.collect()
}

fn text<'o>(object: &'o Map<String, Value>, key: &str) -> Option<&'o str> {
    object.get(key).and_then(Value::as_str)
}

/// The address that the check went to: that of its last hop, unless it never left the machine or ends at an appliance
/// on the way.
fn destination(hops: &[Hop]) -> Option<IpAddr> {
    let last = hops.last().filter(|hop| hop.kind == HopKind::Other)?;
    last.address
}
