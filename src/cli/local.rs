//! The flags of `local`, and its help on making things go wrong.
//!
//! Rule: what `local::faults` takes by HTTP is said here in full, because a caller from outside has no other page.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// How to make things go wrong from outside; `local::faults` has it in full.
pub(super) const FAULTS_HELP: &str = "\
Faults on request, on the same port, without a signature:
  POST   /_landfall/faults    install a rule, or a list of rules; answers their ids
  GET    /_landfall/faults    the rules with what they did, and the calls that are held
  DELETE /_landfall/faults    clear all (or /ID for one) and let go of what is held
  POST   /_landfall/release   let go of what is held (or /ID for one held call)
  GET    /_landfall/calls     what was asked, and how it was answered

A rule is JSON. What happens:
  effect       refuse | reset | freeze | delay | unprocessed | status | limit
  at           before | after | half (of the answer); with refuse, reset, freeze, delay
  code         with refuse: ThrottlingException, InternalServerError, ExpiredTokenException, AccessDeniedException, ...
  status, message    with refuse, where AWS's own will not do
  ms           with delay
  share        with unprocessed: how much of a batch comes back undone, 0 to 1
  shown        with status: what DescribeTable says instead of ACTIVE
  per_second   with limit: so many changes of tables pass in a second of AWS's time, and all others are throttled
To which calls:
  service, operation, resource (a table or bucket), writes (only what changes something)
To which of those:
  call         from the n-th on (only that one, unless times is given)
  times        so many of them
  rate, seed   a share of them, drawn by the seed
  for_ms       so long after the first

Every second PutItem is throttled:
  curl http://127.0.0.1:PORT/_landfall/faults -d '{\"effect\":\"refuse\",\"code\":\"ThrottlingException\",\"operation\":\"PutItem\",\"rate\":0.5}'";

#[derive(Debug, Args)]
pub struct LocalArgs {
    /// Loopback address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub addr: SocketAddr,
    /// Keep the data in this directory; in memory otherwise.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The account that answers.
    #[arg(long, default_value = "123456789012")]
    pub account: String,
    /// The region that is printed for export.
    #[arg(long, default_value = "us-east-1")]
    pub region: String,
    /// The access key that is accepted.
    #[arg(long, default_value = "local")]
    pub access_key: String,
    /// The secret that signatures are checked with.
    #[arg(long, default_value = "local", env = "LANDFALL_LOCAL_SECRET", hide_env_values = true)]
    pub secret_key: String,
    /// How many times as fast as AWS's what takes AWS its time goes by (a new index takes AWS minutes); 1 is AWS's own pace.
    #[arg(long, value_name = "N", default_value_t = 1000.0, value_parser = scale)]
    pub time_scale: f64,
    /// So many seconds of AWS's time (see --time-scale) after a change DescribeTable and the like still tell of the time before it: AWS
    /// promises only eventual reads.
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=86_400))]
    pub lag: u64,
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale.is_finite() && (0.001..=1_000_000.0).contains(&scale) => Ok(scale),
        _ => Err("give a number from 0.001 to 1000000; 1 is AWS's own pace".into()),
    }
}
