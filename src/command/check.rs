//! `check` and `schema`: offline.

use super::{failure::Failure, output, say};
use crate::cli::Check;
use crate::exit::Exit;
use crate::stack;
use std::path::Path;

/// Checks every stack; all findings of all files are said.
pub(super) fn run(args: &Check) -> Exit {
    args.stacks.iter().map(|path| one(path, args.phase.as_deref())).fold(Exit::Pass, Exit::and)
}

fn one(path: &Path, phase: Option<&str>) -> Exit {
    match stack::load(path, phase) {
        Ok(stack) => {
            let indexes: usize = stack.tables.values().map(|t| t.table.indexes.len() + t.table.locals.len()).sum();
            let rows: usize = stack.tables.values().map(|t| t.rows.len()).sum();
            let line = format!(
                "{}: stack {}: {} tables, {indexes} indexes, {} buckets, {rows} mappings, {} access patterns: ok\n",
                crate::safe::text(&path.display().to_string()),
                stack.name,
                stack.tables.len(),
                stack.buckets.len(),
                stack.access.len()
            );
            output::to_stdout(&line).map_or_else(|message| say(Failure::Io(message)), |()| Exit::Pass)
        }
        Err(diagnostics) => say(diagnostics.into()),
    }
}

/// The JSON Schema of stack files.
pub(super) fn schema() -> String {
    format!("{:#}\n", stack::schema())
}
