//! Every way out that AKS knows: as a policy that compiles, holds and is explained, and as what Azure refuses.
//!
//! What is refused is a table: one small policy, its outbound type, and one thing about it that Azure does not take. Each
//! row says at which words the error stands, and which code Azure answers where that is known.

use camino::Utf8Path;
use tidegate::azure::facts::{Facts, Product};
use tidegate::azure::{Dataplane, Verdict};
use tidegate::base::SourceMap;
use tidegate::cli::prove_template;
use tidegate::compile::FirewallModel;
use tidegate::diag::{Finding, Id, Severity};
use tidegate::emit::{self, Format};
use tidegate::estate::OutboundType;
use tidegate::explain::{explain_pool, fqdn_tag_contents};
use tidegate::verify::{hold, place};

use super::cli::Folder;
use super::policy::lines;
use super::support::{compiled, policies_in};

/// The policies of `policies/` by the way out that they show, and whether what they let out beyond their requirements is
/// accepted with a reason.
const WAYS: &[(&str, OutboundType, bool)] = &[
    ("aks", OutboundType::UserDefinedRouting, false),
    ("aks-appliance", OutboundType::UserDefinedRouting, false),
    ("aks-virtual-wan", OutboundType::UserDefinedRouting, false),
    ("aks-load-balancer", OutboundType::LoadBalancer, true),
    (
        "aks-user-assigned-nat-gateway",
        OutboundType::UserAssignedNatGateway,
        true,
    ),
    (
        "aks-managed-nat-gateway",
        OutboundType::ManagedNatGateway,
        true,
    ),
    ("aks-network-isolated", OutboundType::None, false),
    ("aks-block", OutboundType::Block, false),
];

#[test]
fn every_way_out_has_a_policy() {
    let names = policies_in("policies");
    for (name, ..) in WAYS {
        assert!(names.iter().any(|it| it == name), "{name}");
    }
    for outbound in OutboundType::ALL {
        assert!(
            WAYS.iter().any(|(_, shown, _)| *shown == outbound),
            "{}",
            outbound.name()
        );
    }
}

#[test]
fn every_way_out_compiles_holds_and_is_explained() {
    for (name, outbound, accepted) in WAYS {
        let path = format!("policies/{name}.egress");
        let analysis = compiled(Utf8Path::new(&path), FirewallModel::Policy).unwrap();
        let findings = lines(&analysis.sources, &analysis.findings);
        assert_eq!(findings, "", "{name}");
        let template = emit::template(&analysis.estate, Facts::builtin(), &analysis.sources);
        prove_template(&analysis, &emit::render(&template, Format::Arm)).unwrap();

        let mut network = analysis.estate.clone();
        let placed = place(&analysis.estate, &mut network);
        let plane = Dataplane::new(&network, Facts::builtin(), None)
            .with_fqdn_tags(fqdn_tag_contents(&analysis.catalogs, &analysis.estate));
        let held = hold(&plane, &analysis.intent, &placed);
        assert!(!held.has_deficit() && !held.is_open(), "{name}");
        let ignored = analysis.intent.ignores.iter().any(|it| it.id == Id::TG4001);
        assert_eq!(ignored, *accepted, "{name}");
        assert!(held.excess() == 0 || ignored, "{name}");

        for (id, pool) in network.pools.iter() {
            assert_eq!(pool.outbound.value, *outbound, "{name}");
            let report = explain_pool(&plane, &analysis.intent, id);
            assert!(report.preflight.is_accepted(), "{name}");
            assert_eq!(report.verdict(), Verdict::Allowed, "{name}");
            // What is in a network of the service cannot be followed, and the report says so.
            let unseen = pool.subnets.is_empty() && !analysis.intent.requirements.is_empty();
            assert_eq!(!report.open.is_empty(), unseen, "{name}");
        }
    }
}

/// A policy whose pool Azure takes, in parts that rows of the table change.
#[derive(Clone)]
struct Case {
    outbound: &'static str,
    /// Clauses of the subnet of nodes.
    subnet: &'static str,
    /// Clauses of the pool.
    pool: &'static str,
    /// Further statements.
    more: &'static str,
    /// Where the nodes are.
    place: &'static str,
}

const NAT: &str = "public-ip nat-ip\nnat-gateway nat { public-ip nat-ip }";
const NVA: &str = "appliance nva in net.dmz { private-ip 10.1.9.4  snat on  public-ip 203.0.113.9  allow any }\n\
                   route-table rt { route default 0.0.0.0/0 -> appliance nva }";
const OWN: &str = "in net.nodes ";

impl Case {
    /// What Azure takes for this type.
    fn of(outbound: &'static str) -> Self {
        let (subnet, more) = match outbound {
            "userAssignedNATGateway" => ("nat-gateway nat", NAT),
            "userDefinedRouting" => ("route-table rt", NVA),
            _ => ("", ""),
        };
        let (pool, place) = match outbound {
            "managedNATGateway" => ("", ""),
            "block" => ("private-cluster  bootstrap-registry managed", ""),
            "none" => ("private-cluster  bootstrap-registry managed", OWN),
            _ => ("", OWN),
        };
        Self {
            outbound,
            subnet,
            pool,
            more,
            place,
        }
    }

    fn text(&self) -> String {
        let Self {
            outbound,
            subnet,
            pool,
            more,
            place,
        } = self;
        format!(
            "egress 1\nregion westeurope\n\
             vnet net 10.1.0.0/16 {{\n  subnet nodes 10.1.0.0/24 {{ {subnet}  nsg own }}\n  \
             subnet dmz 10.1.9.0/24 {{ nsg own }}\n}}\nnsg own {{ }}\n\
             identity apps-id {{ role \"Network Contributor\" on this resource-group }}\n{more}\n\
             pool apps {place}{{ outbound {outbound}  {pool}  identity apps-id }}\n"
        )
    }
}

/// One row: what is different, at which words Azure's refusal stands, and its code.
struct Row {
    outbound: &'static str,
    change: fn(&mut Case),
    at: &'static str,
    code: Option<&'static str>,
}

const ALL: [&str; 6] = [
    "loadBalancer",
    "managedNATGateway",
    "userAssignedNATGateway",
    "userDefinedRouting",
    "none",
    "block",
];

fn row(
    outbound: &'static str,
    at: &'static str,
    code: Option<&'static str>,
    change: fn(&mut Case),
) -> Row {
    Row {
        outbound,
        change,
        at,
        code,
    }
}

fn rows() -> Vec<Row> {
    let mut rows = vec![
        // Whose network.
        row(
            "managedNATGateway",
            "managedNATGateway",
            Some("InvalidParameter"),
            |case| case.place = OWN,
        ),
        row("block", "block", None, |case| case.place = OWN),
        row(
            "userAssignedNATGateway",
            "userAssignedNATGateway",
            Some("UserAssignedNATGatewayWithManagedVNetNotAllowed"),
            |case| case.place = "",
        ),
        row("userDefinedRouting", "userDefinedRouting", None, |case| {
            case.place = "";
        }),
        // The route table, and where its default route leads.
        row(
            "userDefinedRouting",
            "nodes",
            Some("ExistingRouteTableNotAssociatedWithSubnet"),
            |case| {
                case.subnet = "";
                case.more = "";
            },
        ),
        row(
            "userDefinedRouting",
            "rt",
            Some("RouteTableMissingDefaultRouteError"),
            |case| {
                case.more = "route-table rt { route some 10.9.0.0/16 -> none }";
            },
        ),
        row(
            "userDefinedRouting",
            "rt",
            Some("RouteTableMissingDefaultRouteError"),
            |case| {
                case.more = "route-table rt { route low 0.0.0.0/1 -> 10.1.9.4  route high 128.0.0.0/1 -> 10.1.9.4 }\n\
                         appliance nva in net.dmz { private-ip 10.1.9.4  snat on  public-ip 203.0.113.9  allow any }";
            },
        ),
        row(
            "userDefinedRouting",
            "internet",
            Some("RouteTableInvalidNextHop"),
            |case| {
                case.more = "route-table rt { route default 0.0.0.0/0 -> internet }";
            },
        ),
        row(
            "userDefinedRouting",
            "none",
            Some("RouteTableInvalidNextHop"),
            |case| {
                case.more = "route-table rt { route default 0.0.0.0/0 -> none }";
            },
        ),
        row(
            "userDefinedRouting",
            "vnet-local",
            Some("RouteTableInvalidNextHop"),
            |case| {
                case.more = "route-table rt { route default 0.0.0.0/0 -> vnet-local }";
            },
        ),
        // A NAT gateway on the subnet is another way out, and no route table.
        row(
            "userDefinedRouting",
            "nodes",
            Some("ExistingRouteTableNotAssociatedWithSubnet"),
            |case| {
                case.subnet = "nat-gateway nat";
                case.more = NAT;
            },
        ),
        // Default routes that a gateway or a virtual hub tells do not count.
        row(
            "userDefinedRouting",
            "nodes",
            Some("ExistingRouteTableNotAssociatedWithSubnet"),
            |case| {
                case.subnet = "";
                case.more = HUB;
            },
        ),
        row(
            "userDefinedRouting",
            "rt",
            Some("RouteTableMissingDefaultRouteError"),
            |case| {
                case.more = HUB_AND_TABLE;
            },
        ),
        row(
            "userDefinedRouting",
            "nodes",
            Some("ExistingRouteTableNotAssociatedWithSubnet"),
            |case| {
                case.subnet = "";
                case.more = "gateway er in net { type expressroute  learned 0.0.0.0/0 }";
            },
        ),
        row(
            "userDefinedRouting",
            "rt",
            Some("RouteTableMissingDefaultRouteError"),
            |case| {
                case.more = "gateway er in net { type expressroute  learned 0.0.0.0/0 }\nroute-table rt { }";
            },
        ),
        // NAT gateways.
        row(
            "userAssignedNATGateway",
            "nodes",
            Some("SubnetNotAssociatedWithNATGateway"),
            |case| {
                case.subnet = "";
            },
        ),
        row(
            "userAssignedNATGateway",
            "pods",
            Some("SubnetNotAssociatedWithNATGateway"),
            |case| {
                case.more = "public-ip nat-ip\nnat-gateway nat { public-ip nat-ip }\n\
                         vnet other 10.2.0.0/16 { subnet pods 10.2.0.0/24 { nsg own } }";
                case.pool = "pod-subnet other.pods";
            },
        ),
        row(
            "userAssignedNATGateway",
            "nat",
            Some("NATGatewayNotAssociatedWithPublicIPOrIPPrefix"),
            |case| {
                case.more = "nat-gateway nat { }";
            },
        ),
        // Which code Azure answers to a NAT gateway beside a load balancer is not known.
        row("loadBalancer", "nat", None, |case| {
            case.subnet = "nat-gateway nat";
            case.more = NAT;
        }),
        // The profile of the cluster.
        row(
            "userDefinedRouting",
            "load-balancer-profile",
            Some("InvalidUserDefinedRoutingWithLoadBalancerProfile"),
            |case| case.pool = "load-balancer-profile",
        ),
        row(
            "userDefinedRouting",
            "node-public-ips",
            Some("UDRWithNodePublicIPNotAllowed"),
            |case| {
                case.pool = "node-public-ips";
            },
        ),
        // Network isolated clusters.
        row("block", "block", None, |case| case.pool = "private-cluster"),
        row(
            "none",
            "off",
            Some("NonePrivateDNSZonePublicFQDNDisabledError"),
            |case| {
                case.pool = "private-cluster  bootstrap-registry managed  \
                             api-server { private-dns-zone none  public-name off }";
            },
        ),
        // Identities.
        row(
            "userDefinedRouting",
            "system-assigned",
            Some("CustomRouteTableWithUnsupportedMSIType"),
            |case| {
                case.pool =
                    "network-plugin kubenet  pod-cidr 10.244.0.0/16  identity system-assigned";
            },
        ),
    ];
    // The Basic load balancer goes with its own type only.
    for outbound in ALL.into_iter().filter(|it| *it != "loadBalancer") {
        rows.push(row(
            outbound,
            "basic-load-balancer",
            Some("UnexpectedLoadBalancerSkuForCurrentOutboundConfiguration"),
            |case| {
                case.pool = match case.outbound {
                    "none" | "block" => {
                        "private-cluster  bootstrap-registry managed  basic-load-balancer"
                    }
                    _ => "basic-load-balancer",
                }
            },
        ));
    }
    rows
}

const HUB: &str = "virtual-wan wan { existing }\n\
    virtual-hub hub 10.100.0.0/23 { wan wan  connect net  internet-routing on  private-routing on }\n\
    firewall fw in hub { policy fw-policy }\n\
    firewall-policy fw-policy { threat-intel deny }";
const HUB_AND_TABLE: &str = "virtual-wan wan { existing }\n\
    virtual-hub hub 10.100.0.0/23 { wan wan  connect net  internet-routing on  private-routing on }\n\
    firewall fw in hub { policy fw-policy }\n\
    firewall-policy fw-policy { threat-intel deny }\n\
    route-table rt { route dmz 10.1.9.0/24 -> none }";

/// What compiling says as errors: the words where each stands, and the code that Azure answers.
fn refused(text: &str) -> Vec<(Id, String, Option<String>)> {
    let (sources, findings) = analysed(text);
    let errors = findings.iter().filter(|it| it.severity == Severity::Error);
    let said = errors.map(|finding| {
        let place = finding.places().next();
        let words = place
            .map(|span| sources.text(span).to_owned())
            .unwrap_or_default();
        let code = finding
            .azure_error
            .as_ref()
            .map(|azure| azure.code.to_string());
        (finding.id, words, code)
    });
    said.collect()
}

fn analysed(text: &str) -> (SourceMap, Vec<Finding>) {
    use tidegate::base::MemoryFiles;
    use tidegate::cli::analyse;
    let files = MemoryFiles([("case.egress".into(), text.to_owned())].into());
    let options = super::support::options(FirewallModel::Policy);
    let analysis = analyse(Utf8Path::new("case.egress"), &files, &options).unwrap();
    (analysis.sources, analysis.findings)
}

#[test]
fn what_each_type_needs_is_taken() {
    for outbound in ALL {
        let text = Case::of(outbound).text();
        assert_eq!(refused(&text), [], "{text}");
        let facts = Facts::builtin().outbound_types(Product::Aks);
        assert!(
            facts.into_iter().any(|it| it.name == outbound),
            "{outbound}"
        );
    }
}

#[test]
fn every_refusal_is_an_error_at_its_place_with_its_code() {
    for row in rows() {
        let mut case = Case::of(row.outbound);
        (row.change)(&mut case);
        if case.pool.contains("system-assigned") {
            // The pool names one identity only.
            let text = case.text().replace("  identity apps-id }", " }");
            hold_row(&row, &text);
            continue;
        }
        hold_row(&row, &case.text());
    }
}

fn hold_row(row: &Row, text: &str) {
    let refused = refused(text);
    let code = row.code.map(str::to_owned);
    let wanted = refused
        .iter()
        .any(|(_, at, said)| at == row.at && *said == code);
    assert!(
        wanted,
        "wanted {:?} at `{}`, found {refused:?}\n{text}",
        row.code, row.at
    );
    let known = |code: &String| Facts::builtin().error(code).is_some();
    assert!(
        refused
            .iter()
            .filter_map(|(.., code)| code.as_ref())
            .all(known),
        "{refused:?}"
    );
}

#[test]
fn what_is_refused_is_not_written() {
    let folder = Folder::new();
    for (index, row) in rows().into_iter().enumerate() {
        let mut case = Case::of(row.outbound);
        (row.change)(&mut case);
        let file = format!("case-{index}.egress");
        folder.write(
            &file,
            case.text()
                .replace("system-assigned  identity apps-id", "system-assigned"),
        );
        let told = folder
            .run(&format!("compile {file} --out out-{index}"))
            .ends_with(1);
        assert!(
            told.err.contains("Nothing was written"),
            "{file}: {}",
            told.err
        );
        assert!(!folder.path(&format!("out-{index}")).exists(), "{file}");
    }
}
