//! Parameters: what is given, else the default, else a symbol.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::base::{Span, did_you_mean_help};
use crate::diag::{Finding, Id};
use crate::import::json::{Document, Json};
use crate::import::{Data, Symbol, Value, Why};

use super::calls::Call;
use super::evaluate::literal;
use super::machine::{Fault, Machine};
use super::scope::{Context, Given, ScopeRef, Section};
use super::spelling::spell_text;

/// How many `$ref` are followed.
const MAX_REFERENCES: usize = 16;

impl<'d> Machine<'_, 'd> {
    /// `parameters('name')`.
    pub(super) fn parameter_call(
        &mut self,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let name = self.argument(call, 0, context)?;
        let Some(name) = name.known_text() else {
            return self.section_symbol(call, &name);
        };
        if let Some(arguments) = context.frame.arguments() {
            let found = arguments
                .iter()
                .find(|(own, _)| own.eq_ignore_ascii_case(name));
            return match found {
                Some((_, value)) => Ok(value.clone()),
                None => Err(call.wrong(format!("the function has no parameter `{name}`"))),
            };
        }
        let name = name.clone();
        self.parameter(&context.scope, &name, call)
    }

    fn parameter(
        &mut self,
        scope: &ScopeRef<'d>,
        name: &SmolStr,
        call: Call<'_>,
    ) -> Result<Value, Fault> {
        if let Some(value) = Self::memo_of(scope, Section::Parameters, name) {
            return Ok(value);
        }
        let declared = scope.template.get("parameters");
        let Some((key, declared)) = declared.and_then(|all| all.member(name)) else {
            let names = parameter_names(scope.template);
            return Err(Fault::Wrong {
                message: format!("the template has no parameter `{name}`"),
                span: call.place,
                help: did_you_mean_help(name, names.iter().map(SmolStr::as_str)),
            });
        };
        self.memoised(scope, Section::Parameters, name, call, |machine| {
            let declaration = Declaration::of(scope.template, key, declared);
            let value = machine.parameter_value(scope, name, &declaration);
            machine.check_value(&value, name, &declaration);
            declaration.hidden(value, &scoped(scope, name))
        })
    }

    /// The value of a parameter as it is given, before it is checked.
    fn parameter_value(
        &mut self,
        scope: &ScopeRef<'d>,
        name: &SmolStr,
        declaration: &Declaration<'d>,
    ) -> Value {
        let symbol = |why: Why| Self::unknown(scoped(scope, name), why, declaration.span);
        let given = match scope.given.get(name.to_ascii_lowercase().as_str()) {
            Some(Given::Literal(json)) => Some(literal(*json)),
            Some(Given::Expression(json, outside)) => Some(self.value(*json, outside)),
            Some(Given::Entry(json, outside)) => match entry_value(&self.value(*json, outside)) {
                Some(Given::Value(value)) => Some(value),
                Some(_) => return symbol(Why::RunTime),
                None => None,
            },
            Some(Given::Value(value)) => Some(value.clone()),
            Some(Given::Secret) => return symbol(Why::RunTime),
            None => None,
        };
        // Azure takes `null` as no value at all. Source: Azure/bicep, pull request 11532.
        let value = match given.filter(|value| !value.is_null()) {
            Some(value) => value,
            None => match (&scope.given_unknown, declaration.default) {
                (Some(open), _) => return symbol(open.why.clone()),
                (None, Some(default)) => self.value(default, &Context::inside(scope)),
                (None, None) if declaration.nullable => Value::new(Data::Null, declaration.span),
                (None, None) => {
                    return symbol(Why::NoValue {
                        parameter: name.clone(),
                        declared: Some(declaration.span),
                    });
                }
            },
        };
        match value.unknown() {
            // Two parameters with `newGuid()` have two values.
            Some(other)
                if other.why == Why::Unrepeatable && matches!(value.data, Data::Unknown(_)) =>
            {
                symbol(Why::Unrepeatable)
            }
            _ => value,
        }
    }

    /// What Azure checks before it deploys.
    fn check_value(&mut self, value: &Value, name: &str, declaration: &Declaration<'d>) {
        if declaration.secure {
            return;
        }
        let place = value.written.unwrap_or(value.span);
        let fits = !matches!(
            (&value.data, declaration.kind.as_deref()),
            (
                Data::Bool(_) | Data::Int(_) | Data::Array(_) | Data::Object(_),
                Some("string")
            ) | (
                Data::Text(_) | Data::Int(_) | Data::Bool(_) | Data::Object(_),
                Some("array")
            ) | (
                Data::Text(_) | Data::Int(_) | Data::Bool(_) | Data::Array(_),
                Some("object")
            )
        );
        if !fits {
            let kind = declaration.kind.as_deref().unwrap_or_default();
            let message = format!("the value of parameter `{name}` is not of type `{kind}`");
            self.refuse_value(message, place, declaration);
            return;
        }
        let Some(allowed) = declaration.allowed else {
            return;
        };
        let is_allowed = |value: &Value| allowed.items().any(|item| same(&literal(item), value));
        let good = match &value.data {
            Data::Array(items) => is_allowed(value) || items.iter().all(is_allowed),
            Data::Bool(_) | Data::Int(_) | Data::Text(_) => is_allowed(value),
            _ => true,
        };
        if !good {
            let message = format!("parameter `{name}` does not allow this value");
            self.refuse_value(message, place, declaration);
        }
    }

    fn refuse_value(&mut self, message: String, place: Span, declaration: &Declaration<'d>) {
        let finding = Finding::new(Id::TG0027, message)
            .at(place, "given here")
            .related(declaration.span, "declared here")
            .azure("InvalidTemplate", None);
        self.report(finding);
    }

    /// Says which values of parameter files have no parameter.
    pub(super) fn check_given(&mut self, root: &ScopeRef<'d>, files: &[Document]) {
        for document in files {
            let Some(given) = given_of(document) else {
                continue;
            };
            for (key, _) in given.members() {
                let name = key.as_str().unwrap_or_default();
                let names = parameter_names(root.template);
                if name.starts_with('$') || names.iter().any(|own| own.eq_ignore_ascii_case(&name))
                {
                    continue;
                }
                let finding = Finding::new(
                    Id::TG0027,
                    format!("the template has no parameter `{name}`"),
                )
                .at(key.content_span(), "given here")
                .maybe_help(did_you_mean_help(&name, names.iter().map(SmolStr::as_str)))
                .azure("InvalidTemplate", None);
                self.report(finding);
            }
        }
    }
}

/// What a template says about a parameter.
struct Declaration<'d> {
    /// Its name.
    span: Span,
    /// Its type in lower case.
    kind: Option<String>,
    secure: bool,
    nullable: bool,
    default: Option<Json<'d>>,
    allowed: Option<Json<'d>>,
}

impl<'d> Declaration<'d> {
    fn of(template: Json<'d>, key: Json<'d>, declared: Json<'d>) -> Self {
        let mut chain = vec![declared];
        while let Some(next) = chain
            .last()
            .and_then(|last| last.get("$ref")?.as_str())
            .and_then(|path| definition(template, &path))
        {
            if chain.len() > MAX_REFERENCES {
                break;
            }
            chain.push(next);
        }
        let first = |key: &str| chain.iter().find_map(|part| part.get(key));
        let kind = first("type").and_then(Json::as_str);
        let kind = kind.map(|kind| kind.to_ascii_lowercase());
        Self {
            span: key.content_span(),
            secure: kind
                .as_deref()
                .is_some_and(|kind| kind.starts_with("secure")),
            nullable: first("nullable").and_then(Json::as_bool) == Some(true),
            default: declared.get("defaultValue"),
            allowed: first("allowedValues").filter(|allowed| allowed.is_array()),
            kind,
        }
    }

    /// A secret is a symbol, whatever its value; only that there is none is no secret.
    fn hidden(&self, value: Value, text: &str) -> Value {
        let open = match &value.data {
            Data::Null | Data::Unknown(_) => true,
            Data::Text(text) => text.known().is_some_and(SmolStr::is_empty),
            Data::Object(object) => object.members.is_empty(),
            _ => false,
        };
        if !self.secure || open {
            return value;
        }
        Value {
            data: Data::Unknown(Symbol::new(text, Why::RunTime)),
            ..value
        }
    }
}

fn definition<'d>(template: Json<'d>, path: &str) -> Option<Json<'d>> {
    let mut parts = path.strip_prefix("#/")?.split('/');
    parts.try_fold(template, |value, part| value.get(part))
}

/// The canonical text of a parameter. Those of nested templates are told apart by the deployment.
fn scoped(scope: &ScopeRef<'_>, name: &str) -> SmolStr {
    let name = name.replace('\'', "''");
    match &scope.name {
        Some(deployment) => format!(
            "reference({}).parameters.{name}.value",
            spell_text(deployment)
        )
        .into(),
        None => format!("parameters('{name}')").into(),
    }
}

fn parameter_names(template: Json<'_>) -> Vec<SmolStr> {
    let declared = template.get("parameters").into_iter();
    let members = declared.flat_map(Json::members);
    members
        .filter_map(|(key, _)| key.as_str())
        .map(SmolStr::from)
        .collect()
}

fn same(a: &Value, b: &Value) -> bool {
    match (&a.data, &b.data) {
        (Data::Text(a), Data::Text(b)) => match (a.known(), b.known()) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => true,
        },
        (Data::Int(a), Data::Int(b)) => a == b,
        (Data::Bool(a), Data::Bool(b)) => a == b,
        (Data::Unknown(_), _) | (_, Data::Unknown(_)) => true,
        _ => false,
    }
}

/// The values that a parameter file gives.
fn given_of(document: &Document) -> Option<Json<'_>> {
    let root = document.root()?;
    match root.get("parameters") {
        Some(given) if given.is_object() => Some(given),
        _ => Some(root).filter(|root| root.get("resources").is_none()),
    }
}

/// Adds the values of a parameter file, which are taken as they are.
pub(super) fn give_literals<'d>(given: &mut FxHashMap<SmolStr, Given<'d>>, values: Json<'d>) {
    for (key, entry) in values.members() {
        let name = SmolStr::from(key.as_str().unwrap_or_default().to_ascii_lowercase());
        if let Some(value) = entry.get("value") {
            given.insert(name, Given::Literal(value));
        } else if entry.get("reference").is_some() {
            given.insert(name, Given::Secret);
        }
    }
}

/// Adds the values of all parameter files.
pub(super) fn give_files<'d>(given: &mut FxHashMap<SmolStr, Given<'d>>, documents: &'d [Document]) {
    for document in documents {
        if let Some(values) = given_of(document) {
            give_literals(given, values);
        }
    }
}

/// Adds values that a deployment passes on, which are evaluated outside.
pub(super) fn give_expressions<'d>(
    given: &mut FxHashMap<SmolStr, Given<'d>>,
    values: Json<'d>,
    outside: &Context<'d>,
) {
    for (key, entry) in values.members() {
        let name = SmolStr::from(key.as_str().unwrap_or_default().to_ascii_lowercase());
        if let Some(value) = entry.get("value") {
            given.insert(name, Given::Expression(value, outside.clone()));
        } else if entry.get("reference").is_some() {
            given.insert(name, Given::Secret);
        } else if !entry.is_object() {
            given.insert(name, Given::Entry(entry, outside.clone()));
        }
    }
}

/// Adds values that an expression gave as a whole.
pub(super) fn give_value(
    given: &mut FxHashMap<SmolStr, Given<'_>>,
    values: &Value,
) -> Option<Arc<Symbol>> {
    let Data::Object(object) = &values.data else {
        return values.unknown().cloned();
    };
    for member in &object.members {
        let name = SmolStr::from(member.key.to_ascii_lowercase());
        if let Some(entry) = entry_value(&member.value) {
            given.insert(name, entry);
        }
    }
    None
}

/// What an evaluated entry `{"value": …}` or `{"reference": …}` gives.
fn entry_value<'d>(entry: &Value) -> Option<Given<'d>> {
    if let Some(value) = entry.get("value") {
        Some(Given::Value(value.clone()))
    } else if let Some(symbol) = entry.unknown() {
        let value = Value::new(Data::Unknown(Arc::clone(symbol)), entry.span);
        Some(Given::Value(value))
    } else {
        entry.get("reference").map(|_| Given::Secret)
    }
}
