//! Tests from outside: against real SQL servers, stand-ins for AWS, and the source text itself. Run them with `scripts/test`.
//!
//! One `mod` line per file; `rooms` fails when a file has none.

mod answers;
mod apply_faults;
mod apply_gates;
mod between;
mod changing;
mod consent;
mod data;
mod during;
mod iam;
mod imports;
mod init;
mod killed;
mod lease;
mod lease_faults;
mod live_reads;
mod local;
mod mistakes;
mod moved;
mod oracle;
mod pairs;
mod program;
mod readonly;
mod reconcile;
mod reconcile_faults;
mod recorded;
mod rich;
mod rooms;
mod scripted;
mod secrets;
mod seeds;
mod servers;
mod source;
mod spoilt;
mod stays;
mod storms;
mod verbs;
mod whole;
