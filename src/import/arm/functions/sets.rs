//! Arrays and objects put together.
//!
//! Source: MicrosoftDocs/azure-docs, articles/azure-resource-manager/templates/template-functions-object.md, union,
//! intersection and shallowMerge; articles/azure-resource-manager/bicep/bicep-functions-object.md, union: objects are
//! merged recursively, arrays are not.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::import::{Data, Object, Symbol, Text, Value, Why};

use super::call::{Call, Container, MAX_ITEMS, Outcome, Stop, TOO_LARGE};
use super::equality::equal;

/// How many pairs of elements one call compares.
const MOST_COMPARISONS: usize = 1_000_000;

/// `union(a, b, …)`: all elements of arrays, or all members of objects, each once.
pub(super) fn union(call: &Call<'_>) -> Outcome {
    if let Some(arrays) = call.arrays()? {
        let mut distinct = Distinct::default();
        for item in arrays.into_iter().flatten() {
            distinct.add(item)?;
        }
        return call.array_value(distinct.items);
    }
    let mut objects = call.objects()?.into_iter();
    let mut merged = objects
        .next()
        .map_or_else(Object::default, |o| (**o).clone());
    let mut left = MAX_ITEMS;
    for object in objects {
        merged = merge(call, "", [&merged, object], &mut left)?;
    }
    call.object_value(merged)
}

/// `intersection(a, b, …)`: the elements or members that all have.
pub(super) fn intersection(call: &Call<'_>) -> Outcome {
    if let Some(arrays) = call.arrays()? {
        let Some((first, others)) = arrays.split_first() else {
            return call.array_value(Vec::new());
        };
        let mut left = MOST_COMPARISONS;
        let mut distinct = Distinct::default();
        for item in *first {
            if in_all(item, others, &mut left)? {
                distinct.add(item)?;
            }
        }
        return call.array_value(distinct.items);
    }
    let objects = call.objects()?;
    let Some((first, others)) = objects.split_first() else {
        return call.object_value(Object::default());
    };
    let mut members = Vec::new();
    for member in &first.members {
        let mut common = true;
        for other in others {
            common = common
                && match other.get(&member.key) {
                    Some(value) => equal(&member.value, value).map_err(Stop::Unknown)?,
                    None => false,
                };
        }
        if common {
            members.push(member.clone());
        }
    }
    call.object_value(Object { members })
}

fn in_all(item: &Value, arrays: &[&[Value]], left: &mut usize) -> Result<bool, Stop> {
    for array in arrays {
        let mut doubt = None;
        let mut found = false;
        for other in *array {
            *left = left.checked_sub(1).ok_or(TOO_LARGE)?;
            match equal(item, other) {
                Ok(true) => {
                    found = true;
                    break;
                }
                Ok(false) => {}
                Err(why) => doubt = doubt.or(Some(why)),
            }
        }
        if !found {
            return doubt.map_or(Ok(false), |why| Err(Stop::Unknown(why)));
        }
    }
    Ok(true)
}

/// `shallowMerge(objects)`: all members; of several with one key, the last one.
pub(super) fn shallow_merge(call: &Call<'_>) -> Outcome {
    let mut merged = Keyed::default();
    for item in call.items(0)? {
        match &item.data {
            Data::Object(object) => {
                for member in &object.members {
                    merged.set(member.clone());
                }
            }
            Data::Unknown(symbol) => return Err(Stop::unknown(symbol)),
            _ => return Err(call.wrong("wants an array of objects")),
        }
    }
    call.object_value(merged.object)
}

impl<'a> Call<'a> {
    /// The arguments, when all are arrays.
    fn arrays(&self) -> Result<Option<Vec<&'a [Value]>>, Stop> {
        let arrays = self.containers()?;
        let arrays = arrays.into_iter().map(|container| match container {
            Container::Array(items) => Some(items),
            Container::Object(_) => None,
        });
        Ok(arrays.collect())
    }

    /// The arguments, which must all be objects.
    fn objects(&self) -> Result<Vec<&'a Arc<Object>>, Stop> {
        let objects = self.containers()?;
        let objects = objects.into_iter().map(|container| match container {
            Container::Object(object) => Ok(object),
            Container::Array(_) => Err(self.wrong("takes arrays only or objects only")),
        });
        objects.collect()
    }

    fn containers(&self) -> Result<Vec<Container<'a>>, Stop> {
        let containers = self.arguments.iter().enumerate();
        let containers = containers.map(|(at, value)| match &value.data {
            Data::Array(items) => Ok(Container::Array(items)),
            Data::Object(object) => Ok(Container::Object(object)),
            _ => Err(self.mistyped(at, "an array or an object")),
        });
        containers.collect()
    }
}

/// Elements without those that are certainly there twice.
#[derive(Debug, Default)]
struct Distinct {
    items: Vec<Value>,
    known: FxHashSet<(bool, SmolStr)>,
    /// The places of the elements that are neither a known text nor a number.
    others: Vec<usize>,
    compared: usize,
}

impl Distinct {
    fn add(&mut self, item: &Value) -> Result<(), Stop> {
        let is_new = match &item.data {
            Data::Text(Text::Known(text)) => self.known.insert((true, text.clone())),
            Data::Int(number) => self.known.insert((false, number.to_string().into())),
            _ => {
                self.compared += self.others.len();
                if self.compared > MOST_COMPARISONS {
                    return Err(TOO_LARGE);
                }
                let mut others = self.others.iter().filter_map(|at| self.items.get(*at));
                let is_new = !others.any(|other| equal(item, other) == Ok(true));
                if is_new {
                    self.others.push(self.items.len());
                }
                is_new
            }
        };
        if is_new {
            self.items.push(item.clone());
        }
        Ok(())
    }
}

/// An object in the making.
#[derive(Debug, Default)]
struct Keyed {
    object: Object,
    places: FxHashMap<String, usize>,
}

impl Keyed {
    fn of(object: &Object) -> Self {
        let mut keyed = Self::default();
        for member in &object.members {
            keyed.set(member.clone());
        }
        keyed
    }

    fn get(&self, key: &str) -> Option<&Value> {
        let at = self.places.get(&key.to_ascii_lowercase())?;
        self.object.members.get(*at).map(|member| &member.value)
    }

    /// Sets a member; one that is there keeps its place.
    fn set(&mut self, member: crate::import::Member) {
        let next = self.object.members.len();
        let at = *self
            .places
            .entry(member.key.to_ascii_lowercase())
            .or_insert(next);
        match self.object.members.get_mut(at) {
            Some(old) => *old = member,
            None => self.object.members.push(member),
        }
    }
}

/// Members of both; where both have an object, the two are merged, else the second one counts.
fn merge(
    call: &Call<'_>,
    path: &str,
    [a, b]: [&Object; 2],
    left: &mut usize,
) -> Result<Object, Stop> {
    let mut merged = Keyed::of(a);
    *left = left
        .checked_sub(a.members.len() + b.members.len())
        .ok_or(TOO_LARGE)?;
    for member in &b.members {
        let mut member = member.clone();
        let inner = || format!("{path}.{}", member.key);
        match (
            merged.get(&member.key).map(|old| &old.data),
            &member.value.data,
        ) {
            (Some(Data::Object(old)), Data::Object(new)) => {
                let both = merge(call, &inner(), [old, new], left)?;
                member.value.data = Data::Object(Arc::new(both));
            }
            // Whether null takes a value away is not documented.
            (Some(old), Data::Null) if !matches!(old, Data::Null) => {
                member.value.data = doubtful(call, &inner(), Why::RunTime);
            }
            // It may be an object, which would be merged.
            (Some(Data::Unknown(symbol)), Data::Object(_))
            | (Some(Data::Object(_)), Data::Unknown(symbol)) => {
                member.value.data = doubtful(call, &inner(), symbol.why.clone());
            }
            _ => {}
        }
        merged.set(member);
    }
    Ok(merged.object)
}

/// A member of the result that is not known although the result is.
fn doubtful(call: &Call<'_>, path: &str, why: Why) -> Data {
    let whole = super::symbol_of(call.name, call.arguments, why.clone());
    Data::Unknown(Symbol::new(format!("{}{path}", whole.text), why))
}
