//! What building an estate needs: places that hold paths, references by name, and conversions.
//!
//! Every element is written in one made-up source file, on a line that holds its path in the incident file. So the
//! element of a verdict turns back into a path.

use std::net::IpAddr;

use ipnet::IpNet;
use smol_str::SmolStr;
use tidegate::azure::facts::Facts;
use tidegate::base::{FileId, Origin, SourceMap, Span, Spanned};
use tidegate::estate::{
    Endpoint, Estate, Home, Id, Meta, PublicAddress, PublicIp, Ref, Subnet, Table,
};
use tidegate::net::{
    AddressRange, Destination, Fqdn, FqdnPattern, PortRange, PrefixError, ServiceTag, Transport,
    parse_prefix,
};

use super::document::{Fields, text_of};

/// An estate in the making.
#[derive(Debug, Default)]
pub(super) struct Builder {
    pub(super) estate: Estate,
    text: String,
    pub(super) groups: Groups,
}

/// The resource groups of a file.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Those that are listed, each with its subscription.
    pub(super) listed: Vec<(SmolStr, Option<SmolStr>)>,
    /// That of the cluster.
    pub(super) own: Option<SmolStr>,
}

/// Stands between the paths of a value that is written under several keys.
pub(super) const OR: &str = " | ";

impl Builder {
    /// A line for a path, and its place.
    pub(super) fn span(&mut self, path: &str) -> Span {
        let narrow = |offset: usize| u32::try_from(offset).unwrap();
        let start = narrow(self.text.len());
        self.text.push_str(path);
        let end = narrow(self.text.len());
        self.text.push('\n');
        Span {
            file: FileId::default(),
            start,
            end,
        }
    }

    pub(super) fn origin(&mut self, path: &str) -> Origin {
        self.span(path).into()
    }

    /// A value at the place of a key.
    pub(super) fn at<T>(&mut self, fields: &Fields<'_>, key: &str, value: T) -> Spanned<T> {
        Spanned::new(value, self.span(&fields.path_of(key)))
    }

    /// The estate, and the file that its places lie in.
    pub(super) fn finish(self) -> (Estate, SourceMap, Groups) {
        let mut sources = SourceMap::default();
        sources.add("incident", self.text);
        (self.estate, sources, self.groups)
    }

    /// Name, place and home of a resource.
    pub(super) fn meta(&mut self, fields: &Fields<'_>, name: impl Into<SmolStr>) -> Meta {
        let origin = self.origin(fields.path());
        let home = match fields.text("resource_group") {
            None => self.own_home(),
            Some(group) => self.home_in(&group),
        };
        Meta {
            name: name.into(),
            origin,
            body: None,
            home,
        }
    }

    /// The home of the cluster, and of everything that does not say where it is.
    pub(super) fn own_home(&self) -> Home {
        match &self.groups.own {
            None => Home::Deployed,
            Some(group) => self.home_in(group),
        }
    }

    /// The home of what lies in a resource group.
    pub(super) fn home_in(&self, group: &str) -> Home {
        let mut known = self.groups.listed.iter();
        let subscription = known.find(|(name, _)| name == group);
        Home::Existing {
            resource_group: Some(group.into()),
            subscription: subscription.and_then(|(_, subscription)| subscription.clone()),
        }
    }

    /// A reference by name; an unknown name is a problem.
    pub(super) fn reference<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        name: &str,
        found: Option<Id<T>>,
    ) -> Ref<T> {
        if found.is_none() {
            fields.problem(key, format_args!("nothing here is called `{name}`"));
        }
        Ref {
            id: found,
            name: name.into(),
            origin: self.origin(&fields.path_of(key)),
        }
    }

    /// The subnet of that name, or `network/name`.
    pub(super) fn subnet(&self, name: &str, vnet: Option<&str>) -> Option<Id<Subnet>> {
        subnet(&self.estate, name, vnet)
    }

    pub(super) fn subnet_ref(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
        vnet: Option<&str>,
    ) -> Option<Ref<Subnet>> {
        let name = fields.text(key)?;
        let found = self.subnet(&name, vnet);
        Some(self.reference(fields, key, &name, found))
    }

    /// A public address resource for each address or name of a list.
    pub(super) fn public_ips(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Vec<Ref<PublicIp>> {
        let mut refs = Vec::new();
        for text in fields.texts(key) {
            let path = format!("{}[{text}]", fields.path_of(key));
            let known = by_name(&self.estate.public_ips, &text, |ip| &ip.meta);
            let addresses: Vec<IpAddr> = match (known, text.parse::<IpAddr>()) {
                (Some(id), _) => {
                    refs.push(Ref::known(id, text.as_str(), self.origin(&path)));
                    continue;
                }
                (None, Ok(address)) => vec![address],
                (None, Err(_)) => match text.parse::<IpNet>() {
                    Ok(prefix) if prefix.max_prefix_len() - prefix.prefix_len() <= 8 => {
                        let (first, last) = (prefix.network(), prefix.broadcast());
                        let mut all: Vec<IpAddr> = prefix.hosts().collect();
                        all.extend([first, last]);
                        all.sort_unstable();
                        all.dedup();
                        all
                    }
                    _ => {
                        fields.problem(key, format_args!("`{text}` is no public address"));
                        continue;
                    }
                },
            };
            for address in addresses {
                let span = self.span(&path);
                let name = SmolStr::from(address.to_string());
                let id = self.estate.public_ips.push(PublicIp {
                    meta: Meta {
                        name: name.clone(),
                        origin: span.into(),
                        body: None,
                        home: self.own_home(),
                    },
                    address: Some(Spanned::new(address, span)),
                    zones: Vec::new(),
                });
                refs.push(Ref::known(id, name, span));
            }
        }
        refs
    }

    /// Public addresses as they are written.
    pub(super) fn public_addresses(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Vec<PublicAddress> {
        let mut addresses = Vec::new();
        for text in fields.texts(key) {
            let path = format!("{}[{text}]", fields.path_of(key));
            let known = by_name(&self.estate.public_ips, &text, |ip| &ip.meta);
            match (known, text.parse::<IpAddr>()) {
                (Some(id), _) => {
                    let origin = self.origin(&path);
                    addresses.push(PublicAddress::Resource(Ref::known(id, text, origin)));
                }
                (None, Ok(address)) => {
                    let span = self.span(&path);
                    addresses.push(PublicAddress::Literal(Spanned::new(address, span)));
                }
                (None, Err(_)) => {
                    fields.problem(key, format_args!("`{text}` is no public address"));
                }
            }
        }
        addresses
    }

    /// The values of a list, each at its own place.
    fn each<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<Spanned<T>> {
        let mut values = Vec::new();
        for text in fields.texts(key) {
            match read(&text) {
                Some(value) => {
                    let span = self.span(&format!("{}[{text}]", fields.path_of(key)));
                    values.push(Spanned::new(value, span));
                }
                None => fields.problem(key, format_args!("`{text}` is no {what}")),
            }
        }
        values
    }

    pub(super) fn prefixes(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Vec<Spanned<IpNet>> {
        self.each(fields, key, "prefix", prefix)
    }

    /// Prefixes a firewall takes for private; `IANAPrivateRanges` stands for those of its default.
    pub(super) fn private_ranges(&mut self, fields: &Fields<'_>) -> Vec<Spanned<IpNet>> {
        const KEY: &str = "private_ranges";
        let named = |text: &str| -> Option<Vec<IpNet>> {
            if text.eq_ignore_ascii_case("IANAPrivateRanges") {
                return Some(Facts::builtin().private_ranges().collect());
            }
            prefix(text).map(|prefix| vec![prefix])
        };
        let ranges = self.each(fields, KEY, "prefix", named);
        ranges
            .into_iter()
            .flat_map(|Spanned { value, span }| {
                value
                    .into_iter()
                    .map(move |prefix| Spanned::new(prefix, span))
            })
            .collect()
    }

    pub(super) fn addresses(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Vec<Spanned<IpAddr>> {
        self.each(fields, key, "address", |text| text.parse().ok())
    }

    pub(super) fn words(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Vec<Spanned<SmolStr>> {
        self.each(fields, key, "word", |text| Some(text.into()))
    }

    pub(super) fn fqdns(&mut self, fields: &Fields<'_>, key: &'static str) -> Vec<Spanned<Fqdn>> {
        self.each(fields, key, "name", |text| text.parse().ok())
    }

    pub(super) fn patterns(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Vec<Spanned<FqdnPattern>> {
        self.each(fields, key, "name pattern", |text| text.parse().ok())
    }

    /// One value at the place of its key.
    pub(super) fn one<T: std::str::FromStr>(
        &mut self,
        fields: &Fields<'_>,
        key: &'static str,
    ) -> Option<Spanned<T>> {
        let value = fields.parse(key)?;
        Some(self.at(fields, key, value))
    }

    pub(super) fn flag(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<Spanned<bool>> {
        let value = fields.flag(key)?;
        Some(self.at(fields, key, value))
    }

    /// The place of a key that holds `true` or anything but `false`.
    pub(super) fn present(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<Origin> {
        let value = fields.get(key)?;
        let on = !matches!(value, serde_json::Value::Bool(false));
        on.then(|| self.origin(&fields.path_of(key)))
    }
}

/// The subnet of that name, or `network/name`.
pub(super) fn subnet(estate: &Estate, name: &str, vnet: Option<&str>) -> Option<Id<Subnet>> {
    let (vnet, name) = match name.split_once('/') {
        Some((vnet, name)) => (Some(vnet), name),
        None => (vnet, name),
    };
    let mut subnets = estate.subnets.iter().filter(|(_, subnet)| {
        subnet.meta.name == name
            && vnet.is_none_or(|vnet| estate.vnets[subnet.vnet].meta.name == vnet)
    });
    subnets.next().map(|(id, _)| id)
}

/// The subnet of that name that holds an address; the first of that name when none does.
pub(super) fn subnet_holding(
    estate: &Estate,
    name: &str,
    vnet: Option<&str>,
    address: Option<IpAddr>,
) -> Option<Id<Subnet>> {
    let first = subnet(estate, name, vnet)?;
    let wanted = &estate.subnets[first].meta.name;
    let mut named = estate
        .subnets
        .iter()
        .filter(|(_, own)| own.meta.name == *wanted);
    let holding = named.find(|(_, own)| {
        let mut prefixes = own.prefixes.iter();
        prefixes.any(|prefix| address.is_some_and(|address| prefix.value.contains(&address)))
    });
    Some(holding.map_or(first, |(id, _)| id))
}

/// The element of that name.
pub(super) fn by_name<T>(
    table: &Table<T>,
    name: &str,
    meta: impl Fn(&T) -> &Meta,
) -> Option<Id<T>> {
    let mut elements = table.iter();
    let found = elements.find(|(_, element)| meta(element).name.eq_ignore_ascii_case(name));
    found.map(|(id, _)| id)
}

/// A prefix; Azure drops bits right of its length.
pub(super) fn prefix(text: &str) -> Option<IpNet> {
    match parse_prefix(text) {
        Ok(prefix) | Err(PrefixError::HostBits(prefix)) => Some(prefix),
        Err(PrefixError::Malformed) => None,
    }
}

/// Whether a text can be the name of a service tag.
pub(super) fn is_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(word)
}

/// Addresses as a rule writes them: `*`, a prefix, a range, a service tag.
pub(super) fn destination(text: &str) -> Option<Destination> {
    if text == "*" || text.eq_ignore_ascii_case("any") {
        return Some(Destination::Anywhere);
    }
    if let Some(prefix) = prefix(text) {
        return Some(Destination::Prefix(prefix));
    }
    if let Some(range) = AddressRange::parse(text) {
        return Some(Destination::Range(range));
    }
    is_tag(text).then(|| Destination::ServiceTag(ServiceTag::new(text)))
}

/// The sides of a rule under a key.
pub(super) fn endpoints(fields: &Fields<'_>, key: &'static str) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for text in fields.texts(key) {
        match destination(&text) {
            Some(destination) => endpoints.push(destination.into()),
            None => fields.problem(key, format_args!("`{text}` is no address and no tag")),
        }
    }
    endpoints
}

/// A transport protocol by Azure's name.
pub(super) fn transport(text: &str) -> Option<Transport> {
    if text == "*" {
        return Some(Transport::Any);
    }
    Transport::ALL
        .into_iter()
        .find(|transport| transport.keyword().eq_ignore_ascii_case(text))
}

/// The ports under a key; `None` where there is no such key.
pub(super) fn ports(fields: &Fields<'_>, key: &'static str) -> Option<Vec<PortRange>> {
    fields.get(key)?;
    let mut ports = Vec::new();
    for value in fields.list(key) {
        match text_of(value).and_then(|text| text.parse().ok()) {
            Some(range) => ports.push(range),
            None => fields.problem(key, format_args!("{value} is no port")),
        }
    }
    Some(ports)
}
