//! For which ids there are fixes, and whether they can be made unseen. A test holds the table to what is found.

use super::Id;
use super::Safety::{self, Safe, Unsafe};

/// The kinds of fixes that findings of an id can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fixes {
    /// In policies.
    pub policy: &'static [Safety],
    /// In templates.
    pub template: &'static [Safety],
}

impl Fixes {
    /// Whether there are some anywhere.
    #[must_use]
    pub fn exist(self) -> bool {
        !self.policy.is_empty() || !self.template.is_empty()
    }
}

impl Id {
    /// The fixes that findings of this id can have. Whether one has some depends on how the fault is written.
    #[must_use]
    pub fn fixes(self) -> Fixes {
        let (policy, template): (&[Safety], &[Safety]) = match self {
            Self::TG0005
            | Self::TG1005
            | Self::TG1006
            | Self::TG1012
            | Self::TG1015
            | Self::TG1016
            | Self::TG1021
            | Self::TG3003
            | Self::TG3004
            | Self::TG4003
            | Self::TG5003
            | Self::TG5005
            | Self::TG6001 => (&[Unsafe], &[]),
            Self::TG1001
            | Self::TG1009
            | Self::TG1010
            | Self::TG1033
            | Self::TG2001
            | Self::TG2005
            | Self::TG2006
            | Self::TG2008
            | Self::TG3002
            | Self::TG3015 => (&[Unsafe], &[Unsafe]),
            Self::TG0026
            | Self::TG0032
            | Self::TG1031
            | Self::TG1035
            | Self::TG3019
            | Self::TG3020
            | Self::TG5001
            | Self::TG8013 => (&[], &[Unsafe]),
            Self::TG3007 | Self::TG3008 => (&[Safe, Unsafe], &[Unsafe]),
            Self::TG3010 | Self::TG4011 | Self::TG8010 => (&[Safe], &[Unsafe]),
            Self::TG3023 => (&[], &[Safe]),
            _ => (&[], &[]),
        };
        Fixes { policy, template }
    }
}
