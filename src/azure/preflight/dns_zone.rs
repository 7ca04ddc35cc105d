//! The private DNS zone of a private cluster
//! (MicrosoftDocs/azure-aks-docs, articles/aks/private-clusters.md; MicrosoftDocs/SupportArticles-docs, error codes
//! customprivatednszonemissingpermissions and createorupdatevirtualnetworklinkfailed).

use std::collections::BTreeSet;

use crate::estate::{Id, Identity, PoolIdentity, PrivateDnsZone, PrivateZone, Ref, Region};
use crate::net::Fqdn;

use super::super::cause::Cause;
use super::super::facts::{
    ActionNeed, ActionTarget, ApiServerAccess, ClusterZone, Limit, LimitState, Product,
};
use super::super::gaps::is_part;
use super::super::rbac::Target;
use super::Refusal;
use super::inspection::Inspection;
use super::permissions::{lacking, refusal};

pub(super) fn check(inspection: &mut Inspection<'_>) {
    if inspection.pool.private_cluster.is_none() {
        return;
    }
    let Some(setting) = inspection.pool.api_server.private_zone.clone() else {
        return;
    };
    match setting.value {
        PrivateZone::System => link_rights(inspection),
        PrivateZone::None => {
            let public = inspection.pool.api_server.public_name;
            if public.is_some_and(|public| !public.value) {
                let element = inspection.of_pool("private DNS zone setting", setting.span.into());
                let text = "keeps no private zone, and the public name is off: nobody would find the API server";
                let refusal = Refusal::new(Cause::PrivateZoneUnresolvable, element, text);
                let code = "NonePrivateDNSZonePublicFQDNDisabledError";
                inspection.refuse(refusal.answered(inspection.facts, code, &[]));
            }
        }
        PrivateZone::Own(zone) => own(inspection, &zone),
    }
}

fn own(inspection: &mut Inspection<'_>, zone: &Ref<PrivateDnsZone>) {
    let facts = inspection.facts;
    if inspection.is_system_assigned() {
        let text = format!(
            "a system-assigned identity cannot be given rights on private DNS zone `{}` before the cluster exists",
            zone.name
        );
        let refusal = Refusal::new(Cause::UnsupportedIdentity, inspection.identity(), text);
        let code = "SystemAssignedIdentityNotSupportedForCustomPrivateDNSZone";
        inspection.refuse(refusal.answered(facts, code, &[]));
    }
    let Some(id) = zone.id else {
        if is_part(inspection.estate) {
            inspection.assume(format!(
                "private DNS zone `{}` is not described; it is taken to be there",
                zone.name
            ));
            return;
        }
        let element = inspection.of_pool("private DNS zone", zone.origin);
        let text = format!("there is no private DNS zone `{}`", zone.name);
        let refusal = Refusal::new(Cause::PrivateZoneUnresolvable, element, text);
        inspection.refuse(refusal.answered(facts, "PrivateDNSZoneResourceNotFoundError", &[]));
        return;
    };
    name(inspection, id);
    rights(inspection, id);
    links(inspection, id);
    link_rights(inspection);
}

/// Linking the zone takes the right to join the network. The provider does not look at it beforehand.
fn link_rights(inspection: &mut Inspection<'_>) {
    let Some(identity) = known_identity(inspection) else {
        return;
    };
    let (estate, facts) = (inspection.estate, inspection.facts);
    let needs = facts.required_actions(Product::Aks, ActionTarget::VirtualNetwork);
    let actions: Vec<&str> = needs
        .filter(|needs| needs.need == ActionNeed::Linked)
        .flat_map(|needs| needs.actions.iter().map(String::as_str))
        .collect();
    let vnets: BTreeSet<_> = inspection
        .node_subnets()
        .map(|subnet| estate.subnets[subnet].vnet)
        .collect();
    for vnet in vnets {
        let target = Target::Vnet(vnet);
        let lack = lacking(inspection, identity, &target, &actions);
        let warning = refusal(
            inspection,
            Cause::MissingPermission,
            identity,
            &target,
            &lack,
        );
        if let Some(warning) = warning {
            inspection.warn(warning);
        }
    }
}

/// The identity made beforehand, where it is described.
fn known_identity(inspection: &Inspection<'_>) -> Option<Id<Identity>> {
    match &inspection.pool.identity {
        Some(PoolIdentity::UserAssigned(identity)) => identity.id,
        Some(PoolIdentity::SystemAssigned(_)) | None => None,
    }
}

/// The provider takes a zone of a few names only, which hold the region.
fn name(inspection: &mut Inspection<'_>, id: Id<PrivateDnsZone>) {
    let estate = inspection.estate;
    let domain = &estate.dns_zones[id].domain;
    let integrated = inspection.pool.api_server.subnet.is_some();
    let forms: Vec<&ClusterZone> = inspection
        .facts
        .cluster_zones(estate.cloud)
        .filter(|form| integrated || form.api_server == ApiServerAccess::PrivateEndpoint)
        .collect();
    if forms.is_empty() {
        let text = format!(
            "`{domain}` is a name that the provider takes for the zone; which it takes in this cloud is not known"
        );
        inspection.assume(text);
        return;
    }
    let region = match &estate.region {
        Region::Named(region) => Some(region.as_str()),
        Region::OfResourceGroup | Region::Parameter(_) => {
            inspection.assume(format!(
                "the region in the name of private DNS zone `{domain}` is that of the cluster"
            ));
            None
        }
    };
    let limit = inspection.facts.limit(Limit::NameLengthAksPrivateSubzone);
    let fits = |length: usize| {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        limit.state(length) != LimitState::Exceeded
    };
    if forms
        .iter()
        .any(|form| has_form(domain, form, region, fits))
    {
        return;
    }
    let wanted: Vec<String> = forms
        .iter()
        .map(|form| {
            format!(
                "`{}.{}.{}`",
                form.label,
                region.unwrap_or("REGION"),
                form.suffix
            )
        })
        .collect();
    let text = format!(
        "is named `{domain}`; the zone of the API server has to be {}, or have one label more in front",
        wanted.join(" or ")
    );
    let refusal = Refusal::new(Cause::PrivateZoneUnresolvable, inspection.zone(id), text);
    inspection.refuse(refusal.answered(inspection.facts, "InvalidPrivateDNSZoneResourceID", &[]));
}

/// Whether a domain is `LABEL.REGION.SUFFIX` or has one more label in front.
fn has_form(
    domain: &Fqdn,
    form: &ClusterZone,
    region: Option<&str>,
    fits: impl Fn(usize) -> bool,
) -> bool {
    let rest = domain.as_str().strip_suffix(&form.suffix);
    let Some(rest) = rest.and_then(|rest| rest.strip_suffix('.')) else {
        return false;
    };
    let labels: Vec<&str> = rest.split('.').collect();
    let (front, label, place) = match labels.as_slice() {
        [label, place] => (None, *label, *place),
        [front, label, place] => (Some(*front), *label, *place),
        _ => return false,
    };
    label.eq_ignore_ascii_case(&form.label)
        && region.is_none_or(|region| region.eq_ignore_ascii_case(place))
        && front.is_none_or(|front| fits(front.len()))
}

fn rights(inspection: &mut Inspection<'_>, id: Id<PrivateDnsZone>) {
    let Some(identity) = known_identity(inspection) else {
        return;
    };
    let facts = inspection.facts;
    let needs = facts.required_actions(Product::Aks, ActionTarget::PrivateDnsZone);
    let actions: Vec<&str> = needs
        .filter(|needs| needs.need == ActionNeed::Always)
        .flat_map(|needs| needs.actions.iter().map(String::as_str))
        .collect();
    let target = Target::DnsZone(id);
    let lack = lacking(inspection, identity, &target, &actions);
    let refusal = refusal(
        inspection,
        Cause::DnsZonePermission,
        identity,
        &target,
        &lack,
    );
    if let Some(refusal) = refusal {
        let zone = inspection.estate.dns_zones[id].meta.name.as_str();
        let action = refusal.missing_actions.first().cloned().unwrap_or_default();
        let values = [("zone", zone), ("action", action.as_str())];
        let code = "CustomPrivateDNSZoneMissingPermissionError";
        inspection.refuse(refusal.answered(facts, code, &values));
    }
}

/// The provider links the zone to the network of the nodes, which must not see another zone of the same name.
fn links(inspection: &mut Inspection<'_>, id: Id<PrivateDnsZone>) {
    let estate = inspection.estate;
    let domain = &estate.dns_zones[id].domain;
    let vnets: Vec<_> = inspection
        .node_subnets()
        .map(|subnet| estate.subnets[subnet].vnet)
        .collect();
    for (other, zone) in estate.dns_zones.iter().filter(|(other, _)| *other != id) {
        let link = zone
            .links
            .iter()
            .find(|link| link.vnet.id.is_some_and(|vnet| vnets.contains(&vnet)));
        let Some(link) = link else {
            continue;
        };
        if zone.domain == *domain {
            let mut element = inspection.zone(other);
            element.origin = link.origin;
            let text = format!(
                "is linked to network `{}` of the nodes already, and has the same name as the cluster's own zone `{domain}`",
                link.vnet.name
            );
            let refusal = Refusal::new(Cause::PrivateZoneUnresolvable, element, text);
            let code = "CreateOrUpdateVirtualNetworkLinkFailed";
            inspection.refuse(refusal.answered(inspection.facts, code, &[]));
        } else if is_below(&zone.domain, domain) || is_below(domain, &zone.domain) {
            inspection.assume(format!(
                "zones `{}` and `{domain}` may be linked to one network; Azure refuses overlapping names, and one below the other is taken not to overlap",
                zone.domain
            ));
        }
    }
}

fn is_below(inner: &Fqdn, outer: &Fqdn) -> bool {
    let front = inner.as_str().strip_suffix(outer.as_str());
    front.is_some_and(|front| front.ends_with('.'))
}
