//! A connection to PostgreSQL: settings from the address, encryption, and a session that only reads, in UTC.
//!
//! Rules: ten seconds to connect; `row_security` is off, so that a policy that would hide rows is an error and not a smaller table;
//! the session never times out for idling, because a load pauses reading while it writes.
//! Called by [`super::Source`].

use super::failure;
use crate::source::address::Server;
use crate::source::tls::{self, Mode};
use crate::source::{Error, KEEPALIVE};
use std::time::Duration;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

const TIMEOUT: Duration = Duration::from_secs(10);

const SESSION: &str = "set time zone 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'iso_8601'; set row_security = off;
    set idle_in_transaction_session_timeout = 0; set cursor_tuple_fraction = 1.0";

/// Opens a connection; its task ends with the client.
pub(super) async fn connect(server: &Server) -> Result<Client, Error> {
    server.only(&["sslmode", "sslrootcert", "host", "application_name", "options"])?;
    let mode = mode(server)?;
    let config = config(server, mode);
    let client = tokio::time::timeout(TIMEOUT, open(server, mode, &config)).await.map_err(|_| failure::timed_out(server))??;
    client.batch_execute(SESSION).await.map_err(|e| failure::connecting(server, &e))?;
    Ok(client)
}

async fn open(server: &Server, mode: Mode, config: &Config) -> Result<Client, Error> {
    let failed = |e| failure::connecting(server, &e);
    if mode == Mode::Disable {
        let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
        tokio::spawn(connection); // its error reaches the client's next call
        return Ok(client);
    }
    let (client, connection) = config.connect(connector(server, mode)?).await.map_err(failed)?;
    tokio::spawn(connection);
    Ok(client)
}

fn config(server: &Server, mode: Mode) -> Config {
    let option = |name| server.options.get(name).map(String::as_str);
    let mut config = Config::new();
    config.host(option("host").unwrap_or(&server.host)).port(server.port).dbname(&server.database);
    config.application_name(option("application_name").unwrap_or("landfall")).connect_timeout(TIMEOUT);
    config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE);
    if !server.user.is_empty() {
        config.user(&server.user);
    }
    if let Some(password) = &server.password {
        config.password(password);
    }
    if let Some(options) = option("options") {
        config.options(options);
    }
    config.ssl_mode(match mode {
        Mode::Disable => SslMode::Disable,
        Mode::Prefer => SslMode::Prefer,
        Mode::Require | Mode::Verify => SslMode::Require,
    });
    config
}

/// What `sslmode` asks for; without it what `libpq` does.
fn mode(server: &Server) -> Result<Mode, Error> {
    match server.options.get("sslmode").map(String::as_str) {
        Some("disable") => Ok(Mode::Disable),
        None | Some("prefer" | "allow") => Ok(Mode::Prefer),
        // As in libpq, a root certificate with `require` is checked.
        Some("require") if server.options.contains_key("sslrootcert") => Ok(Mode::Verify),
        Some("require") => Ok(Mode::Require),
        Some("verify-full") => Ok(Mode::Verify),
        Some(_) => Err(Error::Url("the address's sslmode is not known: use disable, prefer, require or verify-full".to_owned())),
    }
}

fn connector(server: &Server, mode: Mode) -> Result<MakeRustlsConnect, Error> {
    tls::install_provider();
    match (mode, server.options.get("sslrootcert")) {
        (Mode::Verify, Some(path)) => tls::verified(path).map(MakeRustlsConnect::new),
        (Mode::Verify, None) => {
            Ok(MakeRustlsConnect::with_native_certs().map_or_else(|_| MakeRustlsConnect::with_webpki_roots(), |(c, _)| c))
        }
        _ => tls::unverified().map(MakeRustlsConnect::new),
    }
}
