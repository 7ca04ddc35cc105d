//! Files, clock and terminal.

use std::io::{IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};

use crate::base::{Date, FileReader, ReadError, SourceMap};
use crate::compile;
use crate::diag::{Finding, Id, Severity};
use crate::report::{self, Color};
use crate::syntax::Parameters;

use super::Outcome;
use super::arguments::{ColorChoice, FailOn, FirewallModel, PolicyOptions, ReadingOptions};
use super::pipeline::{Analysis, Options, analyse};

/// Real files.
pub(super) struct Disk;

impl FileReader for Disk {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        let bytes = std::fs::read(path).map_err(|error| ReadError(error.to_string()))?;
        if bytes.len() > SourceMap::MAX_FILE_BYTES {
            return Err(ReadError("the file is larger than 4 GiB".to_owned()));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| ReadError("the file is not UTF-8 text".to_owned()))?;
        // A byte order mark says nothing in UTF-8.
        Ok(text
            .strip_prefix('\u{feff}')
            .map(str::to_owned)
            .unwrap_or(text))
    }
}

/// Writes to standard output. A reader that went away is no error.
pub(super) fn print(text: &str) {
    let mut out = anstream::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub(super) fn print_error(text: &str) {
    let mut out = anstream::stderr();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Says that something cannot be done at all.
pub(super) fn refuse(message: &str) -> Outcome {
    print_error(&format!("error: {message}\n"));
    Outcome::Unusable
}

/// Writes a whole file or nothing: to a temporary file beside it first, which then takes its name.
pub(super) fn write_file(path: &Utf8Path, text: &str) -> Result<(), String> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_str().is_empty() => folder,
        _ => Utf8Path::new("."),
    };
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(".tidegate-")
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        make_readable(file.path())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| format!("cannot write {path}: {error}"))
}

/// Temporary files are private; what is written is meant for others too.
#[cfg(unix)]
fn make_readable(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

pub(super) fn color(choice: ColorChoice) -> Color {
    let wanted = match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            std::io::stderr().is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    if wanted { Color::Always } else { Color::Never }
}

/// Reads and judges the policy that the options name.
///
/// # Errors
/// The outcome, when a file or an option is unusable; a message has been printed.
pub(super) fn analyse_policy(options: &PolicyOptions) -> Result<Analysis, Outcome> {
    let settings = settings(&options.reading).map_err(|message| refuse(&message))?;
    analyse(&options.policy, &Disk, &settings)
        .map_err(|error| refuse(&format!("cannot read {}: {error}", options.policy)))
}

/// The texts of further catalogs, with the names to show.
pub(super) fn catalogs(paths: &[Utf8PathBuf]) -> Result<Vec<(String, String)>, String> {
    let read = |path: &Utf8PathBuf| match Disk.read(path) {
        Ok(text) => Ok((path.to_string(), text)),
        Err(error) => Err(format!("cannot read {path}: {error}")),
    };
    paths.iter().map(read).collect()
}

/// What the options say about how to read a policy.
pub(super) fn settings(options: &ReadingOptions) -> Result<Options, String> {
    Ok(Options {
        parameters: parameters(options)?,
        firewall_model: match options.firewall_model {
            FirewallModel::Policy => compile::FirewallModel::Policy,
            FirewallModel::Classic => compile::FirewallModel::Classic,
        },
        today: today(options.today.as_deref())?,
        catalogs: catalogs(&options.catalogs)?,
    })
}

fn parameters(options: &ReadingOptions) -> Result<Parameters, String> {
    let mut parameters = Parameters::new();
    if let Some(path) = &options.parameter_file {
        let text = Disk
            .read(path)
            .map_err(|error| format!("cannot read {path}: {error}"))?;
        let values = crate::syntax::parameters_from_yaml(&text)
            .map_err(|error| format!("{path}: {error}"))?;
        parameters.extend(values);
    }
    for parameter in &options.parameters {
        let Some((name, value)) = parameter.split_once('=') else {
            return Err(format!("--param takes NAME=VALUE, not `{parameter}`"));
        };
        parameters.insert(name.trim().into(), value.trim().into());
    }
    Ok(parameters)
}

fn today(given: Option<&str>) -> Result<Date, String> {
    if let Some(text) = given {
        return text
            .parse()
            .map_err(|error| format!("--today: {error}, not `{text}`"));
    }
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let days = i64::try_from(seconds / 86_400).unwrap_or(0);
    Date::from_unix_days(days).ok_or_else(|| "the clock is out of range; give --today".to_owned())
}

/// What the findings of an analysis mean for the exit code.
pub(super) fn outcome(analysis: &Analysis, fail_on: FailOn) -> Outcome {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Note => Severity::Note,
    };
    if analysis
        .findings
        .iter()
        .any(|finding| finding.id == Id::TG0013)
    {
        Outcome::Unusable
    } else if analysis.has(least) {
        Outcome::Findings
    } else {
        Outcome::Fine
    }
}

/// Findings as text, and a last line that counts them.
pub(super) fn findings_text(analysis: &Analysis, color: Color) -> String {
    let mut text = report::human(&analysis.findings, &analysis.sources, color);
    if !analysis.findings.is_empty() {
        text.push_str(&count_line(&analysis.findings));
    }
    if analysis.rules_skipped {
        text.push_str("The rules have not run: they need a policy without mistakes.\n");
    }
    text
}

fn count_line(findings: &[Finding]) -> String {
    let parts: Vec<String> = [
        (Severity::Error, "error"),
        (Severity::Warning, "warning"),
        (Severity::Note, "note"),
    ]
    .into_iter()
    .filter_map(|(severity, word)| {
        let count = findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count();
        (count > 0).then(|| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
    })
    .collect();
    format!("{}\n", parts.join(", "))
}
