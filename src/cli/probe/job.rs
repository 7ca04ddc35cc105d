//! The probe as a job of Kubernetes: the files that it needs, and what it is told.

use std::sync::Mutex;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::base::{FileReader, ReadError};
use crate::cli::output::{Disk, working_folder};
use crate::report::probe::{Job, JobFile, job};

use super::ProbeOptions;

/// Where the files are in the container.
const FOLDER: &str = "/policy";

/// How much a ConfigMap holds.
const MOST_BYTES: usize = 1024 * 1024;

/// For how many seconds the image may be fetched and started.
const STARTING: u64 = 300;

/// Reads files and keeps them.
#[derive(Debug, Default)]
pub(super) struct Recorder(Mutex<Vec<(Utf8PathBuf, String)>>);

impl FileReader for Recorder {
    fn read(&self, path: &Utf8Path) -> Result<String, ReadError> {
        let text = Disk.read(path)?;
        if let Ok(mut kept) = self.0.lock() {
            kept.push((path.to_owned(), text.clone()));
        }
        Ok(text)
    }
}

/// The manifest.
pub(super) fn manifest(options: &ProbeOptions, read: &Recorder) -> Result<String, String> {
    let reading = &options.reading;
    let beside = reading.catalogs.iter().chain(&reading.parameter_file);
    for path in beside.chain(&options.trust.authorities) {
        let read = read.read(path);
        read.map_err(|error| format!("cannot read {path}: {error}"))?;
    }
    let folder = working_folder().unwrap_or_default();
    let kept = read.0.lock().map_err(|error| error.to_string())?;
    let mut files: Vec<(Utf8PathBuf, String)> = kept
        .iter()
        .map(|(path, text)| (plain(&folder.join(path)), text.clone()))
        .collect();
    files.sort();
    files.dedup();
    let size: usize = files.iter().map(|(_, text)| text.len()).sum();
    if size > MOST_BYTES {
        return Err(format!(
            "the policy and what it uses have {size} bytes, and a ConfigMap holds {MOST_BYTES}"
        ));
    }
    let shared = shared_folder(files.iter().map(|(path, _)| path.as_path()));
    let inside = |path: &Utf8Path| -> String {
        let path = path.strip_prefix(&shared).unwrap_or(path);
        let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
        parts.join("/")
    };
    let mounted =
        |path: &Utf8Path| -> String { format!("{FOLDER}/{}", inside(&plain(&folder.join(path)))) };
    let files: Vec<JobFile> = files
        .iter()
        .map(|(path, text)| JobFile {
            path: inside(path),
            text: text.clone(),
        })
        .collect();
    let image = format!("tidegate:{}", env!("CARGO_PKG_VERSION"));
    Ok(job(&Job {
        pool: &options.pool,
        image: options.image.as_deref().unwrap_or(&image),
        arguments: &arguments(options, &mounted),
        folder: FOLDER,
        files: &files,
        nodes: &nodes(options)?,
        seconds: options.limit + STARTING,
    }))
}

/// What the program is told in the job.
fn arguments(options: &ProbeOptions, mounted: &dyn Fn(&Utf8Path) -> String) -> Vec<String> {
    let mut told = vec!["probe".to_owned(), mounted(&options.policy)];
    let mut add = |option: &str, value: String| told.push(format!("--{option}={value}"));
    add("pool", options.pool.clone());
    add("format", "json".to_owned());
    add("timeout", options.timeout.to_string());
    add("limit", options.limit.to_string());
    let reading = &options.reading;
    for parameter in &reading.parameters {
        add("param", parameter.clone());
    }
    if let Some(path) = &reading.parameter_file {
        add("param-file", mounted(path));
    }
    for binding in &reading.bindings {
        add("bind", binding.clone());
    }
    for path in &reading.catalogs {
        add("catalog", mounted(path));
    }
    for sample in &options.samples {
        add("sample", sample.to_string());
    }
    for server in &options.servers {
        add("server", server.to_string());
    }
    for path in &options.trust.authorities {
        add("ca", mounted(path));
    }
    told
}

/// The labels of nodes; the image is one of Linux.
fn nodes(options: &ProbeOptions) -> Result<Vec<(String, String)>, String> {
    let mut nodes = vec![("kubernetes.io/os".to_owned(), "linux".to_owned())];
    for text in &options.node_labels {
        match text.split_once('=') {
            Some((label, value)) if !label.is_empty() => {
                nodes.retain(|(known, _)| known != label);
                nodes.push((label.to_owned(), value.to_owned()));
            }
            _ => return Err(format!("--node-label takes LABEL=VALUE, not `{text}`")),
        }
    }
    Ok(nodes)
}

/// A path without steps back.
fn plain(path: &Utf8Path) -> Utf8PathBuf {
    let mut plain = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => drop(plain.pop()),
            part => plain.push(part.as_str()),
        }
    }
    plain
}

/// The folder that all files are in.
fn shared_folder<'p>(mut paths: impl Iterator<Item = &'p Utf8Path>) -> Utf8PathBuf {
    let first = paths.next().and_then(Utf8Path::parent);
    let mut shared = first.map(Utf8Path::to_owned).unwrap_or_default();
    for path in paths {
        while !path.starts_with(&shared) && shared.pop() {}
    }
    shared
}
