//! Variables: computed when something asks for them, and once.

use smol_str::SmolStr;

use crate::base::did_you_mean_help;
use crate::import::json::Json;
use crate::import::{Value, Why};

use super::calls::Call;
use super::machine::{Fault, Machine};
use super::scope::{Context, ScopeRef, Section, Slot};

impl<'d> Machine<'_, 'd> {
    /// `variables('name')`.
    pub(super) fn variable_call(
        &mut self,
        call: Call<'_>,
        context: &Context<'d>,
    ) -> Result<Value, Fault> {
        let name = self.argument(call, 0, context)?;
        let Some(name) = name.known_text() else {
            return self.section_symbol(call, &name);
        };
        let name = name.clone();
        self.variable(&context.scope, &name, call)
    }

    /// A name in `parameters()` or `variables()` that is not known.
    pub(super) fn section_symbol(&self, call: Call<'_>, name: &Value) -> Result<Value, Fault> {
        match name.unknown() {
            Some(symbol) => {
                let text = super::spelling::spell_call(call.name, std::slice::from_ref(name));
                Ok(Self::unknown(text, symbol.why.clone(), call.span()))
            }
            None => Err(call.wrong(format!("`{}` takes a name", call.name))),
        }
    }

    fn variable(
        &mut self,
        scope: &ScopeRef<'d>,
        name: &SmolStr,
        call: Call<'_>,
    ) -> Result<Value, Fault> {
        if let Some(value) = Self::memo_of(scope, Section::Variables, name) {
            return Ok(value);
        }
        let Some(written) = find(scope.template, name) else {
            return Err(Fault::Wrong {
                message: format!("the template has no variable `{name}`"),
                span: call.place,
                help: did_you_mean_help(name, names(scope.template).iter().map(SmolStr::as_str)),
            });
        };
        self.memoised(scope, Section::Variables, name, call, |machine| {
            let context = Context::inside(scope);
            match written {
                Written::Value(json) => machine.value(json, &context),
                Written::Loop(copy) => machine.repeated(copy, Some(name), &context),
            }
        })
    }

    /// The value of a name of a section, if it was computed already.
    pub(super) fn memo_of(scope: &ScopeRef<'d>, section: Section, name: &str) -> Option<Value> {
        let key = (section, SmolStr::from(name.to_ascii_lowercase()));
        match scope.memo.borrow().get(&key) {
            Some(Slot::Done(value)) => Some(value.clone()),
            _ => None,
        }
    }

    /// Computes a name of a section once; a name that needs itself is wrong.
    pub(super) fn memoised(
        &mut self,
        scope: &ScopeRef<'d>,
        section: Section,
        name: &str,
        call: Call<'_>,
        compute: impl FnOnce(&mut Self) -> Value,
    ) -> Result<Value, Fault> {
        let key = (section, SmolStr::from(name.to_ascii_lowercase()));
        let slot = scope.memo.borrow().get(&key).cloned();
        match slot {
            Some(Slot::Done(value)) => return Ok(value),
            // What a resource is set to may be what it was before; then `reference()` stays a symbol.
            Some(Slot::Running) if !self.following.is_empty() => return Err(Fault::TooLarge),
            Some(Slot::Running) => {
                return Err(call.wrong(format!("the value of `{name}` depends on itself")));
            }
            None => {}
        }
        scope.memo.borrow_mut().insert(key.clone(), Slot::Running);
        let doubts = std::mem::take(&mut self.doubts);
        let silence = std::mem::take(&mut self.silence);
        let value = self.elsewhere(compute);
        (self.doubts, self.silence) = (doubts, silence);
        let mut memo = scope.memo.borrow_mut();
        // What was cut off because of where it was asked for may be known elsewhere.
        match value.unknown().map(|symbol| &symbol.why) {
            Some(Why::TooLarge) => memo.remove(&key),
            _ => memo.insert(key, Slot::Done(value.clone())),
        };
        Ok(value)
    }
}

/// How a variable is written.
enum Written<'d> {
    Value(Json<'d>),
    Loop(Json<'d>),
}

fn find<'d>(template: Json<'d>, name: &str) -> Option<Written<'d>> {
    let variables = template.get("variables")?;
    if let Some(value) = variables.get(name)
        && !(name.eq_ignore_ascii_case("copy") && value.is_array())
    {
        return Some(Written::Value(value));
    }
    let mut loops = variables.get("copy")?.items();
    let copy = loops.find(|copy| copy.get("name").is_some_and(|own| own.is_text(name)))?;
    Some(Written::Loop(copy))
}

fn names(template: Json<'_>) -> Vec<SmolStr> {
    let Some(variables) = template.get("variables") else {
        return Vec::new();
    };
    let plain = variables.members().filter_map(|(key, _)| key.as_str());
    let loops = variables.get("copy").into_iter().flat_map(Json::items);
    let loops = loops.filter_map(|copy| copy.get("name")?.as_str());
    plain.chain(loops).map(SmolStr::from).collect()
}
