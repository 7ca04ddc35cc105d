//! One policy per mistake: what is reported, where, and how often.
//!
//! Each file of `fixtures/errors` is the same small policy with the mistake that its first line names.

use camino::Utf8Path;

use super::policy::{findings_of, lines};
use super::support::{Project, policies_in};
use tidegate::base::FileReader;

/// Fixtures with more than one finding. The catalog of `unknown-cluster-type` is that of a retired service.
const MORE_FINDINGS: &[(&str, usize)] = &[("several", 7), ("unknown-cluster-type", 2)];

#[test]
fn every_mistake_is_reported_once_and_clearly() {
    let mut wrong = Vec::new();
    for name in policies_in("fixtures/errors") {
        let path = format!("fixtures/errors/{name}.egress");
        let path = Utf8Path::new(&path);
        let text = Project.read(path).unwrap();
        let mistake = text
            .trim_start_matches('\u{feff}')
            .lines()
            .next()
            .unwrap()
            .trim_start_matches("// ");
        let (sources, findings) = findings_of(path).unwrap();
        let shown = lines(&sources, &findings);
        insta::with_settings!({
            description => mistake,
            omit_expression => true,
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(name.clone(), shown);
        });
        let expected = MORE_FINDINGS
            .iter()
            .find(|(several, _)| *several == name)
            .map_or(1, |(_, count)| *count);
        if findings.len() != expected {
            wrong.push(format!(
                "{name}: {} findings for {expected} mistakes\n{shown}",
                findings.len()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
