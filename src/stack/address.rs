//! A source address from the command line, under the same rules as one in a stack file.

use super::finding::Findings;
use super::lower;
use super::model::UrlSpec;
use super::syntax::span::At;
use crate::diagnostic::Diagnostics;
use std::path::Path;

/// Reads `text`; a relative SQLite path is joined to `directory`. The error never repeats a password.
pub fn address(text: &str, directory: &Path) -> Result<UrlSpec, Diagnostics> {
    let mut found = Findings::new("--source".to_owned(), text);
    let at = At { span: 0..text.len(), value: text.to_owned() };
    let url = lower::url(&at, directory, &mut found);
    match url {
        Some(url) if found.is_empty() => Ok(url),
        _ => Err(found.finish()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_on_the_command_line_is_refused_and_not_repeated() {
        let error = address("mysql://app:hunter2@db/shop", Path::new("/")).expect_err("a literal password").to_string();
        assert!(error.contains("holds a password") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_may_have_been_meant_as_a_password_is_not_repeated_either() {
        for text in ["mysql:app:hunter2/shop", "app:hunter2", "msyql:hunter2", "env:hunter2-x", "hunter2"] {
            let error = address(text, Path::new("/")).expect_err("no address").to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn references_and_plain_addresses_pass() {
        assert_eq!(address("env:SOURCE_URL", Path::new("/")).expect("a reference"), UrlSpec::Env("SOURCE_URL".into()));
        assert_eq!(address("sqlite:a.db", Path::new("/x")).expect("a path"), UrlSpec::Literal("sqlite:/x/a.db".into()));
    }
}
