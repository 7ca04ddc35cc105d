//! Services and proxies: what is only described, because it is not of the policy's making.

use crate::base::{Span, Spanned, did_you_mean_help};
use crate::diag::{Finding, Id as FindingId};
use crate::estate::{Home, Id, Meta, NetworkAcl, PlatformService, Proxy};
use crate::net::{FqdnPattern, ServiceTag};
use crate::syntax::tree::{self, Admitted, Word};

use super::declare::Declared;
use super::value::name_finding;
use super::{Lowering, Once};

/// A clause without which something cannot be described.
pub(super) struct Needed {
    pub(super) kind: &'static str,
    pub(super) keyword: &'static str,
    pub(super) example: &'static str,
}

impl<'a> Lowering<'a> {
    /// The part that everything has which is only described: it is there already.
    pub(super) fn described(&mut self, name: &Word, body: Option<Span>) -> Meta {
        Meta {
            home: Home::Existing {
                resource_group: None,
                subscription: None,
            },
            ..self.meta(name, body)
        }
    }

    /// The value of a clause that must be there; a finding when it is not.
    pub(super) fn needed<'w>(
        &mut self,
        name: &Word,
        body: Option<Span>,
        needed: &Needed,
        word: Option<&'w Word>,
    ) -> Option<&'w Word> {
        if word.is_none() && !self.unread.lies_in(body) {
            let Needed {
                kind,
                keyword,
                example,
            } = needed;
            let finding = Finding::new(
                FindingId::TG0010,
                format!("{kind} `{}` has no `{keyword}`", name.value),
            )
            .at(name.span, format!("no `{keyword}` clause"))
            .help(format!("write for example: {example}"));
            self.report(finding);
        }
        word
    }

    pub(super) fn declare_service(
        &mut self,
        block: &'a tree::Block<tree::ServiceClause>,
    ) -> Option<Declared<'a>> {
        let word = block.body.clauses.iter().find_map(|clause| match clause {
            tree::ServiceClause::Fqdn(word) => Some(word),
            _ => None,
        });
        let needed = Needed {
            kind: "service",
            keyword: "fqdn",
            example: "fqdn contoso.blob.core.windows.net",
        };
        let fqdn = self.needed(&block.name, block.body.span, &needed, word);
        let Some(fqdn) = fqdn.and_then(|word| self.domain(word)) else {
            self.unread.note(&block.name.value);
            return None;
        };
        let meta = self.described(&block.name, block.body.span);
        let name = Spanned::new(meta.name.clone(), block.name.span);
        let table = &mut self.estate.services;
        let make = || {
            table.push(PlatformService {
                meta,
                kind: None,
                fqdn,
                cname: None,
                addresses: Vec::new(),
                resolved: None,
                tags: Vec::new(),
                region: None,
                public_access_off: None,
                acl: None,
            })
        };
        match self.names.services.declare(&name, make) {
            Ok(id) => Some(Declared::Service(id, block)),
            Err(finding) => {
                self.report(finding);
                None
            }
        }
    }

    pub(super) fn define_service(
        &mut self,
        id: Id<PlatformService>,
        block: &tree::Block<tree::ServiceClause>,
    ) {
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::ServiceClause::Fqdn(word) => {
                    self.first_time(&mut once, "fqdn", word.span);
                }
                tree::ServiceClause::Kind(word) => {
                    if self.first_time(&mut once, "kind", word.span) {
                        self.estate.services[id].kind = self.word(word, "a kind of service");
                    }
                }
                tree::ServiceClause::Region(word) => {
                    if self.first_time(&mut once, "region", word.span) {
                        self.estate.services[id].region = self.region(word);
                    }
                }
                tree::ServiceClause::Alias(word) => {
                    if self.first_time(&mut once, "alias", word.span) {
                        self.estate.services[id].cname = self.domain(word);
                    }
                }
                tree::ServiceClause::Address(words) => {
                    let addresses = self.addresses(words);
                    self.estate.services[id].addresses.extend(addresses);
                }
                tree::ServiceClause::Tag(words) => {
                    let tags: Vec<_> = words
                        .iter()
                        .filter_map(|word| self.text(word, "a service tag"))
                        .map(ServiceTag::new)
                        .collect();
                    self.estate.services[id].tags.extend(tags);
                }
                tree::ServiceClause::PublicAccess(word) => {
                    if self.first_time(&mut once, "public-access", word.span)
                        && let Some(switch) = self.switch(word)
                    {
                        let off = (!switch.value).then(|| word.span.into());
                        self.estate.services[id].public_access_off = off;
                    }
                }
                tree::ServiceClause::Admit { keyword, admitted } => {
                    if self.first_time(&mut once, "admit", keyword.span) {
                        let acl = self.network_acl(keyword, admitted);
                        self.estate.services[id].acl = Some(acl);
                    }
                }
                tree::ServiceClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.services[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn region(&mut self, word: &Word) -> Option<Word> {
        let text = self.text(word, "a region")?;
        let regions = self.catalogs.regions();
        match regions.get(&text) {
            Some(region) => Some(Spanned::new(region.name.clone(), word.span)),
            None => {
                let finding =
                    Finding::new(FindingId::TG0016, format!("there is no region `{text}`"))
                        .at(word.span, "not known")
                        .maybe_help(did_you_mean_help(&text, regions.names()));
                self.report(finding);
                None
            }
        }
    }

    fn network_acl(&mut self, keyword: &Word, admitted: &[Admitted]) -> NetworkAcl {
        let mut acl = NetworkAcl {
            origin: keyword.span.into(),
            default_deny: true,
            prefixes: Vec::new(),
            subnets: Vec::new(),
        };
        for one in admitted {
            match one {
                Admitted::Prefix(word) => acl.prefixes.extend(self.prefix(word)),
                Admitted::Subnet(word) => acl.subnets.extend(self.subnet(word)),
            }
        }
        acl
    }

    pub(super) fn declare_proxy(&mut self, block: &'a tree::Proxy) -> Option<Declared<'a>> {
        let clauses = &block.body.clauses;
        let address = clauses.iter().find_map(|clause| match clause {
            tree::ProxyClause::Address(word) => Some(word),
            _ => None,
        });
        let port = clauses.iter().find_map(|clause| match clause {
            tree::ProxyClause::Port(word) => Some(word),
            _ => None,
        });
        let needed_address = Needed {
            kind: "proxy",
            keyword: "address",
            example: "address 10.10.9.4",
        };
        let needed_port = Needed {
            kind: "proxy",
            keyword: "port",
            example: "port 3128",
        };
        let address = self
            .needed(&block.name, block.body.span, &needed_address, address)
            .and_then(|word| self.address(word));
        let port = self
            .needed(&block.name, block.body.span, &needed_port, port)
            .and_then(|word| self.port(word));
        let (Some(address), Some(port)) = (address, port) else {
            self.unread.note(&block.name.value);
            return None;
        };
        let meta = self.described(&block.name, block.body.span);
        let name = Spanned::new(meta.name.clone(), block.name.span);
        let table = &mut self.estate.proxies;
        let make = || {
            table.push(Proxy {
                meta,
                subnet: None,
                address,
                port: port.value,
                allowed: None,
            })
        };
        match self.names.proxies.declare(&name, make) {
            Ok(id) => Some(Declared::Proxy(id, block)),
            Err(finding) => {
                self.report(finding);
                None
            }
        }
    }

    pub(super) fn define_proxy(&mut self, id: Id<Proxy>, block: &tree::Proxy) {
        if let Some(word) = &block.subnet {
            let subnet = self.subnet(word);
            let address = self.estate.proxies[id].address;
            self.must_lie_in(&[address], subnet.as_ref().and_then(|subnet| subnet.id));
            self.estate.proxies[id].subnet = subnet;
        }
        let mut once = Once::default();
        for clause in &block.body.clauses {
            match clause {
                tree::ProxyClause::Address(word) => {
                    self.first_time(&mut once, "address", word.span);
                }
                tree::ProxyClause::Port(word) => {
                    self.first_time(&mut once, "port", word.span);
                }
                tree::ProxyClause::Allow(words) => {
                    let allowed: Vec<_> = words
                        .iter()
                        .filter_map(|word| self.pattern_or_any(word))
                        .collect();
                    let known = &mut self.estate.proxies[id].allowed;
                    known.get_or_insert_with(Vec::new).extend(allowed);
                }
                tree::ProxyClause::Common(common) => {
                    if let Some(home) = self.common(common, &mut once, block.body.span) {
                        self.estate.proxies[id].meta.home = home;
                    }
                }
            }
        }
    }

    fn pattern_or_any(&mut self, word: &Word) -> Option<Spanned<FqdnPattern>> {
        let text = self.text(word, "a domain name")?;
        if text == "any" {
            return Some(Spanned::new(FqdnPattern::Any, word.span));
        }
        match text.parse() {
            Ok(pattern) => Some(Spanned::new(pattern, word.span)),
            Err(error) => {
                let finding = name_finding(word, &text, &error);
                self.report(finding);
                None
            }
        }
    }
}
