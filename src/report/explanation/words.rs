//! How flows, places and verdicts read.

use crate::azure::provisioning::Symptom;
use crate::azure::{Announced, Element, Flow, Sender, Verdict};
use crate::base::{Origin, SourceMap, Span};
use crate::diag::Edit;
use crate::estate::Estate;

/// Who starts a flow, such as `analytics.pool (10.10.1.4)`.
pub(super) fn sender(estate: &Estate, sender: &Sender) -> String {
    match sender {
        Sender::Inside { subnet, address } => {
            let path = estate.subnet_path(*subnet).replace('/', ".");
            format!("{path} ({address})")
        }
        Sender::Outside { address, .. } => format!("{address} (outside)"),
    }
}

/// Where a flow goes, such as `mcr.microsoft.com:443/tcp`.
pub(super) fn target(flow: &Flow) -> String {
    let transport = flow.transport.keyword();
    let port = if flow.transport.has_ports() {
        format!(":{}", flow.port)
    } else {
        String::new()
    };
    let place = match (&flow.to.name, flow.to.address) {
        (Some(name), Some(address)) => format!("{name}{port}/{transport} ({address})"),
        (Some(name), None) => format!("{name}{port}/{transport}"),
        (None, Some(address)) if address.is_ipv6() => format!("[{address}]{port}/{transport}"),
        (None, Some(address)) => format!("{address}{port}/{transport}"),
        (None, None) => match flow.to.tags.first() {
            Some(tag) => format!("an address of service tag {tag}{port}/{transport}"),
            None => format!("any public address{port}/{transport}"),
        },
    };
    match &flow.announced {
        Announced::Target => place,
        Announced::Nothing => format!("{place}, telling no name"),
        Announced::Name(name) => format!("{place}, telling {name}"),
    }
}

/// `path:line`, where an element is written.
pub(super) fn place(sources: &SourceMap, origin: Origin) -> Option<String> {
    origin.span().and_then(|span| line_of(sources, span))
}

fn line_of(sources: &SourceMap, span: Span) -> Option<String> {
    let file = sources.get(span.file)?;
    let line = file.line_column(span.start).line;
    Some(format!("{}:{line}", file.path()))
}

/// An element with its place.
pub(super) fn placed(sources: &SourceMap, element: &Element) -> String {
    match place(sources, element.origin) {
        Some(place) => format!("{} ({place})", element.name),
        None => element.name.clone(),
    }
}

/// What becomes of a flow, for people.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "reachable",
        Verdict::Uncertain => "uncertain",
        Verdict::NoReturn => "the reply is lost",
        Verdict::Denied => "not reachable",
    }
}

/// The same behind a number.
pub(super) fn counted(of: Verdict) -> &'static str {
    match of {
        Verdict::NoReturn => "with the reply lost",
        other => verdict(other),
    }
}

/// An edit as what to write where.
pub(super) fn edit(sources: &SourceMap, edit: &Edit) -> String {
    let written = sources.text(edit.span);
    let text = edit.text.trim();
    let at = line_of(sources, edit.span).unwrap_or_default();
    match (written.is_empty(), text.is_empty()) {
        (true, _) => format!("{at}: add `{text}`"),
        (false, true) => format!("{at}: remove `{written}`"),
        (false, false) => format!("{at}: write `{text}` for `{written}`"),
    }
}

/// An error as Azure shows it.
pub(super) fn symptom(symptom: &Symptom) -> String {
    let exit = symptom
        .exit
        .map_or_else(String::new, |exit| format!("vmssCSE exit status={exit}"));
    let code = symptom.code.clone().unwrap_or_default();
    let head: Vec<&str> = [exit.as_str(), code.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    match &symptom.message {
        Some(message) => format!("{}: \"{message}\"", head.join(", ")),
        None => head.join(", "),
    }
}
