//! Findings as SARIF 2.1.0, for GitHub code scanning and other viewers. `docs/outputs.md` says what is written.
//!
//! Sources: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub, "SARIF support for code
//! scanning" and "SARIF results exceed one or more limits".

mod model;
mod rules;

use std::collections::{BTreeSet, HashMap};

use crate::base::{FileId, Span, grouped};
use crate::diag::{Finding, Fix, Id, Label, Severity};

use super::fingerprint::fingerprints;
use super::line_hash::line_hashes;
use super::words::{advice, sentence};
use super::{Accepted, AcceptedBy, Gap, Run, documentation, place};

use model::{
    ArtifactChange, ArtifactLocation, AutomationDetails, CodeFlow, Driver, Fingerprints, FixObject,
    Invocation, Location, Log, Notification, PhysicalLocation, Region, Replacement, ResultObject,
    ResultProperties, RuleReference, RunObject, Suppression, Text, ThreadFlow, ThreadFlowLocation,
    Tool,
};

/// How much GitHub takes.
#[derive(Debug, Clone, Copy)]
struct Limits {
    results: usize,
    /// The primary location of a result and those beside it.
    locations: usize,
    flow_locations: usize,
}

const GITHUB: Limits = Limits {
    results: 25_000,
    locations: 1_000,
    flow_locations: 10_000,
};

/// A run as SARIF.
pub(super) fn sarif(run: &Run<'_>) -> String {
    within(run, GITHUB)
}

fn within(run: &Run<'_>, limits: Limits) -> String {
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Writer::new(run, limits).run()],
    };
    // Every key is a text, so this cannot fail.
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

/// A finding that becomes a result.
#[derive(Clone, Copy)]
struct Shown<'a> {
    finding: &'a Finding,
    accepted: Option<&'a Accepted>,
}

struct Writer<'a> {
    run: &'a Run<'a>,
    limits: Limits,
    rules: Vec<Id>,
    line_hashes: HashMap<FileId, Vec<String>>,
}

impl<'a> Writer<'a> {
    fn new(run: &'a Run<'a>, limits: Limits) -> Self {
        let found = run.findings.iter().map(|finding| finding.id);
        let accepted = run.accepted.iter().map(|accepted| accepted.finding.id);
        let ids: BTreeSet<Id> = found
            .chain(accepted)
            .chain(run.ran.iter().copied())
            .collect();
        Self {
            run,
            limits,
            rules: ids.into_iter().collect(),
            line_hashes: HashMap::new(),
        }
    }

    fn run(mut self) -> RunObject {
        let found = self.run.findings.iter().map(|finding| Shown {
            finding,
            accepted: None,
        });
        let accepted = self.run.accepted.iter().map(|accepted| Shown {
            finding: &accepted.finding,
            accepted: Some(accepted),
        });
        // A result must have a place. What has none becomes a notification.
        let placed = found
            .chain(accepted)
            .filter(|shown| shown.finding.primary.is_some());
        let (kept, left_out) = worst(placed.collect(), self.limits.results);
        let notice = notice(&kept, left_out);
        if notice.is_some() {
            let place = self.rules.partition_point(|id| *id < Id::TG0099);
            self.rules.insert(place, Id::TG0099);
        }
        let all: Vec<Shown<'_>> = notice
            .iter()
            .map(|finding| Shown {
                finding,
                accepted: None,
            })
            .chain(kept)
            .collect();
        let prints = fingerprints(all.iter().map(|shown| shown.finding), self.run.sources);
        let results = all.into_iter().zip(prints);
        let results = results
            .filter_map(|(shown, print)| self.result(shown, print))
            .collect();
        let category = self.run.category.map(|category| AutomationDetails {
            id: format!("tidegate/{}/", category.trim_matches('/')),
        });
        RunObject {
            automation_details: category,
            column_kind: "utf16CodeUnits",
            invocations: [Invocation {
                execution_successful: self.run.is_complete(),
                tool_execution_notifications: self.notifications(),
            }],
            results,
            tool: Tool {
                driver: Driver {
                    name: "tidegate",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: documentation::home_page().map(str::to_owned),
                    rules: self.rules.iter().copied().map(rules::rule).collect(),
                },
            },
        }
    }

    fn rule_index(&self, id: Id) -> usize {
        // Every id that is written has been collected, so it is found.
        self.rules.binary_search(&id).unwrap_or_else(|place| place)
    }

    fn result(&mut self, shown: Shown<'_>, semantic: String) -> Option<ResultObject> {
        let finding = shown.finding;
        let primary = finding.primary.as_ref()?;
        let related: Vec<Location> = finding
            .related
            .iter()
            .filter_map(|label| self.labelled(label))
            .take(self.limits.locations - 1)
            .zip(1..)
            .map(|(location, id)| Location {
                id: Some(id),
                ..location
            })
            .collect();
        let message = Text {
            text: self.message(finding, &related),
        };
        Some(ResultObject {
            rule_id: finding.id.code(),
            rule_index: self.rule_index(finding.id),
            level: finding.severity.keyword(),
            message,
            locations: vec![self.labelled(primary)?],
            related_locations: related,
            code_flows: self.code_flow(finding).into_iter().collect(),
            partial_fingerprints: Fingerprints {
                line_hash: self.line_hash(primary.span),
                semantic,
            },
            fixes: finding.fixes.iter().map(|fix| self.fix(fix)).collect(),
            suppressions: shown.accepted.map(suppression).into_iter().collect(),
            properties: ResultProperties {
                confidence: finding.confidence.keyword(),
                azure_error: finding.azure_error.as_ref().map(|error| error.code.clone()),
            },
        })
    }

    /// The fact, what to do, and links to the other places: viewers show the first sentence in lists.
    fn message(&self, finding: &Finding, related: &[Location]) -> String {
        let mut sentences = vec![sentence(&finding.message)];
        let advice = advice(finding, self.run.sources);
        sentences.extend(advice.iter().map(|line| sentence(line.text())));
        let links = related.iter().filter_map(|location| {
            let text = location.message.as_ref()?;
            Some(format!("[{}]({})", in_link(&text.text), location.id?))
        });
        let links: Vec<String> = links.collect();
        if !links.is_empty() {
            sentences.push(format!("See {}.", links.join(", ")));
        }
        sentences.join(" ")
    }

    fn code_flow(&self, finding: &Finding) -> Option<CodeFlow> {
        let steps = finding
            .path
            .iter()
            .filter_map(|label| self.labelled(label))
            .take(self.limits.flow_locations);
        let locations: Vec<ThreadFlowLocation> = steps
            .map(|location| ThreadFlowLocation { location })
            .collect();
        (!locations.is_empty()).then_some(CodeFlow {
            thread_flows: [ThreadFlow { locations }],
        })
    }

    fn labelled(&self, label: &Label) -> Option<Location> {
        let text = Text {
            text: label.text.clone(),
        };
        Some(Location {
            message: (!label.text.is_empty()).then_some(text),
            ..self.location(label.span)?
        })
    }

    fn location(&self, span: Span) -> Option<Location> {
        Some(Location {
            id: None,
            physical_location: PhysicalLocation {
                artifact_location: self.artifact(span.file)?,
                region: self.region(span)?,
            },
            message: None,
        })
    }

    fn artifact(&self, file: FileId) -> Option<ArtifactLocation> {
        let path = place::path(self.run, file)?;
        Some(ArtifactLocation {
            uri: place::uri(&path),
            uri_base_id: (!path.starts_with('/')).then_some("%SRCROOT%"),
        })
    }

    fn region(&self, span: Span) -> Option<Region> {
        let range = place::range(self.run.sources, span)?;
        Some(Region {
            start_line: range.start.line,
            start_column: range.start.column,
            end_line: range.end.line,
            end_column: range.end.column,
        })
    }

    fn line_hash(&mut self, span: Span) -> Option<String> {
        let file = self.run.sources.get(span.file)?;
        let hashes = self
            .line_hashes
            .entry(span.file)
            .or_insert_with(|| line_hashes(file.text()));
        let line = file.line_column(span.start).line as usize;
        hashes.get(line.checked_sub(1)?).cloned()
    }

    fn fix(&self, fix: &Fix) -> FixObject {
        let mut changes: Vec<ArtifactChange> = Vec::new();
        for edit in &fix.edits {
            let (Some(artifact), Some(region)) =
                (self.artifact(edit.span.file), self.region(edit.span))
            else {
                continue;
            };
            let replacement = Replacement {
                deleted_region: region,
                inserted_content: Text {
                    text: edit.text.clone(),
                },
            };
            let of_file = changes
                .iter_mut()
                .find(|change| change.artifact_location == artifact);
            match of_file {
                Some(change) => change.replacements.push(replacement),
                None => changes.push(ArtifactChange {
                    artifact_location: artifact,
                    replacements: vec![replacement],
                }),
            }
        }
        FixObject {
            description: Text {
                text: sentence(&fix.title),
            },
            artifact_changes: changes,
        }
    }

    /// What was not read, not understood or not done, and findings that point nowhere.
    fn notifications(&self) -> Vec<Notification> {
        let findings = self
            .run
            .findings
            .iter()
            .filter(|finding| finding.primary.is_none() || finding.id.limits_understanding());
        let of_findings = findings.map(|finding| Notification {
            level: finding.severity.keyword(),
            message: Text {
                text: self.message(finding, &[]),
            },
            associated_rule: Some(RuleReference {
                id: finding.id.code(),
                index: self.rule_index(finding.id),
            }),
            locations: finding
                .primary
                .iter()
                .filter_map(|label| self.labelled(label))
                .collect(),
        });
        let of_gaps = self.run.gaps.iter().map(|gap| self.gap(gap));
        of_findings.chain(of_gaps).collect()
    }

    fn gap(&self, gap: &Gap) -> Notification {
        let location = gap.place.and_then(|span| self.location(span));
        Notification {
            level: gap.severity.keyword(),
            message: Text {
                text: sentence(&gap.message),
            },
            associated_rule: None,
            locations: location.into_iter().collect(),
        }
    }
}

/// As many results as may be written, in their order, with room for a notice when some are left out; and how many are.
fn worst(all: Vec<Shown<'_>>, most: usize) -> (Vec<Shown<'_>>, usize) {
    if all.len() <= most {
        return (all, 0);
    }
    let mut places: Vec<usize> = (0..all.len()).collect();
    let severity = |place: &usize| all.get(*place).map(|shown| shown.finding.severity);
    places.sort_by_key(|place| std::cmp::Reverse(severity(place)));
    places.truncate(most.saturating_sub(1));
    places.sort_unstable();
    let left_out = all.len() - places.len();
    let kept = places.iter().filter_map(|place| all.get(*place).copied());
    (kept.collect(), left_out)
}

/// A finding that says that others are missing.
fn notice(kept: &[Shown<'_>], left_out: usize) -> Option<Finding> {
    if left_out == 0 {
        return None;
    }
    let place = kept.first()?.finding.primary.as_ref()?.span;
    let left_out = grouped(u64::try_from(left_out).unwrap_or(u64::MAX));
    let message = format!("{left_out} findings are not in this file, which can hold no more");
    let notice = Finding::new(Id::TG0099, message)
        .at(place, "the first finding that is there")
        .help("the worst ones are; run with `--format json` for all");
    // What is missing may be as bad as what is there.
    let severity = kept.iter().map(|shown| shown.finding.severity).min();
    Some(notice.severity(severity.unwrap_or(Severity::Warning)))
}

fn suppression(accepted: &Accepted) -> Suppression {
    Suppression {
        kind: match accepted.by {
            AcceptedBy::Source => "inSource",
            AcceptedBy::Outside => "external",
        },
        status: "accepted",
        justification: accepted.reason.clone(),
    }
}

/// A text inside the brackets of a link.
fn in_link(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use serde_json::Value;

    fn written(findings: &[Finding], sources: &SourceMap, limits: Limits) -> Value {
        serde_json::from_str(&within(&Run::new(findings, sources), limits)).unwrap()
    }

    fn ids(log: &Value) -> Vec<&str> {
        let results = log["runs"][0]["results"].as_array().unwrap();
        results
            .iter()
            .map(|result| result["ruleId"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn what_does_not_fit_is_said_and_the_worst_stays() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.egress", "abcdef".to_owned());
        let at = |place| sources.span(file, place, place + 1);
        let findings = [
            Finding::new(Id::TG7002, "soon").at(at(0), ""),
            Finding::new(Id::TG1001, "wrong").at(at(1), ""),
            Finding::new(Id::TG7003, "waits").at(at(2), ""),
            Finding::new(Id::TG1003, "wrong").at(at(3), ""),
        ];
        let limits = |results| Limits { results, ..GITHUB };
        let all = written(&findings, &sources, limits(4));
        assert_eq!(ids(&all), ["TG7002", "TG1001", "TG7003", "TG1003"]);
        let some = written(&findings, &sources, limits(3));
        assert_eq!(ids(&some), ["TG0099", "TG1001", "TG1003"]);
        let notice = &some["runs"][0]["results"][0];
        assert_eq!(
            notice["message"]["text"],
            "2 findings are not in this file, which can hold no more. The worst ones are; run with `--format json` for \
             all."
        );
        assert_eq!(notice["level"], "error");
        let index = notice["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(
            some["runs"][0]["tool"]["driver"]["rules"][index]["id"],
            "TG0099"
        );
    }

    #[test]
    fn related_places_are_limited_and_linked() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.egress", "abcdef".to_owned());
        let at = |place| sources.span(file, place, place + 1);
        let finding = Finding::new(Id::TG1002, "overlap")
            .at(at(0), "")
            .related(at(1), "array [b]")
            .related(at(2), "c");
        let limits = Limits {
            locations: 2,
            ..GITHUB
        };
        let log = written(&[finding], &sources, limits);
        let result = &log["runs"][0]["results"][0];
        assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 1);
        assert_eq!(
            result["message"]["text"],
            "Overlap. See [array \\[b\\]](1)."
        );
    }

    #[test]
    fn a_way_becomes_a_code_flow_and_a_reason_a_suppression() {
        let mut sources = SourceMap::default();
        let file = sources.add("a.egress", "abcdef".to_owned());
        let at = |place| sources.span(file, place, place + 1);
        let finding = Finding::new(Id::TG4001, "open")
            .at(at(0), "here")
            .step(at(1), "subnet")
            .step(at(2), "route");
        let accepted = [
            Accepted {
                finding: finding.clone(),
                by: AcceptedBy::Source,
                reason: Some("known".to_owned()),
            },
            Accepted {
                finding,
                by: AcceptedBy::Outside,
                reason: None,
            },
        ];
        let run = Run {
            accepted: &accepted,
            category: Some("prod"),
            ..Run::new(&[], &sources)
        };
        let log: Value = serde_json::from_str(&sarif(&run)).unwrap();
        let run = &log["runs"][0];
        assert_eq!(run["automationDetails"]["id"], "tidegate/prod/");
        let steps = &run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"];
        assert_eq!(steps[1]["location"]["message"]["text"], "route");
        assert_eq!(
            run["results"][0]["suppressions"][0],
            serde_json::json!({"kind": "inSource", "status": "accepted", "justification": "known"})
        );
        assert_eq!(run["results"][1]["suppressions"][0]["kind"], "external");
        let rule = &run["tool"]["driver"]["rules"][0]["properties"];
        assert_eq!(rule["security-severity"], "5.0");
        assert!(
            rule["tags"]
                .as_array()
                .unwrap()
                .contains(&"security".into())
        );
    }

    #[test]
    fn what_was_not_read_is_a_notification() {
        let sources = SourceMap::default();
        let findings = [Finding::new(Id::TG0013, "cannot read `a`")];
        let gaps = [Gap {
            severity: Severity::Error,
            message: "the rules have not run".to_owned(),
            place: None,
        }];
        let run = Run {
            gaps: &gaps,
            ..Run::new(&findings, &sources)
        };
        let log: Value = serde_json::from_str(&sarif(&run)).unwrap();
        let invocation = &log["runs"][0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        let texts: Vec<&str> = invocation["toolExecutionNotifications"]
            .as_array()
            .unwrap()
            .iter()
            .map(|notification| notification["message"]["text"].as_str().unwrap())
            .collect();
        assert_eq!(texts, ["Cannot read `a`.", "The rules have not run."]);
    }
}
