//! Default security rules: what every network security group ends with.

use std::convert::Infallible;
use std::str::FromStr;

use serde::Deserialize;

use crate::net::ServiceTag;

use super::SourceId;
use super::document::{Entries, cited, parsed};

/// The direction of a security rule, as seen from the subnet or interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleDirection {
    /// Towards it.
    Inbound,
    /// Away from it.
    Outbound,
}

/// What a security rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleAccess {
    /// Lets traffic through.
    Allow,
    /// Drops it.
    Deny,
}

/// One side of a default security rule.
#[derive(Debug, Clone, PartialEq)]
pub enum DefaultRuleSide {
    /// Any address, written `*`.
    Any,
    /// The addresses of a tag.
    Tag(ServiceTag),
}

impl FromStr for DefaultRuleSide {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "*" => Self::Any,
            tag => Self::Tag(ServiceTag::new(tag)),
        })
    }
}

/// A security rule that Azure adds to every group. It covers all protocols and ports.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultRule {
    /// Its name; Azure's own pages differ in its case.
    pub name: String,
    /// Its direction.
    pub direction: RuleDirection,
    /// Its priority, below that of any other rule.
    pub priority: u16,
    /// From where.
    #[serde(deserialize_with = "parsed")]
    pub from: DefaultRuleSide,
    /// To where.
    #[serde(deserialize_with = "parsed")]
    pub to: DefaultRuleSide,
    /// What it does.
    pub access: RuleAccess,
    /// Where it was read.
    pub source: SourceId,
    /// Contradictions and conditions.
    pub note: Option<String>,
}

cited!(DefaultRule);

/// The default rules of both directions.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct DefaultRules(Vec<DefaultRule>);

impl DefaultRules {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, DefaultRule> {
        self.0.iter()
    }
}

impl Entries for DefaultRules {
    fn citations(&self) -> Vec<&SourceId> {
        self.0.citations()
    }

    /// Evaluation takes the first match, so the order has to be that of the priorities.
    fn fault(&self) -> Option<String> {
        let ordered = [RuleDirection::Inbound, RuleDirection::Outbound]
            .into_iter()
            .all(|direction| {
                let rules = self.0.iter().filter(|rule| rule.direction == direction);
                rules.map(|rule| rule.priority).is_sorted_by(|a, b| a < b)
            });
        (!ordered)
            .then(|| "the rules of a direction are not in the order of their priorities".to_owned())
    }
}
