//! TG6010: roles on data that the identity of workloads needs.

use crate::azure::rbac::{self, Role, Target, assignments_of, covers};
use crate::diag::{Finding, Id};
use crate::estate::{Id as ElementId, Identity, PlatformService, Pool, Ref};
use crate::intent::PoolSummary;
use crate::intent::catalog::{Catalog, DataRole, features_of};
use crate::lint::Context;

rule! {
    /// The identity that the workloads of a pool act as has not the role on a service that its product asks for.
    ///
    /// Clusters of HDInsight on AKS open their storage as a managed identity, which needs the role Storage Blob Data
    /// Owner on the storage account before the cluster is made, and with a Hive metastore Key Vault Secrets User on the
    /// key vault. Network and firewall are right, and jobs fail with 403: Owner and Contributor manage the account and
    /// do not read its data. The rule looks at services that the policy describes, and at the identity that the pool
    /// names behind `workload-identity`; where neither is written, nothing is said.
    ///
    /// ```egress
    /// region westeurope
    /// vnet analytics 10.10.0.0/16 { dns firewall fw  subnet pool 10.10.1.0/24  subnet AzureFirewallSubnet 10.10.0.0/26 }
    /// firewall fw in analytics { private-ip 10.10.0.4  public-ip 203.0.113.10  dns-proxy on }
    /// service lake { fqdn contosolake.dfs.core.windows.net  kind storage }
    /// identity pool-id { role "Network Contributor" on this resource-group }
    /// identity jobs { role "Contributor" on service lake }
    /// pool spark in analytics.pool {
    ///   kind hdinsight-on-aks  clusters spark
    ///   outbound userDefinedRouting  via fw  identity pool-id
    ///   workload-identity jobs
    ///   set storage_account = contosolake
    ///   ignore TG7004 "runs until it is migrated"
    /// }
    /// ```
    ///
    /// Give the role on the service: `role "Storage Blob Data Owner" on service lake`.
    ///
    /// Sources: MicrosoftDocs/azure-docs, articles/hdinsight-aks/cluster-storage.md and prerequisites-resources.md.
    TG6010, check
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for summary in &context.intent.pools {
        let pool = &context.estate.pools[summary.pool];
        let Some(identity) = &pool.workload_identity else {
            continue;
        };
        let (Some(id), Some(catalog)) = (identity.id, context.library().get(&summary.catalog))
        else {
            continue;
        };
        let features = features(context, summary, catalog, pool);
        let needed = catalog.data_roles.iter();
        for role in needed.filter(|role| role.when.holds(&features)) {
            for service in services(context, summary, role) {
                findings.extend(lacking(context, identity, id, role, service));
            }
        }
    }
}

fn features(
    context: &Context<'_>,
    summary: &PoolSummary,
    catalog: &Catalog,
    pool: &Pool,
) -> std::collections::BTreeSet<smol_str::SmolStr> {
    let written = summary.choices.features.iter();
    let written = written.filter_map(|name| Some(catalog.find_feature(name).ok()?.name.clone()));
    let clusters = summary.choices.clusters.iter();
    let clusters = clusters.map(|name| smol_str::format_smolstr!("cluster_{name}"));
    let derived = features_of(catalog, context.estate, pool);
    written.chain(clusters).chain(derived).collect()
}

/// The services of the policy that a role is needed on.
fn services<'a>(
    context: &Context<'a>,
    summary: &PoolSummary,
    role: &DataRole,
) -> Vec<ElementId<PlatformService>> {
    let value = role.parameter.as_ref();
    let value = value.map(|parameter| summary.choices.values.get(parameter));
    let services = context.estate.services.iter();
    services
        .filter(|(_, service)| {
            let kind = service.kind.as_ref();
            let is_kind = kind.is_some_and(|kind| {
                let same = |a: &str, b: &str| a.replace('-', "") == b.replace('-', "");
                same(&kind.value, &role.service)
            });
            let first = service.fqdn.value.as_str().split('.').next();
            is_kind
                && match value {
                    None => true,
                    Some(None) => false,
                    Some(Some(name)) => first.is_some_and(|it| it.eq_ignore_ascii_case(name)),
                }
        })
        .map(|(id, _)| id)
        .collect()
}

fn lacking(
    context: &Context<'_>,
    identity: &Ref<Identity>,
    id: ElementId<Identity>,
    role: &DataRole,
    service: ElementId<PlatformService>,
) -> Option<Finding> {
    let (estate, facts) = (context.estate, context.facts);
    // What a group of the directory has is not known.
    if !estate.identities[id].groups.is_empty() {
        return None;
    }
    let target = Target::Service(service);
    let wanted = facts.role(&role.role)?;
    let has_it = assignments_of(estate, id).any(|assignment| {
        let same = match rbac::role(estate, facts, &assignment.role.value) {
            Some(Role::BuiltIn(given)) => given.id == wanted.id,
            // What a role of one's own may do with data is not written.
            Some(Role::Custom(_)) | None => true,
        };
        same && covers(estate, &assignment.scope.value, &target)
    });
    if has_it {
        return None;
    }
    let name = &estate.services[service].meta.name;
    let finding = Finding::new(
        Id::TG6010,
        format!(
            "identity `{}` has not the role {} on service `{name}`",
            identity.name, role.role
        ),
    )
    .at(identity.origin, "workloads act as it")
    .related(estate.services[service].meta.origin, "this service")
    .related(role.span, "the product asks for it")
    .help(format!(
        "write in identity `{}`: role \"{}\" on service {name}",
        identity.name, role.role
    ));
    Some(finding)
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::findings;

    fn messages(role: &str, pool: &str) -> Vec<String> {
        let policy = format!(
            "region westeurope\n\
             vnet analytics 10.10.0.0/16 {{ subnet pool 10.10.1.0/24 }}\n\
             service lake {{ fqdn contosolake.dfs.core.windows.net  kind storage }}\n\
             service other {{ fqdn otherlake.dfs.core.windows.net  kind storage }}\n\
             identity jobs {{ {role} }}\n\
             pool p in analytics.pool {{ kind hdinsight-on-aks  outbound loadBalancer  {pool} }}"
        );
        let found = findings(Id::TG6010, &policy);
        found.into_iter().map(|it| it.message).collect()
    }

    const SPARK: &str = "clusters spark  workload-identity jobs  set storage_account = contosolake";

    #[test]
    fn contributors_do_not_read_data() {
        let missing =
            ["identity `jobs` has not the role Storage Blob Data Owner on service `lake`"];
        assert_eq!(
            messages("role \"Contributor\" on service lake", SPARK),
            missing
        );
        assert_eq!(messages("", SPARK), missing);
        let elsewhere = "role \"Storage Blob Data Owner\" on service other";
        assert_eq!(messages(elsewhere, SPARK), missing);
        let here = "role \"Storage Blob Data Owner\" on service lake";
        assert_eq!(messages(here, SPARK), [""; 0]);
        let above = "role \"Storage Blob Data Owner\" on this resource-group";
        assert_eq!(messages(above, SPARK), [""; 0]);
    }

    #[test]
    fn who_reads_nothing_needs_nothing() {
        assert_eq!(
            messages("", "clusters trino  workload-identity jobs"),
            [""; 0]
        );
        assert_eq!(messages("", "clusters spark"), [""; 0]);
    }
}
