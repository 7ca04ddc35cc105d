//! Allow lists for firewalls that are not Azure's.

use camino::Utf8Path;

use crate::azure::facts::Facts;
use crate::azure::next_hop::{Exit, exit_of};
use crate::azure::{Dataplane, ServiceTags};
use crate::compile::{Mechanism, allow_list};
use crate::emit::allow_list::{File, ListFormat, files, read};
use crate::estate::{Allowed, Appliance, ApplianceFilter, Estate, Id, Pool};
use crate::explain::fqdn_tag_contents;
use crate::report::{self, summary};
use crate::verify::{Proved, place, prove};

use super::output::write_file;
use super::pipeline::Analysis;

/// A firewall that flows leave through, and what it has to let through.
#[derive(Debug)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// What it is, in words.
    pub words: String,
    /// What it has to let through.
    pub entries: Vec<Allowed>,
    /// The appliance whose rules are compiled.
    pub appliance: Option<Id<Appliance>>,
}

/// The appliances whose rules are compiled.
#[must_use]
pub fn compiled_gates(analysis: &Analysis) -> Vec<Gate> {
    let appliances = analysis.estate.appliances.iter();
    let compiled = appliances.filter(|(_, appliance)| appliance.compiled.is_some());
    compiled
        .map(|(id, appliance)| Gate {
            name: appliance.meta.name.to_string(),
            words: format!("appliance `{}`", appliance.meta.name),
            entries: match &appliance.filter {
                ApplianceFilter::Only(entries) => entries.clone(),
                ApplianceFilter::Unstated | ApplianceFilter::Everything => Vec::new(),
            },
            appliance: Some(id),
        })
        .collect()
}

/// Everything that flows of pools leave through, whoever's rules it has; a pool without a firewall by itself.
///
/// # Errors
/// What cannot be said without Azure, in words.
pub fn gates(analysis: &Analysis) -> Result<Vec<Gate>, String> {
    let estate = &analysis.estate;
    let mut gates = compiled_gates(analysis);
    let contents = fqdn_tag_contents(&analysis.catalogs, estate);
    let mut exits: Vec<(Exit, Vec<Id<Pool>>)> = Vec::new();
    for (id, pool) in estate.pools.iter() {
        let exit = exit_of(estate, pool);
        let shared = matches!(exit, Exit::Firewall(_));
        match exits.iter_mut().find(|(known, _)| shared && *known == exit) {
            Some((_, pools)) => pools.push(id),
            None => exits.push((exit, vec![id])),
        }
    }
    for (exit, pools) in exits {
        let (name, kind) = match exit {
            Exit::Appliance(_) => continue,
            Exit::Firewall(id) => (&estate.firewalls[id].meta.name, "firewall"),
            Exit::Elsewhere | Exit::Open => match pools.first() {
                Some(pool) => (&estate.pools[*pool].meta.name, "pool"),
                None => continue,
            },
        };
        let is_inside = |index: usize| {
            let mut deliveries = analysis.deliveries.iter();
            let inside = [Mechanism::Inside, Mechanism::PrivateEndpoint];
            deliveries.any(|it| it.requirement == index && inside.contains(&it.mechanism))
        };
        let list = allow_list(estate, &analysis.intent, &contents, |index, requirement| {
            pools.contains(&requirement.pool) && !is_inside(index)
        });
        if !list.findings.is_empty() {
            return Err(report::concise(&list.findings, &analysis.sources));
        }
        gates.push(Gate {
            name: name.to_string(),
            words: format!("{kind} `{name}`"),
            entries: list.entries,
            appliance: None,
        });
    }
    Ok(gates)
}

/// The list of a gate as files, read again and held against what was meant.
///
/// # Errors
/// What cannot be written, or what the files do otherwise, in words.
pub fn proved_files(
    analysis: &Analysis,
    gate: &Gate,
    format: ListFormat,
    tags: Option<&ServiceTags>,
) -> Result<(Vec<File>, Option<Proved>), String> {
    let written = files(&gate.name, &gate.entries, format, tags).map_err(|reasons| {
        let lines: Vec<String> = reasons.iter().map(|it| format!("  {it}\n")).collect();
        format!(
            "the list of {} cannot be written:\n{}",
            gate.words,
            lines.concat()
        )
    })?;
    let back = read(&written, format)?;
    let again = files(&gate.name, &back, ListFormat::Plain, tags);
    let meant = files(&gate.name, &gate.entries, ListFormat::Plain, tags);
    if again.map(|it| lines_of(&it)) != meant.map(|it| lines_of(&it)) {
        return Err(format!(
            "the list of {} reads otherwise than it was meant",
            gate.words
        ));
    }
    let proved = match gate.appliance {
        Some(id) => Some(prove_list(analysis, id, back, tags)?),
        None => None,
    };
    Ok((written, proved))
}

/// The lines of a plain list without what they are needed for, in order.
fn lines_of(files: &[File]) -> Vec<String> {
    let mut from = String::new();
    let mut lines = Vec::new();
    for line in files.iter().flat_map(|(_, text)| text.lines()) {
        let content = line.split('#').next().unwrap_or("");
        if content.starts_with("from ") {
            content.clone_into(&mut from);
        } else if !content.trim().is_empty() {
            let words: Vec<&str> = content.split_whitespace().collect();
            lines.push(format!("{from}: {}", words.join(" ")));
        }
    }
    lines.sort();
    lines
}

/// An appliance with the rules that were read again, in place of those that were meant.
fn prove_list(
    analysis: &Analysis,
    id: Id<Appliance>,
    entries: Vec<Allowed>,
    tags: Option<&ServiceTags>,
) -> Result<Proved, String> {
    let mut made: Estate = analysis.estate.clone();
    made.appliances[id].filter = ApplianceFilter::Only(entries);
    let placed = place(&analysis.estate, &mut made);
    let contents = fqdn_tag_contents(&analysis.catalogs, &analysis.estate);
    let facts = Facts::builtin();
    let planned = Dataplane::new(&analysis.estate, facts, tags).with_fqdn_tags(contents.clone());
    let made = Dataplane::new(&made, facts, tags).with_fqdn_tags(contents);
    prove(&planned, &made, &analysis.intent, &placed)
        .map_err(|objections| report::disproof(&objections))
}

/// Writes the files of lists into a folder, each whole or not at all.
///
/// # Errors
/// Which file cannot be written.
pub(super) fn write(
    folder: &Utf8Path,
    lists: &[(Gate, Vec<File>)],
) -> Result<Vec<summary::List>, String> {
    let mut written = Vec::new();
    for (gate, files) in lists {
        for (name, text) in files {
            write_file(&folder.join(name), text)?;
        }
        let paths = files.iter().map(|(name, _)| folder.join(name).to_string());
        written.push(summary::List {
            gate: gate.words.clone(),
            paths: paths.collect(),
            entries: gate.entries.len(),
        });
    }
    Ok(written)
}
