//! The built-in facts load, and their accessors answer as Azure would.

use super::document::parse;
use super::*;
use crate::diag::Id;
use crate::net::Cloud;

fn facts() -> &'static Facts {
    Facts::builtin()
}

#[test]
fn every_file_loads() {
    for &subject in Subject::ALL {
        let header = facts().header(subject);
        let problem = with_section!(facts(), subject, section => section.problem());
        assert!(header.is_some(), "{problem:?}");
    }
    assert_eq!(facts().problems(), []);
}

#[test]
fn every_source_is_cited_and_told() {
    for &subject in Subject::ALL {
        let cited = with_section!(facts(), subject, section => {
            document::Entries::citations(section.entries().unwrap())
        });
        for source in &facts().header(subject).unwrap().sources {
            assert!(
                cited.contains(&&source.id),
                "{} lists {source} and does not cite it",
                subject.path()
            );
            assert!(facts().source(subject, &source.id).is_some());
        }
    }
}

#[test]
fn a_bad_file_is_refused() {
    let head =
        "schema: azure-facts/1\ntitle: t\nsources: [{id: a, repo: r, path: p, date: 2024-02-29}]\n";
    let entry = "entries: [{type: T/a, version: v, source: a}";
    assert!(parse::<ByName<ApiVersion>>(&format!("{head}{entry}]")).is_ok());
    for (text, expected) in [
        (
            format!("{head}entries: [{{type: T/a, version: v, source: b}}]"),
            "source `b` is not listed",
        ),
        (
            format!("{head}{entry}, {{type: t/A, version: v, source: a}}]"),
            "`t/A` is listed twice",
        ),
        (
            format!("{head}{entry}, {{type: t, version: v, source: a, x: 1}}]"),
            "unknown field",
        ),
        (
            format!("{head}{entry}]").replace("2024-02-29", "2023-02-29"),
            "expected a date",
        ),
        (
            format!("{head}{entry}]").replace("repo: r, ", ""),
            "neither repository nor title",
        ),
        (
            format!("{head}{entry}]").replace("facts/1", "facts/2"),
            "its schema is `azure-facts/2`",
        ),
        (
            format!("{head}{entry}]").replace("id: a, ", "id: a, id: a, "),
            "duplicate",
        ),
        (String::new(), ""),
    ] {
        let fault = parse::<ByName<ApiVersion>>(&text).unwrap_err();
        assert!(fault.contains(expected), "{fault}\n{text}");
    }
}

#[test]
fn a_section_that_does_not_load_is_empty_and_tells() {
    let section = Section::<Limits>::with_text(Subject::Limits, "schema: 1");
    assert!(section.problem().is_none());
    assert!(section.entries().is_none() && section.header().is_none());
    let problem = section.problem().unwrap();
    assert_eq!(problem.id, Id::TG0019);
    let start = "`rules/azure/limits.yaml` does not load: ";
    assert!(problem.message.starts_with(start), "{problem:?}");
}

#[test]
fn limits_have_states() {
    for &limit in Limit::ALL {
        let fact = facts().limit(limit);
        assert!(fact.value < u64::MAX, "{limit:?}");
        assert!(
            (0.0..=1.0).contains(&fact.warn_at) && fact.warn_at > 0.0,
            "{limit:?}"
        );
        assert!(
            fact.disputed_up_to.is_none_or(|most| most > fact.value),
            "{limit:?}"
        );
        assert!(!fact.unit.is_empty() && !fact.scope.is_empty(), "{limit:?}");
    }
    let routes = facts().limit(Limit::RoutesPerRouteTable);
    for (count, state) in [
        (319, LimitState::Within),
        (320, LimitState::Near),
        (400, LimitState::Near),
        (401, LimitState::Disputed),
        (1000, LimitState::Disputed),
        (1001, LimitState::Exceeded),
    ] {
        assert_eq!(routes.state(count), state, "{count}");
    }
    let groups = facts().limit(Limit::FirewallRuleCollectionGroupsPerPolicy);
    assert_eq!(groups.state(50), LimitState::Within);
    assert_eq!(groups.state(51), LimitState::Near);
    let lowest = facts().limit(Limit::FirewallPriorityMinimum);
    assert_eq!(lowest.state(99), LimitState::Exceeded);
    assert_eq!(lowest.state(100), LimitState::Within);
    let highest = facts().limit(Limit::FirewallPriority);
    assert_eq!(highest.state(65000), LimitState::Within);
    assert_eq!(highest.state(65001), LimitState::Exceeded);
}

#[test]
fn limits_are_exactly_those_of_the_file() {
    // Loading refuses unknown, repeated and missing keys; this holds that it looks.
    let text = Subject::Limits.text();
    let written = Limit::ALL
        .iter()
        .filter(|limit| text.contains(&format!("\n  {}: {{", limit.key())));
    assert_eq!(written.count(), Limit::ALL.len());
    let without = text.replacen("\n  kubenet-nodes:", "\n  # kubenet-nodes:", 1);
    let fault = parse::<Limits>(&without).unwrap_err();
    assert!(
        fault.ends_with("limit `kubenet-nodes` is missing"),
        "{fault}"
    );
    let renamed = text.replacen("kubenet-nodes:", "kubenet-knots:", 1);
    let fault = parse::<Limits>(&renamed).unwrap_err();
    assert!(fault.contains("kubenet-knots"), "{fault}");
    let twice = text.replacen("kubenet-nodes:", "name-length-identity:", 1);
    let fault = parse::<Limits>(&twice).unwrap_err();
    assert!(fault.contains("duplicate"), "{fault}");
}

#[test]
fn default_rules_and_system_routes_are_typed() {
    let outbound: Vec<_> = facts().default_rules(RuleDirection::Outbound).collect();
    let priorities: Vec<u16> = outbound.iter().map(|rule| rule.priority).collect();
    assert_eq!(priorities, [65000, 65001, 65500]);
    let lowest_of_users = facts().limit(Limit::SecurityRulePriority).value;
    for direction in [RuleDirection::Inbound, RuleDirection::Outbound] {
        let mut rules = facts().default_rules(direction).peekable();
        assert!(rules.peek().is_some());
        assert!(rules.all(|rule| u64::from(rule.priority) > lowest_of_users));
        let last = facts().default_rules(direction).last().unwrap();
        assert_eq!(
            (&last.from, &last.to),
            (&DefaultRuleSide::Any, &DefaultRuleSide::Any)
        );
        assert_eq!(last.access, RuleAccess::Deny);
    }
    let tags = facts()
        .default_rules(RuleDirection::Outbound)
        .flat_map(|r| [&r.from, &r.to]);
    for side in tags {
        if let DefaultRuleSide::Tag(tag) = side {
            assert!(facts().service_tag(tag.as_str()).is_some(), "{tag}");
        }
    }

    let dropped: Vec<String> = facts()
        .system_routes()
        .iter()
        .filter(|route| route.dropped_by_default_route)
        .map(|route| match route.destination {
            SystemRouteDestination::Prefix(prefix) => prefix.to_string(),
            SystemRouteDestination::AddressSpace => String::new(),
        })
        .collect();
    assert_eq!(
        dropped,
        [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10"
        ]
    );
    let platform: Vec<String> = facts()
        .platform_addresses()
        .iter()
        .map(|address| address.prefix.to_string())
        .collect();
    assert_eq!(platform, ["168.63.129.16/32", "169.254.169.254/32"]);
    for tag in facts()
        .platform_addresses()
        .iter()
        .flat_map(|a| &a.nsg_tags)
    {
        assert!(facts().service_tag(tag).is_some(), "{tag}");
    }
}

#[test]
fn service_tags_are_found_with_and_without_region() {
    let found = |name: &'static str| {
        facts()
            .service_tag(name)
            .map(|m| (m.fact.name.as_str(), m.region))
    };
    assert_eq!(found("Sql"), Some(("Sql", None)));
    assert_eq!(found("sql.westeurope"), Some(("Sql", Some("westeurope"))));
    assert_eq!(
        found("AZURECLOUD.WestEurope"),
        Some(("AzureCloud", Some("WestEurope")))
    );
    assert_eq!(
        found("AzureMonitor.Core"),
        Some(("AzureMonitor.Core", None))
    );
    assert_eq!(
        found("AzureMonitor.westeurope"),
        Some(("AzureMonitor", Some("westeurope")))
    );
    assert_eq!(found("VirtualNetwork"), Some(("VirtualNetwork", None)));
    for unknown in [
        "VirtualNetwork.westeurope",
        "AzureDatabricks.westeurope",
        "Sql.",
        "Sqll",
        "",
        ".",
    ] {
        assert_eq!(found(unknown), None, "{unknown}");
    }
    let names: Vec<&str> = facts().service_tag_names().collect();
    assert!(names.len() > 100 && names.contains(&"Storage"));
}

#[test]
fn service_tags_tell_their_uses() {
    let listing = |name: &str, cloud, tag_use| {
        facts()
            .service_tag(name)
            .unwrap()
            .fact
            .listing(cloud, tag_use)
    };
    for (name, cloud, tag_use, expected) in [
        ("Sql", Cloud::Public, TagUse::FirewallRule, Listing::Listed),
        (
            "AzureCloud.westeurope",
            Cloud::Public,
            TagUse::FirewallRule,
            Listing::Listed,
        ),
        (
            "Storage",
            Cloud::China,
            TagUse::FirewallRule,
            Listing::NotListed,
        ),
        (
            "LogicApps",
            Cloud::China,
            TagUse::SecurityRule,
            Listing::Unstated,
        ),
        (
            "AzureDevOps",
            Cloud::China,
            TagUse::SecurityRule,
            Listing::NotListed,
        ),
        (
            "VirtualNetwork",
            Cloud::Public,
            TagUse::SecurityRule,
            Listing::Listed,
        ),
        (
            "VirtualNetwork",
            Cloud::Public,
            TagUse::FirewallRule,
            Listing::NotListed,
        ),
        ("Internet", Cloud::Public, TagUse::Route, Listing::NotListed),
    ] {
        assert_eq!(
            listing(name, cloud, tag_use),
            expected,
            "{name} {cloud} {tag_use:?}"
        );
    }
    let devops = facts().service_tag("AzureDevOps").unwrap().fact;
    assert!(devops.exists_in(Cloud::Public) && !devops.exists_in(Cloud::China));
    assert!(devops.is_regional_in(Cloud::Public) && !devops.is_regional_in(Cloud::China));
}

#[test]
fn fqdn_tags_are_found_in_any_spelling() {
    let found = |name: &str| facts().fqdn_tag(name).map(|tag| tag.name.as_str());
    assert_eq!(
        found("azurekubernetesservice"),
        Some("AzureKubernetesService")
    );
    assert_eq!(found("AzureHDInsight"), Some("HDInsight"));
    assert_eq!(found("HDInsight"), Some("HDInsight"));
    assert_eq!(found("Office365.Skype.Optimize"), Some("Office365"));
    for unknown in [
        "Office365",
        "Office365.",
        "Office366.Skype",
        "Kubernetes",
        "",
    ] {
        assert_eq!(found(unknown), None, "{unknown}");
    }
    assert!(facts().fqdn_tag_names().any(|name| name == "WindowsUpdate"));
}

#[test]
fn actions_match_as_azure_matches_them() {
    for (pattern, action, expected) in [
        ("*", "Microsoft.Network/routeTables/write", true),
        (
            "*/read",
            "Microsoft.Network/virtualNetworks/subnets/read",
            true,
        ),
        (
            "*/read",
            "Microsoft.Network/virtualNetworks/subnets/readAll",
            false,
        ),
        ("*/READ", "microsoft.network/routetables/read", true),
        (
            "Microsoft.Network/*",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            true,
        ),
        (
            "Microsoft.Network/*",
            "Microsoft.NetworkFunction/x/read",
            false,
        ),
        (
            "Microsoft.Network/*/read",
            "Microsoft.Network/a/b/c/read",
            true,
        ),
        ("Microsoft.Network/*/read", "Microsoft.Network/read", true),
        ("Microsoft.Network/*/read", "Microsoft.Network/xread", false),
        (
            "Microsoft.Network/routeTables/*",
            "Microsoft.Network/routeTables/routes/write",
            true,
        ),
        (
            "Microsoft.Network/routeTables/*",
            "Microsoft.Network/routeTables",
            false,
        ),
        (
            "Microsoft.Network/routeTables/read",
            "Microsoft.Network/routeTables/read",
            true,
        ),
        (
            "Microsoft.Network/routeTables/read",
            "Microsoft.Network/routeTables/reads",
            false,
        ),
        ("a/*/*/b", "a/b", false),
        ("a/*/*/b", "a/x/b", true),
        ("a*a*a", "aaa", true),
        ("a*a*a", "aa", false),
        ("", "", true),
        ("", "a", false),
        ("*", "", true),
    ] {
        assert_eq!(
            action_matches(pattern, action),
            expected,
            "{pattern} {action}"
        );
    }
    assert!(!action_matches(&"*a".repeat(500), &"a".repeat(499)));
}

#[test]
fn roles_grant_what_azure_says() {
    let join = "Microsoft.Network/virtualNetworks/subnets/join/action";
    let assign = "Microsoft.Authorization/roleAssignments/write";
    for (role, action, expected) in [
        ("Owner", assign, true),
        ("Contributor", assign, false),
        (
            "Contributor",
            "microsoft.authorization/roleassignments/DELETE",
            false,
        ),
        (
            "Contributor",
            "Microsoft.Authorization/roleAssignments/read",
            true,
        ),
        ("Contributor", join, true),
        ("Reader", join, false),
        ("Reader", "Microsoft.Network/routeTables/read", true),
        ("network contributor", join, true),
        ("Network Contributor", assign, false),
        ("4D97B98B-1D4F-4787-A291-C67834D212E7", join, true),
        ("Classic Network Contributor", join, false),
        (
            "DNS Zone Contributor",
            "Microsoft.Network/privateDnsZones/read",
            false,
        ),
        (
            "Private DNS Zone Contributor",
            "Microsoft.Network/privateDnsZones/A/write",
            true,
        ),
        ("User Access Administrator", assign, true),
        ("Role Based Access Control Administrator", assign, true),
        (
            "Managed Identity Operator",
            "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
            true,
        ),
        (
            "Managed Identity Operator",
            "Microsoft.ManagedIdentity/userAssignedIdentities/write",
            false,
        ),
    ] {
        let definition = facts().role(role).unwrap();
        assert_eq!(definition.grants(action), expected, "{role} {action}");
    }
    assert!(facts().role("Network Contributer").is_none());
    assert_eq!(facts().role_names().count(), 12);
}

#[test]
fn required_actions_are_granted_by_the_usual_roles() {
    let network = facts().role("Network Contributor").unwrap();
    for target in [
        ActionTarget::VirtualNetwork,
        ActionTarget::Subnet,
        ActionTarget::RouteTable,
        ActionTarget::NetworkSecurityGroup,
        ActionTarget::PrivateDnsZone,
    ] {
        let mut needs = facts().required_actions(Product::Aks, target).peekable();
        assert!(needs.peek().is_some(), "{target:?}");
        for needs in needs {
            let granted = needs.actions.iter().all(|action| network.grants(action));
            assert_eq!(granted, needs.need != ActionNeed::Contested, "{needs:?}");
            assert!(needs.actions.iter().all(|action| !action.contains('*')));
        }
    }
    for target in [
        ActionTarget::VirtualNetwork,
        ActionTarget::UserAssignedIdentity,
    ] {
        for needs in facts().required_actions(Product::HdinsightOnAks, target) {
            let role = facts().role(needs.role.as_deref().unwrap()).unwrap();
            assert!(
                needs.actions.iter().all(|action| role.grants(action)),
                "{needs:?}"
            );
        }
    }
}

#[test]
fn role_ids_are_guids_and_unique() {
    let mut ids: Vec<&str> = facts()
        .role_names()
        .map(|name| facts().role(name).unwrap().id.as_str())
        .collect();
    for id in &ids {
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert!(
            id.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit()),
            "{id}"
        );
    }
    ids.sort_unstable();
    assert!(ids.is_sorted_by(|a, b| a < b));
}

#[test]
fn subnets_are_found_by_name() {
    let firewall = facts().reserved_subnet("azurefirewallsubnet").unwrap();
    assert_eq!(firewall.name, "AzureFirewallSubnet");
    assert_eq!(firewall.longest_prefix, Some(26));
    assert_eq!(firewall.network_security_group, Attachment::Unsupported);
    let gateway = facts().reserved_subnet("GatewaySubnet").unwrap();
    assert_eq!(gateway.default_route, DefaultRouteRule::Unsupported);
    assert_eq!(gateway.nat_gateway, Attachment::Unsupported);
    assert_eq!(facts().reserved_subnet_names().count(), 5);
    assert!(
        facts()
            .delegated_subnet("microsoft.containerservice/managedclusters")
            .is_some()
    );
    assert_eq!(facts().reserved_addresses().total(), 5);
    assert_eq!(facts().reserved_ranges(Product::Aks).count(), 4);
}

#[test]
fn error_messages_are_filled() {
    for error in facts().errors.entries().unwrap().iter() {
        let values: Vec<(&str, &str)> = error.placeholders().map(|name| (name, "x")).collect();
        if let Some(message) = error.message(&values) {
            assert!(!message.contains(['{', '}', '<', '>']), "{message}");
            assert!(!message.is_empty());
        }
        assert!(
            error.http.is_none_or(|status| (400..600).contains(&status)),
            "{}",
            error.code
        );
    }
    let message =
        |code: &str, values: &[(&str, &str)]| facts().error(code).unwrap().message(values);
    assert_eq!(
        message("routetableinvalidnexthop", &[("next_hop", "Internet")]).as_deref(),
        Some(
            "Default route 0.0.0.0/0 has a next hop of Internet but only next hops of VirtualAppliance or \
             VirtualNetworkGateway are allowed. Please see http://aka.ms/aks/outboundtype"
        )
    );
    assert_eq!(
        message("RouteTableMissingDefaultRouteError", &[]).as_deref(),
        Some("Default route 0.0.0.0/0 missing from route table <route table>")
    );
    assert_eq!(
        message("OnlySupportedOnUserAssignedMSICluster", &[]).as_deref(),
        Some(
            "Updating network plugin/network plugin mode is only supported on user assigned MSI cluster"
        )
    );
    assert_eq!(message("UDRWithNodePublicIPNotAllowed", &[]), None);
    let old = facts().error("OutboundConnFailVMExtensionError").unwrap();
    assert_eq!(old.code, "VMExtensionError_OutboundConnFail");
    assert_eq!(
        facts().error_of_exit_code(51).unwrap().code,
        "VMExtensionError_K8SAPIServerConnFail"
    );
    assert!(facts().error("NoSuchCode").is_none());
}

#[test]
fn tiers_differ_in_features() {
    use FirewallFeature as Feature;
    use FirewallTier::{Basic, Premium, Standard};
    for (tier, feature, expected) in [
        (Basic, Feature::NetworkRules, true),
        (Basic, Feature::DnsProxy, false),
        (Basic, Feature::ThreatIntelligenceDeny, false),
        (Standard, Feature::NamesInNetworkRules, true),
        (Standard, Feature::TlsInspection, false),
        (Premium, Feature::TlsInspection, true),
    ] {
        assert_eq!(
            facts().sku_has(tier, feature),
            expected,
            "{tier:?} {feature:?}"
        );
    }
    assert_eq!(FirewallTier::from_name("premium"), Some(Premium));
    for tier in FirewallTier::ALL {
        let takes = &facts().tier(tier).unwrap().takes_policies;
        assert!(takes.contains(&tier));
    }
    assert_eq!(
        facts().tier(Basic).unwrap().management_interface,
        ManagementInterface::Always
    );
}

#[test]
fn api_versions_are_stable_dates() {
    for (resource_type, expected) in [
        ("microsoft.network/ROUTETABLES", Some("2025-09-01")),
        (
            "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
            Some("2024-06-01"),
        ),
        (
            "Microsoft.Authorization/roleAssignments",
            Some("2022-04-01"),
        ),
        ("Microsoft.Network/bogus", None),
    ] {
        assert_eq!(
            facts().api_version(resource_type),
            expected,
            "{resource_type}"
        );
    }
    for version in facts().api_versions.entries().unwrap().iter() {
        assert!(
            version.version.parse::<crate::base::Date>().is_ok(),
            "{version:?}"
        );
    }
}

#[test]
fn outbound_types_are_found_by_service() {
    let udr = facts()
        .outbound_type(Product::Aks, "userdefinedrouting")
        .unwrap();
    assert_eq!(udr.network, NetworkOwner::Own);
    assert!(udr.requires.contains(&OutboundRequirement::DefaultRoute));
    let names: Vec<&str> = facts()
        .outbound_types(Product::HdinsightOnAks)
        .map(|fact| fact.name.as_str())
        .collect();
    assert_eq!(names, ["loadBalancer", "userDefinedRouting"]);
    assert!(
        facts()
            .outbound_type(Product::HdinsightOnAks, "block")
            .is_none()
    );
}
