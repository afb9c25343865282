//! The stacks that ship, what comes out of them, and what is said of stacks that are wrong.

mod access;
mod items;
mod limits;
mod model;
mod rows;
mod security;
mod settings;
mod source;
mod structure;
mod tables;
mod write;

use super::*;
use crate::diagnostic::Diagnostics;
use std::path::Path;

/// A stack with what every stack needs, and `body`.
fn whole(body: &str) -> String {
    let lines = body.lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect::<Vec<_>>().join("\n");
    format!("name = \"t\"\naccount = \"123456789012\"\nregion = \"us-east-1\"\n{lines}\n")
}

fn findings(body: &str) -> Diagnostics {
    match parse(&whole(body), Path::new("stack.toml"), None) {
        Ok(_) => panic!("no finding in:\n{body}"),
        Err(found) => found,
    }
}

/// Everything that is said of a stack with `body`. (Tabs and carriage returns in `body` stay.)
fn told(body: &str) -> String {
    findings(body).to_string()
}
