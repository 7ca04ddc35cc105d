//! Which exported resources stand beside a template: those that it refers to, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::SmolStr;

use super::resource::{Resource, ResourceId};
use super::value::{Data, Text, Value};

/// Exported resources by what they are a part of.
#[derive(Debug, Default)]
pub(super) struct Exports {
    resources: Vec<Resource>,
    by_top: BTreeMap<SmolStr, Vec<usize>>,
}

impl Exports {
    pub(super) fn new(resources: Vec<Resource>) -> Self {
        let mut by_top: BTreeMap<SmolStr, Vec<usize>> = BTreeMap::new();
        for (index, resource) in resources.iter().enumerate() {
            by_top.entry(top(&resource.id)).or_default().push(index);
        }
        Self { resources, by_top }
    }

    pub(super) fn all(&self) -> &[Resource] {
        &self.resources
    }

    /// Those that some resources refer to, and what these refer to in turn, in the order in which they were read.
    pub(super) fn beside<'r>(
        &'r self,
        resources: impl Iterator<Item = &'r Resource>,
    ) -> Vec<Resource> {
        if self.resources.is_empty() {
            return Vec::new();
        }
        let mut wanted: BTreeSet<SmolStr> = BTreeSet::new();
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<&Resource> = resources.collect();
        while let Some(resource) = open.pop() {
            let mut named = BTreeSet::new();
            named.insert(top(&resource.id));
            references(&resource.whole, &mut named);
            for key in named {
                if !wanted.insert(key.clone()) {
                    continue;
                }
                for index in self.by_top.get(&key).into_iter().flatten() {
                    if taken.insert(*index) {
                        open.extend(self.resources.get(*index));
                    }
                }
            }
        }
        let taken = taken.into_iter();
        taken
            .filter_map(|index| self.resources.get(index).cloned())
            .collect()
    }
}

/// The key of the resource at the top, such as the network of a subnet.
fn top(id: &ResourceId) -> SmolStr {
    let mut id = id.clone();
    while let Some(parent) = id.parent() {
        id = parent;
    }
    id.key()
}

fn references(value: &Value, found: &mut BTreeSet<SmolStr>) {
    match &value.data {
        Data::Text(text) if names_a_resource(text) => {
            found.extend(ResourceId::parse(text).as_ref().map(top));
        }
        Data::Array(items) => items.iter().for_each(|item| references(item, found)),
        Data::Object(object) => {
            let members = object.members.iter();
            members.for_each(|member| references(&member.value, found));
        }
        _ => {}
    }
}

fn names_a_resource(text: &Text) -> bool {
    const WORD: &str = "/providers/";
    match text {
        Text::Known(known) => known.contains(WORD),
        Text::Mixed(_) => text.to_string().contains(WORD),
    }
}
