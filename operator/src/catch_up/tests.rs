use std::convert::Infallible;

use http::{Request, Response};
use kube::client::Body;
use serde_json::{Value, json};

use super::*;
use crate::testing::named;

fn service(name: &str, uid: &str, generation: i64) -> HealthcareService {
    let mut service = named(name, json!({}));
    service.metadata.namespace = Some("clinic".to_owned());
    service.metadata.uid = Some(uid.to_owned());
    service.metadata.generation = Some(generation);
    service
}

fn listed(name: &str, uid: &str, generation: i64) -> Value {
    let metadata = json!({"name": name, "namespace": "clinic", "uid": uid, "generation": generation});
    json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": metadata})
}

/// Two pages.
fn answer(query: &str) -> Value {
    let (next, items) = if query.contains("continue=more") {
        ("", vec![listed("made-again", "4b", 1), listed("unseen", "5", 8)])
    } else {
        ("more", vec![listed("same", "1", 2), listed("changed", "2", 3)])
    };
    json!({
        "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList",
        "metadata": {"continue": next}, "items": items,
    })
}

#[tokio::test]
async fn what_the_watch_does_not_show_yet_is_learnt() {
    let (services, generations) = (Services::default(), Generations::default());
    let shown = [
        (service("same", "1", 2), false),
        (service("changed", "2", 2), true),
        (service("deleted", "3", 5), true),
        (service("made-again", "4a", 7), true),
    ];
    for (service, _) in &shown {
        services.put(&Key::from(service), service);
    }
    let elsewhere = {
        let mut service = service("elsewhere", "6", 1);
        service.metadata.namespace = Some("laboratory".to_owned());
        service
    };
    services.put(&Key::from(&elsewhere), &elsewhere);

    let server = tower::service_fn(|request: Request<Body>| async move {
        let query = request.uri().query().unwrap_or_default();
        // Any version would do for a list of what there was at some time.
        assert!(!query.contains("resourceVersion"), "{query}");
        let body = Body::from(answer(query).to_string().into_bytes());
        Ok::<_, Infallible>(Response::new(body))
    });
    let known = Known {
        services: &services,
        generations: &generations,
    };
    known
        .compare(&Client::new(server, "clinic"), Some("clinic"))
        .await
        .unwrap();
    for (service, is_behind) in shown {
        assert_eq!(
            generations.is_ahead_of(&service),
            is_behind,
            "{}",
            service.name_any()
        );
    }
    assert!(!generations.is_ahead_of(&service("changed", "2", 3)));
    assert!(!generations.is_ahead_of(&elsewhere), "it was not listed");
}
