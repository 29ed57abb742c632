use axum::extract::Path;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::auth::Policy;
use crate::extract::Json;
use crate::routing::{get, post};
use crate::service::{self, ServiceError};
use crate::{BuildInfo, Routes, Service, ServiceInfo};

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

#[derive(Deserialize, ToSchema)]
struct Bed {
    #[expect(dead_code, reason = "only described")]
    number: u32,
}

/// All beds
#[utoipa::path(get, path = "", responses((status = OK, description = "Them.")))]
async fn beds() {}

/// Makes a bed
#[utoipa::path(post, path = "", request_body = Bed, responses(
    (status = CREATED, description = "Made."),
    (status = CONFLICT, description = "There is one."),
    (status = 422, description = "Its own words."),
))]
async fn make(_: Json<Bed>) {}

/// One bed
#[utoipa::path(get, path = "", params(("bed" = u32, Path)), responses((status = OK, description = "It.")))]
async fn bed(Path(_bed): Path<u32>) {}

#[utoipa::path(get, path = "/elsewhere", responses((status = OK, description = "")))]
async fn with_a_path() {}

fn document(routes: Routes) -> Result<Value, ServiceError> {
    let service = Service {
        routes,
        ..Service::default()
    };
    service::document(&INFO, &service).map(|text| serde_json::from_str(&text).unwrap())
}

fn written(routes: Routes) -> Value {
    document(routes).unwrap()
}

fn statuses(operation: &Value) -> Vec<&str> {
    operation["responses"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn routes_of_the_service_and_of_the_kit_stand_in_it() {
    let routes = Routes::new()
        .public("/beds", routes!(beds, make))
        .public("/beds/{bed}", routes!(bed))
        .public("/files/{owner}/{*rest}", get(|| async {}));
    let document = written(routes);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "ward");
    assert_eq!(document["info"]["version"], "1.2.3");
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    let expected = [
        "/beds",
        "/beds/{bed}",
        "/compliance/status",
        "/files/{owner}/{rest}",
        "/health",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/openapi.json",
        "/readiness",
    ];
    assert_eq!(paths, expected);
    assert_eq!(document["paths"]["/beds"]["get"]["summary"], "All beds");
    assert_eq!(document["paths"]["/beds"]["post"]["operationId"], "make");
}

/// A handler without a description is there with its method and path; each part of the path is a parameter.
#[test]
fn handlers_without_a_description_are_not_forgotten() {
    let methods = get(|| async {}).and(post(|| async {}));
    let document = written(Routes::new().public("/files/{owner}/{*rest}", methods));
    let path = &document["paths"]["/files/{owner}/{rest}"];
    assert_eq!(path["get"]["operationId"], "get_files_owner_rest");
    assert_eq!(path["post"]["operationId"], "post_files_owner_rest");
    let names: Vec<_> = path["get"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, ["owner", "rest"]);
}

#[test]
fn described_parameters_are_kept() {
    let document = written(Routes::new().public("/beds/{bed}", routes!(bed)));
    let parameters = document["paths"]["/beds/{bed}"]["get"]["parameters"]
        .as_array()
        .unwrap();
    assert_eq!(parameters.len(), 1);
    assert_eq!(parameters[0]["schema"]["type"], "integer");
}

#[test]
fn operations_say_with_which_problems_they_can_end() {
    let routes = Routes::new()
        .public("/beds", routes!(beds, make))
        .public("/beds/{bed}", routes!(bed));
    let document = written(routes);
    let paths = &document["paths"];
    assert_eq!(statuses(&paths["/beds"]["get"]), ["200", "429", "500", "503"]);
    assert_eq!(
        statuses(&paths["/beds"]["post"]),
        ["201", "400", "409", "413", "415", "422", "429", "500", "503"]
    );
    assert_eq!(
        statuses(&paths["/beds/{bed}"]["get"]),
        ["200", "400", "404", "422", "429", "500", "503"]
    );
    assert_eq!(statuses(&paths["/health"]["get"]), ["200", "500", "503"]);
    let own = &paths["/beds"]["post"]["responses"]["422"];
    assert_eq!(own["description"], "Its own words.");
    let problem = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
    for status in ["409", "422"] {
        let content = &paths["/beds"]["post"]["responses"][status]["content"];
        assert_eq!(content["application/problem+json"], problem, "{status}");
    }
}

/// Whatever is referred to is there.
#[test]
fn every_reference_resolves() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.push(reference.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let routes = Routes::new().protected("/beds", Policy::authenticated(), routes!(beds, make));
    let document = written(routes);
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for reference in found {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
}

#[test]
fn protected_operations_want_a_token_and_public_ones_do_not() {
    let routes = Routes::new().public("/beds", routes!(beds)).protected(
        "/beds",
        Policy::scope("beds.write"),
        routes!(make),
    );
    let document = written(routes);
    let path = &document["paths"]["/beds"];
    assert_eq!(path["post"]["security"], json!([{"bearer": []}]));
    assert!(statuses(&path["post"]).contains(&"401") && statuses(&path["post"]).contains(&"403"));
    assert_eq!(path["get"]["security"], Value::Null);
    assert!(!statuses(&path["get"]).contains(&"401"));
    assert_eq!(
        document["components"]["securitySchemes"]["bearer"]["scheme"],
        "bearer"
    );
}

#[test]
fn operation_ids_are_unique() {
    let routes = Routes::new()
        .public("/beds", routes!(beds))
        .public("/cots", routes!(beds));
    let document = written(routes);
    assert_eq!(document["paths"]["/beds"]["get"]["operationId"], "beds");
    assert_eq!(document["paths"]["/cots"]["get"]["operationId"], "get_cots");
}

#[test]
fn a_path_in_the_attribute_of_a_handler_is_refused() {
    let error = document(Routes::new().public("/beds", routes!(with_a_path)))
        .unwrap_err()
        .to_string();
    assert!(error.contains("/beds") && error.contains("/elsewhere"), "{error}");
}
