//! Questions of access and their answers.

use super::super::facts::Facts;
use super::super::testing::Builder;
use super::*;
use crate::base::Spanned;
use crate::estate::{DeniedPrincipals, RouteTable, Scope, Subscription, Vnet};

const WRITE: &str = "Microsoft.Network/routeTables/write";
const READ: &str = "Microsoft.Network/routeTables/read";
const GRANT: &str = "Microsoft.Authorization/roleAssignments/write";

struct Case {
    b: Builder,
    id: Id<Identity>,
    table: Id<RouteTable>,
    vnet: Id<Vnet>,
}

/// A route table in group `rg-hub` and a network in group `rg-net`, both of subscription `sub-net`.
fn case() -> Case {
    let mut b = Builder::new();
    let id = b.identity("id");
    let table = b.table("rt", &[]);
    let vnet = b.vnet("v", "10.0.0.0/16");
    b.estate.route_tables[table].meta.home = Builder::home("rg-hub", "sub-net");
    b.estate.vnets[vnet].meta.home = Builder::home("rg-net", "sub-net");
    for (name, group) in [
        ("sub-net", "mg-corp"),
        ("sub-app", "mg-corp"),
        ("sub-x", "mg-x"),
    ] {
        b.estate.subscriptions.push(Subscription {
            name: name.into(),
            management_group: Some(group.into()),
        });
    }
    Case { b, id, table, vnet }
}

impl Case {
    fn ask(&self, id: Id<Identity>, action: &str, target: &Target) -> Decision {
        decide(&self.b.estate, Facts::builtin(), id, action, target)
    }

    fn table(&self, action: &str) -> Answer {
        self.ask(self.id, action, &Target::RouteTable(self.table))
            .answer
    }

    fn assign(&mut self, role: &str, scope: Scope) {
        self.b.assign(self.id, role, scope);
    }
}

fn group(name: &str) -> Scope {
    Scope::ResourceGroup(Some(name.into()))
}

fn subscription(name: &str) -> Scope {
    Scope::Subscription(Some(name.into()))
}

#[test]
fn assignments_hold_at_their_scope_and_below() {
    let elsewhere = |c: &Case| Scope::Vnet(c.b.to(c.vnet));
    let own = |c: &Case| Scope::RouteTable(c.b.to(c.table));
    for (scope, expected) in [
        (own(&case()), Answer::Granted),
        (elsewhere(&case()), Answer::Missing),
        (group("RG-hub"), Answer::Granted),
        (group("rg-net"), Answer::Missing),
        (Scope::ResourceGroup(None), Answer::Missing),
        (subscription("sub-net"), Answer::Granted),
        (subscription("sub-app"), Answer::Missing),
        (Scope::ManagementGroup("mg-corp".into()), Answer::Granted),
        (Scope::ManagementGroup("mg-x".into()), Answer::Missing),
    ] {
        let mut c = case();
        c.assign("Network Contributor", scope.clone());
        assert_eq!(c.table(WRITE), expected, "{scope:?}");
    }
}

#[test]
fn a_management_group_is_above_all_while_no_subscription_names_one() {
    let mut c = case();
    c.b.estate.subscriptions.clear();
    c.assign("Owner", Scope::ManagementGroup("mg-x".into()));
    assert_eq!(c.table(WRITE), Answer::Granted);
}

#[test]
fn a_resource_takes_the_subscription_of_its_group() {
    let mut c = case();
    c.b.estate.route_tables[c.table].meta.home = Builder::home("rg-net", "");
    c.assign("Owner", subscription("sub-net"));
    assert_eq!(c.table(WRITE), Answer::Granted);
    let rg = |name: &str| Target::ResourceGroup(name.into());
    assert_eq!(c.ask(c.id, GRANT, &rg("rg-net")).answer, Answer::Granted);
    assert_eq!(c.ask(c.id, GRANT, &rg("rg-other")).answer, Answer::Missing);
}

#[test]
fn a_subnet_inherits_from_its_network() {
    let mut c = case();
    let subnet = c.b.subnet(c.vnet, "s", "10.0.0.0/24");
    let scope = Scope::Vnet(c.b.to(c.vnet));
    c.assign("Network Contributor", scope);
    let join = "Microsoft.Network/virtualNetworks/subnets/join/action";
    let at = |target| c.ask(c.id, join, &target).answer;
    assert_eq!(at(Target::Subnet(subnet)), Answer::Granted);
    c.b.estate.role_assignments = crate::estate::Table::default();
    let scope = Scope::Subnet(c.b.to(subnet));
    c.assign("Network Contributor", scope);
    let at = |target| c.ask(c.id, join, &target).answer;
    assert_eq!(at(Target::Subnet(subnet)), Answer::Granted);
    assert_eq!(at(Target::Vnet(c.vnet)), Answer::Missing);
}

#[test]
fn what_one_role_takes_out_another_grants() {
    let mut c = case();
    c.assign("Contributor", Scope::ManagementGroup("mg-corp".into()));
    let vnet = Target::Vnet(c.vnet);
    let decision = c.ask(c.id, GRANT, &vnet);
    assert_eq!(decision.answer, Answer::Missing);
    assert_eq!(decision.element.name, "identity `id`");
    assert_eq!(decision.near[0].text, format!("takes `{GRANT}` out again"));
    c.assign("Owner", group("rg-hub"));
    let decision = c.ask(c.id, GRANT, &vnet);
    let near: Vec<String> = decision
        .near
        .iter()
        .map(|near| near.element.to_string())
        .collect();
    assert_eq!(
        near,
        [
            "role `Contributor` of `id` at management group `mg-corp`",
            "role `Owner` of `id` at resource group `rg-hub`"
        ]
    );
    assert_eq!(
        decision.near[1].text,
        format!("grants `{GRANT}`, but stops at resource group `rg-hub`")
    );
    assert_eq!(
        c.ask(c.id, GRANT, &Target::ResourceGroup("rg-hub".into()))
            .answer,
        Answer::Granted
    );
}

#[test]
fn groups_of_groups_count() {
    let mut c = case();
    let team = c.b.identity("team");
    let all = c.b.identity("everybody");
    c.b.estate.identities[c.id].groups = vec![c.b.put("Team".into())];
    c.b.estate.identities[team].groups = vec![c.b.put("everybody".into())];
    c.b.estate.identities[all].groups = vec![c.b.put("team".into())];
    c.b.assign(all, "Network Contributor", group("rg-hub"));
    assert_eq!(c.table(WRITE), Answer::Granted);
    assert_eq!(
        c.ask(all, WRITE, &Target::RouteTable(c.table)).answer,
        Answer::Granted
    );
    c.b.estate.identities[team].groups.clear();
    assert_eq!(c.table(WRITE), Answer::Missing);
}

#[test]
fn a_deny_assignment_outweighs_every_role() {
    let mut c = case();
    c.assign("Owner", subscription("sub-net"));
    let denial = c.b.deny(group("rg-hub"), &[WRITE]);
    let decision = c.ask(c.id, WRITE, &Target::RouteTable(c.table));
    assert_eq!(decision.answer, Answer::Denied);
    assert_eq!(decision.element.name, "deny assignment `stack`");
    assert_eq!(
        decision.element.origin,
        c.b.estate.deny_assignments[denial].origin
    );
    assert_eq!(c.table(READ), Answer::Granted);
    assert_eq!(
        may(
            &c.b.estate,
            Facts::builtin(),
            c.id,
            WRITE,
            &Target::RouteTable(c.table)
        ),
        Answer::Missing
    );

    c.b.estate.deny_assignments[denial].not_actions = vec![c.b.put("*/routeTables/*".into())];
    assert_eq!(c.table(WRITE), Answer::Granted);
    c.b.estate.deny_assignments[denial].not_actions.clear();

    c.b.estate.deny_assignments[denial].scope_only = true;
    assert_eq!(c.table(WRITE), Answer::Granted, "holds at the group only");
    c.b.estate.deny_assignments[denial].scope_only = false;

    c.b.estate.deny_assignments[denial].excluded = vec![c.b.to(c.id)];
    assert_eq!(c.table(WRITE), Answer::Granted, "excluded");
}

#[test]
fn a_deny_assignment_may_be_about_some_only() {
    let mut c = case();
    c.assign("Owner", subscription("sub-net"));
    let denial = c.b.deny(group("rg-hub"), &["*"]);
    let other = c.b.identity("other");
    c.b.estate.deny_assignments[denial].principals = DeniedPrincipals::Listed(vec![c.b.to(other)]);
    assert_eq!(c.table(WRITE), Answer::Granted);
    c.b.estate.identities[c.id].groups = vec![c.b.put("other".into())];
    assert_eq!(c.table(WRITE), Answer::Denied);
    c.b.estate.deny_assignments[denial].principals =
        DeniedPrincipals::Listed(vec![c.b.to_nothing("undeclared")]);
    assert_eq!(c.table(WRITE), Answer::Granted);
    c.b.estate.identities[c.id].groups = vec![c.b.put("Undeclared".into())];
    assert_eq!(c.table(WRITE), Answer::Denied);
}

#[test]
fn an_unknown_role_leaves_it_open() {
    let mut c = case();
    c.assign("house role", group("rg-hub"));
    let decision = c.ask(c.id, WRITE, &Target::RouteTable(c.table));
    assert_eq!(decision.answer, Answer::Unknown);
    assert!(!decision.is_refused());
    c.b.deny(subscription("sub-net"), &[WRITE]);
    assert_eq!(c.table(WRITE), Answer::Denied);
}

#[test]
fn custom_roles_are_read_as_written() {
    let mut c = case();
    let role = estate::RoleDefinition {
        name: "tables".into(),
        origin: c.b.at().into(),
        actions: vec![c.b.put("Microsoft.Network/routeTables/*".into())],
        not_actions: vec![Spanned::new("*/delete".into(), c.b.at())],
    };
    c.b.estate.role_definitions.push(role);
    c.assign("Tables", group("rg-hub"));
    assert_eq!(c.table(WRITE), Answer::Granted);
    assert_eq!(
        c.table("Microsoft.Network/routeTables/delete"),
        Answer::Missing
    );
}
