//! The CustomResourceDefinition, generated from the types.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use crate::HealthcareService;

/// Longest text where a field sets no bound of its own. Bounds keep the cost of CEL rules calculable
/// (Kubernetes refuses a CRD whose estimated cost is too high) and objects small.
const MAX_LENGTH: i64 = 16_384;
/// Most items of a list where a field sets no bound of its own.
const MAX_ITEMS: i64 = 32;
/// Most entries of a map where a field sets no bound of its own.
const MAX_PROPERTIES: i64 = 64;
/// Descriptions up to this many bytes are kept whole.
const LONG_DESCRIPTION: usize = 240;

/// The CRD as it is installed: the derived one with every list, map and text bounded, no nullable fields
/// (the API server then drops an explicit null before it applies defaults) and the default status that keeps
/// a new object "in progress" for kstatus.
pub fn healthcare_service_crd() -> CustomResourceDefinition {
    let mut crd = HealthcareService::crd();
    for version in &mut crd.spec.versions {
        let root = version
            .schema
            .as_mut()
            .and_then(|s| s.open_api_v3_schema.as_mut());
        if let Some(root) = root {
            bound(root);
            set_default_status(root);
        }
    }
    crd
}

/// The CRD as YAML, byte for byte what `crds/` and the chart hold.
pub fn healthcare_service_crd_yaml() -> Result<String, serde_yaml::Error> {
    serde_yaml::to_string(&healthcare_service_crd())
}

fn set_default_status(root: &mut JSONSchemaProps) {
    let status = root.properties.as_mut().and_then(|p| p.get_mut("status"));
    if let Some(status) = status {
        status.default = Some(JSON(serde_json::json!({"observedGeneration": -1})));
    }
}

fn bound(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    shorten_description(schema);
    let is_text = schema.type_.as_deref() == Some("string");
    if is_text && schema.max_length.is_none() && schema.enum_.is_none() && schema.format.is_none() {
        schema.max_length = Some(MAX_LENGTH);
    }
    if schema.x_kubernetes_int_or_string == Some(true) && schema.max_length.is_none() {
        schema.max_length = Some(64);
    }
    for child in schema.properties.iter_mut().flat_map(|p| p.values_mut()) {
        bound(child);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = schema.additional_properties.as_mut() {
        schema.max_properties = schema.max_properties.or(Some(MAX_PROPERTIES));
        bound(values);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = schema.items.as_mut() {
        schema.max_items = schema.max_items.or(Some(MAX_ITEMS));
        bound(items);
    }
}

/// Types taken over from Kubernetes bring descriptions of many paragraphs. The first sentence is enough for
/// `kubectl explain`, and keeps the CRD below what client-side `kubectl apply` can annotate (256 KiB).
fn shorten_description(schema: &mut JSONSchemaProps) {
    let Some(text) = schema.description.as_mut() else {
        return;
    };
    if text.len() <= LONG_DESCRIPTION {
        return;
    }
    let end = text.find(". ").map_or(text.len(), |dot| dot + 1);
    text.truncate(end);
}

#[cfg(test)]
mod tests;
