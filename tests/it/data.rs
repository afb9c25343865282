//! Load and validate together: SQLite rows into the embedded AWS and back, with planted faults that must be found and clean runs
//! that must find nothing.

mod faults;
mod field;
mod loads;
mod mutants;
mod scales;
