//! One writer per account, region and stack: a lease that is kept in `DynamoDB` itself, and the fence before every mutation.
//!
//! Rules: the holder believes in its lease only as long after the *sending* of an acknowledged heartbeat as nobody else can have watched
//! it in vain; another writer takes a lease only by a conditional write on the exact version that it has watched unchanged for a whole
//! lease, or whose process is provably gone on this very machine. Nobody's wall clock decides a taking.
//! Residual window: AWS's control plane takes no fencing number, so a request that left in time may still arrive after the lease is
//! over. The check is made again directly before each attempt is sent ([`crate::aws::leases`]), and an attempt is given up inside the
//! lease's margin ([`model::attempt`]): what remains is what the operating system or the network has taken by then and delivers later.
//! Key insight: holder and watcher measure the same span from different ends (sent, received), each on its own monotonic clock, so
//! neither needs to know the other's time.
//! Called by the verbs that write (`apply`, `load`, `run`) and by `unlock`.

mod keep;
mod machine;
pub mod model;
mod revoke;
mod timer;

pub use keep::{Error, Lease, Request};
pub use revoke::revoke;
