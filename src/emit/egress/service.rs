//! Services of Azure, and proxies.

use crate::estate::{Id, NetworkAcl, PlatformService, Proxy};
use crate::net::FqdnPattern;

use super::page::{Block, Body};
use super::{Writer, prefixes, texts};

impl Writer<'_> {
    pub(super) fn services(&mut self) -> Body {
        let estate = self.estate;
        let mut body = Body::default();
        for (id, service) in estate.services.iter() {
            body.block(self.service(id, service));
        }
        for (id, proxy) in estate.proxies.iter() {
            body.block(self.proxy(id, proxy));
        }
        body
    }

    fn service(&mut self, id: Id<PlatformService>, service: &PlatformService) -> Block {
        let name = self.names.services.of(id).clone();
        let head = format!("service {name}").into();
        let mut block = self.resource(head, "service", &service.meta, &name);
        let body = &mut block.body;
        self.described(body, &service.meta);
        body.clause(format!("fqdn {}", service.fqdn.value));
        let origin = service.meta.origin;
        for (keyword, word) in [("kind", &service.kind), ("region", &service.region)] {
            let word = word.iter().map(|word| &word.value);
            let words = self.words(body, keyword, origin, word);
            body.list(keyword, &words);
        }
        if let Some(alias) = &service.cname {
            body.clause(format!("alias {}", alias.value));
        }
        body.list("address", &texts(&service.addresses));
        let tags = service.tags.iter().map(|tag| tag.as_str());
        let tags = self.words(body, "service tag", origin, tags);
        body.list("tag", &tags);
        if service.public_access_off.is_some() {
            body.clause("public-access off");
        }
        if let Some(acl) = service.acl.as_ref().filter(|acl| acl.default_deny) {
            self.admit(body, acl);
        }
        block
    }

    /// Whom a service lets in. When nobody of them can be named, others are refused all the same.
    fn admit(&mut self, body: &mut Body, acl: &NetworkAcl) {
        let mut admitted = prefixes(&acl.prefixes);
        let subnets = self.subnet_paths(body, &acl.subnets);
        admitted.extend(subnets.iter().map(|path| format!("subnet {path}")));
        if admitted.is_empty() {
            body.clause("admit none");
        }
        body.list("admit", &admitted);
    }

    fn proxy(&mut self, id: Id<Proxy>, proxy: &Proxy) -> Block {
        let name = self.names.proxies.of(id).clone();
        let mut above = Body::default();
        let subnets = proxy.subnet.as_slice();
        let place = self.subnet_paths(&mut above, subnets);
        let place = place.first().map(|path| format!(" in {path}"));
        let head = format!("proxy {name}{}", place.unwrap_or_default()).into();
        let mut block = self.resource(head, "proxy", &proxy.meta, &name);
        block.above.append(above);
        let body = &mut block.body;
        self.described(body, &proxy.meta);
        body.clause(format!("address {}", proxy.address.value));
        if proxy.port == 0 {
            self.not_known(body, proxy.meta.origin, "its port".to_owned());
            let port = self.open(&name, "port");
            body.clause(format!("port {port}"));
        } else {
            body.clause(format!("port {}", proxy.port));
        }
        match &proxy.allowed {
            Some(allowed) if allowed.is_empty() => {
                let what = "that it lets nothing through".to_owned();
                self.not_said(body, proxy.meta.origin, what);
            }
            Some(allowed) => {
                let allowed = allowed.iter().map(|pattern| match &pattern.value {
                    FqdnPattern::Any => "any".to_owned(),
                    pattern => pattern.to_string(),
                });
                body.list("allow", &allowed.collect::<Vec<_>>());
            }
            None => {}
        }
        block
    }
}
