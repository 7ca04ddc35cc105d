//! The assignments with which checks vary a file and fixes change it:
//! `path = yaml`, `path += yaml`, `remove path`, joined by `; `, a remark in ( ) at the end.

use serde_json::{Map, Value};

use super::document::{self, find_item, name_of};
use super::path::{Part, Path};

/// One change to a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement {
    Set(Path, Value),
    Append(Path, Value),
    Remove(Path),
}

impl Statement {
    /// Whether its path begins with a key of the file, so that it leaves nothing to find out.
    pub(super) fn is_in_full(&self) -> bool {
        let (Self::Set(path, _) | Self::Append(path, _) | Self::Remove(path)) = self;
        path.is_in_full() || TOP.contains(&path.head())
    }
}

/// The keys of a file, with which a path begins.
const TOP: [&str; 8] = [
    "topology",
    "cluster",
    "identities",
    "role_assignments",
    "role_definitions",
    "deny_assignments",
    "checks",
    "product",
];

/// The lists of a topology, with which a path may begin whether they are there yet or not.
const TOPOLOGY: [&str; 23] = [
    "vnets",
    "peerings",
    "route_tables",
    "nsgs",
    "firewalls",
    "firewall_policies",
    "load_balancers",
    "nat_gateways",
    "private_dns_zones",
    "private_endpoints",
    "vwan_hubs",
    "services",
    "nvas",
    "asgs",
    "ip_groups",
    "proxies",
    "resource_groups",
    "subscriptions",
    "policy_assignments",
    "gateways",
    "dns_servers_vm",
    "public_ips",
    "service_endpoint_policies",
];

/// Keys of a cluster that an assignment may add without naming the cluster.
const CLUSTER: [&str; 12] = [
    "outbound_type",
    "authorized_ip_ranges",
    "private",
    "konnectivity",
    "resource_provider_connection",
    "http_proxy",
    "pod_subnet",
    "private_dns_zone",
    "bootstrap",
    "load_balancer_outbound_rule",
    "network_plugin",
    "ip_families",
];

/// Reads assignments. Prose is an error that says why it is none.
pub(super) fn parse(text: &str) -> Result<Vec<Statement>, String> {
    let statements = split(without_remark(text));
    statements
        .into_iter()
        .map(|text| statement(without_remark(text)))
        .collect()
}

/// Reads `a.b=value`, as questions write a variant.
pub(super) fn parse_tight(text: &str) -> Option<Statement> {
    let (path, value) = text.split_once('=')?;
    Some(Statement::Set(Path::parse(path)?, self::value(value).ok()?))
}

fn statement(text: &str) -> Result<Statement, String> {
    let path = |text: &str| Path::parse(text).ok_or_else(|| format!("`{text}` is no path"));
    if let Some(rest) = text.strip_prefix("remove ") {
        return path(rest).map(Statement::Remove);
    }
    let append = find_outside(text, " += ");
    let set = find_outside(text, " = ");
    match (append, set) {
        (Some((to, text)), None) => Ok(Statement::Append(path(to)?, value_for(to, text)?)),
        (None, Some((to, text))) => Ok(Statement::Set(path(to)?, value_for(to, text)?)),
        (Some((to, text)), Some((other, _))) if to.len() < other.len() => {
            Ok(Statement::Append(path(to)?, value_for(to, text)?))
        }
        (Some(_), Some((to, text))) => Ok(Statement::Set(path(to)?, value_for(to, text)?)),
        (None, None) => Err(format!("`{text}` is no assignment")),
    }
}

fn value(text: &str) -> Result<Value, String> {
    document::read(text.trim())
}

/// A value. Unquoted words with blanks between them are prose, but for the names of roles.
fn value_for(path: &str, text: &str) -> Result<Value, String> {
    let value = value(text)?;
    let quoted = text.trim_start().starts_with(['\'', '"']);
    match &value {
        Value::String(words)
            if words.trim().contains(char::is_whitespace) && !quoted && !path.ends_with("role") =>
        {
            Err(format!("`{words}` is prose"))
        }
        Value::Null if text.trim() != "null" && text.trim() != "~" => {
            Err(format!("`{path}` gets no value"))
        }
        _ => Ok(value),
    }
}

/// Drops a remark in parentheses at the end.
fn without_remark(text: &str) -> &str {
    let text = text.trim();
    if !text.ends_with(')') {
        return text;
    }
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let (before, _) = text.split_at(at);
            return if before.ends_with(' ') {
                before.trim()
            } else {
                text
            };
        }
    }
    text
}

/// Follows the brackets and quotes of a text.
#[derive(Default)]
struct Outside {
    depth: usize,
    quote: Option<char>,
    before: Option<char>,
}

impl Outside {
    /// Takes the next character; tells whether it stands outside of all brackets and quotes.
    fn next(&mut self, c: char) -> bool {
        let outside = self.depth == 0 && self.quote.is_none();
        match (self.quote, c) {
            (Some(quote), c) if c == quote => self.quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') if self.opens() => self.quote = Some(c),
            (None, '[' | '{' | '(') => self.depth += 1,
            (None, ']' | '}' | ')') => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if !c.is_whitespace() {
            self.before = Some(c);
        }
        outside
    }

    /// Whether a quotation mark here opens a quotation; elsewhere it is an apostrophe.
    fn opens(&self) -> bool {
        self.before
            .is_none_or(|c| matches!(c, '=' | '[' | '{' | ',' | ':'))
    }
}

/// The texts before and behind the first `what` outside of brackets and quotes.
fn find_outside<'a>(text: &'a str, what: &str) -> Option<(&'a str, &'a str)> {
    let mut state = Outside::default();
    for (at, c) in text.char_indices() {
        let (before, rest) = text.split_at(at);
        if state.next(c) && rest.starts_with(what) {
            let (_, behind) = rest.split_at(what.len());
            return Some((before, behind));
        }
    }
    None
}

fn split(text: &str) -> Vec<&str> {
    match find_outside(text, "; ") {
        Some((first, rest)) => {
            let mut statements = vec![first];
            statements.extend(split(rest));
            statements
        }
        None => vec![text],
    }
}

/// Applies changes, in order.
pub(super) fn apply(root: &mut Value, statements: &[Statement]) -> Result<(), String> {
    statements
        .iter()
        .try_for_each(|statement| one(root, statement))
}

fn one(root: &mut Value, statement: &Statement) -> Result<(), String> {
    match statement {
        Statement::Set(path, value) => {
            let place = locate(root, path).ok_or_else(|| nowhere(path))?;
            *make(root, &place).ok_or_else(|| nowhere(path))? = value.clone();
        }
        Statement::Append(path, value) => {
            let place = locate(root, path).ok_or_else(|| nowhere(path))?;
            let list = make(root, &place).ok_or_else(|| nowhere(path))?;
            if list.is_null() {
                *list = Value::Array(Vec::new());
            }
            let Value::Array(list) = list else {
                return Err(format!("{path} is no list"));
            };
            match value {
                Value::Array(more) => list.extend(more.iter().cloned()),
                one => list.push(one.clone()),
            }
        }
        Statement::Remove(path) => {
            let mut place = locate(root, path).ok_or_else(|| nowhere(path))?;
            let last = place.pop().ok_or_else(|| nowhere(path))?;
            let parent = existing_mut(root, &place).ok_or_else(|| nowhere(path))?;
            match (parent, last) {
                (Value::Object(map), Access::Key(key)) => {
                    map.shift_remove(&key).ok_or_else(|| nowhere(path))?;
                }
                (Value::Array(list), Access::Index(at)) if at < list.len() => {
                    list.remove(at);
                }
                _ => return Err(nowhere(path)),
            }
        }
    }
    Ok(())
}

fn nowhere(path: &Path) -> String {
    format!("{path} leads nowhere")
}

/// A step from a value to one inside it.
#[derive(Debug, Clone, PartialEq)]
enum Access {
    Key(String),
    Index(usize),
}

/// The place a path leads to, in full or in one of the shorter forms.
fn locate(root: &Value, path: &Path) -> Option<Vec<Access>> {
    let head = path.head();
    let topology = [Access::Key("topology".to_owned())];
    let cluster = [Access::Key("cluster".to_owned())];
    if TOP.contains(&head)
        && let Some(place) = walk(root, &[], &path.parts)
    {
        return Some(place);
    }
    let has = |at: &str| root.get(at).is_some_and(|map| map.get(head).is_some());
    if (TOPOLOGY.contains(&head) || has("topology"))
        && let Some(place) = walk(root, &topology, &path.parts)
    {
        return Some(place);
    }
    if (CLUSTER.contains(&head) || has("cluster"))
        && let Some(place) = walk(root, &cluster, &path.parts)
    {
        return Some(place);
    }
    by_name(root, path).or_else(|| by_suffix(root, path))
}

/// The place of a path that begins with the unique name of an element. The name may have dots in it.
fn by_name(root: &Value, path: &Path) -> Option<Vec<Access>> {
    let mut name = String::new();
    for (at, part) in path.parts.iter().enumerate() {
        let Part::Key(key) = part else { break };
        if at > 0 {
            name.push('.');
        }
        name.push_str(key);
        let mut found = Vec::new();
        visit(root, &mut Vec::new(), &mut |value, place| {
            let own = value.as_object().and_then(|map| map.get("name"));
            let in_topology = place.first() == Some(&Access::Key("topology".to_owned()));
            if in_topology && own.and_then(Value::as_str) == Some(&name) {
                found.push(place.to_vec());
            }
        });
        let (_, rest) = path.parts.split_at(at + 1);
        if let [element] = found.as_slice()
            && let Some(place) = walk(root, element, rest)
        {
            return Some(place);
        }
    }
    None
}

/// The place of a path that is the end of exactly one full path.
fn by_suffix(root: &Value, path: &Path) -> Option<Vec<Access>> {
    let mut found = Vec::new();
    visit(root, &mut Vec::new(), &mut |_, place| {
        let top = match place.first() {
            Some(Access::Key(key)) => key.as_str(),
            _ => "",
        };
        if !matches!(top, "topology" | "cluster") {
            return;
        }
        if let Some(whole) = walk(root, place, &path.parts)
            && existing(root, &whole).is_some()
        {
            found.push(whole);
        }
    });
    match found.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

fn visit(value: &Value, place: &mut Vec<Access>, see: &mut dyn FnMut(&Value, &[Access])) {
    see(value, place);
    let inside: Vec<(Access, &Value)> = match value {
        Value::Object(map) => {
            let entries = map.iter();
            entries
                .map(|(key, value)| (Access::Key(key.clone()), value))
                .collect()
        }
        Value::Array(list) => {
            let items = list.iter().enumerate();
            items
                .map(|(at, value)| (Access::Index(at), value))
                .collect()
        }
        _ => Vec::new(),
    };
    for (access, value) in inside {
        place.push(access);
        visit(value, place, see);
        place.pop();
    }
}

/// The place that parts lead to from another one. Keys need not exist yet; items must.
fn walk(root: &Value, from: &[Access], parts: &[Part]) -> Option<Vec<Access>> {
    let mut place = from.to_vec();
    let mut value = existing(root, from);
    for part in parts {
        let access = match part {
            Part::Key(key) => {
                if value.is_some_and(|value| !value.is_object() && !value.is_null()) {
                    return None;
                }
                Access::Key(key.clone())
            }
            Part::Pick(name) => Access::Index(item(value?.as_array()?, name)?),
        };
        place.push(access);
        value = existing(root, &place);
    }
    Some(place)
}

/// The item of that name, or the only one that has this as the value of some key.
fn item(list: &[Value], name: &str) -> Option<usize> {
    find_item(list, name).or_else(|| {
        let has = |item: &Value| {
            let values = item.as_object().into_iter().flat_map(Map::values);
            values.filter_map(name_of).any(|value| value == name)
        };
        let mut having = list.iter().enumerate().filter(|(_, item)| has(item));
        let (at, _) = having.next()?;
        having.next().is_none().then_some(at)
    })
}

fn existing<'a>(root: &'a Value, place: &[Access]) -> Option<&'a Value> {
    place.iter().try_fold(root, |value, access| match access {
        Access::Key(key) => value.get(key),
        Access::Index(at) => value.get(at),
    })
}

fn existing_mut<'a>(root: &'a mut Value, place: &[Access]) -> Option<&'a mut Value> {
    place.iter().try_fold(root, |value, access| match access {
        Access::Key(key) => value.get_mut(key),
        Access::Index(at) => value.get_mut(at),
    })
}

/// The value at a place, with the mappings that lead there made where they are missing.
fn make<'a>(root: &'a mut Value, place: &[Access]) -> Option<&'a mut Value> {
    place.iter().try_fold(root, |value, access| match access {
        Access::Key(key) => {
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            let map = value.as_object_mut()?;
            Some(map.entry(key.clone()).or_insert(Value::Null))
        }
        Access::Index(at) => value.get_mut(at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "
topology:
  vnets: [{name: vnet, dns_servers: azure, subnets: [{name: aks, route_table: rt}]}, {name: vnet-spoke, dns_servers: [10.0.0.4]}]
  peerings: [{from: a, to: b, state: Connected}]
  route_tables: [{name: rt, routes: [{name: default, next_hop_type: Internet}, {name: vpn, next_hop_type: None}]}]
  firewall_policies: [{name: fp, dns: {proxy: true}, groups: [{name: g, priority: 1}]}]
  asgs: [{name: asg, members: [10.0.0.4, 10.0.0.5]}]
  private_dns_zones: [{name: privatelink.azurecr.io, links: []}]
cluster: {name: c, private: false}
role_assignments: [{principal: id, role: Reader, scope: rt}]
";

    /// The file after the changes, or what is wrong with them.
    fn changed(text: &str) -> Result<Value, String> {
        let mut root = document::read(FILE).unwrap();
        apply(&mut root, &parse(text)?)?;
        Ok(root)
    }

    fn at(root: &Value, pointer: &str) -> String {
        root.pointer(pointer)
            .map_or("-".to_owned(), Value::to_string)
    }

    #[test]
    fn assignments_change_what_their_path_leads_to() {
        for (change, pointer, expected) in [
            (
                "topology.route_tables[rt].routes[default].next_hop_type = 'None' (a remark; with (two) parts)",
                "/topology/route_tables/0/routes/0/next_hop_type",
                r#""None""#,
            ),
            (
                "topology.asgs[asg].members += 10.0.0.6",
                "/topology/asgs/0/members",
                r#"["10.0.0.4","10.0.0.5","10.0.0.6"]"#,
            ),
            (
                "remove topology.asgs[asg].members[10.0.0.4]",
                "/topology/asgs/0/members",
                r#"["10.0.0.5"]"#,
            ),
            ("remove peerings[a->b]", "/topology/peerings", "[]"),
            (
                "peerings[a->b].state = Initiated; cluster.private = true",
                "/cluster/private",
                "true",
            ),
            (
                "topology.nat_gateways = [{name: ng, public_ips: [203.0.113.1]}]; topology.vnets[vnet].subnets[aks].nat_gateway = ng",
                "/topology/vnets/0/subnets/0/nat_gateway",
                r#""ng""#,
            ),
            (
                "cluster.nic_nsg.rules += {name: web, src: '*', dst_ports: [443], remark: 'a; b'}",
                "/cluster/nic_nsg/rules/0/remark",
                r#""a; b""#,
            ),
            (
                "role_assignments[id].role = Network Contributor",
                "/role_assignments/0/role",
                r#""Network Contributor""#,
            ),
            (
                "topology.firewall_policies[fp].groups[g].collections += [{name: a}, {name: b}]",
                "/topology/firewall_policies/0/groups/0/collections/1/name",
                r#""b""#,
            ),
            (
                "topology.vnets[vnet].subnets[aks].route_table = null",
                "/topology/vnets/0/subnets/0/route_table",
                "null",
            ),
        ] {
            assert_eq!(at(&changed(change).unwrap(), pointer), expected, "{change}");
        }
    }

    #[test]
    fn shorter_forms_are_understood() {
        for (change, pointer, expected) in [
            (
                "vnet.dns_servers = [10.42.2.4]",
                "/topology/vnets/0/dns_servers/0",
                r#""10.42.2.4""#,
            ),
            (
                "vnet-spoke.dns_servers = azure",
                "/topology/vnets/1/dns_servers",
                r#""azure""#,
            ),
            (
                "default.next_hop_type = VnetLocal",
                "/topology/route_tables/0/routes/0/next_hop_type",
                r#""VnetLocal""#,
            ),
            (
                "outbound_type = loadBalancer (a remark)",
                "/cluster/outbound_type",
                r#""loadBalancer""#,
            ),
            (
                "authorized_ip_ranges += 203.0.113.70/32",
                "/cluster/authorized_ip_ranges/0",
                r#""203.0.113.70/32""#,
            ),
            (
                "dns.proxy = false",
                "/topology/firewall_policies/0/dns/proxy",
                "false",
            ),
            (
                "privatelink.azurecr.io.links += vnet",
                "/topology/private_dns_zones/0/links/0",
                r#""vnet""#,
            ),
        ] {
            assert_eq!(at(&changed(change).unwrap(), pointer), expected, "{change}");
        }
    }

    #[test]
    fn prose_is_no_assignment() {
        for prose in [
            "default.next_hop_type = VirtualAppliance with a reachable NVA",
            "associate a route table holding 0.0.0.0/0 -> VirtualAppliance",
            "add {id, Network Contributor, scope rt}",
            "pod annotation kubernetes.azure.com/x=true (client then sends SNI)",
            "link zone to vnet-hub (or a zone of one's own)",
            "topology.route_tables[other].routes[x].prefix = 0.0.0.0/0",
            "nowhere.at_all = 1",
            "remove cluster.absent",
            "cluster.private += 1",
        ] {
            assert!(changed(prose).is_err(), "{prose}");
        }
    }

    #[test]
    fn questions_assign_without_blanks() {
        let mut root = document::read(FILE).unwrap();
        let statement = parse_tight("dns.proxy=false").unwrap();
        apply(&mut root, &[statement]).unwrap();
        assert_eq!(
            at(&root, "/topology/firewall_policies/0/dns/proxy"),
            "false"
        );
        assert_eq!(parse_tight("nothing"), None);
    }
}
