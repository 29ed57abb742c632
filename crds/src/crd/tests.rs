use super::*;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/healthcareservices.gitops-health.io.yaml"
);

#[test]
fn checked_in_yaml_is_what_the_types_generate() {
    let generated = healthcare_service_crd_yaml().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(checked_in == generated, "{FILE} is stale: run `make generate`");
}
