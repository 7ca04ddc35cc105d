//! Network namespaces of this process, which go away with it.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// A network namespace, named after this process.
#[derive(Debug)]
pub(crate) struct Namespace {
    pub(crate) name: String,
}

impl Namespace {
    pub(crate) fn new(role: &str) -> Result<Self, String> {
        let name = format!("tidegate-{}-{role}", std::process::id());
        succeed(run("ip", &["netns", "add", &name], ""), "ip netns add")?;
        Ok(Self { name })
    }

    /// Carries out commands of `ip`, one a line. All have to succeed.
    pub(crate) fn ip(&self, commands: &str) {
        let output = run("ip", &["-n", &self.name, "-batch", "-"], commands);
        succeed(output, commands).unwrap();
    }

    /// Carries out commands of `ip`, one a line, and goes on after those that fail: what was printed, a line each, and
    /// the complaints.
    pub(crate) fn ask(&self, commands: &str) -> (String, String) {
        let arguments = ["-n", &self.name, "-force", "-oneline", "-batch", "-"];
        let output = run("ip", &arguments, commands).unwrap();
        (text(&output.stdout), text(&output.stderr))
    }

    /// Runs a program inside, with this as its standard input.
    pub(crate) fn run(&self, program: &[&str], input: &str) -> Result<String, String> {
        let arguments = [&["netns", "exec", self.name.as_str()], program].concat();
        succeed(run("ip", &arguments, input), &program.join(" "))
    }

    /// The command, run inside.
    pub(crate) fn inside(&self, command: &Command) -> Command {
        let mut inside = Command::new("ip");
        inside.args(["netns", "exec", &self.name]);
        inside.arg(command.get_program()).args(command.get_args());
        for (variable, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(variable, value),
                None => inside.env_remove(variable),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            inside.current_dir(folder);
        }
        inside
    }

    /// This test binary again, inside, with one test to run.
    pub(crate) fn this_binary(&self, test: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([test, "--exact", "--nocapture", "--test-threads=1"]);
        self.inside(&command)
    }

    /// Sets switches of the kernel below `/proc/sys/net/ipv4`.
    pub(crate) fn set(&self, switches: &[(&str, u32)]) {
        let lines = switches
            .iter()
            .map(|(switch, value)| format!("echo {value} > /proc/sys/net/ipv4/{switch}\n"));
        let script: String = lines.collect();
        self.run(&["sh", "-e"], &script).unwrap();
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        if let Err(error) = succeed(run("ip", &["netns", "del", &self.name], ""), "ip netns del") {
            eprintln!("{error}");
        }
    }
}

/// Why there can be no namespaces with routes and rules here, if there cannot.
pub(crate) fn hindrance() -> Option<&'static str> {
    static HINDRANCE: LazyLock<Option<String>> = LazyLock::new(|| {
        let attempt = || {
            let namespace = Namespace::new("attempt")?;
            namespace.run(&["nft", "-f", "-"], "add table ip attempt")
        };
        attempt().err()
    });
    HINDRANCE.as_deref()
}

fn run(program: &str, arguments: &[&str], input: &str) -> Result<Output, String> {
    let mut command = Command::new(program);
    command.args(arguments).env("LC_ALL", "C");
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |error| format!("{program}: {error}");
    let mut child = command.spawn().map_err(failed)?;
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A program that fails early closes its input; its exit code tells.
            let _ = stdin.write_all(input.as_bytes());
        });
        child.wait_with_output().map_err(failed)
    })
}

fn succeed(output: Result<Output, String>, what: &str) -> Result<String, String> {
    let output = output?;
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(format!("{what}\n{}", text(&output.stderr)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
