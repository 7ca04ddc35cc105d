//! Why a template is not written.

use crate::verify::Objection;

use super::catalog::DEFAULT_WIDTH;
use super::held::flow_words;
use super::wrap::paragraph;

/// How many objections are shown.
const MOST: usize = 8;

/// What is wrong with a template, as text.
#[must_use]
pub fn disproof(objections: &[Objection]) -> String {
    let mut out =
        String::from("error: the template, read again, does not do what the policy asks for\n");
    for objection in objections.iter().take(MOST) {
        paragraph(&mut out, "  - ", &objection.text, DEFAULT_WIDTH);
        if let Some(flows) = &objection.flows {
            paragraph(&mut out, "    flows:   ", flows, DEFAULT_WIDTH);
        }
        if let Some(flow) = &objection.flow {
            paragraph(&mut out, "    such as: ", &flow_words(flow), DEFAULT_WIDTH);
        }
        if let Some(stopped) = &objection.stopped {
            paragraph(&mut out, "    stopped: ", stopped, DEFAULT_WIDTH);
        }
    }
    if objections.len() > MOST {
        out.push_str(&format!("  and {} more\n", objections.len() - MOST));
    }
    out
}
