//! PostgreSQL's errors in our words.
//!
//! Rules: a message is shown only where its class speaks of names, rights or the server, because others may quote a row;
//! a broken connection is [`Error::Lost`]; the password is cleaned out of everything.
//! Facts: "PostgreSQL Error Codes", appendix A of its manual. Called by everything in this folder.

use crate::source::Error;
use crate::source::address::Server;
use std::error::Error as _;
use tokio_postgres::Error as Pg;

/// Classes whose messages name things of the statement, the login or the server, never of a row.
const SPEAKING: [&str; 15] = ["08", "0A", "25", "26", "28", "34", "3B", "3D", "3F", "40", "42", "53", "54", "55", "57"];

/// Ten seconds passed.
pub(super) fn timed_out(server: &Server) -> Error {
    refused(server, "no answer within 10 seconds; check host, port and firewall")
}

/// The server could not be reached, or refused the login.
pub(super) fn connecting(server: &Server, error: &Pg) -> Error {
    let advice = match error.code().map(tokio_postgres::error::SqlState::code) {
        Some("28P01" | "28000") => "check user and password, and the server's pg_hba.conf",
        Some("3D000") => "check the database's name in the address",
        Some("53300") => "the server has no free connection: end some, or raise max_connections",
        Some("57P03") => "the server is starting or stopping: try again",
        Some(_) => "see the server's log",
        None => "check that the server runs and listens there, and that sslmode is one that it accepts",
    };
    refused(server, &format!("{}; {advice}", told(error)))
}

fn refused(server: &Server, message: &str) -> Error {
    Error::Connect { target: server.target(), message: server.clean(message) }
}

/// A statement failed.
pub(super) fn asking(server: &Server, what: &str, error: &Pg) -> Error {
    if lost(error) {
        return Error::Lost(server.clean(&format!(
            "the connection to the source broke while {what}: {}; its snapshot is gone with it, so run again",
            told(error)
        )));
    }
    let advice = match error.code().map(tokio_postgres::error::SqlState::code) {
        Some("42501") if told(error).contains("row-level security") => {
            "; landfall reads with row_security off, so that no policy hides rows: use a login that has BYPASSRLS or owns the table"
        }
        Some("42501") => "; GRANT SELECT on it (and USAGE on its schema) to the login",
        Some("25P02") => "; an earlier statement of this snapshot failed: run again",
        _ => "",
    };
    Error::Query { what: server.clean(what), message: server.clean(&format!("{}{advice}", told(error))) }
}

/// Whether the connection, and with it the snapshot, is gone.
pub(super) fn lost(error: &Pg) -> bool {
    let code = error.code().map_or("", tokio_postgres::error::SqlState::code);
    let torn = error.source().is_some_and(|s| s.downcast_ref::<std::io::Error>().is_some());
    error.is_closed() || torn || code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03")
}

/// What may be told of an error.
fn told(error: &Pg) -> String {
    match error.as_db_error() {
        Some(db) if SPEAKING.iter().any(|class| db.code().code().starts_with(class)) => {
            format!("{} (SQLSTATE {})", db.message(), db.code().code())
        }
        Some(db) => {
            format!("SQLSTATE {} (its text may quote a row, so it is not shown: run the statement by hand to see it)", db.code().code())
        }
        None => match error.source() {
            Some(source) => format!("{error}: {source}").replacen(&format!("{source}: {source}"), &source.to_string(), 1),
            None => error.to_string(),
        },
    }
}
