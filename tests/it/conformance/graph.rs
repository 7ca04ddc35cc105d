//! Resources refer to resources that there are, and wait for those they need.

use std::collections::BTreeMap;

use petgraph::algo::{has_path_connecting, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::NodeFiltered;

use super::expression::{self, Expression};
use super::shape::levels;
use super::template::{Resource, ResourceId, Template, texts};

/// The resources of a template, with an edge from each to all it waits for.
struct Graph<'a> {
    graph: DiGraph<Resource<'a>, ()>,
    /// By id; parts written inside a resource lead to it.
    nodes: BTreeMap<ResourceId, NodeIndex>,
}

impl<'a> Graph<'a> {
    fn new(template: &'a Template) -> Self {
        let mut graph = DiGraph::new();
        let mut nodes = BTreeMap::new();
        for resource in template.resources() {
            let node = graph.add_node(resource);
            nodes.insert(resource.id(), node);
            nodes.extend(resource.inside().into_iter().map(|id| (id, node)));
        }
        let edges: Vec<(NodeIndex, NodeIndex)> = graph
            .node_indices()
            .flat_map(|from| {
                let targets = references(graph[from], Part::DependsOn);
                targets.into_iter().map(move |to| (from, to))
            })
            .filter_map(|(from, to)| Some((from, *nodes.get(&to)?)))
            .collect();
        for (from, to) in edges {
            graph.add_edge(from, to, ());
        }
        Self { graph, nodes }
    }

    /// Whether one waits for the other whatever conditions say: Azure drops dependencies on what it does not deploy.
    fn waits(&self, from: NodeIndex, to: NodeIndex) -> bool {
        let graph = NodeFiltered::from_fn(&self.graph, |node| {
            node == from || node == to || !self.graph[node].is_conditional()
        });
        has_path_connecting(&graph, from, to, None)
    }
}

/// Where a reference stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    DependsOn,
    /// Anywhere but in `name` and `dependsOn`: what is referred to there must exist by then.
    Body,
}

/// The resource ids in a part of a resource.
fn references(resource: Resource<'_>, part: Part) -> Vec<ResourceId> {
    let mut found = Vec::new();
    for (key, value) in resource.0.as_object().into_iter().flatten() {
        let stands_in = match key.as_str() {
            "dependsOn" => part == Part::DependsOn,
            "name" => false,
            _ => part == Part::Body,
        };
        if stands_in {
            texts("", "", value, &mut |_, _, text| found.extend(ids(text)));
        }
    }
    found
}

/// The resource ids in a text of a template.
fn ids(text: &str) -> Vec<ResourceId> {
    let Some(Ok(expression)) = expression::of_text(text) else {
        return Vec::new();
    };
    let calls = expression.calls().into_iter();
    calls
        .filter(|(function, _)| *function == "resourceId")
        .map(|(_, arguments)| ResourceId::of_arguments(arguments))
        .collect()
}

pub(super) fn references_lead_somewhere(template: &Template) -> Vec<String> {
    let graph = Graph::new(template);
    let mut complaints = Vec::new();
    texts("", "", &template.json, &mut |path, _, text| {
        let Some(Ok(expression)) = expression::of_text(text) else {
            return;
        };
        for (function, arguments) in expression.calls() {
            if function != "resourceId" {
                continue;
            }
            let id = ResourceId::of_arguments(arguments);
            if !graph.nodes.contains_key(&id) && !template.existing.contains(&id) {
                complaints.push(format!("{path}: {id} is not there"));
            }
            if !names_fit(arguments) {
                complaints.push(format!(
                    "{path}: {id} has not a name for each level of its type"
                ));
            }
        }
    });
    complaints
}

/// Whether as many names follow the type in the arguments of `resourceId` as it has levels.
fn names_fit(arguments: &[Expression]) -> bool {
    let kind = arguments
        .iter()
        .enumerate()
        .find_map(|(at, argument)| match argument {
            Expression::Text(text) if text.contains('/') => Some((at, text)),
            _ => None,
        });
    kind.is_some_and(|(at, kind)| arguments.len() - at - 1 == levels(kind))
}

pub(super) fn there_is_no_circle(template: &Template) -> Vec<String> {
    let graph = Graph::new(template).graph;
    match toposort(&graph, None) {
        Ok(_) => Vec::new(),
        Err(circle) => {
            let resource = graph[circle.node_id()];
            vec![format!("{} and others wait for each other", resource.id())]
        }
    }
}

/// Whatever a resource refers to or is a part of, it waits for.
pub(super) fn what_is_used_is_deployed_before(template: &Template) -> Vec<String> {
    let graph = Graph::new(template);
    let mut complaints = Vec::new();
    for from in graph.graph.node_indices() {
        let resource = graph.graph[from];
        let needed = references(resource, Part::Body)
            .into_iter()
            .chain(resource.parent());
        for id in needed {
            let Some(to) = graph.nodes.get(&id).copied() else {
                continue;
            };
            let missing = graph.graph[to].is_conditional() && !resource.is_conditional();
            if to != from && (missing || !graph.waits(from, to)) {
                complaints.push(format!("{} does not wait for {id}", resource.id()));
            }
        }
    }
    complaints
}

/// A firewall policy takes one change at a time, so of any two of its groups one waits for the other.
pub(super) fn rule_collection_groups_are_chained(template: &Template) -> Vec<String> {
    let graph = Graph::new(template);
    let groups: Vec<NodeIndex> = graph
        .graph
        .node_indices()
        .filter(|node| graph.graph[*node].kind().ends_with("/ruleCollectionGroups"))
        .collect();
    let mut complaints = Vec::new();
    for (index, &first) in groups.iter().enumerate() {
        for &second in groups.iter().skip(index + 1) {
            let [a, b] = [first, second].map(|node| graph.graph[node]);
            if a.parent() == b.parent()
                && !graph.waits(first, second)
                && !graph.waits(second, first)
            {
                complaints.push(format!(
                    "{} and {} are deployed at the same time",
                    a.id(),
                    b.id()
                ));
            }
        }
    }
    complaints
}
