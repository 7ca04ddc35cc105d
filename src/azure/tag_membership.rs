//! Whether a service tag holds an address, with a service tag file or without one.
//!
//! Without a file, tags are symbols: what is known is what was stated about the address, and which tags lie in which.
//! What follows from neither is unknown, never a guess. Tags whose contents depend on the network around them
//! (`VirtualNetwork`, `Internet`, those of the platform) are unknown here; whoever knows the network decides them.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::ServiceTag;

use super::facts::{Facts, ServiceTagFact};
use super::service_tags::ServiceTags;

/// Whether a tag holds an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// That does not follow from what is known.
    Unknown,
}

/// An answer and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MembershipAnswer<'a> {
    /// The answer.
    pub membership: Membership,
    /// Why, as a sentence without full stop.
    pub reason: MembershipReason<'a>,
}

/// What an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MembershipReason<'a> {
    /// What the tag holds depends on the network around it.
    NotByAddress(&'a ServiceTag),
    /// The file lists this prefix of the tag.
    Listed(&'a ServiceTag, IpNet),
    /// The file has the tag, without the address.
    NotListed(&'a ServiceTag, IpAddr),
    /// The tag was stated.
    Stated(&'a ServiceTag),
    /// The first was stated and lies in the second.
    Inside(&'a ServiceTag, &'a ServiceTag),
    /// The first was stated and shares no address with the second, which is of another region.
    OtherRegion(&'a ServiceTag, &'a ServiceTag),
    /// The first was stated; that says nothing certain about the second.
    Open(&'a ServiceTag, &'a ServiceTag),
    /// The first was stated, and the second, which is of another service, was not.
    NotStated(&'a ServiceTag, &'a ServiceTag),
    /// No service has an address of this range.
    NoService(IpAddr, &'static str),
    /// Nothing was stated and no file tells.
    NothingKnown(&'a ServiceTag),
}

impl MembershipReason<'_> {
    /// Whether the answer holds only if what was stated about the address is complete.
    #[must_use]
    pub fn is_assumption(self) -> bool {
        matches!(self, Self::OtherRegion(..) | Self::NotStated(..))
    }
}

impl fmt::Display for MembershipReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotByAddress(tag) => {
                write!(f, "what `{tag}` holds depends on the network around it")
            }
            Self::Listed(tag, prefix) => {
                write!(f, "the service tag file lists {prefix} for `{tag}`")
            }
            Self::NotListed(tag, address) => {
                write!(
                    f,
                    "no prefix that the service tag file lists for `{tag}` covers {address}"
                )
            }
            Self::Stated(tag) => write!(f, "the address is stated to be of `{tag}`"),
            Self::Inside(stated, tag) => write!(
                f,
                "the address is stated to be of `{stated}`, which lies in `{tag}`"
            ),
            Self::OtherRegion(stated, tag) => write!(
                f,
                "assumed that an address of `{stated}` is not one of `{tag}`, which is of another region"
            ),
            Self::Open(stated, tag) => write!(
                f,
                "the address is stated to be of `{stated}`, and whether that one is of `{tag}` is not known without a \
                 service tag file"
            ),
            Self::NotStated(stated, tag) => write!(
                f,
                "assumed that `{tag}` does not hold the address, because it is stated to be of `{stated}` only"
            ),
            Self::NoService(address, range) => {
                write!(f, "{address} is {range}, which no Azure service has")
            }
            Self::NothingKnown(tag) => write!(
                f,
                "whether `{tag}` holds the address is not known without a service tag file"
            ),
        }
    }
}

/// Tags whose contents the network around them decides.
const BY_NETWORK: [&str; 6] = [
    "VirtualNetwork",
    "Internet",
    "AzureLoadBalancer",
    "AzurePlatformDNS",
    "AzurePlatformIMDS",
    "AzurePlatformLKM",
];

/// The tag of all public addresses of Azure's datacentres.
const AZURE_CLOUD: &str = "AzureCloud";

/// Whether a tag holds an address.
///
/// A file that has the tag decides alone. Otherwise `stated` decides: the tags that are known to hold the address,
/// taken to be complete. An address about which nothing is stated is in no tag when no service can have it.
#[must_use]
pub fn membership<'a>(
    tag: &'a ServiceTag,
    address: Option<IpAddr>,
    stated: &'a [ServiceTag],
    file: Option<&ServiceTags>,
    facts: &Facts,
) -> MembershipAnswer<'a> {
    let answer = |membership, reason| MembershipAnswer { membership, reason };
    if BY_NETWORK
        .iter()
        .any(|name| name.eq_ignore_ascii_case(tag.as_str()))
    {
        return answer(Membership::Unknown, MembershipReason::NotByAddress(tag));
    }
    if let (Some(address), Some(file)) = (address, file)
        && let Some(held) = file.holds(tag, address)
    {
        return match file.longest_prefix(tag, address) {
            Some(prefix) if held => answer(Membership::Yes, MembershipReason::Listed(tag, prefix)),
            _ => answer(Membership::No, MembershipReason::NotListed(tag, address)),
        };
    }
    if !stated.is_empty() {
        return by_statement(tag, address, stated, facts);
    }
    match address.and_then(|address| Some((address, range_without_services(address, facts)?))) {
        Some((address, range)) => {
            answer(Membership::No, MembershipReason::NoService(address, range))
        }
        None => answer(Membership::Unknown, MembershipReason::NothingKnown(tag)),
    }
}

/// What follows from the stated tags together: what one of them proves, or else what none of them leaves open.
fn by_statement<'a>(
    tag: &'a ServiceTag,
    address: Option<IpAddr>,
    stated: &'a [ServiceTag],
    facts: &Facts,
) -> MembershipAnswer<'a> {
    let asked = Name::of(tag, facts);
    // Where a service is stated, the datacentre it stands in leaves no other service open.
    let names_a_service = stated
        .iter()
        .any(|tag| !Name::of(tag, facts).is_azure_cloud());
    let answers = stated.iter().map(|stated_tag| {
        let stated_name = Name::of(stated_tag, facts);
        let relation = if stated_tag == tag {
            Relation::Same
        } else {
            relation(stated_name, asked, address, facts)
        };
        match relation {
            Relation::Open if stated_name.is_azure_cloud() && names_a_service => Relation::Other,
            relation => relation,
        }
        .answer(stated_tag, tag)
    });
    // `stated` is not empty, so there is always a strongest answer.
    let strongest = answers.min_by_key(|(relation, _)| *relation);
    strongest.map_or(
        MembershipAnswer {
            membership: Membership::Unknown,
            reason: MembershipReason::NothingKnown(tag),
        },
        |(_, answer)| answer,
    )
}

/// How a tag that holds an address stands to another one; the more telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Same,
    Inside,
    OtherRegion,
    Open,
    Other,
}

impl Relation {
    fn answer<'a>(
        self,
        stated: &'a ServiceTag,
        tag: &'a ServiceTag,
    ) -> (Self, MembershipAnswer<'a>) {
        let (membership, reason) = match self {
            Self::Same => (Membership::Yes, MembershipReason::Stated(stated)),
            Self::Inside => (Membership::Yes, MembershipReason::Inside(stated, tag)),
            Self::OtherRegion => (Membership::No, MembershipReason::OtherRegion(stated, tag)),
            Self::Open => (Membership::Unknown, MembershipReason::Open(stated, tag)),
            Self::Other => (Membership::No, MembershipReason::NotStated(stated, tag)),
        };
        (self, MembershipAnswer { membership, reason })
    }
}

fn relation(stated: Name<'_>, asked: Name<'_>, address: Option<IpAddr>, facts: &Facts) -> Relation {
    let same_region = |a: &str, b: &str| match facts.service_tag(AZURE_CLOUD) {
        Some(found) => found.fact.is_same_region(a, b),
        None => a.eq_ignore_ascii_case(b),
    };
    if stated.service.eq_ignore_ascii_case(asked.service) {
        return match (stated.region, asked.region) {
            (_, None) => Relation::Inside,
            (None, Some(_)) => Relation::Open,
            (Some(a), Some(b)) if a.eq_ignore_ascii_case(b) => Relation::Inside,
            // Another spelling of the region, or its staging part, which has a tag of its own.
            (Some(a), Some(b)) if same_region(a, b) => Relation::Open,
            (Some(_), Some(_)) => Relation::OtherRegion,
        };
    }
    if asked.is_azure_cloud() {
        return match (stated.region, asked.region) {
            (Some(_), _) if !stated.is_in_azure_cloud(address) => Relation::Open,
            (Some(_), None) => Relation::Inside,
            (Some(a), Some(b)) if same_region(a, b) => Relation::Inside,
            (Some(_), Some(_)) => Relation::OtherRegion,
            (None, _) => Relation::Open,
        };
    }
    if stated.is_azure_cloud() {
        return match (stated.region, asked.region) {
            (Some(a), Some(b)) if !same_region(a, b) && asked.is_in_azure_cloud(address) => {
                Relation::OtherRegion
            }
            _ => Relation::Open,
        };
    }
    if !stated.family().eq_ignore_ascii_case(asked.family()) {
        return Relation::Other;
    }
    // `AzureMonitor.Core` is a part of `AzureMonitor` that has no region.
    if asked.fact.is_some() && stated.fact.is_some() && asked.is(asked.family()) {
        Relation::Inside
    } else {
        Relation::Open
    }
}

/// The name of a tag in its parts.
#[derive(Debug, Clone, Copy)]
struct Name<'a> {
    service: &'a str,
    region: Option<&'a str>,
    fact: Option<&'a ServiceTagFact>,
}

impl<'a> Name<'a> {
    fn of(tag: &'a ServiceTag, facts: &'a Facts) -> Self {
        match facts.service_tag(tag.as_str()) {
            Some(found) => Self {
                service: &found.fact.name,
                region: found.region,
                fact: Some(found.fact),
            },
            None => Self {
                service: tag.as_str(),
                region: None,
                fact: None,
            },
        }
    }

    /// Whether this is the tag of that name, without a region.
    fn is(self, name: &str) -> bool {
        self.region.is_none() && self.service.eq_ignore_ascii_case(name)
    }

    fn is_azure_cloud(self) -> bool {
        self.service.eq_ignore_ascii_case(AZURE_CLOUD)
    }

    fn is_in_azure_cloud(self, address: Option<IpAddr>) -> bool {
        self.fact
            .is_some_and(|fact| fact.is_in_azure_cloud(address))
    }

    /// What tags of one service begin with.
    fn family(self) -> &'a str {
        self.service
            .split_once('.')
            .map_or(self.service, |(family, _)| family)
    }
}

/// What an address is, when no service can have it as a public address.
fn range_without_services(address: IpAddr, facts: &Facts) -> Option<&'static str> {
    let address = address.to_canonical();
    let platform = |platform: &super::facts::PlatformAddress| platform.prefix.contains(&address);
    if facts.platform_addresses().iter().any(platform) {
        return Some("an address of the Azure host");
    }
    if facts.private_ranges().any(|range| range.contains(&address)) {
        return Some("a private address");
    }
    if address.is_loopback() {
        return Some("a loopback address");
    }
    if address.is_multicast() {
        return Some("a multicast address");
    }
    match address {
        IpAddr::V4(v4) if v4.is_link_local() => Some("a link-local address"),
        // RFC 5737.
        IpAddr::V4(v4) if v4.is_documentation() => Some("an address for documentation"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("a link-local address"),
        IpAddr::V6(v6) if v6.is_unique_local() => Some("a private address"),
        // RFC 3849.
        IpAddr::V6(v6) if matches!(v6.segments(), [0x2001, 0xdb8, ..]) => {
            Some("an address for documentation")
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use Membership::{No, Unknown, Yes};

    fn ask(tag: &str, address: &str, stated: &[&str]) -> (Membership, String) {
        let tag = ServiceTag::new(tag);
        let stated: Vec<ServiceTag> = stated.iter().map(|name| ServiceTag::new(*name)).collect();
        let address = address.parse().ok();
        let answer = membership(&tag, address, &stated, None, Facts::builtin());
        (answer.membership, answer.reason.to_string())
    }

    #[track_caller]
    fn check(stated: &[&str], expected: &[(&str, Membership)]) {
        for (tag, membership) in expected {
            let (found, reason) = ask(tag, "20.50.1.7", stated);
            assert_eq!(found, *membership, "{stated:?} {tag}: {reason}");
        }
    }

    #[test]
    fn a_regional_tag_lies_in_its_service_and_its_datacentre() {
        check(
            &["Storage.WestEurope"],
            &[
                ("storage.westeurope", Yes),
                ("Storage", Yes),
                ("AzureCloud.WestEurope", Yes),
                ("AzureCloud", Yes),
                ("Storage.EastUS", No),
                ("AzureCloud.EastUS", No),
                ("Sql", No),
                ("Sql.WestEurope", No),
                ("AzureFrontDoor.Frontend", No),
            ],
        );
    }

    #[test]
    fn regions_have_several_spellings() {
        check(
            &["Storage.FranceCentral"],
            &[
                ("AzureCloud.centralfrance", Yes),
                ("Storage.centralfrance", Unknown),
                ("AzureCloud.southfrance", No),
            ],
        );
    }

    #[test]
    fn a_tag_without_region_says_nothing_about_regions() {
        check(
            &["Storage"],
            &[
                ("Storage", Yes),
                ("Storage.WestEurope", Unknown),
                ("AzureCloud", Unknown),
                ("AzureCloud.westeurope", Unknown),
                ("Sql.WestEurope", No),
            ],
        );
    }

    #[test]
    fn a_datacentre_leaves_open_which_service_it_is() {
        check(
            &["AzureCloud.westeurope"],
            &[
                ("AzureCloud", Yes),
                ("AzureCloud.northeurope", No),
                ("Storage.WestEurope", Unknown),
                ("Storage", Unknown),
                ("Storage.NorthEurope", No),
                ("ActionGroup.NorthEurope", Unknown),
            ],
        );
        check(
            &["AzureCloud.westeurope", "Storage"],
            &[
                ("Sql.WestEurope", No),
                ("Storage.WestEurope", Unknown),
                ("Storage.NorthEurope", No),
            ],
        );
    }

    #[test]
    fn services_that_leave_the_datacentres_stay_open() {
        check(
            &["DataFactory.WestUS3"],
            &[("AzureCloud.westus3", Unknown), ("AzureCloud", Unknown)],
        );
        check(&["AzureMonitor.EastUS"], &[("AzureCloud.eastus", Yes)]);
        assert_eq!(
            ask(
                "AzureCloud.eastus",
                "2603:1030::1",
                &["AzureMonitor.EastUS"]
            )
            .0,
            Unknown
        );
        assert_eq!(
            ask("AzureCloud.eastus", "", &["AzureMonitor.EastUS"]).0,
            Unknown
        );
    }

    #[test]
    fn parts_of_a_service_without_region() {
        check(
            &["AzureMonitor.Core"],
            &[
                ("AzureMonitor", Yes),
                ("AzureMonitor.WestEurope", Unknown),
                ("AzureCloud", Unknown),
            ],
        );
        check(
            &["AzureMonitor.WestEurope"],
            &[("AzureMonitor.Core", Unknown)],
        );
        check(
            &["AzureFrontDoor.Frontend"],
            &[
                ("AzureFrontDoor.Backend", Unknown),
                ("AzureFrontDoor", Unknown),
            ],
        );
    }

    #[test]
    fn a_tag_nobody_knows_is_compared_by_name() {
        check(
            &["Novelty.WestEurope"],
            &[
                ("novelty.westeurope", Yes),
                ("Novelty", Unknown),
                ("Novelty.EastUS", Unknown),
                ("Storage", No),
            ],
        );
    }

    #[test]
    fn no_service_has_addresses_that_are_not_public() {
        for address in [
            "192.0.2.1",
            "198.51.100.77",
            "203.0.113.200",
            "2001:db8::1",
            "10.1.0.5",
            "172.16.3.4",
            "192.168.1.1",
            "100.64.0.1",
            "fd00::1",
            "127.0.0.1",
            "::1",
            "169.254.10.1",
            "fe80::1",
            "224.0.0.5",
            "ff02::1",
            "168.63.129.16",
            "::ffff:10.0.0.1",
        ] {
            let (found, reason) = ask("AzureCloud", address, &[]);
            assert_eq!(found, No, "{address}: {reason}");
        }
        for address in ["20.50.1.7", "8.8.8.8", "2603:1020::1", ""] {
            assert_eq!(ask("AzureCloud", address, &[]).0, Unknown, "{address}");
        }
    }

    #[test]
    fn what_is_stated_counts_before_what_an_address_looks_like() {
        assert_eq!(
            ask("Storage", "203.0.113.7", &["Storage.WestEurope"]).0,
            Yes
        );
    }

    #[test]
    fn tags_of_the_network_are_not_decided() {
        for tag in BY_NETWORK {
            assert_eq!(ask(tag, "10.0.0.1", &[tag]).0, Unknown);
        }
    }

    #[test]
    fn a_file_decides_alone_about_the_tags_it_has() {
        let file = ServiceTags::parse(
            r#"{"changeNumber": 1, "cloud": "Public", "values": [{"name": "Storage.WestEurope",
                "properties": {"addressPrefixes": ["52.239.140.0/22"]}}]}"#,
        )
        .unwrap();
        let stated = [ServiceTag::new("Storage.WestEurope")];
        let ask = |tag: &str, address: &str| {
            let (tag, address) = (ServiceTag::new(tag), address.parse().ok());
            let answer = membership(&tag, address, &stated, Some(&file), Facts::builtin());
            (answer.membership, answer.reason.to_string())
        };
        let listed = "the service tag file lists 52.239.140.0/22 for `storage.westeurope`";
        assert_eq!(
            ask("storage.westeurope", "52.239.140.10"),
            (Yes, listed.to_owned())
        );
        let not_listed =
            "no prefix that the service tag file lists for `Storage.WestEurope` covers 20.50.1.7";
        assert_eq!(
            ask("Storage.WestEurope", "20.50.1.7"),
            (No, not_listed.to_owned())
        );
        let inside = "the address is stated to be of `Storage.WestEurope`, which lies in `Storage`";
        assert_eq!(ask("Storage", "20.50.1.7"), (Yes, inside.to_owned()));
        assert_eq!(ask("Storage.WestEurope", "").0, Yes);
    }

    #[test]
    fn only_what_rests_on_the_statement_being_complete_is_an_assumption() {
        let stated = [ServiceTag::new("Storage.WestEurope")];
        let is_assumption = |tag: &str| {
            let tag = ServiceTag::new(tag);
            let answer = membership(&tag, None, &stated, None, Facts::builtin());
            answer.reason.is_assumption()
        };
        assert!(is_assumption("Sql"));
        assert!(is_assumption("Storage.EastUS"));
        assert!(!is_assumption("Storage"));
        assert!(!is_assumption("VirtualNetwork"));
    }
}
