//! MySQL's errors in our words.
//!
//! Rules: a message is shown only where it speaks of names, rights or the server, because others may quote a row;
//! a broken connection is [`Error::Lost`]; the password is cleaned out of everything.
//! Facts: "Server Error Message Reference" of both servers. Called by everything in this folder.

use crate::source::Error;
use crate::source::address::Server;
use mysql_async::{DriverError, Error as My, IoError, ServerError};

/// SQLSTATE classes, and codes beside them, whose messages name things of the statement, the login or the server, never of a row.
const SPEAKING_CLASSES: [&str; 7] = ["08", "0A", "25", "28", "3D", "40", "42"];
const SPEAKING_CODES: [u16; 14] = [1040, 1129, 1130, 1203, 1205, 1226, 1290, 1317, 1356, 1412, 1698, 1969, 3024, 4031];
/// The server ended the connection, or the snapshot: shut down, killed, network errors, table definition changed.
const LOST_CODES: [u16; 10] = [1053, 1077, 1079, 1158, 1159, 1160, 1161, 1412, 1927, 4031];

/// Ten seconds passed.
pub(super) fn timed_out(server: &Server) -> Error {
    refused(server, "no answer within 10 seconds; check host, port and firewall")
}

/// The server could not be reached, or refused the login.
pub(super) fn connecting(server: &Server, error: &My) -> Error {
    let advice = match error {
        My::Server(e) => match e.code {
            1045 | 1698 | 1130 => "check user and password, and from which hosts the user may connect",
            1044 => "GRANT SELECT on the database to the user",
            1049 => "check the database's name in the address",
            1040 | 1203 | 1226 => "the server has no free connection for the user: end some, or raise max_connections",
            _ => "see the server's log",
        },
        My::Io(IoError::Tls(_)) => "check the server's certificate, or use another ssl-mode",
        My::Driver(DriverError::NoClientSslFlagFromServer) => {
            "the server has no TLS: use ssl-mode=preferred or disabled, or give it a certificate"
        }
        _ => "check that the server runs and listens there",
    };
    refused(server, &format!("{}; {advice}", told(error)))
}

fn refused(server: &Server, message: &str) -> Error {
    Error::Connect { target: server.target(), message: server.clean(message) }
}

/// A statement failed.
pub(super) fn asking(server: &Server, what: &str, error: &My) -> Error {
    if lost(error) {
        return Error::Lost(server.clean(&format!(
            "the snapshot of the source was lost while {what}: {}; run again, and let nobody alter tables meanwhile",
            told(error)
        )));
    }
    let advice = match error {
        My::Server(ServerError { code: 1142 | 1143 | 1356, .. }) => {
            "; GRANT SELECT on it to the login (a view also needs its definer's rights)"
        }
        My::Server(ServerError { code: 1969 | 3024, .. }) => "; the server's own time limit for statements is too short for this read",
        _ => "",
    };
    Error::Query { what: server.clean(what), message: server.clean(&format!("{}{advice}", told(error))) }
}

fn lost(error: &My) -> bool {
    match error {
        My::Io(_) | My::Driver(DriverError::ConnectionClosed | DriverError::PacketOutOfOrder) => true,
        My::Server(e) => LOST_CODES.contains(&e.code) || e.state.starts_with("08"),
        _ => false,
    }
}

/// What may be told of an error.
fn told(error: &My) -> String {
    match error {
        My::Server(e) if SPEAKING_CLASSES.iter().any(|c| e.state.starts_with(c)) || SPEAKING_CODES.contains(&e.code) => {
            format!("{} (error {}, SQLSTATE {})", e.message, e.code, e.state)
        }
        My::Server(e) => {
            format!(
                "error {}, SQLSTATE {} (its text may quote a row, so it is not shown: run the statement by hand to see it)",
                e.code, e.state
            )
        }
        My::Io(e) => e.to_string(),
        My::Driver(
            e @ (DriverError::ConnectionClosed | DriverError::NoClientSslFlagFromServer | DriverError::UnknownAuthPlugin { .. }),
        ) => e.to_string(),
        My::Driver(DriverError::StmtParamsMismatch { required, supplied }) => {
            format!("the statement has {required} parameters and {supplied} were given; write each as :name")
        }
        _ => "the driver could not read the server's answer".to_owned(),
    }
}
