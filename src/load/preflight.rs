//! The quick look before anything is made: does every mapping fit the source as it is?
//!
//! Reads catalogues only, so that a misspelled column costs a second and leaves nothing behind. Called by the verb `run`.

use super::error::Error;
use super::expect::Pass;
use crate::source::Snapshot;
use crate::stack::Stack;

/// Describes every relation of `stack` and fits its rules to it.
pub async fn preflight(snapshot: &mut Snapshot, stack: &Stack) -> Result<(), Error> {
    let zone = stack.source.as_ref().and_then(|s| s.timezone.clone());
    for (name, spec) in &stack.tables {
        Pass::raw(name, spec, zone.clone(), 0).fits(snapshot).await?;
    }
    Ok(())
}
