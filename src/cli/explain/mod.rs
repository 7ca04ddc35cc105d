//! `tidegate explain`

mod observed;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::azure::facts::Facts;
use crate::azure::{Cause, Dataplane, Flow, Sender, ServiceTags, Trace, Verdict};
use crate::base::{FileReader, ReadError, did_you_mean};
use crate::diag::{Edit, Finding, Severity};
use crate::estate::{Estate, Id, Pool};
use crate::explain::{
    Explanation, FlowRow, PoolReport, Remedy, decode, explain, explain_pool, flows_from_csv,
    flows_from_json, fqdn_tag_contents, is_settled, parse_sender, parse_target,
};
use crate::report::explanation::{self as shown, MessageView, View};
use crate::report::{self, Color, catalog::DEFAULT_WIDTH};

use super::Outcome;
use super::age;
use super::arguments::{ExplainFormat, ExplainOptions};
use super::estates::read_network;
use super::lock::locked;
use super::output::{Disk, color, findings_text, print, print_error, refuse, settings};
use super::pipeline::{Analysis, Options, analyse};
use super::tags::service_tags;

pub(super) fn run(options: &ExplainOptions) -> Outcome {
    if let Some(message) = nonsense(options) {
        return refuse(message);
    }
    match answer(options) {
        Ok((text, outcome)) => {
            print(&text);
            outcome
        }
        Err(outcome) => outcome,
    }
}

/// What the options ask together and cannot mean. Only beside --observed are --pool and --to no questions of their own.
fn nonsense(options: &ExplainOptions) -> Option<&'static str> {
    if options.observed.is_some() {
        return None;
    }
    match (&options.to, &options.pool, &options.from) {
        (Some(_), Some(_), _) => Some(
            "--to and --pool are two questions; beside --observed they say what was tried and from where",
        ),
        (Some(_), None, None) => {
            Some("--to needs --from: the pool, the subnet or the address that starts the flow")
        }
        _ => None,
    }
}

fn answer(options: &ExplainOptions) -> Result<(String, Outcome), Outcome> {
    if let Some(name) = &options.cause {
        return page(name);
    }
    if !options.estate.is_empty() {
        return Asked::read_estate(options)?.answer(options);
    }
    let Some(policy) = &options.policy else {
        return match &options.azure_error {
            Some(message) => Ok(decoded(options, message, None)),
            None => Err(refuse(
                "a policy or a network is needed: tidegate explain POLICY …, or --estate FOLDER …",
            )),
        };
    };
    Asked::read(policy, options)?.answer(options)
}

fn page(name: &str) -> Result<(String, Outcome), Outcome> {
    if name.is_empty() {
        return Ok((shown::cause(None), Outcome::Fine));
    }
    match Cause::from_slug(name) {
        Some(cause) => Ok((shown::cause(Some(cause)), Outcome::Fine)),
        None => {
            let slugs = Cause::ALL.iter().map(|cause| cause.slug());
            let hint = did_you_mean(name, slugs)
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            Err(refuse(&format!("there is no cause `{name}`{hint}")))
        }
    }
}

/// A policy or a network that was read, and what it is asked with.
struct Asked {
    /// The policy; `None` for a network that exists.
    policy: Option<Utf8PathBuf>,
    settings: Options,
    analysis: Analysis,
    tags: Option<ServiceTags>,
    color: Color,
}

impl Asked {
    fn read(policy: &Utf8Path, options: &ExplainOptions) -> Result<Self, Outcome> {
        let mut settings = settings(&options.reading).map_err(|message| refuse(&message))?;
        settings.lock = locked(options.lock.lock.as_deref()).map_err(|message| refuse(&message))?;
        let analysis = analyse(policy, &Disk, &settings)
            .map_err(|error| refuse(&format!("cannot read {policy}: {error}")))?;
        let color = color(options.reading.color);
        if analysis.rules_skipped {
            print_error(&findings_text(&analysis, color));
            return Err(Outcome::Unusable);
        }
        age::tell_lock(&analysis);
        age::tell(options.service_tags.as_deref(), &options.reading)?;
        Ok(Self {
            policy: Some(policy.to_owned()),
            settings,
            analysis,
            tags: service_tags(options.service_tags.as_deref())?,
            color,
        })
    }

    /// Reads templates and exports as one network. What is wrong with the files is told, and does not stop the answer.
    fn read_estate(options: &ExplainOptions) -> Result<Self, Outcome> {
        let mut settings = settings(&options.reading).map_err(|message| refuse(&message))?;
        settings.lock = locked(options.lock.lock.as_deref()).map_err(|message| refuse(&message))?;
        let network = read_network(&options.estate, &options.deployment, &settings)
            .map_err(|message| refuse(&message))?;
        let wrong: Vec<Finding> = network
            .findings
            .iter()
            .filter(|finding| finding.severity >= Severity::Warning)
            .cloned()
            .collect();
        print_error(&report::concise(&wrong, &network.sources));
        age::tell(options.service_tags.as_deref(), &options.reading)?;
        Ok(Self {
            policy: None,
            settings,
            analysis: network,
            tags: service_tags(options.service_tags.as_deref())?,
            color: color(options.reading.color),
        })
    }

    fn answer(&self, options: &ExplainOptions) -> Result<(String, Outcome), Outcome> {
        if let Some(message) = &options.azure_error {
            return Ok(decoded(options, message, Some(self)));
        }
        if let Some(file) = &options.flows {
            return self.flows(file, options.format);
        }
        if let Some(file) = &options.observed {
            return self.observed(file, options);
        }
        if let Some(pool) = &options.pool {
            return self.pool(pool, options.format);
        }
        let from = options.from.as_deref().unwrap_or_default();
        let to = options.to.as_deref().unwrap_or_default();
        self.flow(from, to, options)
    }

    fn plane<'a>(&'a self, analysis: &'a Analysis) -> Dataplane<'a> {
        let contents = fqdn_tag_contents(&analysis.catalogs, &analysis.estate);
        Dataplane::new(&analysis.estate, Facts::builtin(), self.tags.as_ref())
            .with_fqdn_tags(contents)
    }

    fn view(&self) -> View<'_> {
        View {
            estate: &self.analysis.estate,
            sources: &self.analysis.sources,
            color: self.color,
            width: DEFAULT_WIDTH,
        }
    }

    fn flow(
        &self,
        from: &str,
        to: &str,
        options: &ExplainOptions,
    ) -> Result<(String, Outcome), Outcome> {
        let plane = self.plane(&self.analysis);
        let sender = parse_sender(plane.estate, from, |subnet| plane.some_address(subnet))
            .map_err(|error| refuse(&error.to_string()))?;
        let mut flow = parse_target(to, sender).map_err(|error| refuse(&error.to_string()))?;
        match options.sni.as_deref() {
            None => {}
            Some("-") => flow.announced = crate::azure::Announced::Nothing,
            Some(name) => {
                let name = name
                    .parse()
                    .map_err(|error| refuse(&format!("--sni: `{name}` is no name: {error}")))?;
                flow.announced = crate::azure::Announced::Name(name);
            }
        }
        let mut explanation = explain(&plane, &flow);
        self.read_again(&mut explanation, &mut BTreeMap::new());
        let text = match options.format {
            ExplainFormat::Text => shown::flow(&explanation, &self.view()),
            ExplainFormat::Json => shown::flow_json(&explanation, &self.view()),
        };
        Ok((text, outcome(explanation.trace.verdict)))
    }

    fn pool(&self, name: &str, format: ExplainFormat) -> Result<(String, Outcome), Outcome> {
        let pool = pool_named(&self.analysis.estate, name).map_err(|message| refuse(&message))?;
        let plane = self.plane(&self.analysis);
        let mut report = explain_pool(&plane, &self.analysis.intent, pool);
        if self.policy.is_none() {
            report.fixes.iter_mut().flatten().for_each(without_edits);
        }
        self.settle_again(&mut report, pool);
        let mut known = BTreeMap::new();
        for endpoint in &mut report.endpoints {
            self.read_again(&mut endpoint.explanation, &mut known);
        }
        let text = match format {
            ExplainFormat::Text => shown::pool(&report, &self.view()),
            ExplainFormat::Json => shown::pool_json(&report, &self.view()),
        };
        Ok((text, outcome(report.verdict())))
    }

    fn flows(&self, file: &Utf8Path, format: ExplainFormat) -> Result<(String, Outcome), Outcome> {
        let text = Disk
            .read(file)
            .map_err(|error| refuse(&format!("cannot read {file}: {error}")))?;
        let plane = self.plane(&self.analysis);
        let address_of = |subnet| plane.some_address(subnet);
        let json = text.trim_start().starts_with(['[', '{']);
        let rows = if json {
            flows_from_json(&text, plane.estate, address_of)
        } else {
            flows_from_csv(&text, plane.estate, address_of)
        };
        let rows = rows.map_err(|error| refuse(&format!("{file}: {error}")))?;
        let traced: Vec<(FlowRow, Option<Trace>)> = rows
            .into_iter()
            .map(|row| {
                let trace = row.flow.as_ref().ok().map(|flow| plane.trace(flow));
                (row, trace)
            })
            .collect();
        let faulty = traced.iter().any(|(row, _)| row.flow.is_err());
        let worst = traced
            .iter()
            .filter_map(|(_, trace)| trace.as_ref())
            .map(|trace| trace.verdict)
            .max()
            .unwrap_or(Verdict::Allowed);
        let text = match format {
            ExplainFormat::Text => shown::table(&traced, &self.view()),
            ExplainFormat::Json => shown::flows_json(&traced, &self.view()),
        };
        let outcome = if faulty {
            Outcome::Unusable
        } else {
            outcome(worst)
        };
        Ok((text, outcome))
    }

    /// Makes the edits of the first fix of every refusal, each for itself, and asks again.
    fn settle_again(&self, report: &mut PoolReport<'_>, pool: Id<Pool>) {
        let name = &self.analysis.estate.pools[pool].meta.name;
        let said = &report.preflight;
        let said = said.refusals.iter().chain(&said.warnings);
        for (refusal, fixes) in said.zip(&mut report.fixes) {
            let Some(first) = fixes.first_mut().filter(|first| !first.edits.is_empty()) else {
                continue;
            };
            let edited = self.edited(&first.edits);
            first.rewritten = edited.and_then(|analysis| {
                let pool = pool_named(&analysis.estate, name).ok()?;
                let settled = is_settled(&self.plane(&analysis), pool, refusal);
                Some(if settled {
                    Verdict::Allowed
                } else {
                    Verdict::Denied
                })
            });
        }
    }

    /// Makes the edits of the first fix of every reason, one reason after another, and reads the policy again: what
    /// the edited policy gives is the proof of a fix.
    fn read_again(
        &self,
        explanation: &mut Explanation,
        known: &mut BTreeMap<String, Option<Analysis>>,
    ) {
        if self.policy.is_none() {
            let reasons = explanation.reasons.iter_mut();
            reasons
                .flat_map(|reason| &mut reason.remedies)
                .for_each(without_edits);
            return;
        }
        let flow = explanation.flow.clone();
        let mut edits: Vec<Edit> = Vec::new();
        for index in 0..explanation.reasons.len() {
            let Some(reason) = explanation.reasons.get_mut(index) else {
                return;
            };
            let Some(remedy) = reason.remedies.first_mut() else {
                return;
            };
            if remedy.edits.is_empty() {
                return;
            }
            edits.extend(remedy.edits.iter().cloned());
            let key = format!("{edits:?}");
            let rewritten = known
                .entry(key)
                .or_insert_with(|| self.edited(&edits))
                .as_ref();
            remedy.rewritten = rewritten.and_then(|analysis| {
                let flow = moved(&flow, &self.analysis.estate, &analysis.estate)?;
                Some(self.plane(analysis).trace(&flow).verdict)
            });
            let rewritten = remedy.rewritten;
            if rewritten == Some(Verdict::Allowed) {
                // What seemed to lie behind it does not: the compiler makes it from the edited policy.
                explanation.reasons.truncate(index + 1);
                explanation.after = rewritten;
                return;
            }
        }
    }

    /// The policy with edits made, read again; `None` when it has mistakes then.
    fn edited(&self, edits: &[Edit]) -> Option<Analysis> {
        let mut files: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
        let mut sorted: Vec<&Edit> = edits.iter().collect();
        // From the end to the beginning, so that earlier places stay where they are.
        sorted.sort_by_key(|edit| std::cmp::Reverse((edit.span.file, edit.span.start)));
        for edit in sorted {
            let file = self.analysis.sources.get(edit.span.file)?;
            let text = files
                .entry(file.path().to_owned())
                .or_insert_with(|| file.text().to_owned());
            let range = edit.span.start as usize..edit.span.end as usize;
            text.get(range.clone())?;
            text.replace_range(range, &edit.text);
        }
        let reader = Edited { files };
        let analysis = analyse(self.policy.as_deref()?, &reader, &self.settings).ok()?;
        (!analysis.rules_skipped).then_some(analysis)
    }
}

/// The files of the disk, some of them edited.
struct Edited {
    files: BTreeMap<Utf8PathBuf, String>,
}

impl FileReader for Edited {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        match self.files.get(path) {
            Some(text) => Ok(text.clone()),
            None => Disk.read(path),
        }
    }
}

/// The same flow in the estate of an edited policy.
fn moved(flow: &Flow, from: &Estate, to: &Estate) -> Option<Flow> {
    let Sender::Inside { subnet, address } = flow.from else {
        return Some(flow.clone());
    };
    let path = from.subnet_path(subnet);
    let subnet = to.subnets.ids().find(|id| to.subnet_path(*id) == path)?;
    Some(Flow {
        from: Sender::Inside { subnet, address },
        ..flow.clone()
    })
}

/// Edits are words of a policy; a network that was read from JSON is changed there by hand.
fn without_edits(remedy: &mut Remedy) {
    remedy.edits.clear();
}

pub(super) fn pool_named(estate: &Estate, name: &str) -> Result<Id<Pool>, String> {
    let mut pools = estate.pools.iter();
    if let Some((id, _)) = pools.find(|(_, pool)| pool.meta.name == name) {
        return Ok(id);
    }
    let names = estate.pools.iter().map(|(_, pool)| pool.meta.name.as_str());
    let hint = did_you_mean(name, names)
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Err(format!("there is no pool `{name}`{hint}"))
}

/// What a message of Azure tells, and which of the causes that fit the policy shows.
fn decoded(options: &ExplainOptions, message: &str, asked: Option<&Asked>) -> (String, Outcome) {
    let decoded = decode(Facts::builtin(), message);
    let mut found: Vec<(Cause, String)> = Vec::new();
    if let Some(asked) = asked {
        let plane = asked.plane(&asked.analysis);
        for pool in asked.analysis.estate.pools.ids() {
            let report = explain_pool(&plane, &asked.analysis.intent, pool);
            let refusals = report.preflight.refusals.iter();
            let refusals = refusals.map(|r| (r.cause, format!("{} {}", r.element.name, r.text)));
            let blockers = report.endpoints.iter().filter_map(|endpoint| {
                let blocker = endpoint.explanation.trace.decisive()?;
                let text = format!("{} {}", blocker.element.name, blocker.text);
                Some((blocker.cause, text))
            });
            for (cause, text) in refusals.chain(blockers) {
                let new = !found.iter().any(|(known, _)| *known == cause);
                if new && decoded.causes.contains(&cause) {
                    found.push((cause, text));
                }
            }
        }
    }
    let view = asked.map(Asked::view);
    let message = MessageView {
        decoded: &decoded,
        found: &found,
        asked: asked.is_some(),
    };
    let text = match options.format {
        ExplainFormat::Text => shown::message(&message, view.as_ref()),
        ExplainFormat::Json => shown::message_json(&message),
    };
    let outcome = match (asked.is_some(), found.is_empty(), decoded.causes.is_empty()) {
        (_, _, true) => Outcome::Unusable,
        (true, false, _) => Outcome::Findings,
        (true, true, _) => Outcome::Uncertain,
        (false, ..) => Outcome::Fine,
    };
    (text, outcome)
}

fn outcome(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Allowed => Outcome::Fine,
        Verdict::Uncertain => Outcome::Uncertain,
        Verdict::NoReturn | Verdict::Denied => Outcome::Findings,
    }
}
