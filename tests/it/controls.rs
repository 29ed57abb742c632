//! What the CRD's rules refuse is what the operator's evaluation finds violated, by the same control.

use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::compliance::{Input, State, catalogue, evaluate};
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::{self, Children};
use healthcare_tests::schema;
use serde_json::{Value, json};

/// A service with PHI that every rule admits, and the patch.
fn manifest(patch: &Value) -> Value {
    let mut whole = json!({
        "apiVersion": "gitops-health.io/v1alpha1",
        "kind": "HealthcareService",
        "metadata": {"name": "records", "namespace": "clinic", "uid": "u-1", "generation": 1},
        "spec": {
            "image": format!("team/records@sha256:{}", "ab".repeat(32)),
            "scaling": {"minReplicas": 3, "maxReplicas": 10},
            "compliance": {
                "frameworks": ["HIPAA", "PCI-DSS", "SOX", "21-CFR-11"], "dataClassification": "PHI",
                "transportEncryption": "Mesh", "auditRetention": "7y",
            },
        },
    });
    merge(&mut whole, &json!({"spec": patch}));
    whole
}

fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, change) in patch {
                if change.is_null() {
                    target.remove(key);
                } else {
                    merge(target.entry(key).or_insert(Value::Null), change);
                }
            }
        }
        (target, patch) => patch.clone_into(target),
    }
}

/// What the CRD says.
fn refusals(manifest: &Value) -> Vec<String> {
    let mut admitted = manifest.clone();
    let metadata = admitted["metadata"].as_object_mut().unwrap();
    metadata.retain(|key, _| key == "name" || key == "namespace");
    schema::violations(&schema::published(), &admitted)
}

/// Whether the evaluation finds the control violated.
fn is_violated(manifest: &Value, control: &str) -> bool {
    let service: HealthcareService = serde_json::from_value(manifest.clone()).unwrap();
    let monitoring = ("kubernetes.io/metadata.name".to_owned(), "monitoring".to_owned());
    let defaults = OperatorDefaults {
        monitoring_namespace_labels: [monitoring].into(),
        ..OperatorDefaults::default()
    };
    let plan = Plan::new(&service, &defaults, Capabilities::default()).unwrap();
    let children = render::children(&plan).and_then(Children::into_list).unwrap();
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    let report = evaluate(&Input::rendered(&service, &plan, &children), now);
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.control.id == control);
    matches!(
        finding.unwrap_or_else(|| panic!("no {control}")).state,
        State::Violated { .. }
    )
}

fn agree(control: &str, patch: &Value, refused: bool) {
    let manifest = manifest(patch);
    let found = refusals(&manifest);
    let by_rule = found
        .iter()
        .any(|refusal| refusal.contains(&format!("({control})")));
    assert_eq!(
        (by_rule, is_violated(&manifest, control)),
        (refused, refused),
        "{control}: {patch}: {found:?}"
    );
    assert_eq!(found.len(), usize::from(refused), "{patch}: {found:?}");
}

#[test]
fn a_good_service_passes_both() {
    assert_eq!(refusals(&manifest(&json!({}))), Vec::<String>::new());
}

#[test]
fn names_of_secrets() {
    let secret = [
        "PASSWORD",
        "DB_PASSWORD",
        "db.password",
        "dbPassword",
        "PGPASSWORD",
        "DB_PASSWORD_2",
        "PASSWD",
        "KEY_PASSPHRASE",
        "TOKEN",
        "GITHUB_TOKEN",
        "api-token",
        "TOKENS",
        "TOKEN2",
        "SECRET",
        "_SECRET",
        "JWT_SECRET",
        "SECRET_KEY_BASE",
        "AWS_SECRET_ACCESS_KEY",
        "API_KEY",
        "API_KEYS",
        "STRIPE_APIKEY",
        "x-api-key",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "CREDENTIALS",
        "DB_PWD",
    ];
    let harmless = [
        "PASSWORD_FILE",
        "TOKEN_TTL",
        "TOKEN_URL",
        "SECRET_NAME",
        "API_KEY_ID",
        "TOKENIZER",
        "SECRETARY",
        "KEY",
        "KEYCLOAK_URL",
        "PATH",
        "PUBLIC_KEY",
        "CACHE_KEY",
        "PASSWORD_MIN_LENGTH",
        "TOKEN_ISSUER",
        "API__KEY",
        "_",
    ];
    let cases = secret
        .map(|name| (name, true))
        .into_iter()
        .chain(harmless.map(|name| (name, false)));
    for (name, refused) in cases {
        agree(
            "HIPAA-164.308(a)(5)(ii)(D)",
            &json!({"env": [{"name": name, "value": "x"}]}),
            refused,
        );
    }
}

#[test]
fn values_of_secrets() {
    for (value, refused) in [
        ("", false),
        (" ", true),
        ("$(FROM_VAULT)", false),
        ("x", true),
        ("$(A)x", true),
        ("$(A)$(B)", true),
    ] {
        agree(
            "HIPAA-164.308(a)(5)(ii)(D)",
            &json!({"env": [{"name": "API_TOKEN", "value": value}]}),
            refused,
        );
    }
}

#[test]
fn address_ranges() {
    for (cidr, refused) in [
        ("0.0.0.0/0", true),
        ("128.0.0.0/1", true),
        ("10.0.0.0/7", true),
        ("10.0.0.0/8", false),
        ("10.20.0.0/16", false),
        ("10.20.30.40/32", false),
        ("::/0", true),
        ("2000::/3", true),
        ("fc00::/6", true),
        ("fc00::/7", false),
        ("2001:db8::/48", false),
        ("2001:db8::/60", false),
    ] {
        for direction in ["inbound", "outbound"] {
            let patch = json!({"accessPolicy": {direction: [{"cidr": cidr, "ports": [{"port": 443}]}]}});
            agree("HIPAA-164.312(e)(1)-network-policy", &patch, refused);
        }
    }
}

#[test]
fn retention() {
    for (kept, refused) in [
        ("5y", true),
        ("6y", false),
        ("10y", false),
        ("2191d", true),
        ("2192d", false),
        ("99999d", false),
    ] {
        agree(
            "HIPAA-164.316(b)(2)(i)",
            &json!({"compliance": {"auditRetention": kept}}),
            refused,
        );
    }
    agree(
        "HIPAA-164.316(b)(2)(i)",
        &json!({"compliance": {"auditRetention": null}}),
        true,
    );
}

#[test]
fn transport_logs_replicas_image() {
    let nobody = json!({"compliance": {"transportEncryption": null}});
    agree("HIPAA-164.312(e)(2)(ii)-transport", &nobody, true);
    let card = json!({"compliance": {"transportEncryption": null, "dataClassification": "CardholderData"}});
    agree("PCI-DSS-4.2.1-transport", &card, true);
    for (level, refused) in [
        ("trace", true),
        ("debug", true),
        ("info", false),
        ("error", false),
    ] {
        let patch = json!({"observability": {"logging": {"level": level}}});
        agree("HIPAA-164.312(b)-log-level", &patch, refused);
    }
    for (replicas, refused) in [(0, false), (1, true), (2, false)] {
        let patch = json!({"scaling": {"minReplicas": replicas}});
        agree("HIPAA-164.308(a)(7)(ii)(C)-replicas", &patch, refused);
    }
    agree(
        "21-CFR-11.10(a)-image-digest",
        &json!({"image": "team/records:1.0.0"}),
        true,
    );
}

/// An exemption for the very control lifts its rule, and so does emergency access; that they end is for the evaluation.
#[test]
fn exemptions_and_emergencies_lift_rules() {
    let broken = json!({
        "image": "team/records:1.0.0",
        "env": [{"name": "API_TOKEN", "value": "x"}],
        "scaling": {"minReplicas": 1},
        "accessPolicy": {"inbound": [{"cidr": "0.0.0.0/0"}]},
        "observability": {"logging": {"level": "debug"}},
        "compliance": {"transportEncryption": null, "auditRetention": null},
    });
    let found = refusals(&manifest(&broken));
    assert_eq!(found.len(), 7, "{found:#?}");
    let named: Vec<_> = catalogue()
        .map(|control| control.id)
        .filter(|id| found.iter().any(|refusal| refusal.contains(&format!("({id})"))))
        .collect();
    assert_eq!(named.len(), 7, "each names its control: {found:#?}");
    let exemptions: Vec<_> = named
        .iter()
        .map(|control| json!({
            "control": control, "reason": "until it is mended", "approver": "officer", "expires": "2027-01-01T00:00:00Z",
        }))
        .collect();
    for (left, excused) in [(7, 0), (6, 1), (0, 7)] {
        let mut patch = broken.clone();
        patch["compliance"]["exemptions"] = json!(exemptions[..excused]);
        assert_eq!(refusals(&manifest(&patch)).len(), left);
    }
    let mut patch = broken;
    patch["compliance"]["breakGlass"] = json!({
        "until": "2026-11-20T18:00:00Z", "reason": "the store is down", "ticket": "INC-1", "openedBy": "on call",
    });
    assert_eq!(refusals(&manifest(&patch)), Vec::<String>::new());
}
