//! Requirements and assertions, and the targets that they and rules name.

use super::{Place, Word};

/// What a word names when a keyword stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetKind {
    /// Nothing stands before it: an address, a name, a group, a subnet.
    Plain,
    /// `tag`
    ServiceTag,
    /// `fqdn-tag`
    FqdnTag,
    /// `web-category`
    WebCategory,
    /// `ip-group`
    IpGroup,
    /// `security-group`
    SecurityGroup,
    /// `api-server`
    ApiServer,
}

/// One destination or source.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// What kind of thing the word names.
    pub kind: TargetKind,
    /// The word.
    pub word: Word,
}

/// `require POOL -> TARGET, … SERVICE, … ["reason"] [owner W] [ticket W] [expires DATE]`
#[derive(Debug, Clone, PartialEq)]
pub struct Require {
    /// Who needs it.
    pub pool: Word,
    /// Where to.
    pub to: Vec<Target>,
    /// Over what.
    pub services: Vec<Word>,
    /// Why.
    pub reason: Option<Word>,
    /// `owner W`
    pub owner: Option<Word>,
    /// `ticket W`
    pub ticket: Option<Word>,
    /// `expires DATE`
    pub expires: Option<Word>,
    /// The whole statement.
    pub span: Place,
}

/// What an assertion says of its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssertKind {
    /// `reaches`
    Reaches,
    /// `never reaches`
    NeverReaches,
    /// `only reaches`
    OnlyReaches,
}

/// What an assertion says of the way.
#[derive(Debug, Clone, PartialEq)]
pub enum AssertVia {
    /// `via firewall NAME`
    Firewall(Word),
    /// `via appliance NAME`
    Appliance(Word),
}

/// `assert POOL [never | only] reaches TARGET, … [SERVICE, …] [via firewall NAME | via appliance NAME]`
#[derive(Debug, Clone, PartialEq)]
pub struct Assert {
    /// Whom it is about.
    pub pool: Word,
    /// `reaches`, with what stands before it.
    pub kind: AssertKind,
    /// Where to.
    pub to: Vec<Target>,
    /// Over what.
    pub services: Vec<Word>,
    /// By what way, and where that is said.
    pub via: Option<(AssertVia, Place)>,
    /// The whole statement.
    pub span: Place,
}
