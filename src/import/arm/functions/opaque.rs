//! Functions whose value only Azure computes, or that is another one each time; and the one that only fails.

use crate::import::Why;

use super::call::{Call, ONLY_AZURE_KNOWS, Outcome, Stop};

/// `guid(…)`, `uniqueString(…)`: hashes whose way is not documented. Equal arguments give equal symbols. So do
/// functions whose result the documents do not describe.
pub(super) fn computed(_: &Call<'_>) -> Outcome {
    Err(ONLY_AZURE_KNOWS)
}

/// `newGuid()`, `utcNow()`: another one each time.
pub(super) fn unrepeatable(_: &Call<'_>) -> Outcome {
    Err(Stop::Unknown(Why::Unrepeatable))
}

/// `fail(message)`: wrong by intent, so whoever evaluates must not call it where Azure would not.
pub(super) fn fail(call: &Call<'_>) -> Outcome {
    let message = call.known_text(0)?;
    Err(call.wrong(format!("ends the deployment: {message}")))
}
