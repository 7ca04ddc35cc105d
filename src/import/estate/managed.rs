//! What a network manager or a hub decides and the estate has no element for: said, and kept as a gap.

use crate::base::Span;
use crate::diag::{Finding, Id};
use crate::estate::Gap;

use super::Builder;
use super::gap::not_known;

/// Rules of a network manager that are asked before every network security group, and may overrule it.
const ADMIN_RULES: &str =
    "microsoft.network/networkmanagers/securityadminconfigurations/rulecollections/rules";

/// Routes that a network manager puts into route tables.
const MANAGED_ROUTES: &str =
    "microsoft.network/networkmanagers/routingconfigurations/rulecollections/rules";

impl Builder<'_> {
    /// Looks for resources that decide about flows and are not understood.
    pub(super) fn note_what_a_manager_decides(&mut self) {
        if let Some((place, what)) = self.all_of(ADMIN_RULES, "security admin rule") {
            let why = format!("{what} of a network manager may decide before it");
            let subnets: Vec<_> = self.estate.subnets.iter().map(|(id, _)| id).collect();
            for subnet in subnets {
                let unknown = not_known(why.as_str(), place);
                self.estate.gaps.add(Gap::InterfaceGroup(subnet), unknown);
            }
            let message = format!("{what}: which networks they are for is not looked at");
            self.findings.push(
                Finding::new(Id::TG0041, message)
                    .at(place, "decides before security groups")
                    .help("security admin rules are asked before every network security group; until they are understood, what they may decide counts as not known"),
            );
        }
        if let Some((place, what)) = self.all_of(MANAGED_ROUTES, "routing rule") {
            let why = format!("{what} of a network manager may add to them");
            let tables: Vec<_> = self.estate.route_tables.iter().map(|(id, _)| id).collect();
            for table in tables {
                let unknown = not_known(why.as_str(), place);
                self.estate.gaps.add(Gap::Routes(table), unknown);
            }
            let message = format!("{what}: which subnets get their routes is not looked at");
            self.findings.push(
                Finding::new(Id::TG0041, message)
                    .at(place, "adds to route tables")
                    .help("until they are understood, routes of user-defined tables count as not all known"),
            );
        }
    }

    /// The first resource of a type, and how many there are, in words.
    fn all_of(&self, kind: &str, name: &str) -> Option<(Span, String)> {
        let mut places = self.entities.iter().filter_map(|(_, entity)| {
            let statement = entity.statements.first()?;
            entity.id.is(kind).then_some(statement.name_span)
        });
        let first = places.next()?;
        let words = match places.count() {
            0 => format!("1 {name}"),
            more => format!("{} {name}s", more + 1),
        };
        Some((first, words))
    }
}
