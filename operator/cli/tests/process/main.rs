//! The program as people run it: arguments, pipes, exit codes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail the way tests do"
)]

mod ci;
mod garbage;
mod help;
mod kubectl;
mod support;
