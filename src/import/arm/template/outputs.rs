//! Outputs of nested deployments, computed when something asks for them.

use std::sync::Arc;

use smol_str::SmolStr;

use crate::base::did_you_mean_help;
use crate::import::json::Json;
use crate::import::{Data, Member, Object, Symbol, Value};

use super::access::{Step, extended};
use super::calls::Call;
use super::machine::{Fault, Machine};
use super::references::is_name;
use super::resources::Handle;
use super::scope::{Child, Context, ScopeRef, Section};

impl<'d> Machine<'_, 'd> {
    /// `outputs` of a deployment, with the steps from there. Nothing when it is about something else.
    pub(super) fn output_of(
        &mut self,
        handle: Handle,
        steps: &[Step],
        call: Call<'_>,
    ) -> Result<Option<Value>, Fault> {
        let Some((first, rest)) = steps.split_first() else {
            return Ok(None);
        };
        if !is_name(&first.key, "outputs") || !self.is_deployment(handle) {
            return Ok(None);
        }
        let scope = match self.child(handle) {
            Some(Child::Entered(at)) => self.scopes.get(at).cloned(),
            Some(Child::Closed(symbol)) => {
                let keys = rest.iter().map(|step| &step.key);
                let open = Symbol {
                    text: format!("{}.outputs", symbol.text).into(),
                    ..(*symbol).clone()
                };
                let open = keys.fold(open, |symbol, key| extended(&symbol, key));
                return Ok(Some(Value::new(Data::Unknown(Arc::new(open)), call.span())));
            }
            None => None,
        };
        let Some(scope) = scope else {
            return Ok(None);
        };
        let Some((name, rest)) = rest.split_first() else {
            return self.all_outputs(&scope, call).map(Some);
        };
        let Some(key) = name.key.segment() else {
            return Ok(None);
        };
        match self.output(&scope, &key, call)? {
            Some(value) => Self::walk(value, rest).map(Some),
            None if name.miss == super::access::Miss::Null => {
                Ok(Some(Value::new(Data::Null, call.span())))
            }
            None => {
                let names = output_names(&scope);
                Err(Fault::Wrong {
                    message: format!("the deployment has no output `{key}`"),
                    span: name.span,
                    help: did_you_mean_help(&key, names.iter().map(SmolStr::as_str)),
                })
            }
        }
    }

    fn is_deployment(&mut self, handle: Handle) -> bool {
        self.look(handle)
            .is_some_and(|(_, _, instance)| instance.named.id.is(super::resources::DEPLOYMENT))
    }

    /// An output as Azure gives it: an object with `value`.
    fn output(
        &mut self,
        scope: &ScopeRef<'d>,
        name: &str,
        call: Call<'_>,
    ) -> Result<Option<Value>, Fault> {
        let outputs = scope.template.get("outputs");
        let Some((key, declared)) = outputs.and_then(|outputs| outputs.member(name)) else {
            return Ok(None);
        };
        let value = self.memoised(scope, Section::Outputs, name, call, |machine| {
            let context = Context::of(scope);
            match (declared.get("value"), declared.get("copy")) {
                (Some(value), _) => machine.value(value, &context),
                (None, Some(copy)) => machine.repeated(copy, None, &context),
                (None, None) => Value::new(Data::Null, declared.span()),
            }
        })?;
        let span = declared.span();
        let members = vec![Member {
            key: "value".into(),
            key_span: key.content_span(),
            value,
        }];
        Ok(Some(Value::new(
            Data::Object(Arc::new(Object { members })),
            span,
        )))
    }

    fn all_outputs(&mut self, scope: &ScopeRef<'d>, call: Call<'_>) -> Result<Value, Fault> {
        let mut members = Vec::new();
        for name in output_names(scope) {
            if let Some(value) = self.output(scope, &name, call)? {
                members.push(Member {
                    key: name,
                    key_span: value.span,
                    value,
                });
            }
        }
        let data = Data::Object(Arc::new(Object { members }));
        Ok(Value::new(data, call.span()))
    }

    /// What `reference()` gives for a deployment, as far as it is known.
    pub(super) fn outputs_object(
        &mut self,
        handle: Handle,
        call: Call<'_>,
    ) -> Result<Value, Fault> {
        let step = Step {
            key: super::access::Key::Name("outputs".into()),
            miss: super::access::Miss::Wrong,
            span: call.span(),
        };
        let outputs = self.output_of(handle, &[step], call)?;
        let span = call.span();
        let members = outputs.into_iter().map(|value| Member {
            key: "outputs".into(),
            key_span: span,
            value,
        });
        let members = members.collect();
        Ok(Value::new(Data::Object(Arc::new(Object { members })), span))
    }
}

fn output_names(scope: &ScopeRef<'_>) -> Vec<SmolStr> {
    let outputs = scope.template.get("outputs").into_iter();
    let members = outputs.flat_map(Json::members);
    members
        .filter_map(|(key, _)| key.as_str())
        .map(SmolStr::from)
        .collect()
}
