//! TG6001 and TG6002: what the identity of a pool may do on its network.

use std::collections::{BTreeMap, BTreeSet};

use crate::azure::facts::{ActionNeed, ActionTarget, Product};
use crate::azure::gaps::is_part;
use crate::azure::rbac::{self, Answer, Target};
use crate::base::{Origin, did_you_mean_help};
use crate::diag::{Finding, Id, Safety, Severity};
use crate::estate::{
    Estate, Id as ElementId, Identity, NetworkPlugin, OutboundType, Pool, PoolIdentity,
    RoleAssignment,
};

use super::{Context, edit};

/// The role that Microsoft's guides name.
const NETWORK_CONTRIBUTOR: &str = "Network Contributor";

/// How many assignments that do not suffice a finding shows.
const NEAREST: usize = 3;

rule! {
    /// The identity of a pool must hold Network Contributor, or the actions it stands for, on the virtual network, the
    /// route table and the network security group of the pool's subnets.
    ///
    /// The cluster joins its nodes to the subnet and keeps the route table and the security group up to date, as this
    /// identity. The three are resources of their own: a role on the virtual network says nothing of the route table
    /// beside it. Azure finds out when the cluster is made, often after everything else stands.
    ///
    /// Roles count where they are assigned and below: subnet, virtual network, resource group, subscription,
    /// management group. Several assignments add up, and any role will do whose actions, less its not-actions, hold
    /// what is needed. What the policy deploys lives in `this resource-group`; what is declared `existing` lives where
    /// it says. A management group is taken to be above both. An assignment that exists already counts when the
    /// policy states it: `role "NAME" on SCOPE existing`. For HDInsight on AKS the identity is that of the AKS cluster
    /// behind the pool.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 {
    ///   subnet AzureFirewallSubnet 10.10.0.0/26
    ///   subnet pool 10.10.1.0/24 { route-table to-fw }
    /// }
    /// firewall fw in analytics { private-ip 10.10.0.4  public-ip 203.0.113.10 }
    /// route-table to-fw { route default 0.0.0.0/0 -> firewall fw }
    /// identity pool-msi {
    ///   role "Network Contributor" on vnet analytics  // and not on the route table
    /// }
    /// pool spark in analytics.pool { outbound userDefinedRouting  identity pool-msi }
    /// ```
    ///
    /// With a route table on the subnet, add: `role "Network Contributor" on route-table to-fw`.
    ///
    /// Azure answers `CustomRouteTableMissingPermission` for the route table, `LinkedAuthorizationFailed` for the
    /// others, and `CustomRouteTableWithUnsupportedMSIType` when a kubenet cluster with a table of one's own has a
    /// system-assigned identity, which cannot be given a role before the cluster exists.
    ///
    /// Sources: MicrosoftDocs/azure-docs,
    /// articles/hdinsight-aks/control-egress-traffic-from-hdinsight-on-aks-clusters.md; MicrosoftDocs/azure-aks-docs,
    /// articles/aks/aks-service-permissions.md and configure-kubenet.md; Azure/AKS-Construction issue 501; Azure/AKS
    /// issue 2333.
    TG6001, check
}

rule! {
    /// A role that is neither one of Azure's that are known here, by name or GUID, nor a `role` of the policy.
    ///
    /// The template would ask for a role definition that does not exist. What the role grants is not known either, so
    /// that TG6001 cannot judge the identity.
    ///
    /// ```egress
    /// vnet analytics 10.10.0.0/16 { subnet pool 10.10.1.0/24 }
    /// identity pool-msi {
    ///   role "Network Contributer" on vnet analytics  // one letter is wrong
    /// }
    /// pool spark in analytics.pool { outbound loadBalancer  identity pool-msi }
    /// ```
    ///
    /// Write the name as Azure does, or declare the custom role: `role "NAME" { actions … }`.
    ///
    /// Source: MicrosoftDocs/azure-docs, articles/role-based-access-control/built-in-roles.md.
    TG6002, check_roles
}

fn check_roles(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let estate = context.estate;
    if is_part(estate) {
        // Azure has more roles than are known here, and others may be defined elsewhere.
        return;
    }
    for (_, assignment) in estate.role_assignments.iter() {
        let name = assignment.role.value.as_str();
        if rbac::role(estate, context.facts, name).is_some() {
            continue;
        }
        let custom = estate.role_definitions.iter();
        let custom = custom.map(|(_, role)| role.name.as_str());
        let known = custom.chain(context.facts.role_names());
        findings.push(
            Finding::new(Id::TG6002, format!("there is no role `{name}`"))
                .at(assignment.role.span, "not known")
                .maybe_help(did_you_mean_help(name, known))
                .help(
                    "a role of your own is declared with its actions: role \"NAME\" { actions … }",
                ),
        );
    }
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (_, pool) in context.estate.pools.iter() {
        match &pool.identity {
            // Of a part, it may only not be stated.
            None if is_part(context.estate) => {}
            None => findings.extend(without_identity(pool)),
            Some(PoolIdentity::SystemAssigned(origin)) => {
                findings.extend(system_assigned(context, pool, *origin));
            }
            Some(PoolIdentity::UserAssigned(identity)) => {
                if let Some(identity) = identity.id {
                    check_identity(context, pool, identity, findings);
                }
            }
        }
    }
}

fn is_routed(pool: &Pool) -> bool {
    pool.outbound.value == OutboundType::UserDefinedRouting
}

fn without_identity(pool: &Pool) -> Option<Finding> {
    if !is_routed(pool) {
        return None;
    }
    let name = &pool.meta.name;
    let finding = Finding::new(
        Id::TG6001,
        format!("pool `{name}` has no identity that may use its network"),
    )
    .at(pool.meta.origin, "no `identity` clause")
    .related(pool.outbound.span, "leaves by a route table of its own")
    .help("write `identity NAME` in the pool, and declare it with its roles")
    .help("identity NAME { role \"Network Contributor\" on vnet …  role \"Network Contributor\" on route-table … }");
    Some(finding)
}

fn system_assigned(context: &Context<'_>, pool: &Pool, origin: Origin) -> Option<Finding> {
    let estate = context.estate;
    let table = pool.subnets.iter().find_map(|subnet| {
        let subnet = &estate.subnets[subnet.id?];
        subnet.route_table.as_ref()
    })?;
    let name = &pool.meta.name;
    let finding = Finding::new(
        Id::TG6001,
        format!("the system-assigned identity of pool `{name}` cannot be given roles on route table `{}` beforehand", table.name),
    )
    .at(origin, "exists only once the cluster does")
    .related(table.origin, "a route table of your own")
    .help("use an identity made beforehand: identity NAME { role \"Network Contributor\" on … }");
    let kubenet = pool
        .network_plugin
        .filter(|plugin| plugin.value == NetworkPlugin::Kubenet);
    let Some(kubenet) = kubenet else {
        // Azure CNI takes such an identity, but nobody can have authorised it before the cluster is made.
        return Some(
            finding
                .assumed()
                .help("only the az command line makes up for it, by assigning roles afterwards; if that is how the cluster is made: ignore TG6001 \"why\""),
        );
    };
    let code = "CustomRouteTableWithUnsupportedMSIType";
    let error = context.facts.error(code);
    let message = error.and_then(|error| error.message(&[("identity_type", "SystemAssigned")]));
    let finding = finding.related(kubenet.span, "kubenet writes its routes into the table");
    Some(finding.azure(code, message))
}

/// The service whose list of needs applies. A pool without a kind is taken for an AKS cluster.
fn product_of(pool: &Pool) -> Option<Product> {
    match pool.kind.as_ref().map(|kind| kind.value.as_str()) {
        None | Some("aks") => Some(Product::Aks),
        Some("hdinsight-on-aks") => Some(Product::HdinsightOnAks),
        Some(_) => None,
    }
}

/// The resources of a pool's network that its identity works on.
fn targets(estate: &Estate, pool: &Pool) -> BTreeMap<Target, ActionTarget> {
    let mut targets = BTreeMap::new();
    for id in pool.subnets.iter().filter_map(|subnet| subnet.id) {
        let subnet = &estate.subnets[id];
        targets.insert(Target::Vnet(subnet.vnet), ActionTarget::VirtualNetwork);
        targets.insert(Target::Subnet(id), ActionTarget::Subnet);
        if let Some(table) = subnet.route_table.as_ref().and_then(|table| table.id) {
            targets.insert(Target::RouteTable(table), ActionTarget::RouteTable);
        }
        if let Some(nsg) = subnet.nsg.as_ref().and_then(|nsg| nsg.id) {
            targets.insert(Target::Nsg(nsg), ActionTarget::NetworkSecurityGroup);
        }
    }
    targets
}

fn check_identity(
    context: &Context<'_>,
    pool: &Pool,
    identity: ElementId<Identity>,
    findings: &mut Vec<Finding>,
) {
    let Some(product) = product_of(pool) else {
        return;
    };
    let estate = context.estate;
    if is_part(estate) && rbac::assignments_of(estate, identity).next().is_none() {
        // Who gives it its roles is not part of the input.
        return;
    }
    for (target, kind) in targets(context.estate, pool) {
        let needs = context.facts.required_actions(product, kind);
        let needs = needs.filter(|needs| needs.need == ActionNeed::Always);
        let missing: BTreeSet<&str> = needs
            .flat_map(|needs| needs.actions.iter().map(String::as_str))
            .filter(|action| {
                rbac::may(context.estate, context.facts, identity, action, &target)
                    == Answer::Missing
            })
            .collect();
        if !missing.is_empty() {
            let lack = Lack {
                context,
                pool,
                identity,
                target,
                missing: missing.into_iter().collect(),
            };
            findings.push(lack.finding(product));
        }
    }
}

/// Actions that an identity lacks on one resource.
struct Lack<'a> {
    context: &'a Context<'a>,
    pool: &'a Pool,
    identity: ElementId<Identity>,
    target: Target,
    missing: Vec<&'a str>,
}

impl Lack<'_> {
    fn finding(&self, product: Product) -> Finding {
        let estate = self.context.estate;
        let identity = &estate.identities[self.identity];
        let words = self.target.scope_words(estate);
        let mut finding = Finding::new(
            Id::TG6001,
            format!(
                "identity `{}` of pool `{}` lacks {} on {}",
                identity.meta.name,
                self.pool.meta.name,
                listed(&self.missing),
                quoted(&words),
            ),
        )
        .at(identity.meta.origin, format!("needs a role on {words}"));
        if let Some(PoolIdentity::UserAssigned(used)) = &self.pool.identity {
            finding = finding.related(used.origin, "the identity of the pool");
        }
        if let Some(resource) = self.target.meta(estate) {
            finding = finding.related(resource.origin, "no role of the identity suffices here");
        }
        finding = self.nearest(finding);
        finding = self.azure_error(finding);
        // For AKS a role on the subnet is the usual grant; that the network itself is read too is only listed.
        if product == Product::Aks && matches!(self.target, Target::Vnet(_)) {
            finding = finding.severity(Severity::Warning);
        }
        if is_part(estate) {
            return finding
                .severity(Severity::Warning)
                .assumed()
                .help("if another deployment gives it the role, show that too");
        }
        let clause = format!("role \"{NETWORK_CONTRIBUTOR}\" on {}", self.fix_scope());
        if identity.meta.home.is_existing() {
            finding = finding.help("if the role is assigned already, say so: add `existing`");
        }
        match edit::add_clause(&identity.meta, &clause) {
            Some(edit) => finding.fix(
                format!("give it {NETWORK_CONTRIBUTOR} there"),
                Safety::Unsafe,
                vec![edit],
            ),
            None => finding.help(format!(
                "write in identity `{}`: {clause}",
                identity.meta.name
            )),
        }
    }

    /// What the guides grant the role on: for a subnet its network.
    fn fix_scope(&self) -> String {
        let estate = self.context.estate;
        match &self.target {
            Target::Subnet(id) => Target::Vnet(estate.subnets[*id].vnet).scope_words(estate),
            other => other.scope_words(estate),
        }
    }

    /// Shows the assignments that nearly suffice, and what they lack.
    fn nearest(&self, mut finding: Finding) -> Finding {
        let estate = self.context.estate;
        let near = rbac::assignments_of(estate, self.identity)
            .filter_map(|assignment| Some((assignment.origin, self.why_not(assignment)?)));
        for (origin, why) in near.take(NEAREST) {
            finding = finding.related(origin, why);
        }
        finding
    }

    fn why_not(&self, assignment: &RoleAssignment) -> Option<String> {
        let estate = self.context.estate;
        let role = rbac::role(estate, self.context.facts, &assignment.role.value)?;
        let name = &assignment.role.value;
        let lacking: Vec<&str> = self
            .missing
            .iter()
            .copied()
            .filter(|action| !role.grants(action))
            .collect();
        if rbac::covers(estate, &assignment.scope.value, &self.target) {
            return Some(format!("`{name}` does not hold {}", listed(&lacking)));
        }
        let words = self.target.scope_words(estate);
        lacking
            .is_empty()
            .then(|| format!("`{name}` would do, but this scope does not cover {words}"))
    }

    fn azure_error(&self, finding: Finding) -> Finding {
        let estate = self.context.estate;
        let name = self.target.name(estate);
        let identity = estate.identities[self.identity].meta.name.as_str();
        let words = self.target.scope_words(estate);
        let (code, values) = match self.target {
            Target::RouteTable(_) => (
                "CustomRouteTableMissingPermission",
                vec![("route_table", name)],
            ),
            _ => (
                "LinkedAuthorizationFailed",
                vec![
                    ("client", identity),
                    ("action", "Microsoft.ContainerService/managedClusters/write"),
                    ("scope", self.pool.meta.name.as_str()),
                    ("linked_action", self.missing.first().copied().unwrap_or("")),
                    ("linked_scope", words.as_str()),
                ],
            ),
        };
        let error = self.context.facts.error(code);
        finding.azure(code, error.and_then(|error| error.message(&values)))
    }
}

/// `vnet analytics` as ``vnet `analytics` ``.
fn quoted(words: &str) -> String {
    match words.split_once(' ') {
        Some((kind, name)) => format!("{kind} `{name}`"),
        None => words.to_owned(),
    }
}

/// The first action, and how many more there are.
fn listed(actions: &[&str]) -> String {
    match actions {
        [] => "nothing".to_owned(),
        [one] => format!("`{one}`"),
        [first, more @ ..] => format!("`{first}` and {} more", more.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Confidence;
    use crate::lint::testing::{findings, fixed, found};

    fn policy(roles: &str, more: &str) -> String {
        format!(
            "vnet v 10.0.0.0/16 {{ subnet s 10.0.1.0/24 {{ route-table rt nsg n }} }}
route-table rt {{ route default 0.0.0.0/0 -> gateway }}
nsg n {{ }}
identity msi {{
  {roles}
}}
pool p in v.s {{ kind hdinsight-on-aks outbound userDefinedRouting identity msi }}
{more}"
        )
    }

    fn tg6001(roles: &str) -> Vec<String> {
        found(Id::TG6001, &policy(roles, ""))
    }

    const ALL: &str = "role \"Network Contributor\" on vnet v
  role \"Network Contributor\" on route-table rt
  role \"Network Contributor\" on nsg n";

    const TABLE: &str = "4:10 identity `msi` of pool `p` lacks `Microsoft.Network/routeTables/read` and 4 more on route-table `rt`";

    #[test]
    fn accepts_the_role_on_each_or_above_all() {
        for roles in [
            ALL,
            "role \"Network Contributor\" on this resource-group",
            "role 4d97b98b-1d4f-4787-a291-c67834d212e7 on this subscription",
            "role Contributor on management-group mg",
            "role Owner on this resource-group existing",
        ] {
            assert_eq!(tg6001(roles), [""; 0], "{roles}");
        }
    }

    #[test]
    fn a_role_on_the_network_does_not_reach_the_table_beside_it() {
        let roles = "role \"Network Contributor\" on vnet v role \"Network Contributor\" on nsg n";
        assert_eq!(tg6001(roles), [TABLE]);
        let found = findings(Id::TG6001, &policy(roles, ""));
        let error = found[0].azure_error.clone().unwrap();
        assert_eq!(error.code, "CustomRouteTableMissingPermission");
        assert!(error.message.unwrap().contains("custom route table rt."));
        let near = &found[0].related;
        assert!(near.iter().any(|label| label.text
            == "`Network Contributor` would do, but this scope does not cover route-table rt"));
    }

    #[test]
    fn fixes_give_the_role_until_nothing_is_missing() {
        let mut text = policy("", "");
        let mut rounds = 0;
        while !findings(Id::TG6001, &text).is_empty() {
            text = fixed(Id::TG6001, &text);
            rounds += 1;
            assert!(rounds < 5, "{text}");
        }
        assert!(
            text.contains("role \"Network Contributor\" on route-table rt"),
            "{text}"
        );
    }

    #[test]
    fn roles_add_up_and_custom_roles_count() {
        let roles = "role Reader on route-table rt role writer on route-table rt
  role \"Network Contributor\" on vnet v role \"Network Contributor\" on nsg n";
        let writer = |actions: &str| policy(roles, &format!("role writer {{ {actions} }}"));
        assert_eq!(
            found(
                Id::TG6001,
                &writer("actions Microsoft.Network/routeTables/*")
            ),
            [""; 0]
        );
        assert_eq!(
            found(
                Id::TG6001,
                &writer("actions Microsoft.Network/* not-actions Microsoft.Network/*/delete")
            ),
            [
                "4:10 identity `msi` of pool `p` lacks `Microsoft.Network/routeTables/routes/delete` on route-table `rt`"
            ]
        );
    }

    #[test]
    fn the_deployments_group_does_not_hold_what_exists_elsewhere() {
        let elsewhere = |roles: &str| {
            policy(roles, "").replace(
                "route-table rt { ",
                "route-table rt { existing resource-group rg-net ",
            )
        };
        let own = "role \"Network Contributor\" on this resource-group";
        let both = format!("{own} role \"Network Contributor\" on resource-group RG-net");
        assert_eq!(found(Id::TG6001, &elsewhere(own)), [TABLE]);
        assert_eq!(found(Id::TG6001, &elsewhere(&both)), [""; 0]);
    }

    #[test]
    fn an_unknown_role_is_reported_as_such_only() {
        let roles = "role \"Network Contributer\" on this resource-group";
        assert_eq!(tg6001(roles), [""; 0]);
        assert_eq!(
            found(Id::TG6002, &policy(roles, "")),
            ["5:8 there is no role `Network Contributer`"]
        );
        let found = findings(Id::TG6002, &policy(roles, ""));
        assert_eq!(found[0].help[0], "did you mean `Network Contributor`?");
    }

    #[test]
    fn a_routed_pool_needs_an_identity() {
        let without = policy("", "").replace(" identity msi }", " }");
        assert_eq!(
            found(Id::TG6001, &without),
            ["7:6 pool `p` has no identity that may use its network"]
        );
    }

    #[test]
    fn a_system_assigned_identity_comes_too_late() {
        let system = |plugin: &str| {
            let clauses = format!(" {plugin} identity system-assigned }}");
            findings(
                Id::TG6001,
                &policy("", "").replace(" identity msi }", &clauses),
            )
        };
        let kubenet = system("network-plugin kubenet");
        let error = kubenet[0].azure_error.clone().unwrap();
        assert_eq!(error.code, "CustomRouteTableWithUnsupportedMSIType");
        assert_eq!(kubenet[0].severity, Severity::Error);
        let azure = &system("network-plugin azure")[0];
        assert_eq!(
            (azure.severity, azure.confidence),
            (Severity::Error, Confidence::Assumed)
        );
        assert_eq!(azure.azure_error, None);
    }

    #[test]
    fn the_usual_grant_of_aks_on_the_subnet_is_only_warned_of() {
        let policy = policy("role \"Network Contributor\" on subnet v.s", "")
            .replace("{ route-table rt nsg n }", "")
            .replace(
                "kind hdinsight-on-aks outbound userDefinedRouting",
                "outbound loadBalancer",
            );
        let found = findings(Id::TG6001, &policy);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].severity, Severity::Warning);
    }
}
