//! What Bicep says about a file: lines such as `/infra/main.bicep(3,9) : Error BCP018: Expected the "=" character at
//! this location.`, as `Bicep.Cli/Logging/DiagnosticLogger.cs` of Azure/bicep writes them.

use crate::diag::Severity;

/// One line of Bicep's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as Bicep names it: an absolute path, or an address of one.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in UTF-16 code units, from 1.
    pub column: u32,
    /// How bad Bicep says it is.
    pub severity: Severity,
    /// The code, such as `BCP018`.
    pub code: String,
    /// What it says.
    pub message: String,
}

impl Diagnostic {
    /// Whether it says that a module of a registry is not on this machine, which is no fault of the file.
    #[must_use]
    pub fn is_unrestored(&self) -> bool {
        // Azure/bicep, src/Bicep.Core/Diagnostics/DiagnosticBuilder.cs: ArtifactRequiresRestore, ArtifactRestoreFailed
        // and ArtifactRestoreFailedWithMessage.
        ["BCP190", "BCP191", "BCP192"].contains(&self.code.as_str())
    }
}

/// Reads the lines; those that are none are given as they are.
#[must_use]
pub fn diagnostics(text: &str) -> (Vec<Diagnostic>, Vec<&str>) {
    let mut found = Vec::new();
    let mut other = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match diagnostic(line) {
            Some(diagnostic) => found.push(diagnostic),
            None => other.push(line),
        }
    }
    (found, other)
}

fn diagnostic(line: &str) -> Option<Diagnostic> {
    // The Azure command line puts its own word in front.
    let line = ["ERROR: ", "WARNING: "]
        .iter()
        .find_map(|word| line.strip_prefix(word))
        .unwrap_or(line);
    let (place, said) = line.split_once(") : ")?;
    let (path, numbers) = place.rsplit_once('(')?;
    let (row, column) = numbers.split_once(',')?;
    let (level, said) = said.split_once(' ')?;
    let (code, message) = said.split_once(": ")?;
    if path.is_empty() || code.contains(' ') {
        return None;
    }
    Some(Diagnostic {
        path: path.to_owned(),
        line: row.trim().parse().ok()?,
        column: column.trim().parse().ok()?,
        severity: match level {
            "Error" => Severity::Error,
            "Warning" => Severity::Warning,
            "Info" | "Information" => Severity::Note,
            _ => return None,
        },
        code: code.to_owned(),
        message: message.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let text = "\
/work (old)/main.bicep(3,9) : Error BCP018: Expected the \"=\" character at this location. [https://aka.ms/bicep]
C:\\infra\\main.bicep(1,7) : Warning no-unused-params: Parameter \"a\" is declared but never used.
ERROR: /repo/main.bicep(12,1) : Error BCP190: The artifact with reference \"br:x\" has not been restored.
Build failed: 1 Warning(s), 2 Error(s)
a(b) : Error";
        let (found, other) = diagnostics(text);
        let shown: Vec<String> = found
            .iter()
            .map(|one| {
                format!(
                    "{} {}:{} {} {} {}",
                    one.path,
                    one.line,
                    one.column,
                    one.severity,
                    one.code,
                    one.is_unrestored()
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                "/work (old)/main.bicep 3:9 error BCP018 false",
                "C:\\infra\\main.bicep 1:7 warning no-unused-params false",
                "/repo/main.bicep 12:1 error BCP190 true",
            ]
        );
        assert_eq!(
            other,
            ["Build failed: 1 Warning(s), 2 Error(s)", "a(b) : Error"]
        );
    }

    #[test]
    fn a_warning_of_the_experimental_kind_is_no_diagnostic() {
        let (found, other) =
            diagnostics("WARNING: The following experimental Bicep features have been enabled: x");
        assert!(found.is_empty());
        assert_eq!(other.len(), 1);
    }
}
