//! Route tables.

use super::{CommonClause, Place, Target, Word};

/// A clause of a route table.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteTableClause {
    /// `route NAME PREFIX -> NEXT-HOP`
    Route(Route),
    /// `gateway-propagation on|off`
    GatewayPropagation(Word),
    /// Any resource's clause.
    Common(CommonClause),
}

/// A route.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Its name.
    pub name: Word,
    /// What it applies to.
    pub destination: Target,
    /// Where packets go.
    pub next_hop: NextHop,
    /// The whole clause.
    pub span: Place,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq)]
pub enum NextHop {
    /// `firewall NAME`
    Firewall(Word),
    /// `appliance NAME`
    Appliance(Word),
    /// `ADDRESS, …`
    Addresses(Vec<Word>),
    /// `gateway`, `internet`, `vnet-local`, `none`
    Keyword(Word),
}
