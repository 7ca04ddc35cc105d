//! Text for the terminal, and Markdown for a pull request.

use crate::azure::Verdict;
use crate::report::wrap::paragraph;
use crate::verify::{Deficit, Excess, PoolHeld, RepairStep};

use super::{View, flow_words, measures, number, placed};

/// How many are shown one by one.
const MOST: usize = 20;

/// Of a pool without subnets.
const OF_SERVICE: &str = "the nodes are in a network of the service, where nothing of this policy is in the way: its \
                          flows are neither followed nor compared";

/// An answer as text.
#[must_use]
pub fn text(view: &View<'_>) -> String {
    let mut out = String::new();
    for pool in &view.held.pools {
        write_pool(&mut out, view, pool);
    }
    write_repair(&mut out, view);
    out
}

fn write_pool(out: &mut String, view: &View<'_>, pool: &PoolHeld) {
    let name = &view.policy.pools[pool.pool].meta.name;
    out.push_str(&format!("pool {name}\n"));
    if view.policy.pools[pool.pool].subnets.is_empty() {
        paragraph(out, "  unknown  ", OF_SERVICE, view.width);
        out.push('\n');
        return;
    }
    for absent in &pool.absent {
        let words =
            format!("subnet {absent} is not part of the network, so nothing is known of it");
        paragraph(out, "  absent   ", &words, view.width);
    }
    for subnet in &pool.too_large {
        let path = view.network.subnet_path(*subnet);
        let words = format!("subnet {path}: too large to decide");
        paragraph(out, "  unknown  ", &words, view.width);
    }
    paragraph(out, "  deficit  ", &deficit_line(pool), view.width);
    for (at, deficit) in pool.deficits.iter().take(MOST).enumerate() {
        write_deficit(out, view, at + 1, deficit);
    }
    more(out, pool.deficits.len());
    paragraph(out, "  excess   ", &excess_line(pool), view.width);
    for (at, excess) in pool.excesses.iter().take(MOST).enumerate() {
        write_excess(out, view, at + 1, excess);
    }
    more(out, pool.excesses.len());
    write_open(out, view, pool);
    for (requirement, parameter) in &pool.waiting {
        let name = requirement_name(view, *requirement);
        let words = format!("{name} until parameter {parameter} has a value");
        paragraph(out, "  waiting  ", &words, view.width);
    }
    out.push('\n');
}

fn more(out: &mut String, all: usize) {
    if all > MOST {
        out.push_str(&format!("     and {} more\n", all - MOST));
    }
}

fn deficit_line(pool: &PoolHeld) -> String {
    let certain = pool.deficits.iter().filter(|it| it.certain).count();
    let open = pool.deficits.len() - certain;
    let all = pool.asked;
    match (certain, open) {
        (0, 0) => {
            format!("none: all flows of {all} requirements arrive, and their replies come back")
        }
        (_, 0) => format!("{certain} of {all} requirements are not met"),
        (0, _) => format!("of {open} of {all} requirements it is not known whether they are met"),
        _ => format!(
            "{certain} of {all} requirements are not met; of {open} more it is not known whether they are"
        ),
    }
}

fn excess_line(pool: &PoolHeld) -> String {
    match pool.excesses.as_slice() {
        [] => "none: nothing leaves the networks that no requirement asks for".to_owned(),
        excesses => {
            let addresses = excesses.iter().map(|it| it.openness.addresses);
            let rules = match excesses.len() {
                1 => "1 rule lets".to_owned(),
                many => format!("{many} rules let"),
            };
            match addresses.max().unwrap_or(0) {
                0 => format!("{rules} through what nobody needs, by name"),
                most => {
                    let most = number(most);
                    format!("{rules} through what nobody needs, up to {most} public addresses")
                }
            }
        }
    }
}

fn requirement_name(view: &View<'_>, requirement: usize) -> String {
    let requirement = view.intent.requirements.get(requirement);
    requirement.map_or_else(String::new, |it| it.name.to_string())
}

fn write_deficit(out: &mut String, view: &View<'_>, at: usize, deficit: &Deficit) {
    let requirement = view.intent.requirements.get(deficit.requirement);
    let name = requirement_name(view, deficit.requirement);
    let subnet = view.network.subnet_path(deficit.subnet);
    let certain = if deficit.certain { "" } else { " (not known)" };
    let head = format!("{name} from {subnet}{certain}");
    paragraph(out, &format!("  {at:>3}. "), &head, view.width);
    if let Some(reason) = requirement.map(|it| &it.reason).filter(|it| !it.is_empty()) {
        paragraph(out, "       needed for: ", reason, view.width);
    }
    for line in &deficit.flows {
        paragraph(out, "       ", line, view.width);
    }
    for obstacle in &deficit.obstacles {
        let flow = flow_words(&obstacle.flow);
        let what = match obstacle.explanation.trace.decisive() {
            Some(blocker) => format!(
                "{}: {} [{}]",
                placed(&blocker.element, view.sources),
                blocker.text,
                blocker.cause
            ),
            None => match obstacle.explanation.trace.verdict {
                Verdict::NoReturn => "the reply does not come back".to_owned(),
                _ => "nothing that is known stops it".to_owned(),
            },
        };
        paragraph(out, "       stopped by: ", &what, view.width);
        paragraph(out, "       such as:    ", &flow, view.width);
    }
    for doubt in &deficit.doubts {
        paragraph(out, "       rests on:   ", doubt, view.width);
    }
}

fn write_excess(out: &mut String, view: &View<'_>, at: usize, excess: &Excess) {
    let by = match excess.by.first() {
        Some(element) => placed(element, view.sources),
        None => "nothing stands in the way".to_owned(),
    };
    let needless = if excess.needless {
        "; nobody needs anything that it lets through"
    } else {
        ""
    };
    paragraph(
        out,
        &format!("  {at:>3}. "),
        &format!("{by}{needless}"),
        view.width,
    );
    for line in &excess.flows {
        paragraph(out, "       ", line, view.width);
    }
    paragraph(
        out,
        "       such as: ",
        &flow_words(&excess.flow),
        view.width,
    );
    let measures = measures(&excess.openness);
    if !measures.is_empty() {
        paragraph(out, "       measure: ", &measures.join("; "), view.width);
    }
    if excess.verdict != Verdict::Allowed {
        let words = "the evaluator of single flows does not call it allowed";
        paragraph(out, "       note:    ", words, view.width);
    }
}

fn write_open(out: &mut String, view: &View<'_>, pool: &PoolHeld) {
    if pool.open.is_empty() {
        return;
    }
    let words = "needed by nobody, and whether they pass is not known:";
    paragraph(out, "  unclear  ", words, view.width);
    for (line, doubts) in pool.open.iter().take(MOST) {
        paragraph(out, "       ", line, view.width);
        for doubt in doubts {
            paragraph(out, "         rests on: ", doubt, view.width);
        }
    }
    more(out, pool.open.len());
}

fn write_repair(out: &mut String, view: &View<'_>) {
    let repair = view.repair;
    if repair.steps.is_empty() {
        if repair.deficits_before + repair.excesses_before > 0 {
            let words = "none that was tried leaves less missing or less open";
            paragraph(out, "changes    ", words, view.width);
        }
        return;
    }
    out.push_str("changes\n");
    for (at, step) in repair.steps.iter().enumerate() {
        paragraph(
            out,
            &format!("  {:>3}. ", at + 1),
            &step_words(step),
            view.width,
        );
    }
    let words = format!(
        "with them {} of {} deficits and {} of {} rules with excess are left",
        repair.deficits_after,
        repair.deficits_before,
        repair.excesses_after,
        repair.excesses_before
    );
    paragraph(out, "  after    ", &words, view.width);
}

fn step_words(step: &RepairStep) -> String {
    match step.settles {
        0 | 1 => step.title.clone(),
        many => format!("{} (for {many})", step.title),
    }
}

/// An answer as Markdown for a comment.
#[must_use]
pub fn markdown(view: &View<'_>) -> String {
    let mut out = String::from("### Network against policy\n\n");
    for pool in &view.held.pools {
        let name = &view.policy.pools[pool.pool].meta.name;
        out.push_str(&format!("#### Pool `{name}`\n\n"));
        if view.policy.pools[pool.pool].subnets.is_empty() {
            out.push_str(&format!("**Unknown:** {OF_SERVICE}\n\n"));
            continue;
        }
        out.push_str(&format!("**Deficit:** {}\n\n", deficit_line(pool)));
        if !pool.deficits.is_empty() {
            out.push_str("| requirement | flow | stopped by |\n|---|---|---|\n");
        }
        for deficit in pool.deficits.iter().take(MOST) {
            let name = requirement_name(view, deficit.requirement);
            let first = deficit.obstacles.first();
            let flow = first.map_or_else(
                || deficit.flows.first().cloned().unwrap_or_default(),
                |it| flow_words(&it.flow),
            );
            let by = first.and_then(|it| it.element.as_ref());
            let by = by.map_or_else(|| "not known".to_owned(), |it| placed(it, view.sources));
            out.push_str(&format!(
                "| {} | {} | {} |\n",
                cell(&name),
                cell(&flow),
                cell(&by)
            ));
        }
        out.push_str(&format!("\n**Excess:** {}\n\n", excess_line(pool)));
        if !pool.excesses.is_empty() {
            out.push_str("| rule | flows | such as |\n|---|---|---|\n");
        }
        for excess in pool.excesses.iter().take(MOST) {
            let by = excess.by.first();
            let by = by.map_or_else(
                || "nothing in the way".to_owned(),
                |it| placed(it, view.sources),
            );
            let flows = excess.flows.join("; ");
            let flow = flow_words(&excess.flow);
            out.push_str(&format!(
                "| {} | {} | {} |\n",
                cell(&by),
                cell(&flows),
                cell(&flow)
            ));
        }
        out.push('\n');
    }
    out
}

/// Text inside a table of Markdown.
pub(in crate::report) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('*', "\\*")
        .replace('\n', " ")
}
