//! The way of a flow as places of a finding: for formats that show it step by step.

use crate::azure::Trace;
use crate::base::Origin;
use crate::diag::Finding;
use crate::estate::{Estate, Id, Subnet};

/// Adds the places that a flow from a subnet passes, up to where it ends.
pub(in crate::lint) fn along(
    finding: Finding,
    estate: &Estate,
    from: Id<Subnet>,
    trace: &Trace,
) -> Finding {
    let start = estate.subnets[from].meta.origin;
    let text = format!("leaves from subnet `{}`", estate.subnet_path(from));
    let mut last: Option<Origin> = Some(start);
    let mut finding = finding.step(start, text);
    for step in &trace.steps {
        let here = step.element.origin;
        // What happens at one place twice in a row is told once, by what comes of it.
        if last == Some(here) && here.span().is_some() && finding.path.len() > 1 {
            finding.path.pop();
        }
        finding = finding.step(here, format!("{} {}", step.element.name, step.text));
        last = Some(here);
    }
    finding
}

#[cfg(test)]
mod tests {
    use crate::diag::Id;
    use crate::lint::testing::findings;

    const OPEN: &str = "\
vnet v 10.0.0.0/16 { subnet s 10.0.1.0/24 { nsg n } }
nsg n { rule no-web 200 outbound deny from any to tag Internet tcp/443 }
pool p in v.s { outbound loadBalancer }
";

    const FORCED: &str = "\
vnet v 10.0.0.0/16 {
  subnet s 10.0.1.0/24 { route-table t }
  subnet AzureFirewallSubnet 10.0.0.0/26
}
firewall fw in v { private-ip 10.0.0.4 }
route-table t {
  route d 0.0.0.0/0 -> firewall fw
  route r 203.0.113.0/24 -> internet
}
pool p in v.s { outbound userDefinedRouting }
";

    const FAR: &str = "\
vnet v 10.0.0.0/16 { subnet s 10.0.1.0/24 { route-table t } }
vnet w 10.9.0.0/16 { subnet AzureFirewallSubnet 10.9.0.0/26 }
firewall other in w { private-ip 10.9.0.4 }
route-table t { route d 0.0.0.0/0 -> firewall other }
";

    #[test]
    fn findings_about_a_flow_tell_its_way() {
        for (id, network, more, last) in [
            (
                Id::TG4004,
                OPEN,
                "require p -> mcr.microsoft.com https",
                "rule `no-web` of nsg `n`",
            ),
            (
                Id::TG7011,
                OPEN,
                "assert p reaches 203.0.113.7 tcp/443",
                "rule `no-web` of nsg `n`",
            ),
            (
                Id::TG1013,
                FORCED,
                "require p -> 203.0.113.7 tcp/443",
                "route `r` leads it to the Internet",
            ),
            (Id::TG1007, FAR, "", "vnet `w` is out of reach"),
        ] {
            let found = findings(id, &format!("{network}{more}"));
            assert_eq!(found.len(), 1, "{id}: {found:#?}");
            let way = found[0].path.iter().map(|step| step.text.as_str());
            let way: Vec<&str> = way.collect();
            assert_eq!(
                way.first(),
                Some(&"leaves from subnet `v/s`"),
                "{id}: {way:?}"
            );
            assert!(
                way.last().is_some_and(|step| step.starts_with(last)),
                "{id}: {way:?}"
            );
        }
    }

    #[test]
    fn a_loop_is_told_leg_by_leg() {
        let policy = "vnet v 10.0.0.0/16 {
  subnet a 10.0.2.0/24 { route-table own }
  subnet b 10.0.3.0/24 { route-table far }
}
appliance a in v.a { private-ip 10.0.2.4 }
appliance b in v.b { private-ip 10.0.3.4 }
route-table own { route d 10.9.0.0/16 -> appliance b }
route-table far { route e 10.8.0.0/13 -> appliance a }";
        let found = findings(Id::TG1008, policy);
        let way: Vec<&str> = found[0]
            .path
            .iter()
            .map(|step| step.text.as_str())
            .collect();
        assert_eq!(
            way,
            [
                "route `d` of subnet `v/a` leads to appliance `b`",
                "route `e` of subnet `v/b` leads to appliance `a`",
            ]
        );
    }
}
