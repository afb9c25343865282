//! SQLite's errors in our words.
//!
//! Rule: a message from preparing speaks of the SQL and is shown; one from stepping may quote a row and is not, only its code is.
//! Called by everything in this folder.

use crate::safe;
use crate::source::Error;
use rusqlite::{Error as Sqlite, ErrorCode};

/// The statement itself is not right, or names what is not there.
pub(super) fn preparing(what: &str, error: &Sqlite) -> Error {
    let message = match error {
        Sqlite::SqlInputError { msg, .. } | Sqlite::SqliteFailure(_, Some(msg)) => msg.clone(),
        other => coded(other),
    };
    Error::Query { what: safe::text(what), message: safe::text(&format!("{message}{}", advice(error))) }
}

/// A row could not be read.
pub(super) fn reading(what: &str, error: &Sqlite) -> Error {
    Error::Query { what: safe::text(what), message: format!("{}{}", coded(error), advice(error)) }
}

/// The file could not be opened.
pub(super) fn opening(target: &str, error: &Sqlite) -> Error {
    Error::Connect { target: target.to_owned(), message: format!("{}{}", coded(error), advice(error)) }
}

/// The phrase that belongs to the error's code, without anything of the data.
fn coded(error: &Sqlite) -> String {
    match error {
        Sqlite::SqliteFailure(code, _) => code.to_string(),
        Sqlite::SqlInputError { error, .. } => error.to_string(),
        Sqlite::InvalidParameterCount(given, wanted) => {
            format!("the statement has {wanted} parameters and {given} were given; write each as :name")
        }
        Sqlite::MultipleStatement => "the text holds more than one statement".to_owned(),
        _ => "the driver could not read the answer".to_owned(),
    }
}

fn advice(error: &Sqlite) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "; the file is no SQLite database (or an encrypted one): check the path",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "; another program is writing to it: let it finish, then run again",
        Some(ErrorCode::DatabaseCorrupt) => "; the file is damaged: check it with `pragma integrity_check` and restore it from a backup",
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => "; check that this user may read the file and its folder",
        _ => "",
    }
}
