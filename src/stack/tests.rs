//! The stacks that ship, and what comes out of them.

use super::*;
use std::path::Path;

const SHIPPED: [&str; 4] = ["users", "vehicle-sales", "vehicle-sales-single", "imdb"];

fn shipped(name: &str) -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("stacks/{name}.toml"));
    let text = std::fs::read_to_string(&path).expect("read a stack that ships");
    (path, text)
}

#[test]
fn every_stack_that_ships_is_without_findings() {
    for name in SHIPPED {
        let (path, _) = shipped(name);
        match load(&path, None) {
            Ok(stack) => assert_eq!(stack.name, name),
            Err(found) => panic!("{found}"),
        }
    }
}
