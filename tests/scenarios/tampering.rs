//! Whatever others do to a child is put right at once, with two writes at most, and reported.

use std::time::Duration;

use futures::future::join_all;
use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::Drift;
use healthcare_operator::render::ChildKind;
use k8s_openapi::api::events::v1::Event;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::DynamicObject;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use self::table::{CASES, Case, How};
use crate::support::example;
use crate::support::world::{PATIENCE, Stage, condition, world};

mod table;

const SERVICE: &str = "synthetic-phi-service";
/// The field manager of whoever tampers.
const TAMPERER: &str = "tamperer";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tampering_is_put_right_and_reported() {
    let stage = world();
    join_all(CASES.map(|(resource, cases)| group(stage, resource, cases))).await;
}

/// All cases of one kind of child, one after another.
async fn group(stage: &'static Stage, resource: &'static str, cases: &'static [Case]) {
    let bench = Bench::ready(stage, resource).await;
    for (what, how, change) in cases {
        let what = format!("{resource}: {what}");
        let manager = bench.tamper(*how).await;
        let writes = bench.settled().await;
        assert!((1..=2).contains(&writes.len()), "{what}: {writes:?}");
        let object = bench.object().await;
        assert_eq!(
            comparable(&object),
            comparable(&bench.whole),
            "{what}: {writes:?}"
        );
        let drift = bench.last_drift().await;
        assert_eq!(drift.change, *change, "{what}: {drift:?}");
        assert_eq!(drift.kind, bench.kind.kind(), "{what}");
        if let Some(manager) = manager {
            assert_eq!(drift.manager.as_deref(), Some(manager.as_str()), "{what}");
        }
        bench.announced(&drift).await;
    }
}

/// One service, of which one child is tampered with.
struct Bench {
    stage: &'static Stage,
    namespace: String,
    kind: ChildKind,
    api: Api<DynamicObject>,
    /// The child's name and what it is like.
    name: String,
    whole: DynamicObject,
}

impl Bench {
    async fn ready(stage: &'static Stage, resource: &str) -> Self {
        let namespace = format!("tampered-{resource}");
        stage.namespace(&namespace).unwrap();
        stage.cluster.apply(&example(SERVICE, &namespace)).unwrap();
        stage.until_ready(&namespace, SERVICE).await.unwrap();
        stage.settled_writes(&namespace).await;
        let kind = ChildKind::ALL.into_iter().find(|kind| kind.plural() == resource);
        let kind = kind.unwrap();
        let client = stage.client().await.unwrap();
        let api: Api<DynamicObject> = Api::namespaced_with(client, &namespace, &kind.resource());
        let ours = ListParams::default().labels("gitops-health.io/service");
        let whole = api.list(&ours).await.unwrap().items.remove(0);
        Self {
            stage,
            namespace,
            kind,
            api,
            name: whole.name_any(),
            whole,
        }
    }

    /// Does it, and tells the field manager that `managedFields` name for it, if they do.
    async fn tamper(&self, how: How) -> Option<String> {
        let params = PatchParams {
            field_manager: Some(TAMPERER.to_owned()),
            ..PatchParams::default()
        };
        let parsed = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let patch = match how {
            How::Merge(text) => Patch::Merge(parsed(text)),
            How::Strategic(text) => Patch::Strategic(parsed(text)),
            How::Json(text) => Patch::Json(serde_json::from_str(text).unwrap()),
            How::Apply(text) => {
                let mut body = parsed(text);
                body["apiVersion"] = json!(self.kind.api_version());
                body["kind"] = json!(self.kind.kind());
                Patch::Apply(body)
            }
            How::Delete => {
                self.api
                    .delete(&self.name, &DeleteParams::default())
                    .await
                    .unwrap();
                return None;
            }
            How::Replace(text) => {
                self.replace(&parsed(text)).await;
                return None;
            }
        };
        let params = if matches!(how, How::Apply(_)) {
            params.force()
        } else {
            params
        };
        let answer = self.api.patch(&self.name, &params, &patch).await.unwrap();
        let mut managers = answer
            .managed_fields()
            .iter()
            .filter_map(|entry| entry.manager.clone());
        managers.find(|manager| manager == TAMPERER)
    }

    /// Deletes it and makes another of its content, with `change` merged in.
    async fn replace(&self, change: &Value) {
        let mut object = serde_json::to_value(&self.whole).unwrap();
        merge(&mut object, change);
        let mut object: DynamicObject = serde_json::from_value(object).unwrap();
        object.metadata.uid = None;
        object.metadata.resource_version = None;
        object.metadata.managed_fields = None;
        self.api
            .delete(&self.name, &DeleteParams::default())
            .await
            .unwrap();
        let params = PostParams {
            field_manager: Some(TAMPERER.to_owned()),
            ..PostParams::default()
        };
        for _ in 0..PATIENCE.as_millis() / 5 {
            match self.api.create(&params, &object).await {
                Ok(_) => return,
                // The operator was quicker.
                Err(kube::Error::Api(answer)) if answer.code == 409 => {
                    self.api
                        .delete(&self.name, &DeleteParams::default())
                        .await
                        .unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the operator always is quicker");
    }

    /// What the operator wrote to the child, from its first write until it was quiet.
    async fn settled(&self) -> Vec<String> {
        let child = format!("{}/{}", self.kind.plural(), self.name);
        let mut writes = Vec::new();
        for _ in 0..PATIENCE.as_secs() {
            writes = self.stage.settled_writes(&self.namespace).await;
            if !writes.is_empty() {
                break;
            }
        }
        assert!(writes.iter().all(|write| write.ends_with(&child)), "{writes:?}");
        writes
    }

    async fn object(&self) -> DynamicObject {
        self.api.get(&self.name).await.unwrap()
    }

    async fn last_drift(&self) -> Drift {
        let api: Api<HealthcareService> =
            Api::namespaced(self.stage.client().await.unwrap(), &self.namespace);
        let service = api.get(SERVICE).await.unwrap();
        service.status.unwrap().drift.remove(0)
    }

    /// Waits for the Event that tells of it.
    async fn announced(&self, drift: &Drift) {
        let api: Api<Event> = Api::namespaced(self.stage.client().await.unwrap(), &self.namespace);
        let start = format!("{} {} was {}", drift.kind, drift.name, drift.change);
        let by = drift.manager.as_ref().map(|manager| format!(" by {manager}"));
        for _ in 0..PATIENCE.as_millis() / 100 {
            let events = api.list(&ListParams::default()).await.unwrap();
            let mut notes = events.iter().filter_map(|event| event.note.as_deref());
            if notes.any(|note| note.starts_with(&start) && by.as_ref().is_none_or(|by| note.contains(by))) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no Event tells of {drift:?}");
    }
}

/// What must be as before, whatever was done.
fn comparable(object: &DynamicObject) -> Value {
    let mut value = serde_json::to_value(object).unwrap();
    value
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !["apiVersion", "kind", "status"].contains(&name.as_str()));
    let metadata = value["metadata"].as_object_mut().unwrap();
    for noise in [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "generation",
        "managedFields",
    ] {
        metadata.remove(noise);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("deployment.kubernetes.io/revision");
    }
    metadata.retain(|_, value| *value != json!({}));
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        for allocated in ["clusterIP", "clusterIPs"] {
            spec.remove(allocated);
        }
    }
    value
}

/// RFC 7386, but for removals.
fn merge(value: &mut Value, change: &Value) {
    match (value.as_object_mut(), change.as_object()) {
        (Some(object), Some(change)) => {
            for (name, change) in change {
                merge(object.entry(name.clone()).or_insert_with(|| json!({})), change);
            }
        }
        _ => value.clone_from(change),
    }
}

/// None of it is the operator's business.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_may_do_costs_no_request() {
    let stage = world();
    let namespace = "bystander";
    stage.namespace(namespace).unwrap();
    stage.cluster.apply(&example(SERVICE, namespace)).unwrap();
    stage.until_ready(namespace, SERVICE).await.unwrap();
    stage.settled_writes(namespace).await;
    let every = "deploy,svc,sa,cm,hpa,pdb,netpol,servicemonitor,prometheusrule,ingress";
    for line in [
        format!("label {every} -l gitops-health.io/service team=records"),
        format!("annotate {every} -l gitops-health.io/service example.org/note=x"),
        "scale deployment synthetic-phi-service --replicas=5".to_owned(),
        "rollout restart deployment synthetic-phi-service".to_owned(),
    ] {
        stage.kubectl(namespace, &line).unwrap();
        let writes = stage.settled_writes(namespace).await;
        assert_eq!(writes, Vec::<String>::new(), "{line}");
    }
    let service = stage.until_ready(namespace, SERVICE).await.unwrap();
    let status = service.status.unwrap();
    assert_eq!(status.drift, []);
    assert_eq!(status.available.as_deref(), Some("5/5"));
    let annotations =
        "get deployment synthetic-phi-service -o jsonpath={.spec.template.metadata.annotations}";
    let annotations = stage.kubectl(namespace, annotations).unwrap();
    assert!(annotations.contains("restartedAt"), "{annotations}");
}

/// An object that others made in a child's place is theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_object_in_a_childs_place_is_left_alone() {
    let stage = world();
    let namespace = "usurped";
    stage.namespace(namespace).unwrap();
    stage.cluster.apply(&example(SERVICE, namespace)).unwrap();
    stage.until_ready(namespace, SERVICE).await.unwrap();
    stage.settled_writes(namespace).await;
    let pause = |paused: bool| stage.patch_spec(namespace, SERVICE, &format!(r#"{{"paused":{paused}}}"#));
    pause(true).unwrap();
    stage.settled_writes(namespace).await;
    stage
        .kubectl(namespace, "delete service synthetic-phi-service")
        .unwrap();
    stage
        .kubectl(
            namespace,
            "create service clusterip synthetic-phi-service --tcp=5432:5432",
        )
        .unwrap();
    let foreign = stage
        .kubectl(namespace, "get service synthetic-phi-service -o json")
        .unwrap();
    pause(false).unwrap();
    let conflict = |s: &_| condition(s, "Stalled") == Some(("True", "ResourceConflict"));
    stage.until(namespace, SERVICE, conflict).await.unwrap();
    assert_eq!(
        stage
            .kubectl(namespace, "get service synthetic-phi-service -o json")
            .unwrap(),
        foreign
    );
}

/// A new process takes over what it finds: no write, and what was done meanwhile is put right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_writes_nothing_but_repairs() {
    let stage = Stage::start(true).await.unwrap();
    let namespace = "restarted";
    stage.namespace(namespace).unwrap();
    let mut operator = stage.operator().await.unwrap();
    stage.cluster.apply(&example(SERVICE, namespace)).unwrap();
    stage.until_ready(namespace, SERVICE).await.unwrap();
    stage.settled_writes(namespace).await;
    operator.kill().unwrap();

    let mut operator = stage.operator().await.unwrap();
    assert_eq!(stage.settled_writes(namespace).await, Vec::<String>::new());
    operator.kill().unwrap();

    stage
        .kubectl(namespace, "delete pdb synthetic-phi-service")
        .unwrap();
    let line = r#"patch networkpolicy synthetic-phi-service --type merge -p {"spec":{"ingress":[{}]}}"#;
    stage.kubectl(namespace, line).unwrap();
    let line = r#"patch deployment synthetic-phi-service --type merge -p {"spec":{"template":{"spec":{"hostNetwork":true}}}}"#;
    stage.kubectl(namespace, line).unwrap();
    let _operator = stage.operator().await.unwrap();
    assert_eq!(
        stage.settled_writes(namespace).await,
        [
            "PATCH deployments/synthetic-phi-service",
            "PATCH networkpolicies/synthetic-phi-service",
            "PATCH poddisruptionbudgets/synthetic-phi-service",
        ]
    );
    let service = stage.until_ready(namespace, SERVICE).await.unwrap();
    let mut drift: Vec<_> = service.status.unwrap().drift;
    drift.sort_by(|a, b| a.kind.cmp(&b.kind));
    let told: Vec<_> = drift
        .iter()
        .map(|d| (d.kind.as_str(), d.change.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("Deployment", "added"),
            ("NetworkPolicy", "changed"),
            ("PodDisruptionBudget", "deleted")
        ]
    );
}
