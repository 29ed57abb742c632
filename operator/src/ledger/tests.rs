use serde_json::{Value, json};

use super::*;

mod history;

const SERVICE: &str = "records";
const WANTED: u64 = 1;

fn key() -> ChildKey {
    ChildKey {
        kind: ChildKind::Service,
        namespace: "clinic".into(),
        name: SERVICE.into(),
    }
}

fn seen(uid: &str, resource_version: u64, owned: u64) -> Sighting {
    Sighting {
        uid: uid.into(),
        resource_version,
        owned: Some(owned),
        other: None,
    }
}

/// A ledger with one child: object `a`, applied at version 10 with the fields 100.
fn applied() -> Ledger {
    let ledger = Ledger::default();
    ledger.expect(&key(), SERVICE);
    ledger.record(&key(), WANTED, seen("a", 10, 100));
    ledger
}

#[expect(clippy::unnecessary_wraps, reason = "what answers are compared with")]
fn woken() -> Option<String> {
    Some(SERVICE.to_owned())
}

#[test]
fn unknown_until_applied() {
    let ledger = Ledger::default();
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Unknown);
    assert_eq!(
        ledger.saw(&key(), seen("a", 1, 100)),
        None,
        "nobody asked about it"
    );
    ledger.expect(&key(), SERVICE);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Unknown);
    assert_eq!(ledger.uid(&key()), None);
}

#[test]
fn own_echo_costs_nothing_after_the_answer() {
    let ledger = applied();
    assert_eq!(ledger.saw(&key(), seen("a", 10, 100)), None);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(ledger.uid(&key()).as_deref(), Some("a"));
}

#[test]
fn own_echo_before_the_answer_is_intact() {
    let ledger = Ledger::default();
    ledger.expect(&key(), SERVICE);
    ledger.saw(&key(), seen("a", 10, 100));
    ledger.record(&key(), WANTED, seen("a", 10, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

/// The change falls between our write and its answer: without a wake-up nobody would ever look.
#[test]
fn change_during_the_first_apply_wakes() {
    let ledger = Ledger::default();
    ledger.expect(&key(), SERVICE);
    assert_eq!(ledger.saw(&key(), seen("a", 11, 99)), woken());
    ledger.record(&key(), WANTED, seen("a", 10, 100));
    assert_eq!(
        ledger.standing(&key(), WANTED),
        Standing::Changed {
            uid: "a".into(),
            manager: None
        }
    );
}

#[test]
fn deletion_during_the_first_apply_wakes() {
    let ledger = Ledger::default();
    ledger.expect(&key(), SERVICE);
    assert_eq!(ledger.deleted(&key(), "a"), woken());
    ledger.record(&key(), WANTED, seen("a", 10, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Gone);
}

#[test]
fn stale_events_count_for_nothing() {
    let ledger = applied();
    assert_eq!(ledger.saw(&key(), seen("a", 9, 99)), None);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    ledger.saw(&key(), seen("a", 12, 100));
    assert_eq!(
        ledger.saw(&key(), seen("a", 11, 99)),
        None,
        "older than what was seen"
    );
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

#[test]
fn another_wish_is_outdated() {
    assert_eq!(
        applied().standing(&key(), WANTED + 1),
        Standing::Outdated { uid: "a".into() }
    );
}

#[test]
fn change_of_what_we_own_wakes_and_names_the_manager() {
    let ledger = applied();
    let touched = Sighting {
        other: Some("kubectl-edit".into()),
        ..seen("a", 11, 99)
    };
    assert_eq!(ledger.saw(&key(), touched), woken());
    let changed = Standing::Changed {
        uid: "a".into(),
        manager: Some("kubectl-edit".into()),
    };
    assert_eq!(ledger.standing(&key(), WANTED), changed);
    assert_eq!(
        ledger.standing(&key(), WANTED + 1),
        changed,
        "also when something else is wanted"
    );
}

/// `managedFields: [{}]` resets them: no entry of ours is left.
#[test]
fn reset_managed_fields_are_a_change() {
    let ledger = applied();
    let reset = Sighting {
        owned: None,
        ..seen("a", 11, 0)
    };
    assert_eq!(ledger.saw(&key(), reset), woken());
    assert!(matches!(
        ledger.standing(&key(), WANTED),
        Standing::Changed { .. }
    ));
}

#[test]
fn change_that_was_taken_back_is_intact() {
    let ledger = applied();
    ledger.saw(&key(), seen("a", 11, 99));
    ledger.saw(&key(), seen("a", 12, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

#[test]
fn repair_settles_a_change() {
    let ledger = applied();
    ledger.saw(&key(), seen("a", 11, 99));
    ledger.expect(&key(), SERVICE);
    ledger.record(&key(), WANTED, seen("a", 12, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(ledger.saw(&key(), seen("a", 12, 100)), None);
}

#[test]
fn deletion_wakes_and_another_apply_settles_it() {
    let ledger = applied();
    assert_eq!(ledger.deleted(&key(), "a"), woken());
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Gone);
    ledger.expect(&key(), SERVICE);
    ledger.record(&key(), WANTED, seen("b", 20, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(
        ledger.deleted(&key(), "a"),
        None,
        "late news of the object before"
    );
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

/// A watch by label reports "deleted" when somebody takes the label away: the object lives, with the same uid.
#[test]
fn object_that_left_the_selector_comes_back() {
    let ledger = applied();
    ledger.deleted(&key(), "a");
    ledger.expect(&key(), SERVICE);
    ledger.record(&key(), WANTED, seen("a", 12, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

#[test]
fn object_in_our_places_stead_is_gone() {
    let ledger = applied();
    assert_eq!(ledger.saw(&key(), seen("b", 11, 100)), woken());
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Gone);
}

#[test]
fn list_without_a_child_means_it_is_gone() {
    let ledger = applied();
    let missing = ledger.listed(ChildKind::Service, None, &HashSet::new());
    assert_eq!(missing, [(key(), SERVICE.to_owned())]);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Gone);
}

#[test]
fn list_speaks_only_of_its_kind_and_namespace() {
    let ledger = applied();
    assert_eq!(ledger.listed(ChildKind::Deployment, None, &HashSet::new()), []);
    assert_eq!(
        ledger.listed(ChildKind::Service, Some("elsewhere"), &HashSet::new()),
        []
    );
    assert_eq!(
        ledger.listed(ChildKind::Service, Some("clinic"), &HashSet::from([key()])),
        []
    );
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

/// The list was taken before our apply and came after its answer.
#[test]
fn list_older_than_the_apply_is_set_right_by_the_next_event() {
    let ledger = applied();
    ledger.listed(ChildKind::Service, None, &HashSet::new());
    ledger.saw(&key(), seen("a", 10, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

#[test]
fn forgetting_takes_what_it_says() {
    let other = ChildKey {
        kind: ChildKind::Deployment,
        ..key()
    };
    let both = || {
        let ledger = applied();
        ledger.expect(&other, SERVICE);
        ledger.record(&other, WANTED, seen("d", 10, 100));
        ledger
    };
    let left = |ledger: &Ledger| (ledger.uid(&key()).is_some(), ledger.uid(&other).is_some());
    let ledger = both();
    ledger.forget(&key());
    assert_eq!(left(&ledger), (false, true));
    let ledger = both();
    ledger.forget_kind(ChildKind::Deployment);
    assert_eq!(left(&ledger), (true, false));
    let ledger = both();
    ledger.forget_service("elsewhere", SERVICE);
    ledger.forget_service("clinic", "another");
    assert_eq!(left(&ledger), (true, true));
    ledger.forget_service("clinic", SERVICE);
    assert_eq!(left(&ledger), (false, false));
}

fn metadata(entries: &Value) -> ObjectMeta {
    serde_json::from_value(json!({"uid": "a", "resourceVersion": "10", "managedFields": entries})).unwrap()
}

fn ours(fields: &Value, time: &str) -> Value {
    json!({
        "manager": "healthcare-operator", "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": fields, "time": time,
    })
}

fn theirs(manager: &str, time: &str) -> Value {
    json!({"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {}}, "time": time})
}

fn owned(entries: &Value) -> Option<u64> {
    sighting(&metadata(entries)).unwrap().owned
}

#[test]
fn digest_of_our_entry_is_about_fields_not_time() {
    let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
    let fields = json!({"f:spec": {"f:ports": {}}});
    let first = owned(&json!([ours(&fields, early)]));
    assert!(first.is_some());
    assert_eq!(
        first,
        owned(&json!([theirs("kubectl", late), ours(&fields, late)]))
    );
    assert_ne!(first, owned(&json!([ours(&json!({"f:spec": {}}), early)])));
}

#[test]
fn only_the_main_entry_is_ours() {
    let time = "2026-01-01T00:00:00Z";
    let mut update = ours(&json!({}), time);
    update["operation"] = json!("Update");
    let mut status = ours(&json!({}), time);
    status["subresource"] = json!("status");
    let mut scale = ours(&json!({}), time);
    scale["manager"] = json!(SCALE_MANAGER);
    assert_eq!(owned(&json!([update, status, scale])), None);
    assert_eq!(owned(&Value::Null), None);
}

#[test]
fn the_other_manager_is_the_last_that_wrote_the_object_itself() {
    let mut status = theirs("kube-controller-manager", "2026-01-09T00:00:00Z");
    status["subresource"] = json!("status");
    let entries = json!([
        theirs("kubectl-edit", "2026-01-03T00:00:00Z"),
        theirs("helm", "2026-01-02T00:00:00Z"),
        ours(&json!({}), "2026-01-04T00:00:00Z"),
        status,
    ]);
    assert_eq!(
        sighting(&metadata(&entries)).unwrap().other.as_deref(),
        Some("kubectl-edit")
    );
}

#[test]
fn metadata_without_identity_is_no_sighting() {
    assert_eq!(sighting(&ObjectMeta::default()), None);
}

#[test]
fn digest_follows_the_content() {
    let body = |ports: Value| json!({"spec": {"ports": ports}});
    assert_eq!(digest(&body(json!([80]))), digest(&body(json!([80]))));
    assert_ne!(digest(&body(json!([80]))), digest(&body(json!([81]))));
}
