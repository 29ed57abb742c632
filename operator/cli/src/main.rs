//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    service_kit::crypto::install_provider();
    gitops_health::run::main("gitops-health")
}
