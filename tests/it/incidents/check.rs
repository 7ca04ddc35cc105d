//! One check of an incident file: its variant, its fix, its question to the evaluator.

use std::net::IpAddr;

use serde_json::Value;
use tidegate::azure::{Announced, Flow, Sender, Target};
use tidegate::base::Origin;
use tidegate::estate::{Estate, Id, Subnet};
use tidegate::net::{Fqdn, ServiceTag, Transport};

use super::assign::{self, Statement};
use super::build::{by_name, subnet, subnet_holding, transport};
use super::document::{Fields, Problems, text_of};
use super::observed::Observed;
use super::topology::{self, Built};
use super::{access, evaluate, expect, requirement};

/// What came of a check.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) observed: Observed,
    /// Every difference between what was expected and what was observed, and whatever was not understood.
    pub(super) wrong: Vec<String>,
}

/// Runs a check on a file, with changes on top of its variant. `known` are the problems of the file itself.
pub(super) fn run(
    root: &Value,
    check: &Value,
    expected: &Value,
    changes: &[Statement],
    known: &[String],
) -> Outcome {
    let mut root = root.clone();
    let mut wrong = Vec::new();
    let varied = variant(check).and_then(|variant| assign::apply(&mut root, &variant));
    if let Err(error) = varied.and_then(|()| assign::apply(&mut root, changes)) {
        wrong.push(error);
    }
    let built = topology::build(&root);
    let new = built.problems.iter();
    wrong.extend(new.filter(|problem| !known.contains(problem)).cloned());

    let problems = Problems::default();
    let observed = match Fields::of(check, "", &problems) {
        Some(fields) => ask(&root, &built, &fields),
        None => Err("a check is a mapping".to_owned()),
    };
    wrong.extend(problems.into_list());
    let observed = observed.unwrap_or_else(|error| {
        wrong.push(error);
        Observed {
            verdict: "nothing",
            ..Observed::default()
        }
    });
    wrong.extend(expect::compare(expected, &observed));
    if let Some(lacking) = observed.lacks {
        // Of what arrives from one machine, others of its subnet may lack it.
        let arrives = observed.verdict == "allow";
        if !lacking.agrees() || !(arrives || lacking.balance) {
            wrong.push(format!("whether it is in the deficit: {lacking:?}"));
        }
    }
    let contrast = check.get("contrast") == Some(&Value::Bool(true)) && changes.is_empty();
    if contrast && !["allow", "accept", "resolves", "not_required"].contains(&observed.verdict) {
        wrong.push("it must not fail".to_owned());
    }
    Outcome { observed, wrong }
}

/// The changes that a check makes to its file: its variant, or what its question assigns.
fn variant(check: &Value) -> Result<Vec<Statement>, String> {
    match check.get("variant") {
        None | Some(Value::Null) => {}
        Some(Value::Array(list)) => {
            let texts = list.iter().filter_map(text_of);
            let parsed: Result<Vec<_>, _> = texts.map(|text| assign::parse(&text)).collect();
            return parsed.map(|statements| statements.concat());
        }
        Some(one) => {
            let text = text_of(one).ok_or_else(|| format!("{one} is no variant"))?;
            return assign::parse(&text);
        }
    }
    let kind = check.get("kind").and_then(text_of).unwrap_or_default();
    let question = check.get("question").and_then(text_of).unwrap_or_default();
    if !matches!(kind.as_str(), "preflight" | "requirement") {
        return Ok(Vec::new());
    }
    Ok(assigned_in(&question))
}

/// What a question assigns, such as `with cluster.private=true`; what it has in parentheses is another way to ask.
fn assigned_in(question: &str) -> Vec<Statement> {
    let mut depth = 0_usize;
    let plain: String = question
        .chars()
        .filter(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        })
        .collect();
    let words = plain.split_whitespace();
    let words = words.map(|word| word.trim_matches(|c| matches!(c, ',' | ';' | '?' | '.' | ')')));
    words.filter_map(assign::parse_tight).collect()
}

/// Asks the evaluator what the check asks.
fn ask(root: &Value, built: &Built, check: &Fields<'_>) -> Result<Observed, String> {
    check.skip(&["expected", "contrast", "variant"]);
    let id = check.text("id").unwrap_or_default();
    let question = check.text("question").unwrap_or_default();
    let kind = check.text("kind").unwrap_or_default();
    match kind.as_str() {
        "preflight" => {
            let pool = built.pool.ok_or("there is no cluster")?;
            Ok(evaluate::create(built, pool))
        }
        "flow" => Ok(evaluate::flow(built, &flow(built, check)?)),
        "dns" => {
            let subnet = place(built, check)?;
            let name: Fqdn = check.parse("name").ok_or("no name to look up")?;
            let flow = Flow {
                from: Sender::Inside {
                    subnet,
                    address: machine_in(&built.estate, subnet)?,
                },
                to: Target {
                    name: Some(name.clone()),
                    ..Target::default()
                },
                transport: Transport::Tcp,
                port: 443,
                announced: Announced::Target,
                at_once: None,
            };
            Ok(evaluate::dns(built, subnet, &name, &flow))
        }
        "rbac" => {
            let principal = check.text("principal").unwrap_or_default();
            let identity = by_name(&built.estate.identities, &principal, |own| &own.meta);
            let identity = identity.ok_or_else(|| format!("no identity `{principal}`"))?;
            let action = check.text("action").unwrap_or_default();
            let name = check.text("scope").unwrap_or_default();
            let scope = access::scope(&built.estate, &built.groups, &name, Origin::Platform);
            let scope = scope.ok_or_else(|| format!("no scope `{name}`"))?;
            evaluate::may(built, identity, &action, &scope)
        }
        "requirement" => requirement::judge(root, &id, &question),
        other => Err(format!("unknown kind of check `{other}`")),
    }
}

/// The subnet that a name is asked from.
fn place(built: &Built, check: &Fields<'_>) -> Result<Id<Subnet>, String> {
    let from = check.map("from").ok_or("`from` is missing")?;
    from.skip(&["ip", "workload"]);
    let vnet = from.text("vnet");
    if let Some(name) = from.text("subnet") {
        let found = subnet(&built.estate, &name, vnet.as_deref());
        return found.ok_or_else(|| format!("no subnet `{name}`"));
    }
    let name = vnet.ok_or("`from` names no subnet")?;
    let vnet = by_name(&built.estate.vnets, &name, |vnet| &vnet.meta);
    let vnet = vnet.ok_or_else(|| format!("no network `{name}`"))?;
    let mut subnets = built.estate.subnets_of(vnet).map(|(id, _)| id);
    subnets
        .next()
        .ok_or_else(|| format!("`{name}` has no subnet"))
}

/// The first address of a subnet that Azure does not keep for itself.
fn machine_in(estate: &Estate, subnet: Id<Subnet>) -> Result<IpAddr, String> {
    let prefix = estate.subnets[subnet]
        .prefixes
        .first()
        .ok_or("a subnet without addresses")?;
    // `hosts` leaves the address of the network itself out.
    prefix
        .value
        .hosts()
        .nth(3)
        .ok_or_else(|| "a subnet that is too small".to_owned())
}

/// The flow of a check.
fn flow(built: &Built, check: &Fields<'_>) -> Result<Flow, String> {
    let from = check.map("from").ok_or("`from` is missing")?;
    let to = check.map("to").ok_or("`to` is missing")?;
    let protocol = check.text("protocol").unwrap_or_else(|| "TCP".to_owned());
    let transport = transport(&protocol).ok_or_else(|| format!("no protocol `{protocol}`"))?;
    let port: Option<u16> = check.parse("port");
    if port.is_none() && transport.has_ports() {
        return Err("`port` is missing".to_owned());
    }
    let sender = sender(built, &from)?;
    let target = target(built, &to, check)?;
    Ok(Flow {
        from: sender,
        to: target,
        transport,
        port: port.unwrap_or(0),
        announced: announced(check)?,
        at_once: check.parse("concurrent_flows"),
    })
}

fn tags(fields: &Fields<'_>) -> Vec<ServiceTag> {
    let mut tags = fields.texts("service_tag");
    tags.extend(fields.texts("service_tags"));
    tags.into_iter().map(ServiceTag::new).collect()
}

fn sender(built: &Built, from: &Fields<'_>) -> Result<Sender, String> {
    from.skip(&["workload"]);
    let tags = tags(from);
    let address: Option<IpAddr> = from.parse("ip");
    let vnet = from.text("vnet");
    if let Some(name) = from.text("subnet") {
        let subnet = subnet_holding(&built.estate, &name, vnet.as_deref(), address);
        let subnet = subnet.ok_or_else(|| format!("no subnet `{name}`"))?;
        let address = match address {
            Some(address) => address,
            None => machine_in(&built.estate, subnet)?,
        };
        return Ok(Sender::Inside { subnet, address });
    }
    let address = address.ok_or("`from` has no address")?;
    let internet = from.flag("internet").unwrap_or(false);
    let mut subnets = built.estate.subnets.iter();
    let holding = subnets.find(|(_, subnet)| {
        let mut prefixes = subnet.prefixes.iter();
        prefixes.any(|prefix| prefix.value.contains(&address))
    });
    match holding {
        Some((subnet, _)) if !internet && tags.is_empty() => Ok(Sender::Inside { subnet, address }),
        _ => Ok(Sender::Outside { address, tags }),
    }
}

fn target(built: &Built, to: &Fields<'_>, check: &Fields<'_>) -> Result<Target, String> {
    to.skip(&["workload", "internet"]);
    let tags = tags(to);
    let vnet = to.text("vnet");
    if let Some(name) = to.text("subnet") {
        subnet(&built.estate, &name, vnet.as_deref())
            .ok_or_else(|| format!("no subnet `{name}`"))?;
    }
    let name: Option<Fqdn> = to.parse("fqdn").or(check.parse("fqdn"));
    let address: Option<IpAddr> = to.parse("ip");
    if name.is_none() && address.is_none() {
        return Err("`to` has no name and no address".to_owned());
    }
    Ok(Target {
        name,
        address,
        tags,
    })
}

/// What the client tells of the name: nothing when it says `null`, the name of the target when it says nothing.
fn announced(check: &Fields<'_>) -> Result<Announced, String> {
    let mut announced = Announced::Target;
    for key in ["host_header", "sni"] {
        match check.raw(key) {
            None => {}
            Some(Value::Null) => announced = Announced::Nothing,
            Some(value) => {
                let name = text_of(value).and_then(|text| text.parse().ok());
                let name = name.ok_or_else(|| format!("{value} is no name"))?;
                announced = Announced::Name(name);
            }
        }
    }
    Ok(announced)
}

#[cfg(test)]
mod tests {
    use super::super::path::Path;
    use super::*;

    #[test]
    fn questions_assign_outside_of_parentheses() {
        let set = |path: &str, value: Value| Statement::Set(Path::parse(path).unwrap(), value);
        assert_eq!(
            assigned_in("with cluster.konnectivity=true (or private=true) are 1194/9000 required?"),
            [set("cluster.konnectivity", Value::Bool(true))]
        );
        assert_eq!(
            assigned_in("with resource_provider_connection=Outbound, is it required?"),
            [set(
                "resource_provider_connection",
                Value::String("Outbound".to_owned())
            )]
        );
        assert_eq!(assigned_in("is it required?"), []);
    }
}
