//! The OpenAPI document: what is checked in is what the binary prints.

use super::process::{output, settings};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
fn checked_in_document_is_what_the_routes_generate() {
    let (_files, settings) = settings();
    let output = output(&settings, &["--openapi"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let generated = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(FILE, &generated).unwrap();
    }
    let checked_in = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(checked_in == generated, "{FILE} is stale: run `make generate`");
}
