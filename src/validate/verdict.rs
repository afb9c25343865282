//! The three-valued verdict.
