use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::testing::{object, text};

fn check(more: &str) -> Vec<String> {
    let found = Checker::published().check(&object(&text("a", more)));
    found.iter().map(ToString::to_string).collect()
}

/// A keyword that is not judged would be a hole.
#[test]
fn every_keyword_of_the_schema_is_known() {
    let known = [
        "additionalProperties",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "pattern",
        "properties",
        "required",
        "title",
        "type",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
        "x-kubernetes-validations",
    ];
    let mut found = BTreeSet::new();
    keywords(&published(), &mut found);
    let strange: Vec<_> = found
        .iter()
        .filter(|word| !known.contains(&word.as_str()))
        .collect();
    assert!(strange.is_empty(), "not judged: {strange:?}");
    assert!(found.len() > 15, "{found:?}");
}

fn keywords(schema: &Value, found: &mut BTreeSet<String>) {
    let words = schema.as_object().into_iter().flatten();
    found.extend(words.map(|(word, value)| match word.as_str() {
        // A format that is not known is a keyword that is not known.
        "format" if !["int32", "int64", "double", "date-time"].contains(&value.as_str().unwrap()) => {
            value.to_string()
        }
        word => word.to_owned(),
    }));
    for (_, property) in schema["properties"].as_object().into_iter().flatten() {
        keywords(property, found);
    }
    for below in [&schema["items"], &schema["additionalProperties"]]
        .into_iter()
        .filter(|s| s.is_object())
    {
        keywords(below, found);
    }
}

#[test]
fn every_rule_compiles() {
    let checker = Checker::published();
    assert!(
        !checker.rules.has_errors(),
        "{:?}",
        checker.rules.compilation_errors()
    );
}

#[test]
fn nulls_count_as_not_written() {
    assert_eq!(
        check(", port: null, scaling: null, env: [{name: A, value: null}], config: {A: null}"),
        Vec::<String>::new()
    );
    let image = Checker::published().check(&object(
        &text("a", "").replace("image: \"registry.example.org/team/a:1.0.0\"", "image: null"),
    ));
    assert_eq!(image[0].to_string(), "spec.image: Required value");
    assert_eq!(check(", command: [null]").len(), 1, "an item may not be null");
}

#[test]
fn numbers_are_judged_by_their_value() {
    assert_eq!(check(", port: 8080.0"), Vec::<String>::new());
    assert_eq!(check(", port: 8080.5").len(), 1);
    let normal = Checker::published().normal(&json!({"spec": {"port": 8080.0}}));
    assert_eq!(normal["spec"]["port"].to_string(), "8080");
    assert!(check(", observability: {slo: {objective: 99}}").is_empty());
}

#[test]
fn times_are_judged() {
    let with = |time: &str| {
        check(&format!(
            ", compliance: {{exemptions: [{{control: abc, reason: long enough to tell, approver: x, expires: '{time}'}}]}}"
        ))
    };
    for good in [
        "2027-01-01T00:00:00Z",
        "2027-01-01t00:00:00.5+02:00",
        "2028-02-29T23:59:59-08:00",
    ] {
        assert_eq!(with(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "tomorrow",
        "2027-01-01",
        "2027-02-29T00:00:00Z",
        "2027-01-01T24:00:00Z",
        "2027-01-01T00:00:60Z",
        "2027-1-1T00:00:00Z",
        "2027-01-01T00:00:00",
    ] {
        assert!(
            with(bad)[0].contains("must be of type date-time"),
            "{bad}: {:?}",
            with(bad)
        );
    }
}

#[test]
fn metadata_is_judged() {
    let with = |metadata: Value| {
        let mut object = object(&text("a", ""));
        object["metadata"] = metadata;
        let found = Checker::published().check(&object);
        found
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(
        with(
            json!({"name": "a", "labels": {"example.org/part": "x", "b": ""}, "annotations": {"Example.org/A": "any text"}})
        ),
        ""
    );
    let all = [
        json!({}),
        json!({"name": "a", "labels": {"a b": "x"}}),
        json!({"name": "a", "labels": {"a": "-x"}}),
        json!({"name": "a", "labels": {"a": 1}}),
        json!({"name": "a", "annotations": {"/a": "x"}}),
        json!({"name": "a", "annotation": {}}),
        json!({"name": "Upper"}),
        json!("a"),
    ];
    insta::assert_snapshot!(all.map(with).join("\n---\n"));
}

#[test]
fn unknown_fields_are_told_apart() {
    let found = Checker::published().check(&object(&text(
        "a",
        ", prot: 1, scaling: {min: 1}, config: {any: thing}",
    )));
    let said: Vec<_> = found
        .iter()
        .map(|v| (v.is_unknown_field, v.to_string()))
        .collect();
    assert_eq!(
        said,
        [
            (true, "spec.prot: unknown field \"spec.prot\"".to_owned()),
            (
                true,
                "spec.scaling.min: unknown field \"spec.scaling.min\"".to_owned()
            ),
        ]
    );
    assert_eq!(
        check(", port: x, prot: 1").len(),
        2,
        "one does not hide the other"
    );
}

/// A status in a manifest is dropped, whatever it says.
#[test]
fn a_status_is_not_judged() {
    let mut object = object(&text("a", ""));
    object["status"] = json!({"replicas": "many"});
    assert_eq!(Checker::published().check(&object), []);
}
