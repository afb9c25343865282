//! One record against another.
