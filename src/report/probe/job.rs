//! The probe as a job of Kubernetes: a manifest with everything that it reads.

use std::fmt::Write as _;

/// What the job runs and reads.
#[derive(Debug, Clone, Copy)]
pub struct Job<'j> {
    /// The pool.
    pub pool: &'j str,
    /// The image with the program.
    pub image: &'j str,
    /// What the program is told.
    pub arguments: &'j [String],
    /// Where the files are in the container.
    pub folder: &'j str,
    /// The files.
    pub files: &'j [JobFile],
    /// Labels of the nodes that it may run on.
    pub nodes: &'j [(String, String)],
    /// After how many seconds Kubernetes ends it.
    pub seconds: u64,
}

/// A file that the job reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFile {
    /// Its path in the folder.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The manifest.
#[must_use]
pub fn job(job: &Job<'_>) -> String {
    let name = name(job.pool);
    let mut out = String::from("apiVersion: v1\nkind: ConfigMap\n");
    let _ = write!(out, "metadata:\n  name: {name}\ndata:\n");
    for (at, file) in job.files.iter().enumerate() {
        let _ = write!(out, "  {}: ", key(at, &file.path));
        block(&mut out, &file.text);
    }
    out.push_str("---\napiVersion: batch/v1\nkind: Job\n");
    let _ = write!(out, "metadata:\n  name: {name}\nspec:\n");
    let _ = writeln!(out, "  activeDeadlineSeconds: {}", job.seconds);
    out.push_str("  backoffLimit: 0\n  template:\n    spec:\n      restartPolicy: Never\n");
    out.push_str("      automountServiceAccountToken: false\n      enableServiceLinks: false\n");
    // The servers of the nodes, which answer for what the nodes fetch.
    out.push_str("      dnsPolicy: Default\n");
    out.push_str("      nodeSelector:\n");
    for (label, value) in job.nodes {
        let _ = writeln!(out, "        {}: {}", quoted(label), quoted(value));
    }
    out.push_str(SECURITY);
    let _ = writeln!(out, "          image: {}", quoted(job.image));
    out.push_str("          args:\n");
    for argument in job.arguments {
        let _ = writeln!(out, "            - {}", quoted(argument));
    }
    out.push_str(CONTAINER);
    let _ = writeln!(out, "              mountPath: {}", job.folder);
    out.push_str("              readOnly: true\n");
    let _ = write!(
        out,
        "      volumes:\n        - name: policy\n          configMap:\n            name: {name}\n            items:\n"
    );
    for (at, file) in job.files.iter().enumerate() {
        let _ = writeln!(out, "              - key: {}", key(at, &file.path));
        let _ = writeln!(out, "                path: {}", quoted(&file.path));
    }
    out
}

/// Nobody, as in the image of this program.
const SECURITY: &str = "      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: probe
";

const CONTAINER: &str = "          resources:
            requests:
              cpu: 50m
              memory: 64Mi
            limits:
              memory: 256Mi
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            - name: policy
";

/// A name that Kubernetes takes: small letters, digits and hyphens, at most 63.
fn name(pool: &str) -> String {
    let pool = pool.to_ascii_lowercase();
    let plain = pool.chars().map(|c| match c {
        'a'..='z' | '0'..='9' => c,
        _ => '-',
    });
    let name: String = "tidegate-probe-".chars().chain(plain).take(63).collect();
    name.trim_end_matches('-').to_owned()
}

/// The key of a file; its number keeps those apart that differ in what a key cannot have.
fn key(at: usize, path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or(path);
    let plain = last.chars().map(|c| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => c,
        _ => '_',
    });
    let plain: String = plain.take(200).collect();
    format!("{at}-{plain}")
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text below a key, as a block where YAML can hold it as one.
fn block(out: &mut String, text: &str) {
    let is_plain = |c: char| matches!(c, '\n' | '\t' | ' '..='~' | '\u{a0}'..='\u{d7ff}');
    let is_break = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
    // The first line says how far a block is indented.
    let first = text.lines().find(|line| !line.is_empty());
    let is_block = first.is_some_and(|line| !line.starts_with([' ', '\t']));
    if !is_block || !text.chars().all(|c| is_plain(c) && !is_break(c)) {
        let _ = writeln!(out, "{}", quoted(text));
        return;
    }
    let end = match (text.ends_with("\n\n"), text.ends_with('\n')) {
        (true, _) => "+",
        (false, true) => "",
        (false, false) => "-",
    };
    let _ = writeln!(out, "|{end}");
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str("    ");
            out.push_str(line);
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::block;

    #[test]
    fn texts_are_what_they_were() {
        for text in [
            "a\n",
            "a",
            "a\n\n",
            "a\n\n\n",
            "\n\na\n",
            " a\n",
            "\n  a\nb\n",
            "a\n  b\n \n",
            "\ta\n",
            "",
            "\n",
            "a\r\nb\r\n",
            "a: b # c\n- d\n",
            "\u{2028}\n",
            "\u{1b}[0m\n",
            "größer\n",
            "# a\n---\nb\n",
        ] {
            let mut yaml = "  a: ".to_owned();
            block(&mut yaml, text);
            yaml.push_str("  b: end\n");
            let read: BTreeMap<String, String> = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(read["a"], text, "{yaml}");
            assert_eq!(read["b"], "end", "{yaml}");
        }
    }
}
