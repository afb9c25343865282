//! The embedded AWS: DynamoDB, S3, CloudWatch and STS on one loopback port of this process.
//!
//! A rehearsal, not an oracle. The data plane is `dynoxide-rs` as a library, S3's wire protocol is `s3s` over a small
//! store of our own; what no emulator has (`ImportTable` as measured, point-in-time recovery, metrics of what really
//! happened, checked signatures, regions) is ours, and the engine's known faults are corrected in `dynamodb`.
//!
//! Rules: loopback only; every request is signed or refused; every call passes [`gate::Gate`] with its name before it
//! acts (and there befalls it what [`Faults`] say); an I/O error answers 500, never a panic.
//! Key insight: all services share one port, told apart as AWS's own signatures do it, by target and credential scope,
//! so one `--endpoint-url` serves every client of any age.
//! Called by the verbs (`--local`, `local`) and by the tests.

#![allow(clippy::doc_markdown, reason = "the names of AWS's services and calls are words here")]

mod cloudwatch;
mod dynamodb;
mod export;
mod fault;
mod faults;
mod form;
mod gate;
mod import;
mod kms;
mod moment;
mod route;
mod s3;
mod scaling;
mod server;
mod signature;
mod store;
mod sts;
#[cfg(test)]
mod trial;

pub use faults::{Call, Effect, Faults, Held, Installation, Moment, Rule};

use crate::clock::Clock;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How to run one.
#[derive(Debug, Clone)]
pub struct Options {
    /// Loopback only; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Twelve digits: who the caller is, and who owns what is made.
    pub account: String,
    /// The region that `--local` sessions use; requests bring their own in their signature.
    pub region: String,
    pub access_key: String,
    pub secret_key: String,
    /// Keep the data here over restarts; `None` keeps it in memory (objects in a temporary directory).
    pub dir: Option<PathBuf>,
    /// How fast what AWS takes minutes for goes by. The default passes through every state, a thousand times as fast.
    pub clock: Clock,
    /// How long a description still tells of the time before a change; AWS promises only eventual reads. Zero by default.
    pub lag: Duration,
    /// After so long, by the clock, every call is refused as one with an expired token. Never by default.
    pub token_lasts: Option<Duration>,
    /// So many changes of tables pass the account's limiter in a second of AWS's time; without a bound by default, since nobody
    /// documents one. As the fault rule `limit`, and cleared with the rules.
    pub changes_per_second: Option<u32>,
    /// Members that DescribeTable shows of these tables besides, by table name: for tests of what cannot be made here, such as replicas.
    pub planted: BTreeMap<String, serde_json::Value>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 0)),
            account: "123456789012".into(),
            region: "us-east-1".into(),
            access_key: "local".into(),
            secret_key: "local".into(),
            dir: None,
            clock: Clock::scaled(1000.0),
            lag: Duration::ZERO,
            token_lasts: None,
            changes_per_second: None,
            planted: BTreeMap::new(),
        }
    }
}

/// Why the embedded AWS did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0} is not a loopback address: the embedded AWS holds data in clear text; use 127.0.0.1 or [::1]")]
    NotLoopback(SocketAddr),
    #[error("{0} is taken by another program: pass another port, or 0 for a free one")]
    Taken(SocketAddr),
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    #[error("{} is in use by another running landfall: stop it, or choose another directory", .0.display())]
    InUse(PathBuf),
    #[error("cannot use the directory {}: check that it exists, is writable and has room", .0.display())]
    Directory(PathBuf, #[source] std::io::Error),
    #[error("{} is not readable as data of the embedded AWS ({reason}): move it away, or choose another directory", path.display())]
    Corrupt { path: PathBuf, reason: String },
    #[error(
        "{} was written by a newer landfall (its format is {found}, this one knows {known}): use that version, or choose another directory",
        path.display()
    )]
    Newer { path: PathBuf, found: u64, known: u32 },
    #[error("the account must be twelve digits, not {0:?}")]
    Account(String),
    #[error("{0:?} is not a region's name: use one such as us-east-1")]
    Region(String),
}

/// A running server. It stops when [`Local::stop`] is called, or when this is dropped.
#[derive(Debug)]
pub struct Local {
    addr: SocketAddr,
    options: Options,
    gate: gate::Gate,
    server: server::Server,
}

impl Local {
    /// Starts on the current tokio runtime and returns once requests are answered.
    pub async fn start(options: Options) -> Result<Self, Error> {
        check(&options)?;
        let world = server::World::open(&options)?;
        let gate = world.gate().clone();
        if let Some(most) = options.changes_per_second {
            gate.faults().install(Rule::new(Effect::Limit(most)).service("dynamodb"));
        }
        let listener = server::listen(options.addr).await?;
        let addr = listener.local_addr().map_err(|e| Error::Listen(options.addr, e))?;
        Ok(Self { addr, options, gate, server: server::Server::run(listener, world) })
    }

    /// `http://127.0.0.1:PORT`, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What [`crate::aws::Settings`] needs to speak to it.
    pub fn endpoint(&self) -> crate::aws::Endpoint {
        crate::aws::Endpoint { url: self.url(), access_key: self.options.access_key.clone(), secret_key: self.options.secret_key.clone() }
    }

    /// The region that a session of its own uses.
    pub fn region(&self) -> &str {
        &self.options.region
    }

    /// The clock that everything here goes by: who waits for this AWS waits by it.
    pub fn clock(&self) -> Clock {
        self.options.clock.clone()
    }

    /// What shall go wrong: install rules, see what they did, let go of what they hold.
    pub fn faults(&self) -> Faults {
        self.gate.faults().clone()
    }

    /// The calls so far, oldest first; only the latest 20,000 are kept.
    pub fn calls(&self) -> Vec<Call> {
        self.gate.log().all().0
    }

    /// Stops answering, lets running imports end, and gives the directory free.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

fn check(options: &Options) -> Result<(), Error> {
    if !options.addr.ip().is_loopback() {
        return Err(Error::NotLoopback(options.addr));
    }
    if options.account.len() != 12 || !options.account.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Error::Account(options.account.clone()));
    }
    if !signature::is_region(&options.region) {
        return Err(Error::Region(options.region.clone()));
    }
    Ok(())
}
