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

type Schema = JSONSchemaProps;

fn root() -> Schema {
    let crd = healthcare_service_crd();
    crd.spec.versions[0]
        .schema
        .clone()
        .unwrap()
        .open_api_v3_schema
        .unwrap()
}

/// Calls `check` with every schema below `schema` and its path.
fn walk(schema: &Schema, path: &str, check: &mut impl FnMut(&str, &Schema)) {
    check(path, schema);
    for (name, child) in schema.properties.iter().flatten() {
        walk(child, &format!("{path}.{name}"), check);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        walk(items, &format!("{path}[]"), check);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        walk(values, &format!("{path}{{}}"), check);
    }
}

fn offenders(breaks: impl Fn(&str, &Schema) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    walk(&root(), "", &mut |path, schema| {
        if breaks(path, schema) {
            found.push(path.to_owned());
        }
    });
    found
}

/// Unbounded input makes the cost of CEL rules incalculable and objects arbitrarily large.
#[test]
fn everything_is_bounded() {
    let unbounded = offenders(|_, schema| match schema.type_.as_deref() {
        Some("array") => schema.max_items.is_none(),
        Some("string") => schema.max_length.is_none() && schema.enum_.is_none() && schema.format.is_none(),
        Some("object") => schema.additional_properties.is_some() && schema.max_properties.is_none(),
        _ => schema.x_kubernetes_int_or_string == Some(true) && schema.max_length.is_none(),
    });
    assert!(unbounded.is_empty(), "{unbounded:?}");
}

#[test]
fn numbers_of_our_own_are_bounded() {
    const BORROWED: [&str; 5] = ["metrics[]", "behavior", "volumes[]", "valueFrom", "scheduling"];
    let unbounded = offenders(|path, schema| {
        let borrowed = BORROWED.iter().any(|part| path.contains(part)) || path.starts_with(".status");
        let number = matches!(schema.type_.as_deref(), Some("integer" | "number"));
        number && !borrowed && (schema.minimum.is_none() || schema.maximum.is_none())
    });
    assert!(unbounded.is_empty(), "{unbounded:?}");
}

/// An explicit null is dropped before defaulting, so a default always holds.
#[test]
fn nothing_is_nullable() {
    assert_eq!(
        offenders(|_, schema| schema.nullable == Some(true)),
        Vec::<String>::new()
    );
}

#[test]
fn every_field_is_explained() {
    let silent = offenders(|path, schema| {
        let is_field = !path.is_empty() && !path.ends_with("[]") && !path.ends_with("{}");
        is_field && schema.description.as_deref().is_none_or(str::is_empty)
    });
    assert!(
        silent.is_empty(),
        "no description for `kubectl explain`: {silent:?}"
    );
}

/// Without a list type server-side apply replaces a list as a whole, and nobody has said so.
#[test]
fn lists_of_our_own_say_how_they_merge() {
    let own = |path: &str| path.matches('.').count() <= 3 && !path.contains('[');
    let untyped = offenders(|path, schema| {
        own(path) && schema.type_.as_deref() == Some("array") && schema.x_kubernetes_list_type.is_none()
    });
    assert!(untyped.is_empty(), "{untyped:?}");
}

#[test]
fn rules_speak_of_what_to_do() {
    let mut rules = 0;
    walk(&root(), "", &mut |path, schema| {
        for rule in schema.x_kubernetes_validations.iter().flatten() {
            rules += 1;
            assert!(
                rule.message.is_some() || rule.message_expression.is_some(),
                "{path}: {} has no message",
                rule.rule
            );
        }
    });
    assert!(rules > 20, "only {rules} rules: where are they?");
}

/// `kubectl apply` keeps the whole object in an annotation, which takes 256 KiB.
#[test]
fn fits_client_side_apply() {
    let json = serde_json::to_string(&healthcare_service_crd()).unwrap();
    assert!(json.len() < 250_000, "{} bytes", json.len());
}

#[test]
fn scale_and_status_are_subresources() {
    let crd = healthcare_service_crd();
    let resources = crd.spec.versions[0].subresources.clone().unwrap();
    let scale = resources.scale.unwrap();
    assert!(resources.status.is_some());
    assert_eq!(scale.spec_replicas_path, ".spec.scaling.minReplicas");
    assert_eq!(scale.status_replicas_path, ".status.replicas");
    assert_eq!(scale.label_selector_path.as_deref(), Some(".status.selector"));
}

#[test]
fn long_descriptions_end_with_their_first_sentence() {
    let mut schema = Schema {
        description: Some(format!("First. {}", "x".repeat(300))),
        ..Schema::default()
    };
    shorten_description(&mut schema);
    assert_eq!(schema.description.as_deref(), Some("First."));
    let mut short = Schema {
        description: Some("One. Two.".into()),
        ..Schema::default()
    };
    shorten_description(&mut short);
    assert_eq!(short.description.as_deref(), Some("One. Two."));
}
