use serde_json::json;

use super::super::{Arrangement, Size};
use super::*;
use crate::render::{self, Child, ChildKind};
use crate::testing::{body, planned};

fn rendered(spec: serde_json::Value) -> Children {
    render::children(&planned(spec)).unwrap()
}

fn versions() -> Versions {
    let spec = |image: &str, config: &str, callee: &str, port: i32| {
        json!({
            "image": format!("registry.example.org/team/records:{image}"), "config": {"MODE": config}, "port": port,
            "accessPolicy": {
                "inbound": [{"service": "portal"}], "outbound": [{"service": callee}],
            },
        })
    };
    Versions {
        new: rendered(spec("2.0.0", "new", "ledger", 9090)),
        good: rendered(spec("1.0.0", "good", "archive", 8080)),
    }
}

fn composed(primary: Version, candidate: Option<Size>, called: Track) -> Vec<Child> {
    let arrangement = Arrangement {
        primary,
        candidate,
        called,
        is_mixed: primary == Version::Good,
    };
    compose(versions(), arrangement, 5).unwrap().into_list().unwrap()
}

fn selector(children: &[Child]) -> Option<&str> {
    body(children, ChildKind::Service)?
        .pointer("/spec/selector")?
        .get(keys::TRACK)?
        .as_str()
}

fn named<'a>(children: &'a [Child], kind: ChildKind, name: &str) -> Option<&'a serde_json::Value> {
    let found = children
        .iter()
        .find(|child| child.kind == kind && child.name == name);
    found.map(|child| &child.body)
}

fn images(children: &[Child]) -> Vec<(String, String)> {
    let deployments = children
        .iter()
        .filter(|child| child.kind == ChildKind::Deployment);
    let image = |child: &Child| {
        child
            .body
            .pointer("/spec/template/spec/containers/0/image")
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    deployments
        .map(|child| {
            (
                child.name.clone(),
                image(child).rsplit(':').next().unwrap().to_owned(),
            )
        })
        .collect()
}

#[test]
fn alone_a_version_is_as_rendered_and_keeps_what_it_could_go_back_to() {
    let arrangement = Arrangement {
        primary: Version::New,
        candidate: None,
        called: Track::Primary,
        is_mixed: false,
    };
    let mut children = compose(versions(), arrangement, 5).unwrap();
    let Versions { new, good } = versions();
    assert_eq!(children.other_revision.take(), Some(good.revision));
    assert_eq!(children.other_config_map.take(), good.config_map);
    assert_eq!(children.into_list().unwrap(), new.into_list().unwrap());
}

#[test]
fn a_candidate_differs_in_its_name_and_track_alone() {
    let children = composed(Version::Good, Some(Size::Share(10)), Track::Both);
    assert_eq!(
        images(&children),
        [
            ("records".to_owned(), "1.0.0".to_owned()),
            ("records-candidate".to_owned(), "2.0.0".to_owned())
        ]
    );
    let primary = versions().new.into_list().unwrap();
    let text = body(&primary, ChildKind::Deployment).unwrap().to_string();
    let candidate = named(&children, ChildKind::Deployment, "records-candidate").unwrap();
    let expected = text
        .replace(
            r#""gitops-health.io/track":"primary""#,
            r#""gitops-health.io/track":"candidate""#,
        )
        .replacen(
            r#""name":"records","namespace""#,
            r#""name":"records-candidate","namespace""#,
            1,
        );
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&expected).unwrap(),
        *candidate
    );
    assert!(
        text.matches("gitops-health.io/track").count() >= 4,
        "selectors of affinity and spreading too"
    );
}

#[test]
fn calls_go_where_the_stage_says() {
    let at = |called| composed(Version::Good, Some(Size::Full), called);
    assert_eq!(selector(&at(Track::Primary)), Some("primary"));
    assert_eq!(selector(&at(Track::Both)), None);
    assert_eq!(selector(&at(Track::Candidate)), Some("candidate"));
    let budget = |children: &[Child]| {
        let budget = body(children, ChildKind::PodDisruptionBudget).unwrap();
        budget
            .pointer("/spec/selector/matchLabels/gitops-health.io~1track")
            .cloned()
    };
    assert_eq!(budget(&at(Track::Primary)), Some(json!("primary")));
    assert_eq!(budget(&at(Track::Both)), None);
    assert_eq!(budget(&at(Track::Candidate)), Some(json!("candidate")));
}

#[test]
fn the_autoscaler_follows_the_calls_and_never_shrinks_what_serves() {
    let autoscaler = |called| {
        let children = composed(Version::Good, Some(Size::Full), called);
        let body = body(&children, ChildKind::HorizontalPodAutoscaler)
            .unwrap()
            .clone();
        (
            body["spec"]["scaleTargetRef"]["name"].clone(),
            body["spec"]["minReplicas"].clone(),
        )
    };
    assert_eq!(autoscaler(Track::Both), (json!("records"), json!(5)));
    assert_eq!(
        autoscaler(Track::Candidate),
        (json!("records-candidate"), json!(5))
    );
    let children = compose(
        versions(),
        Arrangement {
            primary: Version::Good,
            candidate: Some(Size::Full),
            called: Track::Both,
            is_mixed: true,
        },
        50,
    );
    assert_eq!(
        children.unwrap().autoscaler.unwrap().spec.min_replicas,
        Some(10),
        "never above the most"
    );
}

#[test]
fn neither_version_lacks_what_it_needs() {
    let children = composed(Version::Good, Some(Size::Share(50)), Track::Both);
    let policy = body(&children, ChildKind::NetworkPolicy).unwrap().to_string();
    for needed in ["archive", "ledger", "8080", "9090"] {
        assert!(policy.contains(needed), "{needed} in {policy}");
    }
    let maps: Vec<_> = children
        .iter()
        .filter(|child| child.kind == ChildKind::ConfigMap)
        .collect();
    assert_eq!(maps.len(), 2);
    let alone = composed(Version::New, Some(Size::Share(50)), Track::Both);
    let policy = body(&alone, ChildKind::NetworkPolicy).unwrap().to_string();
    assert!(!policy.contains("archive"), "after the takeover nobody needs it");
}

#[test]
fn settings_that_stay_are_one_config_map() {
    let spec = |image: &str| json!({"image": format!("registry.example.org/team/records:{image}"), "config": {"MODE": "same"}});
    let versions = Versions {
        new: rendered(spec("2.0.0")),
        good: rendered(spec("1.0.0")),
    };
    let arrangement = Arrangement {
        primary: Version::Good,
        candidate: Some(Size::Full),
        called: Track::Primary,
        is_mixed: true,
    };
    assert!(
        compose(versions, arrangement, 3)
            .unwrap()
            .other_config_map
            .is_none()
    );
}

#[test]
fn a_revision_is_read_back_as_it_was() {
    let service = crate::testing::service(json!({"config": {"MODE": "a"}}));
    let children = render::children(&crate::testing::plan(&service)).unwrap();
    let revision = super::super::Revision::of(children.revision).unwrap();
    assert_eq!(revision.spec, service.spec);
    assert_eq!(revision.template, children.deployment.spec.unwrap().template);
    assert!(revision.has_pods_of(&service.spec, None));
    assert!(
        !revision.has_pods_of(&service.spec, Some("now")),
        "a new template was asked for"
    );
    let around = crate::testing::service(json!({"config": {"MODE": "a"}, "scaling": {"minReplicas": 7}}));
    assert!(revision.has_pods_of(&around.spec, None));
    let other = crate::testing::service(json!({"config": {"MODE": "b"}}));
    assert!(!revision.has_pods_of(&other.spec, None));
}

#[test]
fn the_name_of_a_revision_stands_for_what_it_keeps() {
    let name = |spec: serde_json::Value| planned(spec).revision.name;
    let plain = name(json!({}));
    assert!(
        plain.starts_with("records-") && plain.len() == "records-".len() + 10,
        "{plain}"
    );
    assert_eq!(name(json!({"paused": true})), plain);
    assert_ne!(name(json!({"config": {"MODE": "a"}})), plain);
    assert_ne!(name(json!({"scaling": {"minReplicas": 7}})), plain);
}
