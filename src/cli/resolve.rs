//! `tidegate resolve`

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::azure::Dataplane;
use crate::azure::facts::Facts;
use crate::dns::{
    Lock, Locked, NetworkResolver, Protocol, Resolver, Server, Settings, Trust, Views, compare,
    drift,
};
use crate::intent::{Names, names};
use crate::net::Fqdn;
use crate::report::catalog::DEFAULT_WIDTH;
use crate::report::resolved::{self, Kept, View};

use super::Outcome;
use super::arguments::ReadingOptions;
use super::lock::LockFile;
use super::output::{
    Disk, color, findings_text, print, print_error, refuse, settings, today, write_file,
};
use super::pipeline::{Analysis, analyse};
use super::tags::service_tags;
use super::trust::TrustOptions;

/// What `resolve` prints below its options.
pub(super) const HELP: &str = "\
Asks DNS for every name of a policy: those of requirements, of services, private endpoints and API servers, and the \
samples of wildcards. But for probe no other command uses a network; they read the lock file.

Exit code: 0 all well, 1 with --check something changed, with --compare servers disagree, 2 wrong usage or a file that \
cannot be read or written, 3 a server did not answer for some name. The lock file keeps what nobody answers for now.

Examples:
  tidegate resolve policies/hub-spoke.egress --lock egress.lock
  tidegate resolve policies/hub-spoke.egress --lock egress.lock --check
  tidegate resolve policies/hub-spoke.egress --server 10.0.0.4 --server 168.63.129.16 --compare
  tidegate lint policies/hub-spoke.egress --lock egress.lock
  tidegate resolve policies/hub-spoke.egress --server tls://10.0.0.4#dns.contoso.com --ca ca.pem";

/// Options of `resolve`.
#[derive(Debug, Args)]
pub(super) struct ResolveOptions {
    /// The policy file.
    policy: Utf8PathBuf,

    #[command(flatten)]
    reading: ReadingOptions,

    /// Keep what was answered in this file, or with --check hold it against this file.
    #[arg(long, value_name = "FILE")]
    lock: Option<Utf8PathBuf>,

    /// Say what has changed since the lock file was written, and leave it as it is.
    #[arg(long, requires = "lock", conflicts_with = "compare")]
    check: bool,

    /// Ask this server, as 10.0.0.4, 10.0.0.4:5353, tcp://10.0.0.4 or tls://1.1.1.1#one.one.one.one; those of this machine
    /// unless given. Of several the next one is asked when one does not answer.
    #[arg(long = "server", value_name = "SERVER")]
    servers: Vec<Server>,

    /// Ask each server for itself, and say where they disagree. With --lock the file gets the answers of the first
    /// server, and beside them those of others that disagree.
    #[arg(long)]
    compare: bool,

    #[command(flatten)]
    trust: TrustOptions,

    /// The addresses of service tags, as Microsoft publishes them every week: says which rules take an answer by its tag.
    #[arg(long, value_name = "FILE")]
    service_tags: Option<Utf8PathBuf>,

    /// How long one try may take.
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,

    /// How often a server is tried.
    #[arg(long, value_name = "TIMES", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=10))]
    tries: u8,

    /// Ask for IPv4 addresses only.
    #[arg(long)]
    no_ipv6: bool,

    /// How to show the answer.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// How an answer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

pub(super) fn run(options: &ResolveOptions) -> Outcome {
    match answer(options) {
        Ok(outcome) | Err(outcome) => outcome,
    }
}

fn answer(options: &ResolveOptions) -> Result<Outcome, Outcome> {
    if options.compare && options.servers.len() < 2 {
        return Err(refuse(
            "--compare needs two servers: name each with --server",
        ));
    }
    let is_tls = |server: &Server| matches!(server.protocol, Protocol::Tls(_));
    if !options.trust.authorities.is_empty() && !options.servers.iter().any(is_tls) {
        return Err(refuse(
            "--ca is for servers that are asked over TLS: name one as tls://ADDRESS#NAME",
        ));
    }
    let trust = options.trust.read()?;
    let policy = read(options)?;
    let asked = names(&policy.intent, &policy.estate);
    if asked.exact.is_empty() && asked.unsampled.is_empty() {
        return Err(refuse(&format!("{} names no hosts", options.policy)));
    }
    let tags = service_tags(options.service_tags.as_deref())?;
    let view = View {
        names: &asked,
        plane: &Dataplane::new(&policy.estate, Facts::builtin(), tags.as_ref()),
        width: DEFAULT_WIDTH,
    };
    match options.compare {
        true => compared(options, &view, &trust),
        false => looked_up(options, &view, &trust),
    }
}

fn read(options: &ResolveOptions) -> Result<Analysis, Outcome> {
    let settings = settings(&options.reading).map_err(|message| refuse(&message))?;
    let policy = analyse(&options.policy, &Disk, &settings)
        .map_err(|error| refuse(&format!("cannot read {}: {error}", options.policy)))?;
    if policy.rules_skipped {
        print_error(&findings_text(&policy, color(options.reading.color)));
        return Err(Outcome::Unusable);
    }
    Ok(policy)
}

/// Asks for everything once, and keeps or compares what is answered.
fn looked_up(options: &ResolveOptions, view: &View<'_>, trust: &Trust) -> Result<Outcome, Outcome> {
    let before = match &options.lock {
        Some(path) => before(path, options.check)?,
        None => None,
    };
    if let (Some(path), Some(before), false) = (&options.lock, &before, options.check)
        && !before.views.is_empty()
    {
        return Err(refuse(&format!(
            "{path} has the answers of several servers: ask with --compare, or name another file"
        )));
    }
    let lock = ask(
        options,
        &options.servers,
        view.names,
        before.as_ref(),
        trust,
    )?;
    let mut outcome = match lock.unanswered() {
        0 => Outcome::Fine,
        _ => Outcome::Uncertain,
    };
    if options.check {
        let changes = before
            .as_ref()
            .map_or_else(Vec::new, |before| drift(before, &lock));
        if !changes.is_empty() {
            outcome = Outcome::Findings;
        }
        print(&match options.format {
            Format::Json => resolved::drift_json(&lock, &changes),
            Format::Text => resolved::drift_text(view, before.as_ref(), &lock, &changes),
        });
        return Ok(outcome);
    }
    let kept = keep(options, before.as_ref(), &lock)?;
    print(&match options.format {
        Format::Json => resolved::json(view, &lock),
        Format::Text => resolved::text(view, &lock, kept.as_ref()),
    });
    Ok(outcome)
}

fn compared(options: &ResolveOptions, view: &View<'_>, trust: &Trust) -> Result<Outcome, Outcome> {
    let known = match &options.lock {
        Some(path) => before(path, false)?,
        None => None,
    };
    let mut views = Views { all: Vec::new() };
    for server in &options.servers {
        let one = std::slice::from_ref(server);
        let lock = ask(options, one, view.names, None, trust)?;
        views.all.push((server.to_string(), lock));
    }
    let kept = match Lock::of_views(&views, known.as_ref()) {
        Some(lock) => keep(options, known.as_ref(), &lock)?,
        None => None,
    };
    let differences = compare(&views);
    print(&match options.format {
        Format::Json => resolved::views_json(view, &views, &differences),
        Format::Text => resolved::views_text(view, &views, &differences, kept.as_ref()),
    });
    let unanswered = views.all.iter().any(|(_, lock)| lock.unanswered() > 0);
    Ok(match (differences.is_empty(), unanswered) {
        (false, _) => Outcome::Findings,
        (true, true) => Outcome::Uncertain,
        (true, false) => Outcome::Fine,
    })
}

/// Writes the lock file. A name that nobody answered for does not take away what the file has of it.
fn keep(
    options: &ResolveOptions,
    before: Option<&Lock>,
    lock: &Lock,
) -> Result<Option<Kept>, Outcome> {
    let Some(path) = &options.lock else {
        return Ok(None);
    };
    let lost = lock.names.iter().filter(|(name, locked)| {
        let known = before.and_then(|before| before.names.get(*name));
        !locked.is_answer() && known.is_some_and(Locked::is_answer)
    });
    let lost = lost.count();
    if lost == 0 {
        write_file(path, &lock.text()).map_err(|message| refuse(&message))?;
    }
    Ok(Some(Kept {
        path: path.clone(),
        lost,
    }))
}

/// The lock file as it is; there need be none before it is written first.
fn before(path: &Utf8Path, is_needed: bool) -> Result<Option<Lock>, Outcome> {
    if !is_needed && !path.exists() {
        return Ok(None);
    }
    let file = LockFile::read(path).map_err(|message| refuse(&message))?;
    Ok(Some(file.lock))
}

fn ask(
    options: &ResolveOptions,
    servers: &[Server],
    names: &Names,
    before: Option<&Lock>,
    trust: &Trust,
) -> Result<Lock, Outcome> {
    let date = today(options.reading.today.as_deref()).map_err(|message| refuse(&message))?;
    let how = Settings {
        timeout: Duration::from_secs(options.timeout),
        tries: options.tries.into(),
        ipv6: !options.no_ipv6,
        ..Settings::default()
    };
    let resolver = NetworkResolver::new(servers, how, trust);
    let resolver = resolver.map_err(|message| refuse(&message))?;
    let names: Vec<Fqdn> = names.exact.keys().cloned().collect();
    let progress = progress(names.len());
    let answers = resolver.resolve(&names, &mut |answer| {
        progress.set_message(answer.name.to_string());
        progress.inc(1);
    });
    progress.finish_and_clear();
    Ok(Lock::of(date, resolver.servers(), &answers, before))
}

/// Shown on a terminal, and nowhere else.
fn progress(length: usize) -> ProgressBar {
    let bar = ProgressBar::new(length as u64);
    match ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
