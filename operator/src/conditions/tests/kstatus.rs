//! The algorithm by which kstatus (and so Flux, `kpt` and `helm --wait`) reads a custom resource, written down from
//! its documentation: the generation first, then the abnormal conditions, then Ready.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kstatus {
    InProgress,
    Failed,
    Current,
}

pub(super) fn compute(generation: i64, observed: Option<i64>, conditions: &[Condition]) -> Kstatus {
    let status = |type_: &str| {
        conditions
            .iter()
            .find(|c| c.type_ == type_)
            .map(|c| c.status.as_str())
    };
    if observed.is_some_and(|observed| observed != generation) || status("Reconciling") == Some("True") {
        return Kstatus::InProgress;
    }
    if status("Stalled") == Some("True") {
        return Kstatus::Failed;
    }
    match status("Ready") {
        Some("False" | "Unknown") => Kstatus::InProgress,
        _ => Kstatus::Current,
    }
}
