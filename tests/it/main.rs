//! t
mod reconcile;
