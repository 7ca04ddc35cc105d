//! Runs other programs: bounded in time and in what they may print.

use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// What a program may say beside its output, in bytes.
const MAX_MESSAGES: u64 = 4 << 20;

/// How long to wait between two looks at the process.
const PAUSE: Duration = Duration::from_millis(5);

/// How long to wait for the last output of a process that has ended. What it started itself may hold its pipes open.
const LAST_OUTPUT: Duration = Duration::from_secs(2);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ran {
    /// It came to an end by itself.
    Ended {
        succeeded: bool,
        output: Vec<u8>,
        messages: Vec<u8>,
    },
    /// There is no such program.
    NotInstalled,
    /// It could not be run, or not to its end.
    Failed(String),
}

/// A program to run.
#[derive(Debug)]
pub(super) struct Program<'p> {
    /// Its name, which is looked for in the PATH.
    pub(super) name: &'p str,
    pub(super) arguments: &'p [&'p str],
    /// What it reads from standard input.
    pub(super) input: Vec<u8>,
    /// How long it may take.
    pub(super) limit: Duration,
    /// How many bytes it may print.
    pub(super) most: u64,
}

/// Runs a program.
pub(super) fn run(program: Program<'_>) -> Ran {
    let name = program.name;
    let input = if program.input.is_empty() {
        Stdio::null()
    } else {
        Stdio::piped()
    };
    let spawned = Command::new(name)
        .args(program.arguments)
        .stdin(input)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ran::NotInstalled,
        Err(error) => return Ran::Failed(format!("`{name}` cannot be started: {error}")),
    };
    if let Some(mut pipe) = child.stdin.take() {
        // The program may print before it has read everything, and need not read everything.
        std::thread::spawn(move || pipe.write_all(&program.input));
    }
    let most = program.most;
    let output = child.stdout.take().map(|pipe| collect(pipe, most));
    let messages = child.stderr.take().map(|pipe| collect(pipe, MAX_MESSAGES));
    let status = wait(&mut child, program.limit);
    let ended = match status {
        Ok(Some(succeeded)) => succeeded,
        Ok(None) => {
            let seconds = program.limit.as_secs();
            return Ran::Failed(format!("`{name}` was not done after {seconds} s"));
        }
        Err(error) => return Ran::Failed(format!("`{name}` cannot be waited for: {error}")),
    };
    let received = |pipe: Option<Receiver<Vec<u8>>>| {
        pipe.and_then(|pipe| pipe.recv_timeout(LAST_OUTPUT).ok())
            .unwrap_or_default()
    };
    let (output, messages) = (received(output), received(messages));
    if output.len() as u64 > most {
        return Ran::Failed(format!("`{name}` printed more than {} MiB", most >> 20));
    }
    Ran::Ended {
        succeeded: ended,
        output,
        messages,
    }
}

/// Reads a pipe on a thread of its own, so that neither of two fills up while the other one is read. What is beyond the
/// bound is read and dropped, but for one byte that tells of it.
fn collect(mut pipe: impl Read + Send + 'static, most: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until an error is what there is; nobody may be there any more to take it.
        let _ = pipe.by_ref().take(most + 1).read_to_end(&mut bytes);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        let _ = sender.send(bytes);
    });
    receiver
}

/// Whether it succeeded; `None` when it was stopped because its time was over.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<bool>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if start.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}
