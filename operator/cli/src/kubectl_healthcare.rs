//! The command line as a plugin: kubectl runs the program of this name for `kubectl healthcare`.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_kit::crypto::install_provider();
    gitops_health::run::main("kubectl healthcare")
}
