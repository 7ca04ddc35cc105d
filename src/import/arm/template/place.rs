//! What a template is deployed to, and the functions that tell: `resourceGroup()`, `subscription()`, `deployment()` and so on.

use smol_str::{SmolStr, format_smolstr};

use crate::base::Span;
use crate::import::{Data, Part, Symbol, Text, Value, Why};

use super::Deployment;
use super::access::Step;
use super::calls::Call;
use super::machine::{Fault, Machine};
use super::scope::{Context, Scope};
use super::spelling::spell_text;

/// What a template is deployed to.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) level: Level,
    /// The id of the subscription.
    pub(super) subscription: Text,
    /// The name of the resource group.
    pub(super) group: Text,
    /// The location of the group or of the deployment, when that is known.
    pub(super) location: Option<Text>,
    /// The group is the one of the whole deployment.
    pub(super) own_group: bool,
}

/// The kinds of targets, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Group,
    Subscription,
    ManagementGroup,
    Tenant,
}

/// A symbol as a text.
pub(super) fn hole(text: &str) -> Text {
    Text::from_parts([Part::Hole(Symbol::new(text, Why::RunTime))])
}

/// Pieces as one text.
pub(super) fn joined(pieces: &[&Text]) -> Text {
    Text::from_parts(pieces.iter().flat_map(|piece| piece.parts()))
}

impl Place {
    /// Where the root template is deployed.
    pub(super) fn root(level: Level, known: &Deployment) -> Self {
        let or_hole = |known: &Option<SmolStr>, text: &str| {
            known
                .as_ref()
                .map_or_else(|| hole(text), |known| known.clone().into())
        };
        Self {
            level,
            subscription: or_hole(&known.subscription, "subscription().subscriptionId"),
            group: or_hole(&known.group, "resourceGroup().name"),
            location: known.location.clone().map(Text::from),
            own_group: true,
        }
    }

    /// What ids of resources begin with.
    pub(super) fn prefix(&self) -> Text {
        match self.level {
            Level::Group => joined(&[
                &"/subscriptions/".into(),
                &self.subscription,
                &"/resourceGroups/".into(),
                &self.group,
            ]),
            Level::Subscription => joined(&[&"/subscriptions/".into(), &self.subscription]),
            Level::ManagementGroup | Level::Tenant => "".into(),
        }
    }

    /// In another resource group.
    pub(super) fn in_group(&self, group: Text) -> Self {
        let own_group = self.own_group && self.level == Level::Group && group == self.group;
        Self {
            level: Level::Group,
            location: self.location.clone().filter(|_| own_group),
            own_group,
            group,
            subscription: self.subscription.clone(),
        }
    }

    /// In another subscription.
    pub(super) fn in_subscription(&self, subscription: Text) -> Self {
        Self {
            own_group: self.own_group && subscription == self.subscription,
            subscription,
            ..self.clone()
        }
    }
}

impl Level {
    /// The level that a template's schema names.
    pub(super) fn of_schema(schema: &str) -> Self {
        let schema = schema.to_ascii_lowercase();
        if schema.contains("subscriptiondeploymenttemplate") {
            Self::Subscription
        } else if schema.contains("managementgroupdeploymenttemplate") {
            Self::ManagementGroup
        } else if schema.contains("tenantdeploymenttemplate") {
            Self::Tenant
        } else {
            Self::Group
        }
    }
}

impl<'d> Machine<'_, 'd> {
    /// A property of what a template is deployed to, or of the deployment.
    pub(super) fn scope_call(
        &mut self,
        call: Call<'_>,
        steps: &[Step],
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let span = call.span();
        let scope = &context.scope;
        let lower = call.name.to_ascii_lowercase();
        let values = self.arguments(call, context)?;
        let first = steps.first().and_then(|step| step.key.segment());
        let first = first.map(|name| name.to_ascii_lowercase());
        let known = match first.as_deref().filter(|_| values.is_empty()) {
            Some(property) => known_property(&lower, property, scope, span),
            None => None,
        };
        match known {
            Some(value) => Self::walk(value, steps.get(1..).unwrap_or_default()),
            None => {
                let text = canonical_call(&lower, scope);
                Self::walk(Self::unknown(text, Why::RunTime, span), steps)
            }
        }
    }
}

/// A property that is known or has another spelling.
fn known_property(function: &str, property: &str, scope: &Scope<'_>, span: Span) -> Option<Value> {
    let place = &scope.place;
    let text = match (function, property) {
        ("resourcegroup", "name") => place.group.clone(),
        ("resourcegroup", "id") => Place {
            level: Level::Group,
            ..place.clone()
        }
        .prefix(),
        ("resourcegroup", "location") if place.level == Level::Group => place.location.clone()?,
        ("resourcegroup", "type") => "Microsoft.Resources/resourceGroups".into(),
        ("subscription", "subscriptionid") => place.subscription.clone(),
        ("subscription", "id") => joined(&[&"/subscriptions/".into(), &place.subscription]),
        ("subscription", "tenantid") => hole("tenant().tenantId"),
        ("deployment", "name") => scope.name.clone()?,
        ("deployment", "location") if place.level != Level::Group => place.location.clone()?,
        _ => return None,
    };
    Some(match text {
        Text::Mixed(parts) => match &*parts {
            [Part::Hole(symbol)] => Machine::symbol(symbol, span),
            _ => Value::new(Data::Text(Text::Mixed(parts)), span),
        },
        known => Value::new(Data::Text(known), span),
    })
}

/// A call without arguments in canonical spelling. Other groups and deployments than the root's are told apart.
fn canonical_call(function: &str, scope: &Scope<'_>) -> SmolStr {
    match function {
        "resourcegroup" if !scope.place.own_group => {
            format_smolstr!("resourceGroup({})", spell_text(&scope.place.group))
        }
        "resourcegroup" => "resourceGroup()".into(),
        "managementgroup" => "managementGroup()".into(),
        "deployment" => match &scope.name {
            Some(name) => format_smolstr!("deployment({})", spell_text(name)),
            None => "deployment()".into(),
        },
        other => format_smolstr!("{other}()"),
    }
}

/// A value as a text, when it can be one.
pub(super) fn as_text(value: &Value) -> Option<Text> {
    match &value.data {
        Data::Int(number) => Some(Text::Known(format_smolstr!("{number}"))),
        _ => value.text(),
    }
}
