//! Azure's national clouds.

use std::fmt;
use std::str::FromStr;

/// A cloud: its own names, addresses and regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Cloud {
    /// The public cloud.
    #[default]
    Public,
    /// Azure operated by 21Vianet in China.
    China,
    /// Azure Government in the United States.
    UsGovernment,
}

impl Cloud {
    /// All clouds.
    pub const ALL: [Self; 3] = [Self::Public, Self::China, Self::UsGovernment];

    /// The name that Azure's tools use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "AzureCloud",
            Self::China => "AzureChinaCloud",
            Self::UsGovernment => "AzureUSGovernment",
        }
    }

    /// The cloud of that name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|cloud| cloud.name().eq_ignore_ascii_case(name))
    }
}

impl FromStr for Cloud {
    type Err = UnknownCloud;

    fn from_str(name: &str) -> Result<Self, UnknownCloud> {
        Self::from_name(name).ok_or_else(|| UnknownCloud(name.to_owned()))
    }
}

/// A name that no cloud has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no cloud is called `{0}`")]
pub struct UnknownCloud(String);

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
