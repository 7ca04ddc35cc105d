//! A resource as a template or an export states it, and the ids by which resources refer to each other.

use std::fmt;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::Span;

use super::value::{Symbol, Text, Value};

/// A resource.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its id. Parts that a template does not state are those of the deployment.
    pub id: ResourceId,
    /// The whole object.
    pub span: Span,
    /// Where its name is written, without quotes.
    pub name_span: Span,
    /// All of it: `location`, `sku`, `identity`, `zones`, `tags` and so on lie in it beside `properties`. Of an export
    /// of `az`, whose properties lie flat beside the name, the reader has put them under `properties` again.
    pub whole: Value,
    /// It is referred to, not deployed: `existing`, or read from an export.
    pub existing: bool,
    /// The condition on which it is deployed, when that is not known. What is known not to be deployed is left out.
    pub condition: Option<Arc<Symbol>>,
    /// What it is deployed after.
    pub depends_on: Vec<Text>,
}

impl Resource {
    /// The `properties`.
    #[must_use]
    pub fn properties(&self) -> Option<&Value> {
        self.whole.get("properties")
    }

    /// A value under `properties`.
    #[must_use]
    pub fn property(&self, path: &[&str]) -> Option<&Value> {
        self.properties()?.at(path)
    }
}

/// A piece of an id between slashes. Most ids are wholly known, and then nothing is copied that is not kept.
enum Segment<'t> {
    Known(&'t str),
    Mixed(Text),
}

impl Segment<'_> {
    fn known(&self) -> Option<&str> {
        match self {
            Self::Known(known) => Some(known),
            Self::Mixed(text) => text.known().map(SmolStr::as_str),
        }
    }

    fn text(&self) -> Text {
        match self {
            Self::Known(known) => Text::from(*known),
            Self::Mixed(text) => text.clone(),
        }
    }
}

/// The id of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceId {
    /// The id of the subscription, where it is stated.
    pub subscription: Option<Text>,
    /// The name of the resource group, where it is stated.
    pub group: Option<Text>,
    /// The type in lower case, such as `microsoft.network/virtualnetworks/subnets`.
    pub kind: SmolStr,
    /// A name for each part of the type behind the provider.
    pub names: Vec<Text>,
    /// Of a resource that extends another one, such as a role assignment, that other one.
    pub extends: Option<Box<ResourceId>>,
}

impl ResourceId {
    /// Reads an id such as `/subscriptions/…/resourceGroups/…/providers/TYPE/NAME/…`.
    ///
    /// Nothing when it has no provider, as the id of a resource group has not.
    #[must_use]
    pub fn parse(text: &Text) -> Option<Self> {
        let segments: Vec<Segment<'_>> = match text {
            Text::Known(known) => known.split('/').map(Segment::Known).collect(),
            Text::Mixed(_) => text.split('/').into_iter().map(Segment::Mixed).collect(),
        };
        let segments: Vec<Segment<'_>> = segments
            .into_iter()
            .filter(|segment| segment.known() != Some(""))
            .collect();
        let is = |segment: &Segment<'_>, word: &str| {
            let known = segment.known();
            known.is_some_and(|known| known.eq_ignore_ascii_case(word))
        };
        let after = |segments: &[Segment<'_>], word: &str| {
            let at = segments.iter().position(|segment| is(segment, word))?;
            segments.get(at + 1).map(Segment::text)
        };
        let providers: Vec<usize> = (0..segments.len())
            .filter(|at| {
                segments
                    .get(*at)
                    .is_some_and(|segment| is(segment, "providers"))
            })
            .collect();
        let first = *providers.first()?;
        let scope = segments.get(..first)?;
        let (subscription, group) = (
            after(scope, "subscriptions"),
            after(scope, "resourceGroups"),
        );
        let mut found: Option<Self> = None;
        for (index, at) in providers.iter().enumerate() {
            let end = providers.get(index + 1).copied().unwrap_or(segments.len());
            let (kind, names) = Self::typed(segments.get(at + 1..end)?)?;
            found = Some(Self {
                subscription: subscription.clone(),
                group: group.clone(),
                kind,
                names,
                extends: found.map(Box::new),
            });
        }
        found
    }

    /// Type and names from `Microsoft.Network`, `virtualNetworks`, NAME, `subnets`, NAME.
    fn typed(segments: &[Segment<'_>]) -> Option<(SmolStr, Vec<Text>)> {
        let (provider, rest) = segments.split_first()?;
        let mut kind = provider.known()?.to_ascii_lowercase();
        let mut names = Vec::new();
        for pair in rest.chunks(2) {
            let [part, name] = pair else { return None };
            kind.push('/');
            kind.push_str(&part.known()?.to_ascii_lowercase());
            names.push(name.text());
        }
        (!names.is_empty()).then(|| (kind.into(), names))
    }

    /// The last part of the name.
    #[must_use]
    pub fn name(&self) -> Text {
        self.names.last().cloned().unwrap_or_else(|| "".into())
    }

    /// Whether it is of a type, given in lower case.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// The id of the resource that it is a part of, such as the network of a subnet.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, names) = self.names.split_last()?;
        let (kind, _) = self.kind.rsplit_once('/')?;
        (!names.is_empty()).then(|| Self {
            kind: kind.into(),
            names: names.to_vec(),
            ..self.clone()
        })
    }

    /// What two ids of one resource have in common for sure: type and names, without regard to case.
    #[must_use]
    pub fn key(&self) -> SmolStr {
        let mut key = self.kind.to_string();
        for name in &self.names {
            key.push('/');
            key.push_str(&name.key());
        }
        if let Some(extended) = &self.extends {
            key.push('@');
            key.push_str(&extended.key());
        }
        key.into()
    }

    /// Whether two ids with equal keys may be of one resource: nothing that both state differs. Parts that are not
    /// stated or not known may be equal.
    #[must_use]
    pub fn may_be(&self, other: &Self) -> bool {
        let agree = |a: &Option<Text>, b: &Option<Text>| match (a, b) {
            (Some(Text::Known(a)), Some(Text::Known(b))) => a.eq_ignore_ascii_case(b),
            _ => true,
        };
        agree(&self.subscription, &other.subscription) && agree(&self.group, &other.group)
    }
}

/// As messages show it: `vnet/subnet`.
impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names.iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            write!(f, "{name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ResourceId {
        ResourceId::parse(&text.into()).unwrap()
    }

    #[test]
    fn ids_are_read() {
        let subnet = parse(
            "/subscriptions/1/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/Hub/subnets/A",
        );
        assert_eq!(
            subnet.key(),
            "microsoft.network/virtualnetworks/subnets/hub/a"
        );
        assert_eq!(subnet.to_string(), "Hub/A");
        assert_eq!(subnet.group, Some("RG".into()));
        assert_eq!(
            subnet.parent().unwrap().key(),
            "microsoft.network/virtualnetworks/hub"
        );
        assert_eq!(subnet.parent().unwrap().parent(), None);
    }

    #[test]
    fn extensions_know_what_they_extend() {
        let role = parse(
            "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/providers/Microsoft.Authorization/roleAssignments/g",
        );
        assert!(role.is("microsoft.authorization/roleassignments"));
        assert_eq!(role.extends.unwrap().to_string(), "v");
    }

    #[test]
    fn what_is_no_resource_has_no_id() {
        for text in [
            "",
            "/subscriptions/1/resourceGroups/rg",
            "/providers/Microsoft.Network/virtualNetworks",
        ] {
            assert_eq!(ResourceId::parse(&text.into()), None, "{text}");
        }
    }

    #[test]
    fn ids_agree_unless_they_say_otherwise() {
        let here = parse("/providers/Microsoft.Network/virtualNetworks/v");
        let a = parse(
            "/subscriptions/1/resourceGroups/a/providers/Microsoft.Network/virtualNetworks/v",
        );
        let b = parse(
            "/subscriptions/1/resourceGroups/b/providers/Microsoft.Network/virtualNetworks/v",
        );
        assert!(here.may_be(&a) && a.may_be(&a) && !a.may_be(&b));
    }
}
