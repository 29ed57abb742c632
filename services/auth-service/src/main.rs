//! The process; everything else is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: service_kit::Allocator = service_kit::Allocator;

fn main() -> ExitCode {
    auth_service::main()
}
