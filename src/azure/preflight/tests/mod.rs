//! Every refusal fires where it should, and what is right is accepted.

mod addresses;
mod cluster;
mod firewall_policy;
mod hdinsight;
mod identity;
mod outbound;
mod policy_assignments;
mod private_zone;
mod routes;

use crate::azure::facts::Facts;
use crate::azure::testing::{Builder, appliance};
use crate::azure::{Cause, Dataplane};
use crate::estate::{Id, OutboundType, Pool, Subnet, Vnet};

use super::{Preflight, preflight};

/// A network `v` with a subnet `s`, and a pool in it.
struct Case {
    b: Builder,
    vnet: Id<Vnet>,
    subnet: Id<Subnet>,
    pool: Id<Pool>,
}

fn case(outbound: OutboundType) -> Case {
    let mut b = Builder::new();
    let vnet = b.vnet("v", "10.1.0.0/16");
    let subnet = b.subnet(vnet, "s", "10.1.0.0/24");
    let pool = b.pool(&[subnet], outbound);
    Case {
        b,
        vnet,
        subnet,
        pool,
    }
}

/// A pool behind an appliance.
fn routed() -> Case {
    let mut c = case(OutboundType::UserDefinedRouting);
    c.b.routes(c.subnet, &[("0.0.0.0/0", appliance())]);
    c
}

impl Case {
    fn run(&self) -> Preflight {
        let plane = Dataplane::new(&self.b.estate, Facts::builtin(), None);
        preflight(&plane, self.pool)
    }

    fn pool(&mut self) -> &mut Pool {
        &mut self.b.estate.pools[self.pool]
    }

    /// Code, or cause where no code is known, and element of every refusal.
    fn refusals(&self) -> Vec<String> {
        self.run().refusals.iter().map(line).collect()
    }

    fn warnings(&self) -> Vec<String> {
        self.run().warnings.iter().map(line).collect()
    }

    fn assumes(&self, part: &str) -> bool {
        let mut assumptions = self.run().assumptions.into_iter();
        assumptions.any(|assumption| assumption.text.contains(part))
    }

    #[track_caller]
    fn accepted(&self) {
        assert_eq!(self.refusals(), [""; 0]);
    }

    #[track_caller]
    fn refused(&self, cause: Cause, expected: &str) {
        assert_eq!(self.refusals(), [expected]);
        assert_eq!(self.run().refusals[0].cause, cause);
    }
}

fn line(refusal: &super::Refusal) -> String {
    let code = refusal.code.as_deref().unwrap_or(refusal.cause.slug());
    format!("{code}: {}", refusal.element)
}
