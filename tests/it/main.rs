//! t
#[cfg(feature = "local")]
mod local;
