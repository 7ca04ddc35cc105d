//! The API server of a cluster: its name and address exist only once the cluster does.

use smol_str::{SmolStr, format_smolstr};

use crate::base::{Origin, Spanned};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Id, OpenParameter, Pool};
use crate::intent::Waiting;
use crate::net::{Destination, Fqdn, FqdnPattern, OpenKind, OpenValue, parse_address};
use crate::syntax::tree::Word;

use super::{Binding, Lowering};

/// How somebody learns the name, in words.
const HOW: &str = "az aks show --query fqdn";

impl Lowering<'_> {
    /// Every value that is given has a pool and is a name or an address.
    pub(super) fn check_bindings(&mut self) {
        let mut faults = Vec::new();
        for binding in self.bindings {
            let pools = self.estate.pools.iter().count();
            let fault = match &binding.pool {
                Some(name) if self.names.pools.get(name).is_none() => {
                    Some(format!("there is no pool `{name}`"))
                }
                None if pools != 1 => Some(format!(
                    "the policy has {pools} pools: say which, --bind POOL.api_server={}",
                    binding.api_server
                )),
                _ if known(&binding.api_server).is_none() => Some(format!(
                    "`{}` is neither a domain name nor an address",
                    binding.api_server
                )),
                _ => None,
            };
            faults.extend(fault);
        }
        for fault in faults {
            let message = format!("the API server cannot be bound: {fault}");
            self.report(Finding::new(FindingId::TG0014, message));
        }
    }

    /// What is given from outside goes before what the block says.
    pub(super) fn bind_api_server(&mut self, id: Id<Pool>, name: &Word) {
        let bindings: Vec<&Binding> = self.bindings.iter().collect();
        for binding in bindings {
            let meant = match &binding.pool {
                Some(pool) => self.names.pools.get(pool) == Some(id),
                None => true,
            };
            let server = &mut self.estate.pools[id].api_server;
            match known(&binding.api_server).filter(|_| meant) {
                Some(Known::Name(fqdn)) => server.fqdn = Some(Spanned::new(fqdn, name.span)),
                Some(Known::Address(ip)) => server.public_ip = Some(Spanned::new(ip, name.span)),
                None => {}
            }
        }
    }

    /// `api-server POOL` as a destination: what is known of it, or a parameter that may stay empty until then.
    pub(super) fn api_server_of(&mut self, word: &Word) -> Option<Destination> {
        let reference = self.reference(word, |names| &names.pools)?;
        let pool = reference.id?;
        let server = &self.estate.pools[pool].api_server;
        if let Some(fqdn) = &server.fqdn {
            return Some(Destination::Fqdn(FqdnPattern::Exact(fqdn.value.clone())));
        }
        if let Some(address) = &server.public_ip {
            return Some(Destination::Prefix(address.value.into()));
        }
        let pool_name = self.estate.pools[pool].meta.name.clone();
        let parameter = format_smolstr!("{}_api_server_fqdn", pool_name.replace(['-', '.'], "_"));
        let origin = Origin::from(word.span);
        self.leave_open(
            parameter.clone(),
            format!(
                "Name of the API server of pool {pool_name}, known after cluster creation ({HOW}). Leave empty until then."
            ),
            origin,
        );
        self.intent.waiting.push(Waiting {
            pool,
            entry: format_smolstr!("api-server {pool_name}"),
            value: SmolStr::new_static("api_server_fqdn"),
            available: Some("after cluster creation".to_owned()),
            how: Some(HOW.to_owned()),
            parameter: parameter.clone(),
            origin,
        });
        Some(Destination::Open(OpenValue {
            parameter,
            kind: OpenKind::Name,
        }))
    }

    /// A parameter of the template that may stay empty, once.
    pub(super) fn leave_open(&mut self, name: SmolStr, description: String, origin: Origin) {
        let mut known = self.estate.open_parameters.iter();
        if !known.any(|parameter| parameter.name == name) {
            self.estate.open_parameters.push(OpenParameter {
                name,
                description,
                optional: true,
                origin,
            });
        }
    }
}

enum Known {
    Name(Fqdn),
    Address(std::net::IpAddr),
}

fn known(text: &str) -> Option<Known> {
    if let Some(address) = parse_address(text) {
        return Some(Known::Address(address));
    }
    // No name of the Internet ends with a number; what looks so is an address with a slip.
    let ends_with_number = |text: &str| {
        let last = text.rsplit('.').next();
        last.is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let text = Some(text).filter(|text| !ends_with_number(text));
    text?.parse().ok().map(Known::Name)
}
