//! The answer for programs; `docs/schema/egress-probe-1.schema.json` describes it.

use serde::Serialize;

use crate::probe::{Row, Step};

use super::View;

/// The schema of the document.
const SCHEMA: &str = "egress-probe/1";

#[derive(Serialize)]
struct Root<'v> {
    schema: &'static str,
    pool: &'v str,
    started: String,
    servers: &'v [String],
    rows: Vec<Endpoint<'v>>,
}

#[derive(Serialize)]
struct Endpoint<'v> {
    requirement: &'v str,
    destination: &'v str,
    name: Option<&'v str>,
    address: Option<String>,
    service: String,
    port: Option<u16>,
    class: &'static str,
    evidence: bool,
    steps: Vec<Done<'v>>,
    detail: &'v str,
}

#[derive(Serialize)]
struct Done<'v> {
    step: &'static str,
    ms: u64,
    result: &'v str,
}

/// A probe as JSON.
#[must_use]
pub fn json(view: &View<'_>) -> String {
    let root = Root {
        schema: SCHEMA,
        pool: view.pool,
        started: view.started.to_string(),
        servers: view.servers,
        rows: view.rows.iter().map(endpoint).collect(),
    };
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}

fn endpoint(row: &Row) -> Endpoint<'_> {
    Endpoint {
        requirement: &row.requirement,
        destination: &row.destination,
        name: row.name.as_ref().map(|name| name.as_str()),
        address: row.address.map(|address| address.to_string()),
        service: row.service.to_string(),
        port: row.port,
        class: row.ended.class.word(),
        evidence: row.ended.evidence,
        steps: row.steps.iter().map(done).collect(),
        detail: &row.ended.detail,
    }
}

fn done(step: &Step) -> Done<'_> {
    Done {
        step: step.kind.word(),
        ms: u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX),
        result: &step.result,
    }
}
