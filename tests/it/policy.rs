//! What tests of the language share: policies from texts and files, and findings as plain lines.

use std::sync::LazyLock;

use camino::Utf8Path;
use tidegate::base::{ReadError, SourceMap};
use tidegate::diag::{self, Finding, Label};
use tidegate::intent::catalog::Library;
use tidegate::syntax::{Parameters, load, lower};

use super::support::Project;

static BUILT_IN: LazyLock<(SourceMap, Library)> = LazyLock::new(|| {
    let mut sources = SourceMap::default();
    let (library, findings) = Library::builtin(&mut sources);
    assert_eq!(findings, [], "the built-in catalogs load");
    (sources, library)
});

/// The built-in catalogs, and a map of their files to which a test adds its own.
pub(crate) fn built_in() -> (SourceMap, &'static Library) {
    (BUILT_IN.0.clone(), &BUILT_IN.1)
}

/// Everything that reading and lowering the policy at `path` finds, in the order in which it is shown.
pub(crate) fn findings_of(path: &Utf8Path) -> Result<(SourceMap, Vec<Finding>), ReadError> {
    let (mut sources, library) = built_in();
    let loaded = load(&mut sources, &Project, path)?;
    let lowered = lower(&loaded.files, library, &Parameters::new());
    let mut findings = loaded.findings;
    findings.extend(loaded.files.iter().flat_map(|file| file.findings.clone()));
    findings.extend(lowered.findings);
    diag::sort(&mut findings);
    Ok((sources, findings))
}

/// Findings as lines: `path:line:column: severity[ID] message`, then labels, help and fixes, indented.
pub(crate) fn lines(sources: &SourceMap, findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let place = match &finding.primary {
            Some(label) => sources.describe(label.span),
            None => "-".to_owned(),
        };
        let Finding {
            severity,
            id,
            message,
            ..
        } = finding;
        out.push_str(&format!("{place}: {severity}[{id}] {message}\n"));
        let mut label = |arrow: &str, place: &str, label: &Label| {
            let text = sources.text(label.span).lines().next().unwrap_or("");
            out.push_str(&format!("  {arrow} {place}`{text}`: {}\n", label.text));
        };
        if let Some(primary) = &finding.primary {
            label("^", "", primary);
        }
        for related in &finding.related {
            label(
                "-",
                &format!("{} ", sources.describe(related.span)),
                related,
            );
        }
        for help in &finding.help {
            out.push_str(&format!("  = {help}\n"));
        }
        for fix in &finding.fixes {
            let edits: Vec<_> = fix.edits.iter().map(|edit| edit.text.as_str()).collect();
            out.push_str(&format!("  * {}: {}\n", fix.title, edits.join(" … ")));
        }
    }
    out
}

/// A fenced block of a Markdown page.
pub(crate) struct Block {
    /// The line of the page on which its text begins.
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// The fenced blocks of a language.
pub(crate) fn blocks(page: &str, language: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let fence = format!("```{language}");
    for (number, line) in (1..).zip(page.lines()) {
        match &mut open {
            None if line == fence => {
                open = Some(Block {
                    line: number + 1,
                    text: String::new(),
                });
            }
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some(block) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
        }
    }
    blocks
}
