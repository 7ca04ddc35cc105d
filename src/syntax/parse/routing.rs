//! Route tables.

use nom::Parser;
use nom::branch::alt;
use nom::combinator::cut;
use nom::sequence::preceded;

use crate::syntax::tree::{Block, NextHop, Route, RouteTableClause, Word};

use super::block::{Form, Forms, usages_of};
use super::input::{Step, Tokens, addresses, arrow, keyword_on_line, one_of, value};
use super::intent::target;
use super::network::{SWITCH, clause_span, named_block};

pub(super) fn usages() -> Vec<(&'static str, &'static str)> {
    usages_of(&ROUTE_TABLE).collect()
}

pub(super) fn route_table(input: Tokens<'_>) -> Step<'_, Block<RouteTableClause>> {
    named_block("the name of a route table", &ROUTE_TABLE, input)
}

static ROUTE_TABLE: Forms<RouteTableClause> = Forms {
    block: "a route table",
    common: Some(RouteTableClause::Common),
    own: &[
        Form {
            keyword: "route",
            usage: "route NAME PREFIX -> firewall NAME | appliance NAME | ADDRESS, … | gateway | internet | vnet-local | none",
            parse: |head, input| {
                route(head, input).map(|(rest, it)| (rest, RouteTableClause::Route(it)))
            },
        },
        Form {
            keyword: "gateway-propagation",
            usage: "gateway-propagation on | off",
            parse: |_, input| {
                one_of(SWITCH)
                    .map(RouteTableClause::GatewayPropagation)
                    .parse(input)
            },
        },
    ],
};

pub(super) fn route(head: Word, input: Tokens<'_>) -> Step<'_, Route> {
    let (rest, (name, destination, (), next_hop)) =
        (value("the name of a route"), target, arrow(), cut(next_hop)).parse(input)?;
    let span = clause_span(&head, rest);
    Ok((
        rest,
        Route {
            name,
            destination,
            next_hop,
            span,
        },
    ))
}

fn next_hop(input: Tokens<'_>) -> Step<'_, NextHop> {
    alt((
        preceded(
            keyword_on_line("firewall"),
            cut(value("the name of a firewall")),
        )
        .map(NextHop::Firewall),
        preceded(
            keyword_on_line("appliance"),
            cut(value("the name of an appliance")),
        )
        .map(NextHop::Appliance),
        one_of(&["gateway", "internet", "vnet-local", "none"]).map(NextHop::Keyword),
        addresses("the address of an appliance").map(NextHop::Addresses),
    ))
    .parse(input)
}
