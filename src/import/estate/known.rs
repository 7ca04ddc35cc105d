//! Properties that are read, and those that have no effect on what goes out. Any other is counted, so that the
//! report can say what was not looked at.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::import::Data;

use super::entity::{Entities, body};

/// A type and its properties.
struct Known {
    kind: &'static str,
    /// Those that the builder reads.
    read: &'static [&'static str],
    /// Those without effect on what goes out.
    without_effect: &'static [&'static str],
}

/// Properties of any resource without effect on what goes out.
const EVERYWHERE: [&str; 7] = [
    "provisioningState",
    "resourceGuid",
    "location",
    "tags",
    "etag",
    "id",
    "name",
];

/// Types of which the estate keeps something. Names of properties are those of Azure/bicep-types-az,
/// generated/network/microsoft.network.
const KINDS: [Known; 38] = [
    Known {
        kind: "microsoft.network/virtualnetworks",
        read: &[
            "addressSpace",
            "subnets",
            "dhcpOptions",
            "virtualNetworkPeerings",
        ],
        without_effect: &[
            "enableDdosProtection",
            "ddosProtectionPlan",
            "enableVmProtection",
            "flowTimeoutInMinutes",
            "bgpCommunities",
            "ipAllocations",
            "flowLogs",
            "privateEndpointVNetPolicies",
        ],
    },
    Known {
        kind: "microsoft.network/virtualnetworks/subnets",
        read: &[
            "addressPrefix",
            "addressPrefixes",
            "routeTable",
            "networkSecurityGroup",
            "natGateway",
            "serviceEndpoints",
            "serviceEndpointPolicies",
            "delegations",
            "privateEndpointNetworkPolicies",
            "defaultOutboundAccess",
        ],
        without_effect: &[
            "privateLinkServiceNetworkPolicies",
            "ipConfigurations",
            "ipConfigurationProfiles",
            "privateEndpoints",
            "purpose",
            "resourceNavigationLinks",
            "serviceAssociationLinks",
            "applicationGatewayIPConfigurations",
            "ipAllocations",
            "sharingScope",
        ],
    },
    Known {
        kind: "microsoft.network/virtualnetworks/virtualnetworkpeerings",
        read: &[
            "remoteVirtualNetwork",
            "allowVirtualNetworkAccess",
            "allowForwardedTraffic",
            "allowGatewayTransit",
            "useRemoteGateways",
            "peeringState",
        ],
        without_effect: &[
            "remoteAddressSpace",
            "remoteVirtualNetworkAddressSpace",
            "localAddressSpace",
            "localVirtualNetworkAddressSpace",
            "peeringSyncLevel",
            "remoteBgpCommunities",
            "remoteGateways",
            "doNotVerifyRemoteGateways",
            "remoteVirtualNetworkEncryption",
        ],
    },
    Known {
        kind: "microsoft.network/routetables",
        read: &["disableBgpRoutePropagation", "routes"],
        without_effect: &["subnets"],
    },
    Known {
        kind: "microsoft.network/routetables/routes",
        read: &[
            "addressPrefix",
            "nextHopType",
            "nextHopIpAddress",
            "nextHop",
        ],
        without_effect: &["hasBgpOverride"],
    },
    Known {
        kind: "microsoft.network/networksecuritygroups",
        read: &["securityRules"],
        without_effect: &[
            "defaultSecurityRules",
            "subnets",
            "networkInterfaces",
            "flowLogs",
            "flushConnection",
        ],
    },
    Known {
        kind: "microsoft.network/networksecuritygroups/securityrules",
        read: &[
            "priority",
            "direction",
            "access",
            "protocol",
            "description",
            "sourceAddressPrefix",
            "sourceAddressPrefixes",
            "sourceApplicationSecurityGroups",
            "sourcePortRange",
            "sourcePortRanges",
            "destinationAddressPrefix",
            "destinationAddressPrefixes",
            "destinationApplicationSecurityGroups",
            "destinationPortRange",
            "destinationPortRanges",
        ],
        without_effect: &[],
    },
    Known {
        kind: "microsoft.network/applicationsecuritygroups",
        read: &[],
        without_effect: &[],
    },
    Known {
        kind: "microsoft.network/azurefirewalls",
        read: &[
            "sku",
            "firewallPolicy",
            "virtualHub",
            "hubIPAddresses",
            "ipConfigurations",
            "managementIpConfiguration",
            "threatIntelMode",
            "additionalProperties",
            "natRuleCollections",
            "networkRuleCollections",
            "applicationRuleCollections",
        ],
        without_effect: &["ipGroups", "autoscaleConfiguration"],
    },
    Known {
        kind: "microsoft.network/firewallpolicies",
        read: &[
            "sku",
            "basePolicy",
            "dnsSettings",
            "snat",
            "threatIntelMode",
            "threatIntelWhitelist",
            "ruleCollectionGroups",
            "ruleGroups",
        ],
        without_effect: &["firewalls", "childPolicies", "insights", "size"],
    },
    Known {
        kind: "microsoft.network/firewallpolicies/rulecollectiongroups",
        read: &["priority", "ruleCollections"],
        without_effect: &["size"],
    },
    Known {
        kind: "microsoft.network/firewallpolicies/rulegroups",
        read: &["priority", "rules"],
        without_effect: &[],
    },
    Known {
        kind: "microsoft.network/ipgroups",
        read: &["ipAddresses"],
        without_effect: &["firewalls", "firewallPolicies"],
    },
    Known {
        kind: "microsoft.network/publicipaddresses",
        read: &["ipAddress"],
        without_effect: &[
            "publicIPAllocationMethod",
            "publicIPAddressVersion",
            "dnsSettings",
            "ddosSettings",
            "ipConfiguration",
            "ipTags",
            "idleTimeoutInMinutes",
            "publicIPPrefix",
            "natGateway",
            "deleteOption",
            "migrationPhase",
        ],
    },
    Known {
        kind: "microsoft.network/publicipprefixes",
        read: &["ipPrefix"],
        without_effect: &[
            "prefixLength",
            "publicIPAddressVersion",
            "publicIPAddresses",
            "ipTags",
            "natGateway",
        ],
    },
    Known {
        kind: "microsoft.network/natgateways",
        read: &[
            "publicIpAddresses",
            "publicIpAddressesV6",
            "publicIpPrefixes",
            "publicIpPrefixesV6",
            "idleTimeoutInMinutes",
        ],
        without_effect: &["subnets"],
    },
    Known {
        kind: "microsoft.network/loadbalancers",
        read: &[
            "frontendIPConfigurations",
            "backendAddressPools",
            "loadBalancingRules",
            "outboundRules",
            "inboundNatRules",
            "inboundNatPools",
        ],
        without_effect: &["probes"],
    },
    Known {
        kind: "microsoft.network/loadbalancers/backendaddresspools",
        read: &["backendIPConfigurations", "loadBalancerBackendAddresses"],
        without_effect: &["loadBalancingRules", "outboundRules", "outboundRule"],
    },
    Known {
        kind: "microsoft.network/virtualnetworkgateways",
        read: &["gatewayType", "ipConfigurations"],
        without_effect: &[
            "sku",
            "vpnType",
            "vpnGatewayGeneration",
            "activeActive",
            "vpnClientConfiguration",
        ],
    },
    Known {
        kind: "microsoft.network/networkinterfaces",
        read: &[
            "enableIPForwarding",
            "ipConfigurations",
            "networkSecurityGroup",
        ],
        without_effect: &[
            "enableAcceleratedNetworking",
            "virtualMachine",
            "macAddress",
            "primary",
            "nicType",
            "hostedWorkloads",
            "tapConfigurations",
            "vnetEncryptionSupported",
            "allowPort25Out",
            "auxiliaryMode",
            "auxiliarySku",
            "disableTcpStateTracking",
            "privateEndpoint",
        ],
    },
    Known {
        kind: "microsoft.network/privateendpoints",
        read: &[
            "subnet",
            "customDnsConfigs",
            "ipConfigurations",
            "networkInterfaces",
            "privateLinkServiceConnections",
            "manualPrivateLinkServiceConnections",
            "privateDnsZoneGroups",
        ],
        without_effect: &["customNetworkInterfaceName"],
    },
    Known {
        kind: "microsoft.network/privateendpoints/privatednszonegroups",
        read: &["privateDnsZoneConfigs"],
        without_effect: &[],
    },
    Known {
        kind: "microsoft.network/privatednszones",
        read: &["virtualNetworkLinks"],
        without_effect: &[
            "maxNumberOfRecordSets",
            "numberOfRecordSets",
            "maxNumberOfVirtualNetworkLinks",
            "numberOfVirtualNetworkLinks",
            "maxNumberOfVirtualNetworkLinksWithRegistration",
            "numberOfVirtualNetworkLinksWithRegistration",
            "internalId",
        ],
    },
    Known {
        kind: "microsoft.network/privatednszones/virtualnetworklinks",
        read: &["virtualNetwork", "registrationEnabled", "resolutionPolicy"],
        without_effect: &["virtualNetworkLinkState"],
    },
    Known {
        kind: "microsoft.network/privatednszones/a",
        read: &["aRecords"],
        without_effect: &["ttl", "metadata", "fqdn", "isAutoRegistered"],
    },
    Known {
        kind: "microsoft.network/privatednszones/aaaa",
        read: &["aaaaRecords"],
        without_effect: &["ttl", "metadata", "fqdn", "isAutoRegistered"],
    },
    Known {
        kind: "microsoft.network/privatednszones/soa",
        read: &[],
        without_effect: &["ttl", "metadata", "fqdn", "isAutoRegistered", "soaRecord"],
    },
    Known {
        kind: "microsoft.network/privatednszones/cname",
        read: &["cnameRecord"],
        without_effect: &["ttl", "metadata", "fqdn", "isAutoRegistered"],
    },
    Known {
        kind: "microsoft.network/dnsresolvers",
        read: &["virtualNetwork"],
        without_effect: &["dnsResolverState"],
    },
    Known {
        kind: "microsoft.network/dnsresolvers/inboundendpoints",
        read: &["ipConfigurations"],
        without_effect: &[],
    },
    Known {
        kind: "microsoft.network/dnsforwardingrulesets",
        read: &[],
        without_effect: &["dnsResolverOutboundEndpoints"],
    },
    Known {
        kind: "microsoft.network/dnsforwardingrulesets/virtualnetworklinks",
        read: &["virtualNetwork"],
        without_effect: &["metadata"],
    },
    Known {
        kind: "microsoft.network/dnsforwardingrulesets/forwardingrules",
        read: &["domainName", "targetDnsServers", "forwardingRuleState"],
        without_effect: &["metadata"],
    },
    Known {
        kind: "microsoft.network/virtualhubs",
        read: &[
            "virtualNetworkConnections",
            "hubVirtualNetworkConnections",
            "azureFirewall",
            "routeTable",
            "addressPrefix",
            "virtualWan",
        ],
        without_effect: &[
            "sku",
            "routingState",
            "virtualRouterAsn",
            "virtualRouterIps",
            "virtualRouterAutoScaleConfiguration",
        ],
    },
    Known {
        kind: "microsoft.network/virtualhubs/hubvirtualnetworkconnections",
        read: &["remoteVirtualNetwork", "enableInternetSecurity"],
        without_effect: &[
            "allowHubToRemoteVnetTransit",
            "allowRemoteVnetToUseHubVnetGateways",
        ],
    },
    Known {
        kind: "microsoft.network/virtualhubs/hubroutetables",
        read: &["routes"],
        without_effect: &["labels", "associatedConnections", "propagatingConnections"],
    },
    Known {
        kind: "microsoft.network/virtualhubs/routingintent",
        read: &["routingPolicies"],
        without_effect: &[],
    },
    Known {
        kind: "microsoft.network/virtualwans",
        read: &[],
        without_effect: &[
            "type",
            "disableVpnEncryption",
            "allowBranchToBranchTraffic",
            "allowVnetToVnetTraffic",
            "office365LocalBreakoutCategory",
        ],
    },
];

/// Types of which few properties matter: the interfaces of machines, what endpoint policies allow, how clusters are
/// connected, who has which role.
const READ_IN_PART: [&str; 23] = [
    "microsoft.authorization/denyassignments",
    "microsoft.storage/storageaccounts",
    "microsoft.containerregistry/registries",
    "microsoft.keyvault/vaults",
    "microsoft.sql/servers",
    "microsoft.sql/servers/firewallrules",
    "microsoft.sql/servers/virtualnetworkrules",
    "microsoft.eventhub/namespaces",
    "microsoft.eventhub/namespaces/networkrulesets",
    "microsoft.operationalinsights/workspaces",
    "microsoft.storage/storageaccounts/blobservices",
    "microsoft.storage/storageaccounts/blobservices/containers",
    "microsoft.hdinsight/clusterpools",
    "microsoft.hdinsight/clusters",
    "microsoft.authorization/roleassignments",
    "microsoft.authorization/roledefinitions",
    "microsoft.managedidentity/userassignedidentities",
    "microsoft.containerservice/managedclusters",
    "microsoft.containerservice/managedclusters/agentpools",
    "microsoft.compute/virtualmachines",
    "microsoft.compute/virtualmachinescalesets",
    "microsoft.network/serviceendpointpolicies",
    "microsoft.network/serviceendpointpolicies/serviceendpointpolicydefinitions",
];

/// The properties of a type that the builder reads, where they are all known.
pub(super) fn read_by(kind: &str) -> &'static [&'static str] {
    let known = KINDS.iter().find(|known| known.kind == kind);
    known.map_or(&[], |known| known.read)
}

type Unread = BTreeMap<(SmolStr, SmolStr), usize>;

/// How often each property was met that nothing is known of, and each type of network resource without element.
pub(super) fn survey(entities: &Entities<'_>) -> (Unread, BTreeMap<SmolStr, usize>) {
    let (mut unread, mut without_element) = (Unread::new(), BTreeMap::new());
    for (_, entity) in entities.iter() {
        let Some(known) = KINDS.iter().find(|known| entity.id.is(known.kind)) else {
            if !READ_IN_PART.iter().any(|kind| entity.id.is(kind)) {
                *without_element.entry(entity.id.kind.clone()).or_default() += 1;
            }
            continue;
        };
        for statement in &entity.statements {
            if statement.whole.get("properties").is_none() {
                continue;
            }
            let Data::Object(object) = &body(statement.whole).data else {
                continue;
            };
            for member in &object.members {
                let is = |name: &&str| member.key.eq_ignore_ascii_case(name);
                let lists = [known.read, known.without_effect, &EVERYWHERE];
                if !lists.iter().any(|list| list.iter().any(is)) {
                    let key = (entity.id.kind.clone(), member.key.clone());
                    *unread.entry(key).or_default() += 1;
                }
            }
        }
    }
    (unread, without_element)
}
