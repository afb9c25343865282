//! The oracle is a witness only while it is right itself, and so is the table of capabilities: they run their own tests against the
//! stand-ins for AWS.

use crate::servers::{ministack, moto, python, repository};

/// Runs `tests/oracle/FILE`'s tests, those of the oracle against `endpoint`.
fn own_tests(file: &str, endpoint: &str) {
    let answer = std::process::Command::new(python())
        .args(["-m", "unittest", "discover", "-p", file])
        .current_dir(repository("tests/oracle"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("LANDFALL_TEST_ENDPOINT", endpoint)
        .output()
        .expect("the oracle runs");
    let said = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success() && said.contains("\nOK"), "{said}");
    // Discovery that finds nothing says OK too.
    assert!(!said.contains("Ran 0 tests"), "{said}");
}

#[test]
fn the_oracle_passes_its_own_tests_on_moto() {
    own_tests("test_oracle.py", &moto());
}

#[test]
fn the_oracle_passes_its_own_tests_on_ministack() {
    own_tests("test_oracle.py", &ministack());
}

#[test]
fn the_table_of_capabilities_is_true_of_the_stand_ins() {
    own_tests("test_capabilities.py", "");
}
