use serde_json::{Value, json};

use super::*;
use crate::field_managers::SCALE_MANAGER;
use crate::foreign::Addition;
use crate::metadata::ChildView;
use crate::testing::service;

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
        since: 1,
        template: 0,
        added: Vec::new(),
        other: None,
    }
}

fn record(ledger: &Ledger, answer: &Sighting) {
    ledger.record(&key(), WANTED, answer, 0);
}

fn disturbed(manager: Option<&str>, resource_version: u64) -> Standing {
    Standing::Disturbed(Disturbance {
        uid: "a".into(),
        resource_version,
        changed: true,
        added: Vec::new(),
        manager: manager.map(str::to_owned),
    })
}

/// A ledger with one child: object `a`, applied at version 10 with the fields 100.
fn applied() -> Ledger {
    let ledger = Ledger::default();
    ledger.expect(&key(), SERVICE);
    record(&ledger, &seen("a", 10, 100));
    ledger
}

#[expect(clippy::unnecessary_wraps, reason = "what answers are compared with")]
fn woken() -> Option<String> {
    Some(SERVICE.to_owned())
}

#[test]
fn absent_until_seen_and_unproven_until_applied() {
    let ledger = Ledger::default();
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Absent);
    ledger.expect(&key(), SERVICE);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Absent);
    let ledger = Ledger::default();
    assert_eq!(
        ledger.saw(&key(), seen("a", 1, 100)),
        None,
        "nobody asked about it"
    );
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Unproven);
    assert_eq!(ledger.uid(&key()), None);
    ledger.deleted(&key(), "a");
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Absent);
}

/// What a process before this one left, by the status.
fn adopted(seen: Option<Sighting>) -> Ledger {
    let ledger = Ledger::default();
    if let Some(seen) = seen {
        assert_eq!(ledger.saw(&key(), seen), None);
    }
    let left = Fingerprint {
        desired: WANTED,
        owned: 100,
        since: 1,
        added: 0,
        template: 0,
    };
    ledger.adopt(&key(), SERVICE, "a", left);
    ledger
}

#[test]
fn a_new_process_believes_the_status_about_what_it_sees() {
    let standing = |seen| adopted(seen).standing(&key(), WANTED);
    let outdated = Standing::Outdated { uid: "a".into() };
    assert_eq!(standing(Some(seen("a", 50, 100))), Standing::Intact);
    assert_eq!(standing(Some(seen("a", 50, 99))), disturbed(None, 50));
    assert_eq!(standing(Some(seen("b", 50, 100))), Standing::Gone);
    assert_eq!(standing(None), Standing::Gone, "deleted meanwhile");
    let later = Sighting {
        since: 2,
        ..seen("a", 50, 100)
    };
    assert_eq!(standing(Some(later)), outdated, "written after the status");
    let other_wish = adopted(Some(seen("a", 50, 100))).standing(&key(), WANTED + 1);
    assert_eq!(other_wish, outdated);
}

/// What the leader left later, by another status.
fn told_again(ledger: &Ledger, desired: u64, since: i64) {
    let left = Fingerprint {
        desired,
        owned: 100,
        since,
        added: 0,
        template: 0,
    };
    ledger.adopt(&key(), SERVICE, "a", left);
}

/// The leader's change of a value alone: the same fields, at another time.
fn changed_by_the_leader() -> Sighting {
    Sighting {
        since: 2,
        ..seen("a", 11, 100)
    }
}

#[test]
fn a_standby_takes_no_write_of_the_leader_for_what_it_knows() {
    let ledger = adopted(Some(seen("a", 10, 100)));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(ledger.saw(&key(), changed_by_the_leader()), None);
    // The leader died before it told of it.
    let outdated = Standing::Outdated { uid: "a".into() };
    assert_eq!(ledger.standing(&key(), WANTED), outdated);
    told_again(&ledger, WANTED, 1);
    assert_eq!(ledger.standing(&key(), WANTED), outdated);
}

#[test]
fn a_standby_hears_what_the_leader_left() {
    const OTHER: u64 = 2;
    let ledger = adopted(Some(seen("a", 10, 100)));
    ledger.saw(&key(), changed_by_the_leader());
    told_again(&ledger, OTHER, 2);
    assert_eq!(ledger.standing(&key(), OTHER), Standing::Intact);
    // Told of it before it was seen.
    told_again(&ledger, WANTED, 3);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    let seen = Sighting {
        since: 3,
        ..seen("a", 12, 100)
    };
    assert_eq!(ledger.saw(&key(), seen), None);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

#[test]
fn a_late_write_of_a_leader_before_is_written_over() {
    let ledger = applied();
    assert_eq!(ledger.saw(&key(), changed_by_the_leader()), woken());
    let outdated = Standing::Outdated { uid: "a".into() };
    assert_eq!(ledger.standing(&key(), WANTED), outdated);
    record(&ledger, &changed_by_the_leader());
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

#[test]
fn so_it_is_where_a_pass_had_nothing_to_do() {
    let ledger = adopted(Some(seen("a", 10, 100)));
    ledger.found_intact(&key());
    assert_eq!(ledger.saw(&key(), changed_by_the_leader()), woken());
}

#[test]
fn a_write_under_way_wakes_nobody() {
    let ledger = applied();
    ledger.expect(&key(), SERVICE);
    assert_eq!(ledger.saw(&key(), changed_by_the_leader()), None);
    record(&ledger, &changed_by_the_leader());
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

#[test]
fn what_this_process_knows_goes_before_the_status() {
    let ledger = applied();
    let old = Fingerprint {
        desired: WANTED + 1,
        owned: 1,
        since: 0,
        added: 0,
        template: 0,
    };
    ledger.adopt(&key(), SERVICE, "z", old);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(ledger.uid(&key()).as_deref(), Some("a"));
}

#[test]
fn after_adoption_changes_wake() {
    let ledger = adopted(Some(seen("a", 50, 100)));
    assert_eq!(ledger.saw(&key(), seen("a", 51, 100)), None);
    assert_eq!(ledger.saw(&key(), seen("a", 52, 99)), woken());
}

fn with_sidecar(resource_version: u64) -> Sighting {
    let element = |text: &str| crate::foreign::Element::parse(text).unwrap();
    let path = crate::foreign::Path::default().child(element("f:spec"));
    Sighting {
        added: vec![Addition {
            path: path.child(element("f:sidecar")),
            manager: Some("kubectl-edit".into()),
        }],
        ..seen("a", resource_version, 100)
    }
}

#[test]
fn additions_wake_until_they_are_gone_or_tolerated() {
    let ledger = applied();
    assert_eq!(ledger.saw(&key(), with_sidecar(11)), woken());
    let Standing::Disturbed(disturbance) = ledger.standing(&key(), WANTED) else {
        panic!("it was added to");
    };
    assert!(!disturbance.changed);
    assert_eq!(disturbance.added.len(), 1);
    ledger.tolerate(&key());
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(ledger.saw(&key(), with_sidecar(12)), None);
    assert_eq!(
        ledger.saw(&key(), seen("a", 13, 100)),
        woken(),
        "what was put up with is gone"
    );
    ledger.tolerate(&key());
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(ledger.saw(&key(), with_sidecar(14)), woken(), "and is back");
}

/// What was put up with is nobody's deed when something else happens.
#[test]
fn what_is_tolerated_is_not_named_again() {
    let ledger = applied();
    ledger.saw(&key(), with_sidecar(11));
    ledger.tolerate(&key());
    let left = ledger.fingerprint(&key()).unwrap();
    let next = Ledger::default();
    next.saw(&key(), with_sidecar(11));
    next.adopt(&key(), SERVICE, "a", left);
    for ledger in [ledger, next] {
        let changed = Sighting {
            owned: Some(99),
            ..with_sidecar(12)
        };
        assert_eq!(ledger.saw(&key(), changed), woken());
        assert_eq!(ledger.standing(&key(), WANTED), disturbed(None, 12));
    }
}

#[test]
fn fingerprints_are_read_as_they_are_written() {
    let ledger = applied();
    let left = ledger.fingerprint(&key()).unwrap();
    assert_eq!(left.to_string(), "1-64-1-0-0");
    assert_eq!(Fingerprint::parse("1-64-1-0-0"), Some(left));
    for broken in [
        "",
        "1-64-1-0",
        "1-64-1-0-0-0",
        "x-1-1-1-1",
        "1-64-ffffffffffffffff-0-0",
    ] {
        assert_eq!(Fingerprint::parse(broken), None, "{broken}");
    }
}

/// Written into objects' statuses by one release and read by the next: these values must not change.
#[test]
fn digests_are_the_same_in_every_release() {
    let entry = json!([ours(&json!({"f:spec": {}}), "2026-01-01T00:00:00Z")]);
    assert_eq!(owned(&entry), Some(17_009_571_679_409_962_016));
    assert_eq!(
        digest_of_additions(&with_sidecar(1).added),
        9_510_531_617_198_527_755
    );
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
    record(&ledger, &seen("a", 10, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

/// The change falls between our write and its answer: without a wake-up nobody would ever look.
#[test]
fn change_during_the_first_apply_wakes() {
    let ledger = Ledger::default();
    ledger.expect(&key(), SERVICE);
    assert_eq!(ledger.saw(&key(), seen("a", 11, 99)), woken());
    record(&ledger, &seen("a", 10, 100));
    assert_eq!(ledger.standing(&key(), WANTED), disturbed(None, 11));
}

#[test]
fn deletion_during_the_first_apply_wakes() {
    let ledger = Ledger::default();
    ledger.expect(&key(), SERVICE);
    assert_eq!(ledger.deleted(&key(), "a"), woken());
    record(&ledger, &seen("a", 10, 100));
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
    let changed = disturbed(Some("kubectl-edit"), 11);
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
    assert!(matches!(ledger.standing(&key(), WANTED), Standing::Disturbed(_)));
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
    record(&ledger, &seen("a", 12, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(ledger.saw(&key(), seen("a", 12, 100)), None);
}

#[test]
fn deletion_wakes_and_another_apply_settles_it() {
    let ledger = applied();
    assert_eq!(ledger.deleted(&key(), "a"), woken());
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Gone);
    ledger.expect(&key(), SERVICE);
    record(&ledger, &seen("b", 20, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(
        ledger.deleted(&key(), "a"),
        None,
        "late news of the object before"
    );
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
}

#[test]
fn a_failed_apply_settles_no_deletion() {
    let ledger = applied();
    assert_eq!(ledger.deleted(&key(), "a"), woken());
    let deleted = ledger.expect(&key(), SERVICE);
    assert_eq!(
        ledger.standing(&key(), WANTED),
        Standing::Intact,
        "while it is under way"
    );
    ledger.unsettled(&key(), deleted);
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Gone);
    let deleted = ledger.expect(&key(), SERVICE);
    ledger.unsettled(&key(), deleted);
    ledger.saw(&key(), seen("a", 10, 100));
    assert_eq!(
        ledger.standing(&key(), WANTED),
        Standing::Intact,
        "it had only left the watch"
    );
}

/// A watch by label reports "deleted" when somebody takes the label away: the object lives, with the same uid.
#[test]
fn object_that_left_the_selector_comes_back() {
    let ledger = applied();
    ledger.deleted(&key(), "a");
    ledger.expect(&key(), SERVICE);
    record(&ledger, &seen("a", 12, 100));
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
        ledger.record(&other, WANTED, &seen("d", 10, 100), 0);
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

fn child(entries: &Value) -> ChildView {
    let metadata = json!({"uid": "a", "resourceVersion": "10", "managedFields": entries});
    serde_json::from_value(json!({"metadata": metadata})).unwrap()
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
    sighting(&child(entries)).unwrap().owned
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
        sighting(&child(&entries)).unwrap().other.as_deref(),
        Some("kubectl-edit")
    );
}

/// On a standby that takes over, what happened to a child must not wait for the first pass of its service.
#[test]
fn a_child_that_only_a_status_tells_of_wakes_its_service() {
    let mut service = service(json!({}));
    let status = json!({
        "observedGeneration": 1,
        "inventory": [
            {"apiVersion": "v1", "kind": "Service", "name": SERVICE, "uid": "a", "fingerprint": "1-64-1-0-0"},
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "without-fingerprint", "uid": "b"},
            {"apiVersion": "v9", "kind": "Unknown", "name": SERVICE, "uid": "c", "fingerprint": "1-64-1-0-0"},
        ],
    });
    service.status = Some(serde_json::from_value(status).unwrap());
    assert_eq!(Ledger::default().deleted(&key(), "a"), None);
    let ledger = Ledger::default();
    ledger.recall_all(&service);
    assert_eq!(
        ledger.standing(&key(), WANTED),
        Standing::Gone,
        "no list has told of it"
    );
    ledger.saw(&key(), seen("a", 10, 100));
    assert_eq!(ledger.standing(&key(), WANTED), Standing::Intact);
    assert_eq!(ledger.deleted(&key(), "a"), woken());

    // What was wanted then may not be what a newer spec asks for.
    service.metadata.generation = Some(2);
    let ledger = Ledger::default();
    ledger.recall_all(&service);
    ledger.saw(&key(), seen("a", 10, 100));
    let outdated = Standing::Outdated { uid: "a".to_owned() };
    assert_eq!(ledger.standing(&key(), WANTED), outdated);
}

#[test]
fn metadata_without_identity_is_no_sighting() {
    assert_eq!(sighting(&ChildView::default()), None);
}
