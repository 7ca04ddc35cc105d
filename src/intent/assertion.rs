//! Assertions: what must be so, whatever the rules are.

use smol_str::SmolStr;

use crate::base::{Origin, Spanned};
use crate::diag::Severity;
use crate::estate::{Appliance, Firewall, Id, Pool, Subnet};
use crate::net::{Destination, Service};

/// What must be so.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// Whom it is about.
    pub from: Subject,
    /// What it says of the destinations.
    pub demand: Demand,
    /// Where to.
    pub destinations: Vec<Spanned<Destination>>,
    /// Over what; every service when empty.
    pub services: Vec<Spanned<Service>>,
    /// Why, in the words of who wants it.
    pub reason: Option<SmolStr>,
    /// How bad it is where it does not hold.
    pub severity: Severity,
    /// Where it is written.
    pub origin: Origin,
}

/// Whom an assertion is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A pool.
    Pool(Id<Pool>),
    /// Each of some subnets.
    Subnets(Vec<Id<Subnet>>),
}

/// What an assertion says of its destinations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// All of them are reached over all services, on a way that passes this, if it is named.
    Reaches {
        /// What the way has to pass.
        via: Option<Via>,
    },
    /// None of them is ever reached.
    NeverReaches,
    /// Nothing but these is reached, besides what is within the virtual networks and the addresses of the platform.
    ///
    /// Those of one pool or subnet are read together, because each names its services for all of its destinations:
    /// what none of them names must not be reached.
    OnlyReaches,
}

/// What a way has to pass: one of those that are called so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The name, as written.
    pub name: SmolStr,
    /// What is called so. In a policy that is one; in a network that exists, it may be none or several.
    pub devices: Devices,
}

/// What can stand in a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Devices {
    /// Firewalls.
    Firewalls(Vec<Id<Firewall>>),
    /// Appliances other than Azure Firewall.
    Appliances(Vec<Id<Appliance>>),
}

impl Devices {
    /// What they are, as the language calls it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Firewalls(_) => "firewall",
            Self::Appliances(_) => "appliance",
        }
    }
}
