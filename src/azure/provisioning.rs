//! What Azure shows when a cluster cannot get out: which step of a node fails first, with which exit code and error
//! (Azure/AgentBaker, parts/linux/cloud-init/artifacts/cse_helpers.sh and cse_main.sh).

use crate::estate::{Id, OutboundType, Pool, PoolSetting};
use crate::net::{Cloud, Fqdn, FqdnPattern, Transport};

use super::cause::Cause;
use super::dataplane::Dataplane;
use super::facts::{API_SERVER, Facts, Product, ProvisioningStep, REGISTRY};
use super::flow::{Announced, Flow, Sender, Stage, Target, Trace, Verdict};
use super::gaps;
use super::preflight::product_of;

/// An error that Azure may show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// Its code, where it has one.
    pub code: Option<String>,
    /// The exit code of the node's script.
    pub exit: Option<u16>,
    /// Azure's words, where known.
    pub message: Option<String>,
}

/// The codes that wrap what a node reports.
const WRAPPERS: [&str; 2] = ["ReconcileVMSSAgentPoolFailed", "CreateVMSSAgentPoolFailed"];

impl Symptom {
    /// Whether it only wraps what a node reports.
    #[must_use]
    pub fn is_wrapper(&self) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| WRAPPERS.contains(&code))
    }
}

/// What Azure may show for a failing flow of a pool; nothing when no step of a node depends on it, as is often so.
#[must_use]
pub fn symptoms(plane: &Dataplane<'_>, pool: Id<Pool>, flow: &Flow, trace: &Trace) -> Vec<Symptom> {
    let Some(blocker) = trace.decisive() else {
        return Vec::new();
    };
    // The code is that of HDInsight; what cannot reach the nodes of other clusters shows nothing.
    if blocker.cause == Cause::ManagementPath {
        if product_of(&plane.estate.pools[pool]) == Product::Aks {
            return Vec::new();
        }
        return of_code(plane.facts, "FailedToConnectWithClusterErrorCode");
    }
    let failed_lookup = blocker.stage == Stage::Dns;
    let name = flow.to.name.as_ref();
    let mut found = Vec::new();
    for step in plane.facts.node_provisioning() {
        let reached = step.port == flow.port
            && flow.transport == Transport::Tcp
            && step
                .hosts
                .iter()
                .any(|host| meant(plane, pool, host, name, flow));
        if reached && step.lookup == failed_lookup_of(step, failed_lookup) {
            found.extend(step_symptoms(plane, pool, step, failed_lookup, trace));
        }
    }
    found
}

/// Whether a step that looks a name up is the one to fail: it is exactly when the look-up failed.
fn failed_lookup_of(step: &ProvisioningStep, failed_lookup: bool) -> bool {
    failed_lookup && step.hosts.iter().any(|host| host == API_SERVER)
}

/// 52 when a server of one's own answers for the nodes, 53 when Azure does.
fn lookup_exit(plane: &Dataplane<'_>, pool: Id<Pool>) -> u16 {
    const CUSTOM: u16 = 52;
    const AZURE: u16 = 53;
    let subnet = plane.estate.pools[pool]
        .subnets
        .iter()
        .find_map(|subnet| subnet.id);
    let azure = subnet.is_some_and(|subnet| {
        let vnet = plane.estate.subnets[subnet].vnet;
        plane.estate.vnets[vnet].dns == crate::estate::DnsServers::Azure
    });
    if azure { AZURE } else { CUSTOM }
}

fn step_symptoms(
    plane: &Dataplane<'_>,
    pool: Id<Pool>,
    step: &ProvisioningStep,
    failed_lookup: bool,
    trace: &Trace,
) -> Vec<Symptom> {
    let facts = plane.facts;
    if failed_lookup && step.lookup {
        return of_exit(facts, lookup_exit(plane, pool));
    }
    let outbound = step.name == "outbound";
    let mut found = Vec::new();
    for exit in &step.exits {
        let symptoms = of_exit(facts, *exit);
        if outbound {
            // The wrapper of the agent pool carries the words of the node's error.
            let message = symptoms.iter().find_map(|symptom| symptom.message.clone());
            found.extend(WRAPPERS.iter().map(|wrapper| Symptom {
                code: Some((*wrapper).to_owned()),
                exit: Some(*exit),
                message: message.clone(),
            }));
        }
        found.extend(symptoms);
    }
    if step.hosts.iter().any(|host| host == API_SERVER) {
        let ending = match trace.decisive().map(|blocker| blocker.cause) {
            Some(Cause::L7Unmatchable) => "TLS handshake failed",
            Some(Cause::NextHopUnreachable) => "No route to host",
            _ => "Connection timed out",
        };
        for symptom in &mut found {
            let message = symptom.message.take().unwrap_or_default();
            symptom.message = Some(format!("{message}: {ending}"));
        }
    }
    found
}

fn of_exit(facts: &Facts, exit: u16) -> Vec<Symptom> {
    let error = facts.error_of_exit_code(exit);
    vec![Symptom {
        code: error.map(|error| error.code.clone()),
        exit: Some(exit),
        message: error.and_then(|error| error.message(&[])),
    }]
}

fn of_code(facts: &Facts, code: &str) -> Vec<Symptom> {
    let error = facts.error(code);
    error
        .map(|error| Symptom {
            code: Some(error.code.clone()),
            exit: error.exit_code,
            message: error.message(&[]),
        })
        .into_iter()
        .collect()
}

/// Whether a host of a step is what a flow goes to.
fn meant(
    plane: &Dataplane<'_>,
    pool: Id<Pool>,
    host: &str,
    name: Option<&Fqdn>,
    flow: &Flow,
) -> bool {
    let pool = &plane.estate.pools[pool];
    match host {
        API_SERVER => {
            let named = pool.api_server.fqdn.as_ref();
            let by_name = named.is_some_and(|fqdn| Some(&fqdn.value) == name);
            let by_address = pool
                .api_server
                .public_ip
                .is_some_and(|ip| Some(ip.value) == flow.to.address);
            by_name || by_address
        }
        REGISTRY => {
            let registry = pool.bootstrap.as_ref().and_then(|b| b.registry.as_ref());
            registry
                .and_then(|registry| registry.id)
                .is_some_and(|id| Some(&plane.estate.services[id].fqdn.value) == name)
        }
        host => name.is_some_and(|name| covers_name(host, name.as_str())),
    }
}

fn covers_name(host: &str, name: &str) -> bool {
    let pattern = host.parse::<FqdnPattern>().ok();
    let name = name.parse::<Fqdn>().ok();
    pattern
        .zip(name)
        .is_some_and(|(pattern, name)| pattern.covers(&name))
}

/// The step of a node that fails first.
#[derive(Debug, Clone)]
pub struct FirstFailure<'f> {
    /// The step.
    pub step: &'f ProvisioningStep,
    /// The name it reached for.
    pub host: String,
    /// What Azure shows.
    pub symptoms: Vec<Symptom>,
    /// The way of its flow.
    pub trace: Trace,
}

/// Plays the start of a node through, step by step, up to the first that certainly fails.
///
/// A name that `needs` does not know is left out: other clouds have other names, and some steps run on some nodes
/// only. A step with several hosts fails when one of them does.
#[must_use]
pub fn first_failure<'f>(
    plane: &Dataplane<'f>,
    pool: Id<Pool>,
    needs: &dyn Fn(&Fqdn) -> bool,
) -> Option<FirstFailure<'f>> {
    let nodes = &plane.estate.pools[pool];
    let subnet = nodes.subnets.iter().find_map(|subnet| subnet.id)?;
    let address = plane.some_address(subnet)?;
    let unknown = gaps::pool(plane.estate, pool, PoolSetting::Bootstrap).is_some();
    let isolated =
        nodes.bootstrap.is_some() || unknown || matches!(nodes.outbound.value, OutboundType::Block);
    for step in plane.facts.node_provisioning() {
        if isolated && step.name == "outbound" {
            continue;
        }
        for host in &step.hosts {
            let Some(name) = host_name(plane, pool, host) else {
                continue;
            };
            let own = host == API_SERVER || host == REGISTRY;
            let usual = step.always && plane.estate.cloud == Cloud::Public;
            if !(own || usual || needs(&name)) {
                continue;
            }
            let flow = Flow {
                from: Sender::Inside { subnet, address },
                to: Target {
                    name: Some(name),
                    address: None,
                    tags: Vec::new(),
                },
                transport: Transport::Tcp,
                port: step.port,
                announced: Announced::Target,
                at_once: None,
            };
            let trace = plane.trace(&flow);
            let lookup = trace.decisive().is_some_and(|b| b.stage == Stage::Dns);
            let fails = matches!(trace.verdict, Verdict::Denied | Verdict::NoReturn);
            if !fails || (step.lookup && !lookup) {
                continue;
            }
            let symptoms = step_symptoms(plane, pool, step, lookup, &trace);
            return Some(FirstFailure {
                step,
                host: host.clone(),
                symptoms,
                trace,
            });
        }
    }
    None
}

/// The name behind a host of a step; wildcards name no host.
fn host_name(plane: &Dataplane<'_>, pool: Id<Pool>, host: &str) -> Option<Fqdn> {
    let pool = &plane.estate.pools[pool];
    match host {
        API_SERVER => pool.api_server.fqdn.as_ref().map(|fqdn| fqdn.value.clone()),
        REGISTRY => {
            let id = pool.bootstrap.as_ref()?.registry.as_ref()?.id?;
            Some(plane.estate.services[id].fqdn.value.clone())
        }
        host => host.parse().ok(),
    }
}
