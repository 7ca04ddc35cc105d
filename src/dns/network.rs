//! Real servers, asked over UDP, TCP and TLS.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
    ServerOrderingStrategy,
};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{Resolver as DnsResolver, system_conf};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::net::Fqdn;

use super::connection::{self, Connector};
use super::{Address, Alias, Answer, Failure, Protocol, Resolver, Server, Trust};

/// How many aliases are followed, as resolvers do.
const MOST_ALIASES: usize = 16;

/// How servers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long one try may take.
    pub timeout: Duration,
    /// How often a server is tried that does not answer.
    pub tries: usize,
    /// How many names are asked for at once.
    pub at_once: usize,
    /// Whether IPv6 addresses are asked for.
    pub ipv6: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(3),
            tries: 2,
            at_once: 64,
            ipv6: true,
        }
    }
}

/// Asks servers: those that are given, in their order, or those of the system. The next one is asked when one says
/// nothing of a name.
#[derive(Debug)]
pub struct NetworkResolver {
    runtime: Runtime,
    /// One for each server: together they would share one time limit, and a silent server would use it up.
    resolvers: Arc<[Asked]>,
    servers: Vec<String>,
    settings: Settings,
}

/// A server, and the connections to it.
struct Asked {
    resolver: DnsResolver<Connector>,
    connector: Connector,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.resolver.fmt(f)
    }
}

impl NetworkResolver {
    /// Prepares to ask. Nothing is sent before the first question.
    ///
    /// # Errors
    /// The settings of the system cannot be read, or it gives no socket.
    pub fn new(servers: &[Server], settings: Settings, trust: &Trust) -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("cannot ask DNS: {error}"))?;
        let name_servers = match servers {
            [] => system()?,
            servers => servers.iter().map(name_server).collect(),
        };
        let told = match servers {
            [] => name_servers.iter().map(|it| it.ip.to_string()).collect(),
            servers => servers.iter().map(ToString::to_string).collect(),
        };
        let tls = trust.client();
        let tls = tls.map_err(|error| format!("cannot ask DNS over TLS: {error}"))?;
        // What resolvers prepare belongs to a runtime.
        let entered = runtime.enter();
        let resolvers: Result<Arc<[Asked]>, NetError> = name_servers
            .into_iter()
            .map(|server| {
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                let connector = Connector::default();
                let builder = DnsResolver::builder_with_config(config, connector.clone());
                let mut builder = builder.with_tls_config(tls.clone());
                set(builder.options_mut(), settings);
                let resolver = builder.build()?;
                Ok(Asked {
                    resolver,
                    connector,
                })
            })
            .collect();
        drop(entered);
        Ok(Self {
            resolvers: resolvers.map_err(|error| format!("cannot ask DNS: {error}"))?,
            runtime,
            servers: told,
            settings,
        })
    }
}

impl Resolver for NetworkResolver {
    fn resolve(&self, names: &[Fqdn], told: &mut dyn FnMut(&Answer)) -> Vec<Answer> {
        let free = Arc::new(Semaphore::new(self.settings.at_once.max(1)));
        let mut answers: Vec<Option<Answer>> = vec![None; names.len()];
        self.runtime.block_on(async {
            let mut asked = JoinSet::new();
            for (index, name) in names.iter().enumerate() {
                let (free, resolvers) = (free.clone(), self.resolvers.clone());
                let (name, ipv6) = (name.clone(), self.settings.ipv6);
                asked.spawn(async move {
                    // Nobody closes it.
                    let _turn = free.acquire().await;
                    (index, ask(&resolvers, &name, ipv6).await)
                });
            }
            while let Some(done) = asked.join_next().await {
                if let Ok((index, answer)) = done {
                    told(&answer);
                    if let Some(place) = answers.get_mut(index) {
                        *place = Some(answer);
                    }
                }
            }
        });
        answers.into_iter().flatten().collect()
    }

    fn servers(&self) -> Vec<String> {
        self.servers.clone()
    }
}

fn system() -> Result<Vec<NameServerConfig>, String> {
    let read = system_conf::read_system_conf();
    let (config, _) = read.map_err(|error| {
        format!("cannot read which DNS servers this machine asks: {error}; name one with --server")
    })?;
    match config.name_servers() {
        [] => Err("this machine asks no DNS server; name one with --server".to_owned()),
        servers => Ok(servers.to_vec()),
    }
}

fn name_server(server: &Server) -> NameServerConfig {
    let mut connections = match &server.protocol {
        Protocol::Udp => vec![ConnectionConfig::udp(), ConnectionConfig::tcp()],
        Protocol::Tcp => vec![ConnectionConfig::tcp()],
        Protocol::Tls(name) => vec![ConnectionConfig::tls(name.as_str().into())],
    };
    for connection in &mut connections {
        connection.port = server.port;
    }
    NameServerConfig::new(server.ip, true, connections)
}

fn set(options: &mut ResolverOpts, settings: Settings) {
    options.timeout = settings.timeout;
    // The library counts what comes after the first try.
    options.attempts = settings.tries.saturating_sub(1);
    // What a server says now is asked for, in the order in which servers are named.
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    options.num_concurrent_reqs = 1;
    options.max_active_requests = settings.at_once.saturating_mul(2).max(64);
    options.preserve_intermediates = true;
}

/// Asks for one name, one server after the other until one says something of it.
async fn ask(resolvers: &[Asked], name: &Fqdn, ipv6: bool) -> Answer {
    let mut answer = Answer {
        name: name.clone(),
        aliases: Vec::new(),
        addresses: Vec::new(),
        failure: None,
    };
    for server in resolvers {
        answer = ask_one(server, name, ipv6).await;
        if answer.failure.as_ref().is_none_or(Failure::is_of_name) {
            break;
        }
    }
    answer
}

async fn ask_one(server: &Asked, name: &Fqdn, ipv6: bool) -> Answer {
    let mut found = Found::default();
    let mut failure = found.take(server, name, RecordType::A).await;
    // A server that failed would fail again.
    if ipv6 && failure.as_ref().is_none_or(Failure::is_of_name) {
        let other = found.take(server, name, RecordType::AAAA).await;
        let unknown = other.as_ref().is_some_and(|other| !other.is_of_name());
        failure = match unknown {
            true => other,
            false => failure.or(other),
        };
    }
    let mut answer = Answer {
        name: name.clone(),
        aliases: Vec::new(),
        addresses: Vec::new(),
        failure: None,
    };
    if found.addresses.is_empty() {
        // The library keeps no aliases of names that end nowhere, and servers that give up on aliases fail.
        let says_something = |failure: &Failure| {
            failure.is_of_name() || matches!(failure, Failure::ServerFailure | Failure::Refused)
        };
        if failure.as_ref().is_none_or(says_something) {
            found.follow(server, name).await;
        }
        answer.failure = Some(failure.unwrap_or(Failure::NoAddress));
    }
    let (aliases, end) = found.aliases_of(name);
    answer.aliases = aliases;
    match end {
        End::Loop(at) => answer.failure = Some(Failure::Loop(at)),
        End::TooMany => answer.failure = Some(Failure::TooManyAliases),
        End::Name => answer.addresses = found.sorted_addresses(),
    }
    answer
}

/// Where aliases end.
enum End {
    Name,
    Loop(Fqdn),
    TooMany,
}

/// The records that were found.
#[derive(Default)]
struct Found {
    /// Who stands for whom.
    aliases: Vec<(Fqdn, Alias)>,
    addresses: Vec<Address>,
}

impl Found {
    /// Asks for records of a type.
    async fn take(&mut self, server: &Asked, name: &Fqdn, kind: RecordType) -> Option<Failure> {
        let absolute = match Name::from_ascii(format!("{}.", name.as_str())) {
            Ok(absolute) => absolute,
            Err(error) => return Some(Failure::Other(error.to_string())),
        };
        match server.resolver.lookup(absolute, kind).await {
            Ok(lookup) => {
                lookup.answers().iter().for_each(|record| self.add(record));
                None
            }
            Err(NetError::NoConnections) => Some(
                server
                    .connector
                    .refused()
                    .unwrap_or_else(|| Failure::Unreachable("no connection".to_owned())),
            ),
            Err(error) => Some(failure(&error)),
        }
    }

    fn add(&mut self, record: &Record) {
        let ttl = record.ttl;
        match &record.data {
            RData::A(address) => self.addresses.push(Address {
                ip: address.0.into(),
                ttl,
            }),
            RData::AAAA(address) => self.addresses.push(Address {
                ip: address.0.into(),
                ttl,
            }),
            RData::CNAME(to) => {
                let (Some(from), Some(name)) = (fqdn(&record.name), fqdn(&to.0)) else {
                    return;
                };
                if self.alias_of(&from).is_none() {
                    self.aliases.push((from, Alias { name, ttl }));
                }
            }
            _ => {}
        }
    }

    fn alias_of(&self, name: &Fqdn) -> Option<&Alias> {
        let mut aliases = self.aliases.iter();
        aliases.find(|(from, _)| from == name).map(|(_, to)| to)
    }

    /// Asks for aliases one by one.
    async fn follow(&mut self, server: &Asked, name: &Fqdn) {
        let mut name = name.clone();
        let mut seen = BTreeSet::new();
        while seen.len() <= MOST_ALIASES && seen.insert(name.clone()) {
            if self.alias_of(&name).is_none() {
                self.take(server, &name, RecordType::CNAME).await;
            }
            match self.alias_of(&name) {
                Some(alias) => name = alias.name.clone(),
                None => return,
            }
        }
    }

    /// The aliases of a name in their order, and where they end.
    fn aliases_of(&self, name: &Fqdn) -> (Vec<Alias>, End) {
        let mut aliases: Vec<Alias> = Vec::new();
        let mut last = name;
        while let Some(alias) = self.alias_of(last) {
            if alias.name == *name || aliases.iter().any(|seen| seen.name == alias.name) {
                let at = alias.name.clone();
                return (aliases, End::Loop(at));
            }
            if aliases.len() == MOST_ALIASES {
                return (aliases, End::TooMany);
            }
            aliases.push(alias.clone());
            last = &alias.name;
        }
        (aliases, End::Name)
    }

    fn sorted_addresses(mut self) -> Vec<Address> {
        self.addresses.sort();
        self.addresses.dedup_by_key(|address| address.ip);
        self.addresses
    }
}

fn fqdn(name: &Name) -> Option<Fqdn> {
    let text = name.to_ascii();
    text.trim_end_matches('.').to_ascii_lowercase().parse().ok()
}

fn failure(error: &NetError) -> Failure {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => Failure::NoSuchName,
            ResponseCode::ServFail => Failure::ServerFailure,
            ResponseCode::Refused => Failure::Refused,
            ResponseCode::NoError => Failure::NoAddress,
            other => Failure::Other(format!("the server answered {other}")),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => match *code {
            ResponseCode::NXDomain => Failure::NoSuchName,
            ResponseCode::ServFail => Failure::ServerFailure,
            ResponseCode::Refused => Failure::Refused,
            other => Failure::Other(format!("the server answered {other}")),
        },
        NetError::Timeout => Failure::Timeout,
        NetError::Truncated => Failure::Truncated,
        NetError::Io(error) => connection::failure(error),
        other => Failure::Other(other.to_string()),
    }
}
