//! The house rules, read from the source text: who may name whom, which library lives where, what prints, what waits, how big it is.
//!
//! The table of ranks is the one at the top of `src/lib.rs`, so that the page that people read and the rule that fails are one.
//! Every rule has a planted violation below that it must report.

mod text;

use crate::servers::repository;
use std::collections::{BTreeMap, BTreeSet};
use text::{Token, declared, paths, tokens};

/// A file: its path from the repository's root, and its text.
type File = (String, String);

/// Pairs of rooms of which the first may name parts of its own rank in the second, and why. Else a room names only lower ranks.
const NEIGHBOURS: &[(&str, &str)] = &[
    ("diagnostic", "safe"),  // what it quotes is a stranger's text
    ("policy", "safe"),      // so is what it names of a policy
    ("mapping", "resource"), // DynamoDB's rules for an item need the table's keys
    ("local", "aws"),        // the embedded AWS hands out its own endpoint
    ("local", "clock"),      // what takes AWS time takes it by the shared clock
    ("aws", "clock"),        // so do waits between two tries
    ("apply", "live"),       // re-reads before and after every change
    ("lease", "safe"),       // names a stranger's run
    ("apply", "lease"),      // asks for it before every mutation
    ("load", "lease"),       // likewise
    ("validate", "load"),    // predicts with the encoder loop that loads
    ("command", "cli"),      // a verb takes its parsed arguments
    ("main", "cli"),
    ("main", "command"),
];

/// Where a library may be named: its prefix, then the files or folders.
const DOORS: &[(&str, &[&str])] = &[
    ("aws_", &["src/aws", "src/local"]),
    ("dynoxide", &["src/local"]),
    ("s3s", &["src/local"]),
    ("rusqlite", &["src/source", "src/local"]),
    ("mysql_async", &["src/source"]),
    ("tokio_postgres", &["src/source"]),
    ("comfy_table", &["src/report"]),
    ("similar", &["src/report"]),
    ("indicatif", &["src/command"]),
    ("clap_", &["src/cli", "src/command", "src/main"]),
    ("clap", &["src/cli", "src/main"]),
];

const PRINTS: [&str; 4] = ["println", "eprintln", "print", "eprint"];
const PRINTERS: &[&str] = &["src/main", "src/command"];
const ROOTS: [&str; 2] = ["src/lib.rs", "src/main.rs"];
const LONGEST: usize = 450;
const NOT_NOUNS: [&str; 6] = ["utils", "util", "common", "helpers", "helper", "types"];
/// Ranks from this on may wait.
const ASYNC_FROM: u8 = 4;

/// The rank table, and what mixed rooms (`live`, `validate`: files of several ranks) give on under their own name.
struct House {
    ranks: BTreeMap<String, u8>,
    exports: BTreeMap<String, String>,
}

impl House {
    fn read(files: &[File]) -> Self {
        let table = files.iter().find(|(path, _)| path == "src/lib.rs").map_or("", |(_, text)| text);
        let ranks: BTreeMap<_, _> = table.lines().filter_map(row).flatten().collect();
        let exports = files.iter().flat_map(|(path, text)| exports(&module(path), &tokens(text))).collect();
        Self { ranks, exports }
    }

    /// The room of a path: the longest prefix that the table names, a re-export followed; a mixed room's own file is as its highest part.
    fn room(&self, names: &[String]) -> Option<(String, u8)> {
        let full = names.join("::");
        let names = match self.exports.get(&full) {
            Some(target) if !self.named(names) => target.split("::").map(str::to_owned).collect(),
            _ => names.to_vec(),
        };
        let prefix = (1..=names.len()).rev().map(|length| names[..length].join("::")).find(|room| self.ranks.contains_key(room));
        prefix.map(|room| (room.clone(), self.ranks[&room])).or_else(|| self.mixed(names.first()?))
    }

    fn named(&self, names: &[String]) -> bool {
        (1..=names.len()).any(|length| self.ranks.contains_key(&names[..length].join("::")))
    }

    fn mixed(&self, first: &str) -> Option<(String, u8)> {
        let parts = self.ranks.iter().filter(|(room, _)| room.starts_with(&format!("{first}::")));
        parts.map(|(_, rank)| *rank).max().map(|rank| (first.to_owned(), rank))
    }
}

/// A row of the table, `| 2 | plan, validate::compare |`, to its rooms with their rank.
fn row(line: &str) -> Option<Vec<(String, u8)>> {
    let mut cells = line.strip_prefix("//! |")?.split('|');
    let rank = cells.next()?.trim().parse().ok()?;
    Some(cells.next()?.split('`').skip(1).step_by(2).map(|room| (room.to_owned(), rank)).collect())
}

/// The names that a file gives on: `live::Live` to `live::model::Live`.
fn exports(module: &[String], tokens: &[Token]) -> Vec<(String, String)> {
    let own = |name: String| module.iter().cloned().chain([name]).collect::<Vec<_>>().join("::");
    let given = paths(tokens, module).into_iter();
    given.filter_map(|path| Some((own(path.exported?), path.names.join("::")))).collect()
}

/// `src/plan/diff.rs` to `["plan", "diff"]`, `src/plan/mod.rs` to `["plan"]`, `src/lib.rs` to nothing.
fn module(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let names = inner.split('/').filter(|name| !matches!(*name, "mod" | "lib"));
    names.map(str::to_owned).collect()
}

/// Whether `path` is one of `places` (`src/aws` is the folder and the file of that name).
fn within(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path == format!("{place}.rs") || path.starts_with(&format!("{place}/")))
}

/// Every violation in `files`, each with its place.
fn violations(files: &[File]) -> Vec<String> {
    let house = House::read(files);
    let mut found: Vec<String> = if house.ranks.is_empty() { vec!["src/lib.rs: no table of ranks".to_owned()] } else { Vec::new() };
    for (path, text) in files {
        let tokens = tokens(text);
        found.extend(imports(&house, path, &tokens));
        found.extend(libraries(path, &tokens));
        found.extend(prints(path, &tokens));
        found.extend(waits(&house, path, &tokens));
        found.extend(size_and_name(path, text));
    }
    found.extend(orphans(files));
    found
}

fn imports(house: &House, path: &str, tokens: &[Token]) -> Vec<String> {
    let own = module(path);
    if own.is_empty() {
        return Vec::new();
    }
    let Some((room, rank)) = house.room(&own) else {
        return vec![format!("{path}: its room is not in the table of ranks in src/lib.rs")];
    };
    // The library's root is nobody's room; names that the file reaches in its own module are its own.
    let others = paths(tokens, &own).into_iter().filter(|path| !path.names.is_empty() && !path.names.starts_with(&own));
    others.filter_map(|used| forbidden(house, path, (&room, rank), &used)).collect()
}

fn forbidden(house: &House, file: &str, (room, rank): (&str, u8), used: &text::Path) -> Option<String> {
    let (line, name) = (used.line, used.names.join("::"));
    let Some((other, other_rank)) = house.room(&used.names) else {
        return Some(format!("{file}:{line}: {name} is in no room of the table in src/lib.rs"));
    };
    let houses = [room, &other].map(|room| room.split("::").next().unwrap_or_default());
    let near = houses[0] == houses[1] || (rank == other_rank && NEIGHBOURS.contains(&(houses[0], houses[1])));
    let allowed = other_rank < rank || room == other || (near && other_rank <= rank);
    (!allowed).then(|| format!("{file}:{line}: {room} (rank {rank}) names {name} of {other} (rank {other_rank})"))
}

/// A library is named where a path begins with it, or where a `use` takes it whole.
fn libraries(path: &str, tokens: &[Token]) -> Vec<String> {
    let path_begins = |at: usize| text::text(tokens, at + 1) == "::" && (at == 0 || text::text(tokens, at - 1) != "::");
    let named = |at: &usize| path_begins(*at) || (*at > 0 && tokens[at - 1].text == "use");
    let misplaced = |at: usize| {
        let (prefix, places) = DOORS.iter().find(|(prefix, _)| tokens[at].text.starts_with(prefix))?;
        (!within(path, places))
            .then(|| format!("{path}:{}: {} may be named only in {places:?} ({prefix})", tokens[at].line, tokens[at].text))
    };
    (0..tokens.len()).filter(named).filter_map(misplaced).collect()
}

fn prints(path: &str, tokens: &[Token]) -> Vec<String> {
    let is_print = |at: &usize| PRINTS.contains(&tokens[*at].text.as_str()) && text::text(tokens, at + 1) == "!";
    let report = |at: usize| format!("{path}:{}: {}! below command: send an event", tokens[at].line, tokens[at].text);
    if within(path, PRINTERS) { Vec::new() } else { (0..tokens.len()).filter(is_print).map(report).collect() }
}

fn waits(house: &House, path: &str, tokens: &[Token]) -> Vec<String> {
    let Some((room, rank)) = house.room(&module(path)).filter(|(_, rank)| *rank < ASYNC_FROM) else {
        return Vec::new();
    };
    let waiting = tokens.iter().filter(|token| matches!(token.text.as_str(), "async" | "await"));
    waiting.map(|token| format!("{path}:{}: {} in {room} (rank {rank}), which is pure", token.line, token.text)).collect()
}

fn size_and_name(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    let long = (lines > LONGEST).then(|| format!("{path}: {lines} lines, more than {LONGEST}: which two nouns live here?"));
    let vague = path.trim_end_matches(".rs").split('/').find(|name| NOT_NOUNS.contains(name));
    long.into_iter().chain(vague.map(|name| format!("{path}: {name} says nothing: name the noun"))).collect()
}

/// Files that no `mod` line reaches are never compiled, and so never tested.
fn orphans(files: &[File]) -> Vec<String> {
    let reached: BTreeSet<String> = files.iter().flat_map(|(path, text)| reached(path, text)).collect();
    let lost = files.iter().map(|(path, _)| path).filter(|path| !ROOTS.contains(&path.as_str()) && !reached.contains(*path));
    lost.map(|path| format!("{path}: no mod line reaches it")).collect()
}

/// Where the modules that a file declares may be, as the compiler looks for them.
fn reached(path: &str, text: &str) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let below = match name.trim_end_matches(".rs") {
        "mod" | "lib" | "main" => folder.to_owned(),
        stem => format!("{folder}/{stem}"),
    };
    let usual = declared(&tokens(text)).into_iter().flat_map(|child| [format!("{below}/{child}.rs"), format!("{below}/{child}/mod.rs")]);
    let placed = text.lines().filter_map(|line| line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]"));
    usual.chain(placed.map(|file| format!("{folder}/{file}"))).collect()
}

/// Every `.rs` file below `folder` of the repository, by its path from the root, in order.
fn files_below(folder: &str) -> Vec<File> {
    let mut found = Vec::new();
    let is_rust = |path: &str| std::path::Path::new(path).extension().is_some_and(|extension| extension == "rs");
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(repository(&folder)).expect("a folder of the repository") {
            let entry = entry.expect("an entry");
            let path = format!("{folder}/{}", entry.file_name().to_str().expect("a UTF-8 name"));
            if entry.path().is_dir() {
                folders.push(path);
            } else if is_rust(&path) {
                let text = std::fs::read_to_string(entry.path()).expect("a readable file");
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// The files directly in tests/it that main.rs does not name.
fn unnamed(main: &str, files: &[&str]) -> Vec<String> {
    let modules = declared(&tokens(main));
    let missing = |file: &&&str| **file != "main" && !modules.iter().any(|module| module == **file);
    files.iter().filter(missing).map(|file| (*file).to_owned()).collect()
}

#[test]
fn every_room_keeps_the_house_rules() {
    let files = files_below("src");
    assert!(files.len() > 20, "the source was not found: {} files", files.len());
    let found = violations(&files);
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_test_file_is_run() {
    let files = files_below("tests/it");
    let names: Vec<&str> = files.iter().filter_map(|(path, _)| path.strip_prefix("tests/it/")?.strip_suffix(".rs")).collect();
    let top: Vec<&str> = names.into_iter().map(|name| name.trim_end_matches("/mod")).filter(|name| !name.contains('/')).collect();
    let main = std::fs::read_to_string(repository("tests/it/main.rs")).expect("tests/it/main.rs");
    assert_eq!(unnamed(&main, &top), Vec::<String>::new());
}

mod planted;
