//! What names mean: the sections of one template, and what loops, lambdas and functions bind around an expression.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use camino::Utf8PathBuf;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::import::json::Json;
use crate::import::{Symbol, Text, Value};

use super::place::Place;
use super::resources::{Entry, Instance};

/// A scope that others share.
pub(super) type ScopeRef<'d> = Rc<Scope<'d>>;

/// One deployment of one template.
pub(super) struct Scope<'d> {
    /// Its number; the root has 0.
    pub(super) id: usize,
    /// The template.
    pub(super) template: Json<'d>,
    /// Where expressions of its resources are evaluated, when that is the scope around it.
    pub(super) outer: Option<Context<'d>>,
    /// What it is deployed to.
    pub(super) place: Place,
    /// The name of the deployment; the root has none.
    pub(super) name: Option<Text>,
    /// How many deployments lie around it.
    pub(super) depth: usize,
    /// The condition on which all of it is deployed, when that is not known.
    pub(super) condition: Option<Arc<Symbol>>,
    /// Values given to parameters, by their names in lower case.
    pub(super) given: FxHashMap<SmolStr, Given<'d>>,
    /// The values given as a whole are not known.
    pub(super) given_unknown: Option<Arc<Symbol>>,
    /// The folder in which linked files are looked for.
    pub(super) folder: Utf8PathBuf,
    pub(super) memo: RefCell<FxHashMap<(Section, SmolStr), Slot>>,
    pub(super) entries: OnceCell<Rc<[Entry<'d>]>>,
    pub(super) instances: RefCell<FxHashMap<usize, Option<Rc<[Instance]>>>>,
    /// Deployments in it by entry and instance: the numbers of their scopes.
    pub(super) children: RefCell<FxHashMap<(usize, usize), Child>>,
}

/// What became of a nested deployment.
#[derive(Debug, Clone)]
pub(super) enum Child {
    /// The number of its scope.
    Entered(usize),
    /// Why nothing is known of it.
    Closed(Arc<Symbol>),
}

/// A section with names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Section {
    Parameters,
    Variables,
    Outputs,
}

/// A name's value.
#[derive(Debug, Clone)]
pub(super) enum Slot {
    /// It is being computed.
    Running,
    /// It is known, or known not to be.
    Done(Value),
}

/// A value given to a parameter.
#[derive(Clone)]
pub(super) enum Given<'d> {
    /// Taken as it is written.
    Literal(Json<'d>),
    /// Evaluated outside.
    Expression(Json<'d>, Context<'d>),
    /// An expression that gives an object with the `value`, evaluated outside.
    Entry(Json<'d>, Context<'d>),
    /// Evaluated already.
    Value(Value),
    /// A secret in a key vault.
    Secret,
}

/// Where an expression is evaluated.
#[derive(Clone)]
pub(super) struct Context<'d> {
    /// Whose parameters and variables.
    pub(super) scope: ScopeRef<'d>,
    /// Whose resources; another scope than `scope` in a nested template with outer scope.
    pub(super) home: ScopeRef<'d>,
    /// What is bound around it.
    pub(super) frame: Frame,
}

impl<'d> Context<'d> {
    /// At the top of a template.
    pub(super) fn of(scope: &ScopeRef<'d>) -> Self {
        match &scope.outer {
            Some(outer) => Self {
                home: Rc::clone(scope),
                ..outer.clone()
            },
            None => Self::inside(scope),
        }
    }

    /// In the sections of a template, which see nothing around it.
    pub(super) fn inside(scope: &ScopeRef<'d>) -> Self {
        Self {
            scope: Rc::clone(scope),
            home: Rc::clone(scope),
            frame: Frame::default(),
        }
    }

    /// With one more thing bound.
    pub(super) fn with(&self, binding: Binding) -> Self {
        Self {
            frame: self.frame.with(binding),
            ..self.clone()
        }
    }

    /// With another frame.
    pub(super) fn framed(&self, frame: &Frame) -> Self {
        Self {
            frame: frame.clone(),
            ..self.clone()
        }
    }
}

/// What is bound around an expression, innermost first.
#[derive(Debug, Clone, Default)]
pub(super) struct Frame(Option<Rc<Link>>);

#[derive(Debug)]
struct Link {
    binding: Binding,
    outer: Frame,
}

/// One thing that is bound.
#[derive(Debug, Clone)]
pub(super) enum Binding {
    /// A loop.
    Loop {
        name: Option<SmolStr>,
        index: Index,
        of: LoopKind,
    },
    /// A variable of a lambda.
    Local { name: SmolStr, value: Value },
    /// The arguments of a function; nothing around it is seen.
    Arguments(Rc<[(SmolStr, Value)]>),
}

/// What a loop repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LoopKind {
    Resource,
    Value,
}

/// The index in a loop.
#[derive(Debug, Clone)]
pub(super) enum Index {
    Known(i64),
    /// The loop runs an unknown number of times.
    Any(Arc<Symbol>),
}

impl Frame {
    pub(super) fn with(&self, binding: Binding) -> Self {
        Self(Some(Rc::new(Link {
            binding,
            outer: self.clone(),
        })))
    }

    fn bindings(&self) -> impl Iterator<Item = &Binding> {
        let mut at = self;
        std::iter::from_fn(move || {
            let link = at.0.as_deref()?;
            at = &link.outer;
            Some(&link.binding)
        })
    }

    /// The index of a loop by its name, or of the innermost resource loop, else of the innermost loop.
    pub(super) fn index(&self, wanted: Option<&str>) -> Option<&Index> {
        let loops = || {
            self.bindings().filter_map(|binding| match binding {
                Binding::Loop { name, index, of } => Some((name, index, *of)),
                _ => None,
            })
        };
        let named = |name: &Option<SmolStr>, wanted: &str| {
            name.as_ref()
                .is_some_and(|name| name.eq_ignore_ascii_case(wanted))
        };
        let found = match wanted {
            Some(wanted) => loops().find(|(name, ..)| named(name, wanted)),
            None => loops()
                .find(|(.., of)| *of == LoopKind::Resource)
                .or_else(|| loops().next()),
        };
        found.map(|(_, index, _)| index)
    }

    /// A variable of a lambda.
    pub(super) fn local(&self, wanted: &str) -> Option<&Value> {
        self.bindings().find_map(|binding| match binding {
            Binding::Local { name, value } if name.eq_ignore_ascii_case(wanted) => Some(value),
            _ => None,
        })
    }

    /// The arguments, inside a function.
    pub(super) fn arguments(&self) -> Option<&[(SmolStr, Value)]> {
        self.bindings().find_map(|binding| match binding {
            Binding::Arguments(arguments) => Some(&**arguments),
            _ => None,
        })
    }
}
