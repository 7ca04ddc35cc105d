//! Every command shown in the README and in `docs/` prints what is shown.

use std::fmt::Write as _;

use camino::Utf8PathBuf;

use super::cli::Folder;
use super::policy::{Block, blocks};
use super::support::{TODAY, files, project};

/// A line of a block that stands for whatever else is printed.
const AND_SO_ON: &str = "…";

/// A command and what is shown of its output.
struct Shown {
    line: usize,
    arguments: String,
    output: Vec<String>,
}

/// The commands of a block. Those of other programs are shown and not run.
fn shown(block: &Block) -> Vec<Shown> {
    let mut commands: Vec<Option<Shown>> = Vec::new();
    for (line, text) in (block.line..).zip(block.text.lines()) {
        match (text.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => {
                let arguments = command.strip_prefix("tidegate ");
                commands.push(arguments.map(|arguments| Shown {
                    line,
                    arguments: arguments.to_owned(),
                    output: Vec::new(),
                }));
            }
            (None, Some(Some(command))) => command.output.push(text.trim_end().to_owned()),
            (None, _) => {}
        }
    }
    commands.into_iter().flatten().collect()
}

/// The pages, by their path from the project's root.
fn pages() -> Vec<Utf8PathBuf> {
    let readme = Utf8PathBuf::from("README.md");
    let readme = Some(readme).filter(|page| project(page.as_str()).exists());
    readme.into_iter().chain(files("docs", ".md")).collect()
}

/// A folder with what the commands may name: policies and fixtures.
fn folder() -> Folder {
    let folder = Folder::new();
    let named = files("policies", "")
        .into_iter()
        .chain(files("fixtures", ""));
    for file in named {
        let copy = folder.path(file.as_str());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(project(file.as_str()), copy).unwrap();
    }
    folder
}

/// What a command prints, standard output first, without blanks at the ends of lines and empty lines at the end.
fn printed(folder: &Folder, arguments: &str) -> Vec<String> {
    let judges = ["check ", "compile "]
        .iter()
        .any(|verb| arguments.starts_with(verb));
    let ran = if judges && !arguments.contains("--today") {
        folder.run(&format!("{arguments} --today {TODAY}"))
    } else {
        folder.run(arguments)
    };
    let text = format!("{}{}", ran.out, ran.err);
    let lines = text.trim_end().lines();
    lines.map(|line| line.trim_end().to_owned()).collect()
}

/// Whether the output is what is shown, or begins so when more is left out.
fn agrees(shown: &[String], printed: &[String]) -> bool {
    let end = shown.iter().rposition(|line| !line.is_empty());
    let shown = end.map_or(&[][..], |end| &shown[..=end]);
    match shown.split_last() {
        Some((last, head)) if last == AND_SO_ON => printed.starts_with(head),
        _ => shown == printed,
    }
}

#[test]
fn every_command_prints_what_is_shown() {
    let folder = folder();
    let mut wrong = String::new();
    for page in pages() {
        let text = std::fs::read_to_string(project(page.as_str())).unwrap();
        for command in blocks(&text, "console").iter().flat_map(shown) {
            let printed = printed(&folder, &command.arguments);
            if !agrees(&command.output, &printed) {
                let Shown {
                    line, arguments, ..
                } = command;
                let printed = printed.join("\n");
                let _ = writeln!(
                    wrong,
                    "{page}:{line}: tidegate {arguments} prints\n{printed}\n"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
