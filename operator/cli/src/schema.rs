//! Validates a manifest against the published CRD without a cluster: unknown fields, structure, then the CEL rules, in the
//! API server's order and with its own words (k8s.io/apiextensions-apiserver, `pkg/apiserver/validation`,
//! `schema/defaulting` and `schema/listtype`). Pure.

use std::fmt;

use healthcare_crds::crd::healthcare_service_crd;
use kube::core::cel::{CompiledSchema, Validator, compile_schema};
use serde_json::Value;

mod bounds;
mod metadata;
mod normal;
mod structure;
mod unknown;

/// One thing that the API server would refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where, such as `spec.additionalPorts[0].name`; empty for the object as a whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// Whether it is a field that the API does not have: `kubectl` can be told to accept those, and they are dropped.
    pub is_unknown_field: bool,
}

impl Violation {
    fn new(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            message: message.into(),
            is_unknown_field: false,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.path, self.message)
        }
    }
}

/// The schema with its rules compiled, for any number of manifests.
#[derive(Debug)]
pub struct Checker {
    schema: Value,
    rules: CompiledSchema,
    validator: Validator,
}

impl Checker {
    /// Compiles the published schema.
    pub fn published() -> Self {
        Self::new(published())
    }

    fn new(schema: Value) -> Self {
        Self {
            rules: compile_schema(&schema),
            validator: Validator::new(),
            schema,
        }
    }

    /// The object as the API server would store it: nulls dropped, defaults filled in.
    pub fn normal(&self, object: &Value) -> Value {
        normal::form(&self.schema, object)
    }

    /// Everything that an API server with strict field validation would say against creating `object`. Empty when it is
    /// accepted.
    pub fn check(&self, object: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        unknown::fields(&self.schema, object, "", &mut found);
        let mut normal = self.normal(object);
        // A new object's status is dropped: it belongs to the operator.
        if let Some(fields) = normal.as_object_mut() {
            fields.remove("status");
        }
        let known = found.len();
        metadata::check(&normal, &mut found);
        structure::check(&self.schema, &normal, "", &mut found);
        // Rules presuppose the structure: on another they would fail in their own words.
        if found.len() == known {
            found.extend(self.refusals(&normal));
        }
        found
    }

    fn refusals(&self, object: &Value) -> Vec<Violation> {
        let errors = self.validator.validate_compiled(&self.rules, object, None).err();
        errors
            .into_iter()
            .flatten()
            .map(|e| Violation::new(&e.field_path, format!("Invalid value: {}", e.message)))
            .collect()
    }
}

/// The OpenAPI schema of the published `HealthcareService` CRD: not the derived one, which lacks bounds.
pub fn published() -> Value {
    let crd = healthcare_service_crd();
    let version = crd.spec.versions.into_iter().next();
    let schema = version.and_then(|v| v.schema).and_then(|s| s.open_api_v3_schema);
    serde_json::to_value(schema).unwrap_or_default()
}

/// What an API server says about `object`, as text: of one with fields that it does not know, nothing else.
pub fn violations(schema: &Value, object: &Value) -> Vec<String> {
    let mut found = Checker::new(schema.clone()).check(object);
    if found.iter().any(|violation| violation.is_unknown_field) {
        found.retain(|violation| violation.is_unknown_field);
    }
    found.iter().map(Violation::to_string).collect()
}

/// The CEL rules that `object` breaks, as they stand in the schema.
pub fn broken_rules(schema: &Value, object: &Value) -> Vec<String> {
    let errors = Validator::new().validate(schema, object, None).err();
    errors.into_iter().flatten().map(|error| error.rule).collect()
}

/// Every CEL rule of the schema.
pub fn rules(schema: &Value) -> Vec<String> {
    let own = schema["x-kubernetes-validations"]
        .as_array()
        .into_iter()
        .flatten();
    let own = own.filter_map(|rule| rule["rule"].as_str()).map(str::to_owned);
    let properties = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, property)| property);
    let below = properties.chain(
        [&schema["items"], &schema["additionalProperties"]]
            .into_iter()
            .filter(|s| s.is_object()),
    );
    own.chain(below.flat_map(rules)).collect()
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// The schema of a field of an object, if it has one.
fn field<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    schema["properties"]
        .get(key)
        .or_else(|| schema.get("additionalProperties"))
        .filter(|schema| schema.is_object())
}

#[cfg(test)]
mod tests;
