//! The oracle is a witness only while it is right itself: it runs its own tests against two stand-ins for AWS.

use crate::servers::{ministack, moto, python, repository};

fn own_tests(endpoint: &str) {
    let answer = std::process::Command::new(python())
        .args(["-m", "unittest", "discover", "-p", "test_*.py"])
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
    own_tests(&moto());
}

#[test]
fn the_oracle_passes_its_own_tests_on_ministack() {
    own_tests(&ministack());
}
