use serde_json::json;

use super::super::dice::Dice;
use super::super::spec::Spec;
use super::super::wanted::manifest;
use super::*;

/// A service with a spec, as its user wants it and as it should be in the cluster.
struct Whole {
    id: Id,
    wanted: Service,
    live: HealthcareService,
    children: Vec<Child>,
    objects: Objects,
}

fn whole(role: Role) -> Whole {
    let id = Id {
        namespace: "ns".to_owned(),
        name: "one".to_owned(),
    };
    let spec = Spec::draw(&mut Dice::of(3, "spec"));
    let children = Renderer::new().unwrap().of_spec(&id, &spec).unwrap().children;
    let uid = |child: &Child| format!("uid of {} {}", child.kind.kind(), child.name);
    let inventory: Vec<_> = children
        .iter()
        .map(|child| {
            json!({
                "apiVersion": child.kind.api_version(), "kind": child.kind.kind(), "name": child.name, "uid": uid(child),
            })
        })
        .collect();
    let (type_, reason) = match role {
        Role::Conflicting => ("Stalled", "ResourceConflict"),
        _ => ("Ready", "Serving"),
    };
    let mut live = manifest(&id, &spec);
    live["metadata"]["generation"] = json!(4);
    live["status"] = json!({
        "inventory": inventory,
        "conditions": [{
            "type": type_, "status": "True", "reason": reason, "message": "", "observedGeneration": 4,
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }],
    });
    let object = |child: &Child| {
        let mut body = child.body.clone();
        body["metadata"]["uid"] = json!(uid(child));
        (
            (child.kind, named(&id, &child.name)),
            serde_json::from_value(body).unwrap(),
        )
    };
    Whole {
        objects: children.iter().map(object).collect(),
        wanted: Service {
            role,
            specs: vec![spec],
            exists: true,
            deleted: false,
            restarts_allowed: 0,
        },
        live: serde_json::from_value(live).unwrap(),
        children,
        id,
    }
}

impl Whole {
    fn condition(&self) -> Option<String> {
        condition_differs(&self.id, &self.wanted, &self.live)
    }

    fn inventory(&self) -> Vec<String> {
        inventory_differs(&self.id, &self.live, &self.children, &self.objects)
    }

    fn status(&mut self) -> &mut healthcare_crds::v1alpha1::HealthcareServiceStatus {
        self.live.status.as_mut().unwrap()
    }
}

#[test]
fn what_is_as_it_should_be_differs_in_nothing() {
    for role in [Role::Kept, Role::Conflicting] {
        let whole = whole(role);
        assert_eq!((whole.condition(), whole.inventory()), (None, Vec::new()));
    }
}

#[test]
fn a_condition_has_to_be_true_of_the_present_generation() {
    let mut old = whole(Role::Kept);
    old.live.metadata.generation = Some(5);
    assert!(old.condition().is_some());
    let mut false_ = whole(Role::Kept);
    false_.status().conditions[0].status = "False".to_owned();
    assert!(false_.condition().is_some());
    let mut other = whole(Role::Conflicting);
    other.status().conditions[0].reason = "ApplyRefused".to_owned();
    assert!(other.condition().is_some());
    let mut none = whole(Role::Kept);
    none.live.status = None;
    assert!(none.condition().is_some());
}

#[test]
fn another_spec_than_the_wanted_one_is_a_difference() {
    let mut whole = whole(Role::Kept);
    whole.live.spec.image = "registry.local/another:1".to_owned();
    assert!(whole.condition().is_some());
}

#[test]
fn an_inventory_has_each_child_with_its_uid_and_nothing_else() {
    let mut unlisted = whole(Role::Kept);
    unlisted.status().inventory.pop();
    assert_eq!(unlisted.inventory().len(), 1);
    let mut replaced = whole(Role::Kept);
    replaced.status().inventory[0].uid = "another".to_owned();
    assert_eq!(replaced.inventory().len(), 1);
    let mut surplus = whole(Role::Kept);
    let mut entry = surplus.status().inventory[0].clone();
    entry.name = "two".to_owned();
    surplus.status().inventory.push(entry);
    assert_eq!(surplus.inventory().len(), 2, "it is not there, and not wanted");
}

#[test]
fn config_maps_of_earlier_specs_may_stay_but_not_many() {
    let mut kept = whole(Role::Kept);
    let entry = |number: usize| healthcare_crds::v1alpha1::InventoryEntry {
        api_version: "v1".to_owned(),
        kind: "ConfigMap".to_owned(),
        name: format!("one-{number}"),
        uid: "u".to_owned(),
        fingerprint: None,
    };
    kept.status().inventory.extend((0..2).map(entry));
    assert_eq!(kept.inventory(), Vec::<String>::new());
    kept.status().inventory.extend((2..4).map(entry));
    assert_eq!(kept.inventory().len(), 1);
}

#[test]
fn replicas_lie_within_their_bounds() {
    let deployment = |replicas: i64| -> DynamicObject {
        let value = json!({"metadata": {"name": "one"}, "spec": {"replicas": replicas}});
        serde_json::from_value(value).unwrap()
    };
    assert_eq!(replicas_differ(&deployment(3), (3, 3)), None);
    assert_eq!(replicas_differ(&deployment(4), (3, 6)), None);
    assert!(replicas_differ(&deployment(2), (3, 6)).is_some());
    assert!(replicas_differ(&deployment(7), (3, 6)).is_some());
}

#[test]
fn noise_of_the_api_server_is_no_difference() {
    let object = |version: &str, data: &str| -> DynamicObject {
        let value = json!({
            "metadata": {"name": "one", "resourceVersion": version, "managedFields": [], "generation": 1},
            "data": data, "status": {"seen": version},
        });
        serde_json::from_value(value).unwrap()
    };
    assert_eq!(bare(&object("1", "a")), bare(&object("2", "a")));
    assert_ne!(bare(&object("1", "a")), bare(&object("1", "b")));
}

#[test]
fn what_no_inventory_lists_is_left_over() {
    let whole = whole(Role::Kept);
    let services = BTreeMap::from([(whole.id.clone(), whole.live.clone())]);
    let none = BTreeSet::new();
    assert_eq!(leftovers(&services, &whole.objects, &none), Vec::<String>::new());
    let all = leftovers(&BTreeMap::new(), &whole.objects, &none);
    assert_eq!(all.len(), whole.children.len());
    let name = |child: &Child| {
        (
            child.kind.plural().to_owned(),
            "ns".to_owned(),
            child.name.clone(),
        )
    };
    let foreign = whole.children.iter().map(name).collect();
    assert_eq!(
        leftovers(&BTreeMap::new(), &whole.objects, &foreign),
        Vec::<String>::new()
    );
}

#[test]
fn differences_are_told_by_their_paths() {
    let mut found = Vec::new();
    differing(
        &json!({"a": {"b": 1, "c": 2}}),
        &json!({"a": {"b": 1, "c": 3, "d": 4}}),
        "",
        &mut found,
    );
    assert_eq!(found, ["/a/c is 2 instead of 3", "/a/d is null instead of 4"]);
}
