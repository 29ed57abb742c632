//! Every path of this service; the common ones (health, metrics, compliance) come with the kit.

use service_kit::{Routes, routes};

use crate::handlers::{self, App};
use crate::info;

pub(crate) fn routes(app: App) -> Routes {
    Routes::new()
        .public("/", routes!(info::info))
        .public(
            "/synthetic-patient",
            routes!(handlers::generate_single, handlers::generate_batch),
        )
        .public("/synthetic-patients", routes!(handlers::generate_stream))
        .with_state(app)
}
