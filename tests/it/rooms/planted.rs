//! One planted violation per rule, and the look-alikes that must pass: a checker that never says no, or always does, fails here.

use super::text::{paths, tokens};
use super::{File, unnamed, violations};

const TABLE: &str = "//! | rank | rooms |\n//! | --- | --- |\n//! | 0 | [`mapping`], [`resource`] |\n//! | 1 | [`stack`], `live::model` |\n\
    //! | 2 | [`plan`] |\n//! | 4 | [`aws`], `local` |\n//! | 5 | `live::refresh`, [`apply`] |\n//! | 6 | [`command`], `main` |\n\n\
    pub mod mapping;\npub mod resource;\npub mod stack;\npub mod live;\npub mod plan;\npub mod aws;\npub mod local;\npub mod apply;\n\
    pub mod command;\n";
const LIVE: &str = "pub mod model;\npub mod refresh;\npub use model::{Live, LiveTable as Table};\n";

/// A small house that keeps every rule, with one file put in (or put in place of another).
fn house(path: &str, text: &str) -> Vec<File> {
    let mut files: Vec<File> = ["mapping", "resource", "stack", "plan", "aws", "local", "apply", "command"]
        .map(|room| (format!("src/{room}.rs"), String::new()))
        .into();
    files.push(("src/lib.rs".into(), TABLE.into()));
    files.push(("src/live/mod.rs".into(), LIVE.into()));
    files.push(("src/live/model.rs".into(), String::new()));
    files.push(("src/live/refresh.rs".into(), String::new()));
    files.retain(|(other, _)| other != path);
    files.push((path.into(), text.into()));
    files
}

fn reported(path: &str, text: &str) -> Vec<String> {
    violations(&house(path, text))
}

#[test]
fn a_house_that_keeps_the_rules_passes() {
    assert_eq!(reported("src/plan.rs", "use crate::live::model::Live;"), Vec::<String>::new());
}

#[test]
fn every_planted_violation_is_reported() {
    let long = "\n".repeat(451);
    let table = [
        ("src/plan.rs", "use crate::aws::Error;", "src/plan.rs:1: plan (rank 2) names aws::Error of aws (rank 4)"),
        ("src/plan.rs", "\nfn f() { crate::apply::run() }", "src/plan.rs:2: plan (rank 2) names apply::run of apply (rank 5)"),
        ("src/plan.rs", "use super::aws;", "plan (rank 2) names aws of aws"),
        ("src/plan.rs", "use crate::{mapping, live::{model::Live, refresh}};", "names live::refresh of live::refresh (rank 5)"),
        ("src/plan.rs", "mod tests { use super::super::aws; }", "plan (rank 2) names aws of aws"),
        ("src/live/model.rs", "use super::refresh::read;", "live::model (rank 1) names live::refresh::read"),
        ("src/live/model.rs", "use crate::live::Reader;", "live::model (rank 1) names live::Reader of live (rank 5)"),
        ("src/aws.rs", "use crate::local::Local;", "aws (rank 4) names local::Local of local (rank 4)"),
        ("src/plan.rs", "use crate::nowhere::X;", "nowhere::X is in no room"),
        ("src/attic.rs", "", "src/attic.rs: its room is not in the table"),
        ("src/attic.rs", "", "src/attic.rs: no mod line reaches it"),
        ("src/plan/diff.rs", "", "src/plan/diff.rs: no mod line reaches it"),
        ("src/plan.rs", "use aws_sdk_dynamodb::Client;", "aws_sdk_dynamodb may be named only in"),
        ("src/plan.rs", "fn f(c: aws_sdk_s3::Client) {}", "aws_sdk_s3 may be named only in"),
        ("src/apply.rs", "use rusqlite as sql;", "rusqlite may be named only in"),
        ("src/apply.rs", "#[derive(clap::Args)] struct A;", "clap may be named only in"),
        ("src/command.rs", "use clap::Args;", "clap may be named only in"),
        ("src/aws.rs", "use comfy_table::Table;", "comfy_table may be named only in"),
        ("src/plan.rs", "fn f() { println!(\"x\") }", "src/plan.rs:1: println! below command"),
        ("src/apply.rs", "fn f() { std::eprint!(\"x\") }", "eprint! below command"),
        ("src/stack.rs", "pub async fn f() {}", "src/stack.rs:1: async in stack (rank 1)"),
        ("src/mapping.rs", "fn f() { g().await }", "await in mapping (rank 0)"),
        ("src/plan.rs", &long, "451 lines"),
        ("src/plan/utils.rs", "", "utils says nothing"),
        ("src/lib.rs", "pub mod plan;", "no table of ranks"),
    ];
    for (path, text, wanted) in table {
        let found = reported(path, text);
        assert!(found.iter().any(|line| line.contains(wanted)), "{path}: {text:?}: wanted {wanted:?}, found {found:?}");
    }
}

#[test]
fn what_only_looks_like_a_violation_passes() {
    let table = [
        ("src/plan.rs", "// use crate::aws::Error;\n/* crate::apply::run() /* nested */ println!() */"),
        ("src/plan.rs", "const S: &str = \"use crate::aws; println!\"; const R: &str = r#\"crate::aws \" crate::aws\"#;"),
        ("src/plan.rs", "fn f<'a>(c: &'a str) -> char { '\"' } const Q: char = '\\''; // crate::aws::x"),
        ("src/plan.rs", "pub(crate) fn f() {} pub(super) struct S; mod tests { use super::*; }"),
        ("src/plan.rs", "use crate::live::Live; use crate::live::Table;"),
        ("src/plan.rs", "fn f(similar: u8) { let clap = similar; g(clap) }"),
        ("src/local.rs", "use crate::aws::Endpoint; use aws_sdk_dynamodb::types::X; async fn f() {}"),
        ("src/apply.rs", "use crate::live::refresh::read; async fn f() { read().await }"),
        ("src/command.rs", "fn f() { println!(\"x\") }"),
        ("src/main.rs", "fn main() { clap::Command::new(\"x\"); landfall::command::run(); println!(\"x\") }"),
    ];
    for (path, text) in table {
        assert_eq!(reported(path, text), Vec::<String>::new(), "{path}: {text:?}");
    }
}

#[test]
fn a_file_that_a_path_attribute_names_is_reached() {
    let mut files = house("src/live/model_tests.rs", "use super::*;");
    assert!(!violations(&files).is_empty());
    files.retain(|(path, _)| path != "src/live/model.rs");
    files.push(("src/live/model.rs".into(), "#[cfg(test)]\n#[path = \"model_tests.rs\"]\nmod tests;".into()));
    // Beside its room, it is in no room of its own: it has the mixed room's highest rank.
    assert_eq!(violations(&files), Vec::<String>::new());
}

#[test]
fn a_test_file_without_a_mod_line_is_reported() {
    assert_eq!(unnamed("mod seeds; // mod lost;\nmod rooms;", &["main", "rooms", "seeds", "lost"]), ["lost"]);
}

#[test]
fn words_are_told_from_text() {
    let source = "let a = b\"x\\\"y\"; r##\"q\"# z\"##; 'c'; '\\u{1F600}'; &'life x :: y /* / */ 1_000";
    let words: Vec<String> = tokens(source).into_iter().map(|token| token.text).collect();
    assert_eq!(words, ["let", "a", "=", ";", ";", ";", ";", "&", "x", "::", "y", "1_000"]);
}

#[test]
fn a_group_is_opened_into_its_paths() {
    let source = "pub use crate::{a::{self, B as C}, d::*};\nfn f() { self::g() }";
    let found: Vec<(usize, String, Option<String>)> =
        paths(&tokens(source), &["m".to_owned()]).into_iter().map(|path| (path.line, path.names.join("::"), path.exported)).collect();
    let wanted = [(1, "a", Some("a")), (1, "a::B", Some("C")), (1, "d", Some("d")), (2, "m::g", None)];
    assert_eq!(found, wanted.map(|(line, path, exported)| (line, path.to_owned(), exported.map(str::to_owned))));
}
