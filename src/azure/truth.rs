//! Three-valued truth: what is not known stays unknown until something else decides.

use std::ops::{BitAnd, BitOr};

/// Whether something holds, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Truth {
    /// It does not.
    No,
    /// It may.
    Maybe,
    /// It does.
    Yes,
}

impl Truth {
    /// Whether any of several holds.
    pub(super) fn any(truths: impl IntoIterator<Item = Self>) -> Self {
        let mut best = Self::No;
        for truth in truths {
            best = best | truth;
            if best == Self::Yes {
                break;
            }
        }
        best
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl BitAnd for Truth {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.min(other)
    }
}

impl BitOr for Truth {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.max(other)
    }
}
