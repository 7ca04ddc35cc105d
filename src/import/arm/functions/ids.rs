//! The ids of resources.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-resource.md.

use crate::base::Span;
use crate::import::{Data, Part, Symbol, Text, Value, Why};

use super::call::{Call, Outcome, Stop};
use super::{CallError, texts};

/// Where a template is deployed, for ids that do not say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    /// The id of the subscription; nothing above subscriptions.
    pub(crate) subscription: Option<Text>,
    /// The name of the resource group; nothing in a template for a subscription or above.
    pub(crate) group: Option<Text>,
}

impl Default for Scope {
    /// Some resource group of some subscription.
    fn default() -> Self {
        Self {
            subscription: Some(hole("subscription().subscriptionId")),
            group: Some(hole("resourceGroup().name")),
        }
    }
}

fn hole(text: &'static str) -> Text {
    Text::from_parts([Part::Hole(Symbol::new(text, Why::RunTime))])
}

/// `resourceId` of a template that is deployed to a scope: `/subscriptions/…/resourceGroups/…/providers/TYPE/NAME`; at a
/// subscription without the group, above it without both.
pub(crate) fn resource_id(
    arguments: &[Value],
    scope: &Scope,
    span: Span,
) -> Result<Value, CallError> {
    let call = Call {
        name: "resourceId",
        arguments,
        span,
    };
    match call
        .counted(&(2..=usize::MAX))
        .and_then(|()| in_scope(&call, scope))
    {
        Ok(value) => Ok(value),
        Err(Stop::Unknown(why)) => Ok(call.unknown(why)),
        Err(Stop::Wrong(message)) => Err(CallError { message }),
    }
}

/// `resourceId([subscription], [group], type, name, …)`
pub(super) fn resource(call: &Call<'_>) -> Outcome {
    in_scope(call, &Scope::default())
}

fn in_scope(call: &Call<'_>, scope: &Scope) -> Outcome {
    let (front, id) = typed(call, 2)?;
    let (subscription, group) = match front.as_slice() {
        [] => (scope.subscription.clone(), scope.group.clone()),
        [group] => (scope.subscription.clone(), Some(group.clone())),
        [subscription, group, ..] => (Some(subscription.clone()), Some(group.clone())),
    };
    let mut pieces = Vec::new();
    if let Some(subscription) = subscription {
        pieces.extend(["/subscriptions/".into(), subscription]);
    }
    if let Some(group) = group {
        pieces.extend(["/resourceGroups/".into(), group]);
    }
    pieces.extend(id);
    Ok(call.text_value(texts::joined(&pieces)?))
}

/// `subscriptionResourceId([subscription], type, name, …)`
pub(super) fn subscription(call: &Call<'_>) -> Outcome {
    let default = "subscription().subscriptionId";
    below(call, "/subscriptions/", default)
}

/// `managementGroupResourceId([group], type, name, …)`
pub(super) fn management_group(call: &Call<'_>) -> Outcome {
    let start = "/providers/Microsoft.Management/managementGroups/";
    below(call, start, "managementGroup().name")
}

fn below(call: &Call<'_>, start: &'static str, default: &'static str) -> Outcome {
    let (front, id) = typed(call, 1)?;
    let owner = front.into_iter().next().unwrap_or_else(|| hole(default));
    let mut pieces = vec![start.into(), owner];
    pieces.extend(id);
    Ok(call.text_value(texts::joined(&pieces)?))
}

/// `tenantResourceId(type, name, …)`
pub(super) fn tenant(call: &Call<'_>) -> Outcome {
    let (_, id) = typed(call, 0)?;
    Ok(call.text_value(texts::joined(&id)?))
}

/// `extensionResourceId(id, type, name, …)`
pub(super) fn extension(call: &Call<'_>) -> Outcome {
    let base = call.text(0)?;
    let rest = call.arguments.get(1..).unwrap_or_default();
    let inner = Call {
        arguments: rest,
        ..*call
    };
    let (_, id) = typed(&inner, 0)?;
    let mut pieces = vec![base];
    pieces.extend(id);
    Ok(call.text_value(texts::joined(&pieces)?))
}

/// What stands before the type, so many arguments at most; and `/providers/TYPE/NAME/TYPE/NAME`.
///
/// The type is the argument with slashes behind which there is a name for each of its segments but the provider.
fn typed(call: &Call<'_>, most_before: usize) -> Result<(Vec<Text>, Vec<Text>), Stop> {
    let mut mismatch = None;
    for at in 0..=most_before.min(call.arguments.len()) {
        let Some(value) = call.arguments.get(at) else {
            break;
        };
        let Some(kind) = value.known_text() else {
            continue;
        };
        let names = call.arguments.get(at + 1..).unwrap_or_default();
        let segments = kind
            .split('/')
            .filter(|segment| !segment.is_empty())
            .count();
        if segments < 2 || kind.starts_with('/') {
            continue;
        }
        if segments == names.len() + 1 {
            let before = (0..at).map(|at| texts::piece(call, at));
            return Ok((before.collect::<Result<_, _>>()?, path(call, kind, at)?));
        }
        mismatch = mismatch.or(Some((kind, segments - 1, names.len())));
    }
    let mut front = call.arguments.iter().take(most_before + 1);
    match (front.find_map(Value::unknown), mismatch) {
        (Some(symbol), _) => Err(Stop::unknown(symbol)),
        (None, Some((kind, wanted, given))) => {
            let names = if wanted == 1 { "name" } else { "names" };
            Err(call.wrong(format!("wants {wanted} {names} for `{kind}`, not {given}")))
        }
        (None, None) => Err(call.wrong("wants a type such as `Microsoft.Network/virtualNetworks`")),
    }
}

fn path(call: &Call<'_>, kind: &str, at: usize) -> Result<Vec<Text>, Stop> {
    let mut segments = kind.split('/').filter(|segment| !segment.is_empty());
    let provider = segments.next().unwrap_or_default();
    let mut pieces = vec![Text::from(format!("/providers/{provider}").as_str())];
    for (index, segment) in segments.enumerate() {
        let name_at = at + 1 + index;
        if let Some(Data::Null) = call.arguments.get(name_at).map(|value| &value.data) {
            return Err(call.mistyped(name_at, "a name"));
        }
        let name = texts::piece(call, name_at)?;
        pieces.extend([Text::from(format!("/{segment}/").as_str()), name]);
    }
    Ok(pieces)
}
