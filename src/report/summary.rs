//! What a compile did, for a terminal.

use crate::compile::{Delivery, Mechanism, RuleForm};
use crate::emit::Template;
use crate::estate::Estate;
use crate::intent::Intent;

/// What the summary speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Compile<'a> {
    /// The estate as compiled.
    pub estate: &'a Estate,
    /// What was wanted.
    pub intent: &'a Intent,
    /// How it is met.
    pub deliveries: &'a [Delivery],
    /// What is deployed.
    pub template: &'a Template,
    /// How much of Azure's limits it takes: what, how many, of how many.
    pub usage: &'a [(String, u64, u64)],
}

/// The summary, some lines of text.
#[must_use]
pub fn compile(summary: &Compile<'_>) -> String {
    let mut out = String::new();
    let mut line = |label: &str, text: String| out.push_str(&format!("{label:<14}{text}\n"));
    line("requirements", requirements(summary));
    for pool in &summary.intent.pools {
        let name = &summary.estate.pools[pool.pool].meta.name;
        let not_asked: Vec<String> = pool
            .not_asked
            .iter()
            .map(|(level, count)| format!("{count} {level}"))
            .collect();
        let rest = if not_asked.is_empty() {
            String::new()
        } else {
            format!(
                "; not asked for: {} (add them with `include`)",
                not_asked.join(", ")
            )
        };
        line(
            "",
            format!(
                "pool {name}: {} from catalog {}{rest}",
                counted(pool.taken, "entry", "entries"),
                pool.catalog
            ),
        );
    }
    for waiting in &summary.intent.waiting {
        let available = waiting
            .available
            .as_deref()
            .map(|when| format!(", known {when}"))
            .unwrap_or_default();
        line(
            "waiting",
            format!(
                "{} until parameter {} has a value{available}",
                waiting.entry, waiting.parameter
            ),
        );
        if let Some(how) = &waiting.how {
            line("", format!("to learn it: {how}"));
        }
    }
    for (index, text) in emitted(summary.template).into_iter().enumerate() {
        line(if index == 0 { "emitted" } else { "" }, text);
    }
    for (index, (what, used, limit)) in summary.usage.iter().enumerate() {
        let label = if index == 0 { "azure limits" } else { "" };
        line(
            label,
            format!("{what} {} of {}", grouped(*used), grouped(*limit)),
        );
    }
    if !summary.template.not_deployed.is_empty() {
        line("not deployed", summary.template.not_deployed.join(", "));
    }
    out
}

fn requirements(summary: &Compile<'_>) -> String {
    let total = summary.deliveries.len();
    let met = summary
        .deliveries
        .iter()
        .filter(|delivery| delivery.mechanism != Mechanism::Unmet)
        .count();
    let mut ways: Vec<(&str, usize)> = Vec::new();
    for delivery in summary.deliveries {
        let words: Vec<&str> = match &delivery.mechanism {
            Mechanism::Firewall(forms) => forms.iter().map(|form| rule_form(*form)).collect(),
            Mechanism::SecurityRules => vec!["security rules only"],
            Mechanism::OtherAppliance => vec!["left to another appliance"],
            Mechanism::Unmet => Vec::new(),
        };
        for word in words {
            match ways.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += 1,
                None => ways.push((word, 1)),
            }
        }
    }
    let ways: Vec<String> = ways
        .iter()
        .map(|(way, count)| format!("{count} by {way}"))
        .collect();
    let ways = if ways.is_empty() {
        String::new()
    } else {
        format!(" ({})", ways.join(", "))
    };
    format!("{met} of {total} met{ways}")
}

fn rule_form(form: RuleForm) -> &'static str {
    match form {
        RuleForm::Application => "application rule",
        RuleForm::Network => "network rule",
        RuleForm::NetworkByName => "network rule by name",
    }
}

/// How many resources of each type, in the order of the template.
fn emitted(template: &Template) -> Vec<String> {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for resource in &template.resources {
        match counts
            .iter_mut()
            .find(|(kind, _)| *kind == resource.target.kind)
        {
            Some((_, count)) => *count += 1,
            None => counts.push((resource.target.kind, 1)),
        }
    }
    counts
        .iter()
        .map(|(kind, count)| format!("{count} × {kind}"))
        .collect()
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Digits in groups of three: `20,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        assert_eq!(
            [0, 14, 999, 1_000, 20_000, 1_234_567].map(grouped),
            ["0", "14", "999", "1,000", "20,000", "1,234,567"]
        );
    }
}
