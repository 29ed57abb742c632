use serde_json::json;

use super::*;
use crate::compliance::control::Breach;
use crate::ledger::{Fingerprint, Sighting};
use crate::testing::{NAME, NAMESPACE, plan, service};

fn seen(uid: &str, resource_version: u64) -> Sighting {
    Sighting {
        uid: uid.to_owned(),
        resource_version,
        owned: Some(100),
        since: 1,
        template: 0,
        added: Vec::new(),
        other: None,
    }
}

/// A service, what is planned for it, and what was made.
struct Scene {
    service: HealthcareService,
    planned: Planned,
    ledger: Ledger,
}

impl Scene {
    /// As a pass that got through leaves it.
    fn applied() -> Self {
        let scene = Self::planned();
        for child in &scene.planned.children {
            let key = scene.key(child.kind, &child.name);
            scene.ledger.expect(&key, NAME);
            let answer = seen(&format!("uid-{}", child.name), 10);
            scene.ledger.record(&key, child.digest, &answer, 0);
        }
        scene
    }

    fn planned() -> Self {
        let service = service(json!({"compliance": {"dataClassification": "PHI"}}));
        let ledger = Ledger::default();
        let case = Case {
            service: &service,
            before: &HealthcareServiceStatus::default(),
            inventory: &[],
        };
        let planned = plan_anew(&ledger, &case, &plan(&service)).unwrap();
        Self {
            service,
            planned,
            ledger,
        }
    }

    fn key(&self, kind: ChildKind, name: &str) -> ChildKey {
        ChildKey::of(kind, &self.planned.plan, name)
    }

    fn policy(&self) -> ChildKey {
        self.key(ChildKind::NetworkPolicy, NAME)
    }

    /// What is amiss with the NetworkPolicy.
    fn amiss(&self) -> Option<Breach> {
        let cluster = cluster(&self.ledger, &self.planned, &[]);
        let mut children = self.planned.children.iter().zip(cluster.children);
        let policy = children.find(|(child, _)| child.kind == ChildKind::NetworkPolicy);
        policy.unwrap().1.amiss
    }
}

#[test]
fn what_was_applied_is_in_place_with_its_identity() {
    let scene = Scene::applied();
    let cluster = cluster(&scene.ledger, &scene.planned, &[]);
    assert_eq!(cluster.children.len(), scene.planned.children.len());
    assert!(
        cluster
            .children
            .iter()
            .all(|live| live.amiss.is_none() && live.resource_version == Some(10) && live.uid.is_some())
    );
    assert!(!cluster.is_template_pending && cluster.leftovers.is_empty());
}

#[test]
fn nothing_is_in_place_before_it_was_applied() {
    let scene = Scene::planned();
    assert!(scene.amiss().unwrap().seen.contains("is not in the cluster"));
}

#[test]
fn changes_and_deletions_are_seen_at_once() {
    let scene = Scene::applied();
    let changed = Sighting {
        owned: Some(99),
        other: Some("kubectl-edit".to_owned()),
        ..seen("uid-records", 11)
    };
    scene.ledger.saw(&scene.policy(), changed);
    assert!(
        scene
            .amiss()
            .unwrap()
            .seen
            .contains("was changed by kubectl-edit")
    );
    scene.ledger.deleted(&scene.policy(), "uid-records");
    assert!(scene.amiss().unwrap().seen.contains("was deleted"));
}

/// A new process finds a paused service: the status tells what it made.
#[test]
fn a_new_process_believes_the_status() {
    let scene = Scene::planned();
    let entry = |desired| InventoryEntry {
        api_version: "networking.k8s.io/v1".to_owned(),
        kind: "NetworkPolicy".to_owned(),
        name: NAME.to_owned(),
        uid: "uid-records".to_owned(),
        fingerprint: Some(
            Fingerprint {
                desired,
                owned: 100,
                since: 1,
                added: 0,
                template: 0,
            }
            .to_string(),
        ),
    };
    let child = scene
        .planned
        .children
        .iter()
        .find(|child| child.kind == ChildKind::NetworkPolicy)
        .unwrap();
    scene.ledger.saw(&scene.policy(), seen("uid-records", 12));
    assert!(scene.amiss().unwrap().seen.contains("not known to be"));
    let before = HealthcareServiceStatus {
        observed_generation: scene.service.metadata.generation,
        ..HealthcareServiceStatus::default()
    };
    let inventory = [entry(child.digest)];
    let case = Case {
        service: &scene.service,
        before: &before,
        inventory: &inventory,
    };
    plan_anew(&scene.ledger, &case, &scene.planned.plan).unwrap();
    assert_eq!(scene.amiss(), None);
}

#[test]
fn what_is_left_over_is_told_while_it_is_there() {
    let scene = Scene::applied();
    let entry = |api_version: &str, kind: &str, name: &str| InventoryEntry {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        uid: "uid-old".to_owned(),
        fingerprint: None,
    };
    let inventory = [
        entry("networking.k8s.io/v1", "Ingress", NAME),
        entry("v1", "ConfigMap", "records-old"),
        entry("v1", "Service", NAME),
        entry("example.org/v1", "Other", "x"),
    ];
    let leftovers = || cluster(&scene.ledger, &scene.planned, &inventory).leftovers;
    assert_eq!(leftovers(), [], "it is gone by now");
    let key = ChildKey {
        kind: ChildKind::Ingress,
        namespace: NAMESPACE.to_owned(),
        name: NAME.to_owned(),
    };
    scene.ledger.saw(&key, seen("uid-old", 5));
    assert_eq!(leftovers(), [(ChildKind::Ingress, NAME.to_owned())]);
}
