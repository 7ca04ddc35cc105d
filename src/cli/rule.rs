//! `tidegate rule`

use crate::base::did_you_mean_help;
use crate::diag::Id;
use crate::lint::RULES;
use crate::report::fix_line;

use super::Outcome;
use super::arguments::RuleOptions;
use super::output::{print, refuse};

pub(super) fn run(options: &RuleOptions) -> Outcome {
    let Some(code) = &options.id else {
        for id in Id::ALL {
            print(&format!(
                "{}  {:<7}  {}\n",
                id.code(),
                id.severity(),
                id.title()
            ));
        }
        return Outcome::Fine;
    };
    let code = code.to_ascii_uppercase();
    let Some(id) = Id::from_code(&code) else {
        let suggestion = did_you_mean_help(&code, Id::ALL.iter().map(|id| id.code()));
        let suggestion = suggestion
            .map(|help| format!("; {help}"))
            .unwrap_or_default();
        return refuse(&format!("there is no rule `{code}`{suggestion}"));
    };
    print(&format!(
        "{} ({}): {}\n",
        id.code(),
        id.severity(),
        id.title()
    ));
    if let Some(line) = fix_line(id) {
        print(&format!("\n{line}\n"));
    }
    if let Some(doc) = id.doc() {
        print(&format!("\n{doc}\n"));
    }
    for rule in RULES.iter().filter(|rule| rule.id == id) {
        print(&format!("\n{}\n", rule.markdown().trim_end()));
    }
    Outcome::Fine
}
