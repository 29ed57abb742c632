use axum::extract::Path;
use serde_json::{Value, json};

use super::*;
use crate::auth::Policy;
use crate::{BuildInfo, Routes, routes, service};

const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: "ward",
        version: "1.2.3",
    },
    about: "Beds of a ward",
    metrics_prefix: "ward",
    default_port: 8080,
    frameworks: "HIPAA",
    data_classification: "PHI",
};

/// All beds
#[utoipa::path(get, path = "/beds", responses((status = OK)))]
async fn beds() {}

/// Makes a bed
#[utoipa::path(post, path = "/beds", responses((status = CREATED), (status = "default", description = "own")))]
async fn make() {}

/// One bed
#[utoipa::path(get, path = "/beds/{bed}", params(("bed" = u32, Path)), responses((status = OK)))]
async fn bed(Path(_bed): Path<u32>) {}

fn written(routes: Routes) -> Value {
    serde_json::to_value(service::document(&INFO, routes)).unwrap()
}

#[test]
fn routes_of_the_service_and_of_the_kit_stand_in_it() {
    let document = written(Routes::new().public(routes!(beds, make)).public(routes!(bed)));
    assert_eq!(document["info"]["title"], "ward");
    assert_eq!(document["info"]["version"], "1.2.3");
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    let expected = [
        "/beds",
        "/beds/{bed}",
        "/compliance/status",
        "/health",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/readiness",
    ];
    assert_eq!(paths, expected);
    assert_eq!(document["paths"]["/beds"]["get"]["summary"], "All beds");
}

#[test]
fn every_operation_may_end_in_a_problem() {
    let document = written(Routes::new().public(routes!(beds, make)));
    let problem = json!({"$ref": "#/components/schemas/Problem"});
    let default = |path: &str| document["paths"][path]["get"]["responses"]["default"].clone();
    for path in ["/beds", "/health", "/metrics"] {
        let content = &default(path)["content"]["application/problem+json"];
        assert_eq!(content["schema"], problem, "{path}");
    }
    let own = &document["paths"]["/beds"]["post"]["responses"]["default"];
    assert_eq!(own["description"], "own");
    assert!(document["components"]["schemas"]["Problem"]["properties"]["code"].is_object());
}

#[test]
fn protected_routes_say_that_they_want_a_token() {
    let open = written(Routes::new().public(routes!(beds)));
    assert!(open["components"].get("securitySchemes").is_none());
    let routes = Routes::new()
        .public(routes!(beds))
        .protected(Policy::scope("beds.read"), routes!(bed));
    let document = written(routes);
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
    assert!(document["paths"]["/beds"]["get"].get("security").is_none());
    let security = &document["paths"]["/beds/{bed}"]["get"]["security"];
    assert_eq!(*security, json!([{"bearer": []}]));
}
