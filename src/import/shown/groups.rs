//! Effective security rules as the resource that they are of.
//!
//! Azure shows the rules of a group as it applies them: names with the list they are from, `All` for any protocol, and
//! the prefixes of tags beside their names. Read back, they are rules as anybody writes them. Default rules are Azure's.

use std::collections::BTreeSet;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Span;
use crate::import::az::Shown;
use crate::import::{Data, Member, Object, Resource, ResourceId, Text, Value};

use super::is_same;

/// What stands before the name of a rule that somebody wrote.
const WRITTEN: [&str; 2] = ["securityRules/", "UserRule_"];

/// What stands before the name of a rule that Azure adds.
const ADDED: [&str; 4] = [
    "defaultSecurityRules/",
    "DefaultRule_",
    "DefaultInbound",
    "DefaultOutbound",
];

/// Properties that may hold a list although their names are of one value, and the names for lists.
const LISTS: [(&str, &str); 4] = [
    ("sourcePortRange", "sourcePortRanges"),
    ("destinationPortRange", "destinationPortRanges"),
    ("sourceAddressPrefix", "sourceAddressPrefixes"),
    ("destinationAddressPrefix", "destinationAddressPrefixes"),
];

/// Addresses of one side: by name, by list, and spelled out.
const SIDES: [[&str; 3]; 2] = [
    [
        "sourceAddressPrefix",
        "sourceAddressPrefixes",
        "expandedSourceAddressPrefix",
    ],
    [
        "destinationAddressPrefix",
        "destinationAddressPrefixes",
        "expandedDestinationAddressPrefix",
    ],
];

/// An id, and where it is written.
fn id_at(value: &Value, path: &[&str]) -> Option<(ResourceId, Span)> {
    let value = value.at(path)?;
    let value = value.get("id").unwrap_or(value);
    let id = ResourceId::parse(&value.text()?)?;
    Some((id, value.span))
}

/// The subnet that has the group; none where an interface has it.
pub(super) fn subnet_of(shown: &Shown) -> Option<(ResourceId, Span)> {
    id_at(&shown.list, &["association", "subnet"])
}

/// The group, with the rules that somebody wrote.
pub(super) fn as_resource(shown: &Shown) -> Option<Resource> {
    let (id, name_span) = id_at(&shown.list, &["networkSecurityGroup"])?;
    let list = shown.list.get("effectiveSecurityRules")?;
    let rules: Vec<Value> = list.items()?.iter().filter_map(rule).collect();
    let member = |key: &str, data: Data| Member {
        key: key.into(),
        key_span: list.span,
        value: Value::new(data, list.span),
    };
    let rules = Data::Array(rules.into());
    let properties = object(vec![member("securityRules", rules)]);
    let whole = object(vec![member("properties", properties)]);
    Some(Resource {
        id,
        span: shown.list.span,
        name_span,
        whole: Value::new(whole, shown.list.span),
        existing: false,
        condition: None,
        depends_on: Vec::new(),
    })
}

fn object(members: Vec<Member>) -> Data {
    Data::Object(Arc::new(Object { members }))
}

/// A rule that somebody wrote, as it is written.
fn rule(shown: &Value) -> Option<Value> {
    let Data::Object(members) = &shown.data else {
        return None;
    };
    let name = shown.get("name").and_then(Value::known_text)?;
    let begins = |start: &str| {
        let head = name.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    if ADDED.into_iter().any(begins) {
        return None;
    }
    let start = WRITTEN.into_iter().find(|start| begins(start));
    let own = name.get(start.map_or(0, str::len)..)?;
    let mut own_members: Vec<Member> = members.members.clone();
    for member in &mut own_members {
        let is = |key: &str| member.key.eq_ignore_ascii_case(key);
        let text = member.value.known_text();
        if is("name") {
            member.value.data = Data::Text(Text::from(own));
        } else if is("protocol") && text.is_some_and(|text| text.eq_ignore_ascii_case("All")) {
            member.value.data = Data::Text(Text::from("*"));
        } else if let Some((_, many)) = LISTS.iter().find(|(one, _)| is(one))
            && member.value.items().is_some()
        {
            member.key = (*many).into();
        }
    }
    for (one, many) in LISTS {
        say_once(&mut own_members, one, many);
    }
    for [one, many, spelled_out] in SIDES {
        let says = |key: &&str| {
            let value = own_members
                .iter()
                .rev()
                .find(|it| it.key.eq_ignore_ascii_case(key));
            value.is_some_and(|it| match &it.value.data {
                Data::Null => false,
                Data::Text(text) => text.known().is_none_or(|text| !text.is_empty()),
                Data::Array(items) => !items.is_empty(),
                _ => true,
            })
        };
        if !says(&one)
            && !says(&many)
            && let Some(value) = shown.get(spelled_out)
        {
            own_members.push(Member {
                key: many.into(),
                key_span: value.span,
                value: value.clone(),
            });
        }
    }
    Some(Value::new(object(own_members), shown.span))
}

/// Azure shows one value beside the list that holds it, and some values of the list twice.
fn say_once(members: &mut Vec<Member>, one: &str, many: &str) {
    let lists = members.iter_mut().rev();
    let mut lists = lists.filter(|member| member.key.eq_ignore_ascii_case(many));
    let Some(list) = lists.next() else { return };
    let Data::Array(items) = &list.value.data else {
        return;
    };
    let mut seen: BTreeSet<SmolStr> = BTreeSet::new();
    let mut once: Vec<Value> = items.to_vec();
    once.retain(|item| match item.known_text() {
        Some(text) => seen.insert(text.clone()),
        None => true,
    });
    if once.is_empty() {
        return;
    }
    list.value.data = Data::Array(once.into());
    members.retain(|member| !member.key.eq_ignore_ascii_case(one));
}

/// Whether some resource tells the rules of a group.
pub(super) fn is_stated(id: &ResourceId, resources: &[Resource]) -> bool {
    resources.iter().any(|resource| {
        let group = if resource
            .id
            .is("microsoft.network/networksecuritygroups/securityrules")
        {
            resource.id.parent()
        } else {
            let tells = ["properties", "securityRules"]
                .iter()
                .any(|key| resource.whole.get(key).is_some());
            Some(resource.id.clone()).filter(|_| tells)
        };
        group.is_some_and(|group| is_same(&group, id))
    })
}
