//! How requirements are met, for the summary.

/// What lets the flows of a requirement out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mechanism {
    /// These kinds of firewall rules.
    Firewall(Vec<RuleForm>),
    /// The routes of the network itself: it lies inside, or in a peered network, and passes no firewall.
    Inside,
    /// A private endpoint, which machines reach straight once its name leads there.
    PrivateEndpoint,
    /// Firewall rules that are deployed once a value that it needs exists.
    Waits,
    /// Security rules alone, which do not know names.
    SecurityRules,
    /// A security group that exists already, whose rules are neither changed nor known.
    ExistingSecurityGroup,
    /// Nothing needs to: neither firewall nor security group is in the way.
    Nothing,
    /// The compiled rules of an appliance that is not Azure Firewall.
    AllowList,
    /// Nothing needs to: the network is the service's own, and nothing of the policy is in the way there.
    OfService,
    /// An appliance that is not Azure Firewall: its rules are its owner's.
    OtherAppliance,
    /// Nothing: a finding says why.
    Unmet,
}

/// A kind of firewall rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleForm {
    /// An application rule.
    Application,
    /// A network rule by addresses or service tags.
    Network,
    /// A network rule by domain names.
    NetworkByName,
}

/// How one requirement is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The place of the requirement in the intent.
    pub requirement: usize,
    /// What lets it out.
    pub mechanism: Mechanism,
}
