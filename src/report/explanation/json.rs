//! Explanations as data for programs. The shape is documented in `docs/json.md`.

use serde_json::{Value, json};

use crate::azure::preflight::Refusal;
use crate::azure::provisioning::Symptom;
use crate::azure::{Assumption, Blocker, Element, Flow, Outcome, Step, Trace};
use crate::base::{Origin, SourceMap};
use crate::diag::Edit;
use crate::explain::{EndpointResult, Explanation, FlowRow, PoolReport, Reason, Remedy};

use super::View;

/// The version of the shape. It changes when a key changes its meaning or goes away.
pub(super) const VERSION: u32 = 1;

/// A flow explained.
#[must_use]
pub fn flow_json(explanation: &Explanation, view: &View<'_>) -> String {
    let mut document = json!({"version": VERSION, "kind": "flow"});
    merge(&mut document, explanation_value(explanation, view));
    text(&document)
}

/// Many flows, one verdict a row.
#[must_use]
pub fn flows_json(rows: &[(FlowRow, Option<Trace>)], view: &View<'_>) -> String {
    let flows: Vec<Value> = rows
        .iter()
        .map(|(row, trace)| row_value(row, trace.as_ref(), view))
        .collect();
    text(&json!({"version": VERSION, "kind": "flows", "flows": flows}))
}

/// A pool explained.
#[must_use]
pub fn pool_json(report: &PoolReport<'_>, view: &View<'_>) -> String {
    let refusals = |refusals: &[Refusal]| -> Vec<Value> {
        refusals
            .iter()
            .map(|refusal| refusal_value(refusal, view))
            .collect()
    };
    let with_fixes = |refusals: &[Refusal], skip: usize| -> Vec<Value> {
        let fixes = report.fixes.iter().skip(skip);
        refusals
            .iter()
            .zip(fixes)
            .map(|(refusal, fixes)| {
                let mut value = refusal_value(refusal, view);
                let fixes: Vec<Value> = fixes
                    .iter()
                    .map(|remedy| remedy_value(remedy, view))
                    .collect();
                merge(&mut value, json!({"fixes": fixes}));
                value
            })
            .collect()
    };
    let endpoints: Vec<Value> = report
        .endpoints
        .iter()
        .map(|endpoint| endpoint_value(endpoint, view))
        .collect();
    let open: Vec<Value> = report
        .open
        .iter()
        .map(|(requirement, why)| json!({"requirement": requirement.name.as_str(), "why": why}))
        .collect();
    let first_failure = report.first_failure.as_ref().map(|failure| {
        json!({
            "does": failure.step.does,
            "host": failure.host,
            "azure": symptoms(&failure.symptoms),
        })
    });
    text(&json!({
        "version": VERSION,
        "kind": "pool",
        "pool": view.estate.pools[report.pool].meta.name.as_str(),
        "verdict": report.verdict().keyword(),
        "preflight": {
            "accepted": report.preflight.refusals.is_empty(),
            "refusals": with_fixes(&report.preflight.refusals, 0),
            "warnings": with_fixes(&report.preflight.warnings, report.preflight.refusals.len()),
            "assumptions": assumptions(&report.preflight.assumptions),
        },
        "first_failure": first_failure,
        "endpoints": endpoints,
        "open": open,
        "permissions": refusals(
            &report.missing_permissions().into_iter().cloned().collect::<Vec<_>>()
        ),
    }))
}

/// JSON with a line break at its end.
pub(super) fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}

fn explanation_value(explanation: &Explanation, view: &View<'_>) -> Value {
    let trace = &explanation.trace;
    let steps: Vec<Value> = trace
        .steps
        .iter()
        .map(|step| step_value(step, view))
        .collect();
    let reasons: Vec<Value> = explanation
        .reasons
        .iter()
        .map(|reason| reason_value(reason, view))
        .collect();
    json!({
        "flow": flow_value(&explanation.flow, view),
        "verdict": trace.verdict.keyword(),
        "cause": trace.decisive().map(|blocker| blocker.cause.slug()),
        "steps": steps,
        "path": elements(&trace.path, view),
        "matched": elements(&trace.matched, view),
        "overruled": elements(&trace.overruled, view),
        "source_nat": trace.source_nat.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "reasons": reasons,
        "after": explanation.after.map(|verdict| verdict.keyword()),
        "azure": symptoms(&explanation.symptoms),
        "assumptions": assumptions(&trace.assumptions),
    })
}

fn flow_value(flow: &Flow, view: &View<'_>) -> Value {
    let subnet = match &flow.from {
        crate::azure::Sender::Inside { subnet, .. } => {
            Some(view.estate.subnet_path(*subnet).replace('/', "."))
        }
        crate::azure::Sender::Outside { .. } => None,
    };
    json!({
        "from": {"subnet": subnet, "address": flow.from.address().to_string()},
        "to": {
            "name": flow.to.name.as_ref().map(ToString::to_string),
            "address": flow.to.address.map(|address| address.to_string()),
            "tags": flow.to.tags.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
        "protocol": flow.transport.keyword(),
        "port": flow.transport.has_ports().then_some(flow.port),
        "sni": flow.announced_name().map(ToString::to_string),
    })
}

fn row_value(row: &FlowRow, trace: Option<&Trace>, view: &View<'_>) -> Value {
    let mut value = json!({"row": row.number, "input": row.written});
    let rest = match (&row.flow, trace) {
        (Ok(flow), Some(trace)) => {
            let decisive = trace.decisive();
            json!({
                "flow": flow_value(flow, view),
                "verdict": trace.verdict.keyword(),
                "cause": decisive.map(|blocker| blocker.cause.slug()),
                "element": decisive.map(|blocker| element(&blocker.element, view)),
                "why": decisive.map(|blocker| &blocker.text),
                "source_nat": trace.source_nat.iter().map(ToString::to_string).collect::<Vec<_>>(),
                "matched": elements(&trace.matched, view),
                "assumptions": assumptions(&trace.assumptions),
            })
        }
        (Err(why), _) => json!({"error": why}),
        (Ok(_), None) => json!({}),
    };
    merge(&mut value, rest);
    value
}

fn step_value(step: &Step, view: &View<'_>) -> Value {
    json!({
        "stage": step.stage.keyword(),
        "element": element(&step.element, view),
        "text": step.text,
        "outcome": outcome(step.outcome),
    })
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passes => "passes",
        Outcome::Unclear => "unclear",
        Outcome::Blocks => "blocks",
    }
}

fn reason_value(reason: &Reason, view: &View<'_>) -> Value {
    let mut value = blocker_value(&reason.blocker, view);
    let fixes: Vec<Value> = reason
        .remedies
        .iter()
        .map(|remedy| remedy_value(remedy, view))
        .collect();
    merge(&mut value, json!({"fixes": fixes}));
    value
}

fn blocker_value(blocker: &Blocker, view: &View<'_>) -> Value {
    let near: Vec<Value> = blocker
        .near
        .iter()
        .map(|near| {
            let differs: Vec<&str> = near.differs.iter().map(|field| field.keyword()).collect();
            json!({"element": element(&near.element, view), "differs": differs, "text": near.text})
        })
        .collect();
    json!({
        "cause": blocker.cause.slug(),
        "stage": blocker.stage.keyword(),
        "element": element(&blocker.element, view),
        "text": blocker.text,
        "certain": blocker.outcome == Outcome::Blocks,
        "on_reply": blocker.on_reply,
        "near": near,
        "shadowed": elements(&blocker.shadowed, view),
        "log": blocker.log,
    })
}

fn remedy_value(remedy: &Remedy, view: &View<'_>) -> Value {
    let edits: Vec<Value> = remedy
        .edits
        .iter()
        .map(|edit| edit_value(edit, view.sources))
        .collect();
    json!({
        "title": remedy.title,
        "edits": edits,
        "alone": remedy.alone.map(|verdict| verdict.keyword()),
        "rewritten": remedy.rewritten.map(|verdict| verdict.keyword()),
        "wide": remedy.wide,
    })
}

fn edit_value(edit: &Edit, sources: &SourceMap) -> Value {
    let mut value = place(sources, edit.span.into()).unwrap_or_else(|| json!({}));
    merge(&mut value, json!({"text": edit.text}));
    value
}

fn endpoint_value(endpoint: &EndpointResult<'_>, view: &View<'_>) -> Value {
    let mut value = json!({
        "requirement": endpoint.requirement.name.as_str(),
        "destination": endpoint.destination,
        "service": endpoint.service,
        "required": endpoint.is_required(),
        "level": endpoint.requirement.level.map(|level| level.keyword()),
    });
    merge(&mut value, explanation_value(&endpoint.explanation, view));
    value
}

fn refusal_value(refusal: &Refusal, view: &View<'_>) -> Value {
    json!({
        "cause": refusal.cause.slug(),
        "element": element(&refusal.element, view),
        "text": refusal.text,
        "code": refusal.code,
        "message": refusal.message,
        "missing_actions": refusal.missing_actions,
    })
}

fn symptoms(symptoms: &[Symptom]) -> Vec<Value> {
    let value = |symptom: &Symptom| json!({"code": symptom.code, "exit": symptom.exit, "message": symptom.message});
    symptoms.iter().map(value).collect()
}

fn assumptions(assumptions: &[Assumption]) -> Vec<&str> {
    assumptions
        .iter()
        .map(|assumption| assumption.text.as_str())
        .collect()
}

fn elements(elements: &[Element], view: &View<'_>) -> Vec<Value> {
    elements.iter().map(|e| element(e, view)).collect()
}

fn element(element: &Element, view: &View<'_>) -> Value {
    let mut value = json!({"name": element.name});
    if let Some(place) = place(view.sources, element.origin) {
        merge(&mut value, place);
    }
    value
}

/// Where an element is written, in the keys that findings use.
fn place(sources: &SourceMap, origin: Origin) -> Option<Value> {
    let span = origin.span()?;
    let file = sources.get(span.file)?;
    let (start, end) = (file.line_column(span.start), file.line_column(span.end));
    Some(json!({
        "path": file.path().as_str(),
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "start_byte": span.start,
        "end_byte": span.end,
    }))
}
