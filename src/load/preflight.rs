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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[tokio::test]
    async fn a_rule_that_the_source_cannot_fill_is_found_before_anything_is_made() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("x.sqlite"), "").expect("written");
        let source = Source::connect(&format!("sqlite:{}/x.sqlite", dir.path().display())).await.expect("opens");
        let mut snapshot = source.snapshot().await.expect("opens");
        for (column, fits) in [("id", true), ("idd", false)] {
            let stack = format!(
                "name = \"one\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n[source]\nurl = \"sqlite:x.sqlite\"\n[table.One]\n\
                 key = [\"id:S\"]\n[[table.One.rows]]\nentity = \"t\"\nquery = \"select 1 as id\"\nitem = {{ id = \"{{{column}}}\" }}\n"
            );
            let stack = crate::stack::parse(&stack, std::path::Path::new("one.toml"), None).expect("a sound stack");
            assert_eq!(preflight(&mut snapshot, &stack).await.is_ok(), fits, "{column}");
        }
    }
}
