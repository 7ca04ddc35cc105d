//! The files for CI: they can be read, what they call exists, and the scripts in them do what they say.

use std::collections::BTreeSet;
use std::process::Command;

use camino::Utf8Path;
use serde_json::Value;

use super::cli::Folder;
use super::policy::blocks;
use super::support::project;

const ACTION: &str = "action.yml";
const HOOKS: &str = ".pre-commit-hooks.yaml";
const PIPELINE: &str = "docs/azure-pipelines.yml";
const PAGES: [&str; 2] = ["docs/ci.md", "docs/outputs.md"];

fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).expect(path)
}

#[track_caller]
fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The YAML of the kit, with where it is from.
fn documents() -> Vec<(String, String)> {
    let files = [ACTION, HOOKS, PIPELINE].map(|path| (path.to_owned(), read(path)));
    let shown = PAGES.iter().flat_map(|page| {
        let blocks = blocks(&read(page), "yaml");
        blocks
            .into_iter()
            .map(|block| (format!("{page}:{}", block.line), block.text))
            .collect::<Vec<_>>()
    });
    files.into_iter().chain(shown).collect()
}

#[test]
fn yaml_can_be_read() {
    let documents = documents();
    assert!(documents.len() >= 7, "{}", documents.len());
    for (place, text) in documents {
        assert!(!yaml(&text).is_null(), "{place} is empty");
    }
}

/// The steps of the action that have a script.
fn scripts() -> Vec<(String, String)> {
    let action = yaml(&read(ACTION));
    let steps = action["runs"]["steps"].as_array().unwrap();
    let script = |step: &Value| {
        let text = step["run"].as_str()?;
        Some((step["name"].as_str()?.to_owned(), text.to_owned()))
    };
    steps.iter().filter_map(script).collect()
}

#[test]
fn inputs_of_the_action_are_declared_used_and_described() {
    let text = read(ACTION);
    let action = yaml(&text);
    let declared: BTreeSet<&str> = action["inputs"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let word = |rest: &str| -> String {
        let of_name = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        rest.chars().take_while(of_name).collect()
    };
    let used: BTreeSet<String> = text.split("inputs.").skip(1).map(word).collect();
    assert_eq!(
        declared
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<BTreeSet<_>>(),
        used
    );
    let page = read("docs/ci.md");
    for name in declared {
        assert!(
            page.contains(&format!("`{name}`")),
            "docs/ci.md lacks {name}"
        );
    }
    // What comes from outside reaches a script as a variable, never as part of its text.
    for (name, script) in scripts() {
        assert!(!script.contains("${{"), "{name}");
    }
}

/// Whether there is such a command, and all that its help says.
fn help(command: &str) -> Option<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_tidegate"))
        .args([command, "--help"])
        .output()
        .unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap())
}

/// The words of every call of tidegate in a text: the command first, then its arguments.
fn calls(text: &str) -> Vec<Vec<&str>> {
    let begins = |line: &str| line.find("tidegate ").map(|at| at + "tidegate ".len());
    let in_line = |line| {
        let words: Vec<&str> = line_after(line, begins)?.split_whitespace().collect();
        let is_command =
            |word: &&str| ["lint", "check", "fmt", "compile", "explain"].contains(word);
        words.first().is_some_and(is_command).then_some(words)
    };
    text.lines().filter_map(in_line).collect()
}

fn line_after(line: &str, begins: impl Fn(&str) -> Option<usize>) -> Option<&str> {
    line.get(begins(line)?..)
}

#[test]
fn every_option_used_exists() {
    let mut texts: Vec<(String, String)> = [HOOKS, PIPELINE, "Dockerfile", "docs/ci.md"]
        .map(|path| (path.to_owned(), read(path)))
        .into();
    // In the action the options are in lists beside the call.
    let options_of_action = scripts().into_iter().map(|(name, script)| {
        let options = script
            .split(['(', ')', '"'])
            .filter(|part| part.contains("--"));
        let options: Vec<&str> = options.filter(|part| !part.contains("cargo")).collect();
        (name, format!("tidegate lint {}", options.join(" ")))
    });
    texts.extend(options_of_action.filter(|(name, _)| name != "Install tidegate"));
    let mut seen = 0;
    for (place, text) in texts {
        for call in calls(&text) {
            let Some(help) = help(call[0]) else {
                println!(
                    "SKIPPED, for there is no `tidegate {}` yet: {place}",
                    call[0]
                );
                continue;
            };
            let options = call
                .iter()
                .filter(|word| word.len() > 2 && word.starts_with("--"));
            for option in options {
                let option = option.split('=').next().unwrap();
                assert!(
                    help.contains(option),
                    "{place}: {} has no {option}",
                    call[0]
                );
                seen += 1;
            }
            let format = call.iter().position(|word| *word == "--format");
            if let Some(format) = format.and_then(|at| call.get(at + 1)) {
                assert!(help.contains(format), "{place}: no format {format}");
            }
        }
    }
    assert!(seen > 0, "options are found");
}

#[test]
fn paths_that_the_kit_names_exist() {
    let dockerfile = read("Dockerfile");
    let copied = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|line| !line.starts_with("--from"))
        .flat_map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            words[..words.len() - 1].to_vec()
        });
    let copied: Vec<&str> = copied.collect();
    assert!(copied.contains(&"src"), "{copied:?}");
    let kept = read(".dockerignore");
    for path in &copied {
        assert!(project(path).exists(), "{path}");
        assert!(
            kept.lines().any(|line| line == format!("!{path}")),
            "{path} is left out"
        );
    }
    for page in PAGES {
        let text = read(page);
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let path = Utf8Path::new("docs").join(link.split('#').next().unwrap());
            assert!(project(path.as_str()).exists(), "{page}: {link}");
        }
    }
    let toolchain = format!("rust:{}", env!("CARGO_PKG_RUST_VERSION"));
    assert!(dockerfile.contains(&toolchain), "the image has {toolchain}");
}

#[test]
fn the_image_is_small_and_not_root() {
    let dockerfile = read("Dockerfile");
    let last_stage = dockerfile.rsplit("FROM ").next().unwrap();
    assert!(last_stage.starts_with("scratch\n"), "{last_stage}");
    let user = last_stage
        .lines()
        .find_map(|line| line.strip_prefix("USER "));
    let id = user.and_then(|user| user.split(':').next()).unwrap();
    assert_ne!(id.parse::<u32>().unwrap(), 0);
}

/// Runs a script of the action with a tidegate that writes down how it was called.
#[cfg(unix)]
fn run_script(name: &str, variables: &[(&str, &str)], ends: i32) -> (i32, String, String) {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let stub = folder.path("tidegate");
    let script = format!("#!/bin/sh\nprintf '%s|' \"$@\" >> calls\necho found\nexit {ends}\n");
    std::fs::write(&stub, script).unwrap();
    std::fs::set_permissions(&stub, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (_, script) = scripts()
        .into_iter()
        .find(|(step, _)| step == name)
        .unwrap();
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path(""))
        .env("TIDEGATE", &stub)
        .env("GITHUB_OUTPUT", folder.path("output"))
        .env("FILE", folder.path("out.sarif"))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let read = |file| std::fs::read_to_string(folder.path(file)).unwrap_or_default();
    (output.status.code().unwrap(), read("calls"), read("output"))
}

#[cfg(unix)]
#[test]
fn scripts_of_the_action_pass_on_what_they_are_given() {
    let none = [("CONFIG", ""), ("BASELINE", ""), ("CATEGORY", "")];
    let paths = ("PATHS", "infra\n\nmy files; rm -rf x\n");
    let (code, called, _) = run_script(
        "Check",
        &[&none[..], &[paths, ("FAIL_ON", "warning")]].concat(),
        1,
    );
    assert_eq!(code, 1);
    assert_eq!(
        called,
        "lint|--format|github|--fail-on|warning|--|infra|my files; rm -rf x|"
    );
    let given = [
        ("CONFIG", "a b.yaml"),
        ("BASELINE", "b.json"),
        ("CATEGORY", "prod"),
        paths,
    ];
    let (code, called, output) = run_script("Write SARIF", &given, 1);
    assert_eq!(code, 0, "findings do not stop the upload");
    assert_eq!(
        called,
        "lint|--format|sarif|--config|a b.yaml|--baseline|b.json|--category|prod|--|infra|my files; rm -rf x|"
    );
    assert!(
        output.starts_with("file=/") && output.ends_with("out.sarif\n"),
        "{output}"
    );
}
