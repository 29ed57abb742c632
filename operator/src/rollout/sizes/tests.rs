use serde_json::json;

use super::super::{Size, Version};
use super::*;
use crate::testing::planned;
use crate::workload::ReplicasOwner;

fn workload(wanted: i32, available: i32) -> Workload {
    Workload {
        uid: "u".into(),
        resource_version: 1,
        generation: 1,
        observed_generation: 1,
        wanted,
        replicas_owner: ReplicasOwner::Operator,
        replicas: wanted,
        updated: wanted,
        ready: available,
        available,
        is_available: true,
        failure: None,
    }
}

fn arranged(candidate: Option<Size>, called: Track) -> Arrangement {
    Arrangement {
        primary: Version::Good,
        candidate,
        called,
        is_mixed: true,
    }
}

fn autoscaled() -> ReplicasPlan {
    planned(json!({"scaling": {"minReplicas": 3, "maxReplicas": 10}})).replicas
}

#[test]
fn a_candidate_follows_the_primary_that_the_autoscaler_drives() {
    let primary = workload(8, 8);
    let now = Deployments {
        primary: Some(&primary),
        candidate: None,
    };
    let sizes = |size, called| sizes(arranged(Some(size), called), &autoscaled(), now);
    let shared = sizes(Size::Share(50), Track::Both);
    assert_eq!(
        (shared.primary, shared.candidate),
        (autoscaled(), Some(ReplicasPlan::Fixed(8)))
    );
    assert_eq!(
        sizes(Size::Full, Track::Primary).candidate,
        Some(ReplicasPlan::Fixed(8))
    );
}

#[test]
fn what_waits_for_calls_is_as_large_as_what_serves() {
    let (primary, candidate) = (workload(4, 4), workload(9, 9));
    let now = Deployments {
        primary: Some(&primary),
        candidate: Some(&candidate),
    };
    let switched = sizes(arranged(Some(Size::Full), Track::Candidate), &autoscaled(), now);
    assert_eq!(switched.primary, ReplicasPlan::Fixed(9));
    assert!(
        matches!(switched.candidate, Some(ReplicasPlan::Autoscaled(scaling)) if scaling.min_replicas == 9)
    );
}

#[test]
fn a_stage_is_in_place_when_its_own_pods_serve() {
    let (primary, all, some) = (workload(4, 1), workload(4, 4), workload(4, 3));
    let with = |candidate| Deployments {
        primary: Some(&primary),
        candidate,
    };
    let full = arranged(Some(Size::Full), Track::Primary);
    let at = |now: Deployments<'_>, stage| now.are_in_place(RolloutPhase::Progressing, stage, full, 4);
    assert!(!at(with(None), StageKind::Preview));
    assert!(!at(with(Some(&some)), StageKind::Preview));
    assert!(
        at(with(Some(&all)), StageKind::Preview),
        "the primary may be what has to be mended"
    );
    assert!(
        !at(with(Some(&all)), StageKind::Takeover),
        "there it is the primary that counts"
    );
    let back = with(Some(&all)).are_in_place(RolloutPhase::RollingBack, StageKind::Preview, full, 4);
    assert!(!back);
    let unseen = Workload {
        generation: 2,
        ..all.clone()
    };
    assert!(
        !at(with(Some(&unseen)), StageKind::Preview),
        "of what was applied last nothing is known yet"
    );
}

#[test]
fn a_stopped_service_is_in_place_without_pods() {
    let none = workload(0, 0);
    let now = Deployments {
        primary: Some(&none),
        candidate: None,
    };
    let alone = arranged(None, Track::Primary);
    assert!(now.are_in_place(RolloutPhase::Promoting, StageKind::Takeover, alone, 0));
}
