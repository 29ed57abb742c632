//! Safe synthetic patients for testing.
//!
//! Every patient is a pure function of a seed and an index: the same pair gives the same bytes on every machine,
//! at any time, alone or in a batch. No value can belong to a person: social security numbers come from areas
//! that were never assigned, telephone numbers from the block reserved for fiction, mail goes to example.org,
//! postal codes do not exist, family names carry a number, record numbers begin with `SYN`.
//!
//! The way of a request: `routes` → `handlers` → [`domain`] (pure) → `fhir` (pure) or plain JSON → `answer`. `compliance`
//! and `readiness` ask the same domain code whether it keeps its promises.

use service_kit::auth::Auth;
use service_kit::{BuildInfo, Context, Service, ServiceInfo};

pub mod domain;

mod answer;
mod compliance;
mod fhir;
mod handlers;
mod info;
mod readiness;
mod routes;

pub use handlers::App;

/// A patient as a FHIR R4 Bundle.
pub fn bundle(patient: &domain::Patient) -> serde_json::Result<Vec<u8>> {
    fhir::bundle(patient)
}

/// The constants of this service.
pub const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
    },
    about: "Safe synthetic patients for testing: nothing in them can belong to a real person",
    metrics_prefix: "synthetic_phi",
    default_port: 8081,
    frameworks: "HIPAA",
    data_classification: "synthetic",
};

/// The service for everybody who reaches it.
pub fn build(context: &Context) -> anyhow::Result<Service> {
    build_for(None, context)
}

/// The service over what the process hands it; with `auth`, patients are for callers with the scope `synthetic.read`.
pub fn build_for(auth: Option<Auth>, context: &Context) -> anyhow::Result<Service> {
    let app = App::new(&context.registry)?;
    Ok(Service {
        routes: routes::routes(app, auth.is_some()),
        checks: readiness::checks(context),
        compliance: compliance::checks(),
        auth,
        ..Service::default()
    })
}
