//! The process; everything else is in the library.

use std::process::ExitCode;

use service_kit::auth::OptionalAuthSettings;
use synthetic_phi_service::{INFO, build_for};

fn main() -> ExitCode {
    service_kit::run(&INFO, |settings: OptionalAuthSettings, context| {
        build_for(settings.auth(&context.clock)?, context)
    })
}
