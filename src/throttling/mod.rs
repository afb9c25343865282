//! throttling.
