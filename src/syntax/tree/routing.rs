//! Route tables.

use super::{CommonClause, Place, Target, Word};

/// A clause of a route table.
#[derive(Debug, Clone, PartialEq)]
pub enum RouteTableClause {
    /// `route NAME PREFIX -> NEXT-HOP`
    Route {
        /// Its name.
        name: Word,
        /// What it applies to.
        destination: Target,
        /// Where packets go.
        next_hop: NextHop,
        /// The whole clause.
        span: Place,
    },
    /// `gateway-propagation on|off`
    GatewayPropagation(Word),
    /// Any resource's clause.
    Common(CommonClause),
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
