//! The process; everything else is in the library.

use std::process::ExitCode;

use service_kit::NoSettings;
use synthetic_phi_service::{INFO, build};

fn main() -> ExitCode {
    service_kit::run(&INFO, |_: NoSettings, context| build(context))
}
