//! Functions that a template defines.

use std::rc::Rc;

use smol_str::SmolStr;

use crate::import::Value;
use crate::import::json::Json;

use super::calls::Call;
use super::machine::{Fault, Machine};
use super::scope::{Binding, Context, Frame};

impl<'d> Machine<'_, 'd> {
    /// Calls a function of the template. Inside it only its arguments are seen.
    pub(super) fn user_function(
        &mut self,
        namespace: &str,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let Some(function) = find(context.scope.template, namespace, call.name) else {
            let message = format!("the template has no function `{namespace}.{}`", call.name);
            return Err(call.wrong(message));
        };
        let values = self.arguments(call, context)?;
        let names = function.get("parameters").into_iter().flat_map(Json::items);
        let names: Vec<SmolStr> = names
            .map(|parameter| {
                let name = parameter.get("name").and_then(Json::as_str);
                name.unwrap_or_default().to_ascii_lowercase().into()
            })
            .collect();
        if names.len() != values.len() {
            return Err(call.wrong(format!(
                "`{namespace}.{}` takes {} arguments, not {}",
                call.name,
                names.len(),
                values.len()
            )));
        }
        let Some(output) = function.at(&["output", "value"]) else {
            return Err(call.wrong(format!("`{namespace}.{}` gives nothing", call.name)));
        };
        let arguments: Rc<[(SmolStr, Value)]> = names.into_iter().zip(values).collect();
        let inner = context.framed(&Frame::default().with(Binding::Arguments(arguments)));
        Ok(self.elsewhere(|machine| machine.value(output, &inner)))
    }
}

fn find<'d>(template: Json<'d>, namespace: &str, name: &str) -> Option<Json<'d>> {
    template
        .get("functions")?
        .items()
        .filter(|group| {
            group
                .get("namespace")
                .is_some_and(|own| own.is_text(namespace))
        })
        .find_map(|group| group.at(&["members", name]))
}
