//! Every path of this service; the common ones (health, metrics, compliance) come with the kit.

use service_kit::auth::Policy;
use service_kit::{Methods, Routes, routes};

use crate::handlers::{self, App};
use crate::info;

/// What a caller's token must grant, where callers are asked for one.
const SCOPE: &str = "synthetic.read";

pub(crate) fn routes(app: App, is_protected: bool) -> Routes {
    let add = |routes: Routes<App>, path, methods: Methods<App>| {
        if is_protected {
            routes.protected(path, Policy::scope(SCOPE), methods)
        } else {
            routes.public(path, methods)
        }
    };
    let routes = Routes::new().public("/", routes!(info::info));
    let patients = routes!(handlers::generate_single, handlers::generate_batch);
    let routes = add(routes, "/synthetic-patient", patients.into());
    let stream = routes!(handlers::generate_stream);
    add(routes, "/synthetic-patients", stream.into()).with_state(app)
}
