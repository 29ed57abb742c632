use proptest::prelude::*;

use super::*;
use crate::testing::{manifests, text};

fn refusals(more: &str, surroundings: &Surroundings) -> Vec<(String, String)> {
    let manifest = &manifests(&text("a", more))[0];
    let checker = Checker::published();
    let found = match service(&checker, manifest, surroundings, false) {
        Ok(service) => children(&service, surroundings).err().into_iter().collect(),
        Err(found) => found,
    };
    found.iter().map(Refusal::told).collect()
}

#[test]
fn a_manifest_gets_what_only_a_cluster_gives() {
    let manifest = &manifests(&text("a", "").replace(", namespace: healthcare", ""))[0];
    let namespace = |namespace: Option<&str>| {
        let surroundings = Surroundings {
            namespace: namespace.map(str::to_owned),
            ..Surroundings::default()
        };
        let service = service(&Checker::published(), manifest, &surroundings, false).unwrap();
        (
            service.metadata.uid,
            service.metadata.generation,
            service.metadata.namespace.unwrap(),
        )
    };
    assert_eq!(
        namespace(None),
        (Some(NO_UID.to_owned()), Some(1), "default".to_owned())
    );
    assert_eq!(namespace(Some("prod")).2, "prod");
}

#[test]
fn another_namespace_is_refused() {
    let prod = Surroundings {
        namespace: Some("prod".to_owned()),
        ..Surroundings::default()
    };
    assert_eq!(
        refusals("", &prod),
        [(
            "metadata.namespace".to_owned(),
            "is healthcare, but --namespace asks for prod: leave one of them out".to_owned()
        )]
    );
}

#[test]
fn what_only_the_operator_sees_has_a_place_too() {
    let full = Surroundings {
        capabilities: Capabilities {
            prometheus_rule: true,
            ..Capabilities::default()
        },
        ..Surroundings::default()
    };
    let port = refusals(", observability: {metrics: {port: 9}}", &full);
    assert_eq!(port[0].0, "spec.observability.metrics.port");
    let rule = refusals(
        ", observability: {alerts: {extraRules: [{alert: Bad, expr: 'rate(x'}]}}",
        &full,
    );
    assert_eq!(rule.len(), 1);
    assert!(
        rule[0].0.starts_with("spec.observability.alerts.extraRules"),
        "{rule:?}"
    );
}

proptest! {
    #[test]
    fn telling_never_panics(message in ".{0,80}") {
        let refusal = Refusal::Invalid(Violation { path: String::new(), message, is_unknown_field: false });
        refusal.told();
    }
}
