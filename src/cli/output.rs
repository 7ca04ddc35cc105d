//! Files, clock and terminal.

use std::io::{IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};

use crate::base::{Date, FileReader, ReadError, SourceMap};
use crate::compile;
use crate::diag::{Id, Severity};
use crate::report::{self, Color, Format, Run};
use crate::syntax::{Binding, Parameters};

use super::Outcome;
use super::age::MaxAge;
use super::arguments::{ColorChoice, FailOn, FirewallModel, PolicyOptions, ReadingOptions};
use super::assertions::Assertions;
use super::lock::locked;
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
    write_bytes(path, text.as_bytes())
}

/// As [`write_file`], for a text that is encoded already.
pub(super) fn write_bytes(path: &Utf8Path, bytes: &[u8]) -> Result<(), String> {
    // What a link leads to is written, and the link stays.
    let target = path.canonicalize_utf8();
    let path = target.as_deref().unwrap_or(path);
    let folder = match path.parent() {
        Some(folder) if !folder.as_str().is_empty() => folder,
        _ => Utf8Path::new("."),
    };
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(".tidegate-")
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        match std::fs::metadata(path) {
            Ok(before) => std::fs::set_permissions(file.path(), before.permissions())?,
            Err(_) => make_readable(file.path())?,
        }
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
    let mut settings = settings(&options.reading).map_err(|message| refuse(&message))?;
    let lock = options.lock.lock.as_deref();
    settings.lock = locked(lock).map_err(|message| refuse(&message))?;
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

/// Settings without any option.
pub(super) fn default_settings() -> Result<Options, String> {
    Ok(Options {
        parameters: Parameters::new(),
        firewall_model: compile::FirewallModel::Policy,
        today: today(None)?,
        max_age: MaxAge::default(),
        catalogs: Vec::new(),
        assertions: Assertions::default(),
        strict: false,
        lock: None,
    })
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
        max_age: MaxAge {
            days: options.max_age,
        },
        catalogs: catalogs(&options.catalogs)?,
        assertions: Assertions::default(),
        strict: options.strict,
        lock: None,
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
        parameters.values.extend(values);
    }
    for parameter in &options.parameters {
        let Some((name, value)) = parameter.split_once('=') else {
            return Err(format!("--param takes NAME=VALUE, not `{parameter}`"));
        };
        let (name, value) = (name.trim().into(), value.trim().into());
        parameters.values.insert(name, value);
    }
    for binding in &options.bindings {
        parameters.bindings.push(read_binding(binding)?);
    }
    Ok(parameters)
}

/// `api_server=VALUE` or `POOL.api_server=VALUE`.
fn read_binding(text: &str) -> Result<Binding, String> {
    let wanted = || format!("--bind takes api_server=VALUE or POOL.api_server=VALUE, not `{text}`");
    let (name, value) = text.split_once('=').ok_or_else(wanted)?;
    let (pool, symbol) = match name.trim().rsplit_once('.') {
        Some((pool, symbol)) => (Some(pool), symbol),
        None => (None, name.trim()),
    };
    if symbol != "api_server" {
        return Err(wanted());
    }
    Ok(Binding {
        pool: pool.map(Into::into),
        api_server: value.trim().into(),
    })
}

pub(super) fn today(given: Option<&str>) -> Result<Date, String> {
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
    let least = Severity::from(fail_on);
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

/// Findings as text, how many there are, and what was not done.
pub(super) fn findings_text(analysis: &Analysis, color: Color) -> String {
    let gaps = analysis.gaps();
    let run = Run {
        gaps: &gaps,
        ..Run::new(&analysis.findings, &analysis.sources)
    };
    report::render(Format::Text, &run, color)
}

/// The folder from which paths in reports count; `None` where there is none, or its name is not UTF-8.
pub(super) fn working_folder() -> Option<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(std::env::current_dir().ok()?).ok()
}
