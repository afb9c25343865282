//! A connection to MySQL or MariaDB: settings from the address, encryption, and a session that reads honestly, in UTC.
//!
//! Rules: ten seconds to connect; impossible dates are read as they are; nothing is cut (`GROUP_CONCAT`, long sort keys, row limits);
//! the server waits long for a slow reader, because a load pauses reading while it writes.
//! Called by [`super::Source`].

use super::failure;
use crate::source::address::Server;
use crate::source::tls::{self, Mode};
use crate::source::{Error, KEEPALIVE};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, OptsBuilder, SslOpts};
use std::path::PathBuf;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

/// `ONLY_FULL_GROUP_BY` stays where the server has it: without it a query may answer anything.
const SESSION: &str = "set names utf8mb4, session time_zone = '+00:00',
    session sql_mode = if(find_in_set('ONLY_FULL_GROUP_BY', @@session.sql_mode), 'ONLY_FULL_GROUP_BY,ALLOW_INVALID_DATES', 'ALLOW_INVALID_DATES'),
    session net_write_timeout = 3600, session net_read_timeout = 3600, session wait_timeout = 86400,
    session group_concat_max_len = 4294967295, session max_sort_length = 8388608, session sql_select_limit = 18446744073709551615";

/// Opens a connection.
pub(super) async fn connect(server: &Server) -> Result<Conn, Error> {
    server.only(&["ssl-mode", "ssl_mode", "sslmode", "require_ssl", "ssl-ca", "socket"])?;
    let mode = mode(server)?;
    tls::install_provider();
    let failed = |e: mysql_async::Error| failure::connecting(server, &e);
    let open = async {
        let mut conn = open(server, mode).await.map_err(failed)?;
        conn.query_drop(SESSION).await.map_err(failed)?;
        Ok(conn)
    };
    tokio::time::timeout(TIMEOUT, open).await.map_err(|_| failure::timed_out(server))?
}

async fn open(server: &Server, mode: Mode) -> Result<Conn, mysql_async::Error> {
    match Conn::new(options(server, mode)).await {
        Err(mysql_async::Error::Driver(DriverError::NoClientSslFlagFromServer)) if mode == Mode::Prefer => {
            Conn::new(options(server, Mode::Disable)).await
        }
        other => other,
    }
}

fn options(server: &Server, mode: Mode) -> OptsBuilder {
    let user = Some(server.user.as_str()).filter(|u| !u.is_empty());
    let options = OptsBuilder::default().ip_or_hostname(&server.host).tcp_port(server.port).user(user);
    let options = options.pass(server.password.as_deref()).db_name(Some(&server.database));
    let options = options.tcp_keepalive(Some(KEEPALIVE));
    options.prefer_socket(false).socket(server.options.get("socket").map(String::as_str)).ssl_opts(encryption(server, mode))
}

fn encryption(server: &Server, mode: Mode) -> Option<SslOpts> {
    let ca = server.options.get("ssl-ca").map(|path| PathBuf::from(path).into());
    match mode {
        Mode::Disable => None,
        Mode::Prefer | Mode::Require => {
            Some(SslOpts::default().with_danger_accept_invalid_certs(true).with_danger_skip_domain_validation(true))
        }
        Mode::Verify => Some(SslOpts::default().with_disable_built_in_roots(ca.is_some()).with_root_certs(ca.into_iter().collect())),
    }
}

/// What `ssl-mode` (or `require_ssl`) asks for; without it what the server's own client does.
fn mode(server: &Server) -> Result<Mode, Error> {
    let option = |name| server.options.get(name).map(|v| v.to_ascii_lowercase().replace('-', "_"));
    if let Some(require) = option("require_ssl") {
        return Ok(if require == "true" { Mode::Require } else { Mode::Prefer });
    }
    match option("ssl-mode").or_else(|| option("ssl_mode")).or_else(|| option("sslmode")).as_deref() {
        Some("disabled" | "disable") => Ok(Mode::Disable),
        None | Some("preferred" | "prefer") => Ok(Mode::Prefer),
        Some("required" | "require") => Ok(Mode::Require),
        Some("verify_identity" | "verify_full") => Ok(Mode::Verify),
        Some(_) => Err(Error::Url("the address's ssl-mode is not known: use disabled, preferred, required or verify_identity".to_owned())),
    }
}
