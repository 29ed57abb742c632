//! Reaching the service from outside the cluster.

use std::collections::BTreeSet;

use healthcare_crds::v1alpha1::Exposure;

use super::tally::Tally;

/// The most that changes of an exposure add. Taking it away costs as much.
const MOST: i32 = 25;

pub(super) fn compare(from: Option<&Exposure>, to: Option<&Exposure>, tally: &mut Tally) {
    match (from, to) {
        (None, None) => {}
        (None, Some(to)) => {
            let message = format!("reachable from outside the cluster under {}", list(&to.hostnames));
            tally.add("ExposureAdded", MOST, message);
        }
        (Some(from), None) => {
            let message = format!("no longer reachable under {}", list(&from.hostnames));
            tally.add("ExposureRemoved", MOST, message);
        }
        (Some(from), Some(to)) => {
            let mut parts = Tally::default();
            changed(from, to, &mut parts);
            tally.add_capped(MOST, parts);
        }
    }
}

fn changed(from: &Exposure, to: &Exposure, parts: &mut Tally) {
    let Exposure {
        hostnames,
        path,
        gateway,
        ingress_class_name,
        tls_secret_name,
    } = to;
    hosts(&from.hostnames, hostnames, parts);
    if from.tls_secret_name.is_some() && tls_secret_name.is_none() {
        parts.add(
            "TlsRemoved",
            15,
            "the Ingress has no certificate of its own any more",
        );
    } else if from.tls_secret_name != *tls_secret_name {
        parts.add(
            "TlsSecretChanged",
            8,
            "the Ingress takes its certificate from another Secret",
        );
    }
    if from.path != *path {
        parts.add(
            "ExposedPathChanged",
            12,
            format!("calls come in under {path}, not {}", from.path),
        );
    }
    if from.gateway != *gateway || from.ingress_class_name != *ingress_class_name {
        let message = "calls come in through another Gateway or Ingress controller";
        parts.add("ExposureRerouted", 10, message);
    }
}

fn hosts(from: &[String], to: &[String], parts: &mut Tally) {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (from.iter().collect(), to.iter().collect());
    for gone in before.difference(&after) {
        parts.add("HostnameRemoved", 12, format!("no longer reachable under {gone}"));
    }
    for new in after.difference(&before) {
        parts.add("HostnameAdded", 8, format!("reachable under {new} too"));
    }
}

fn list(hostnames: &[String]) -> String {
    hostnames
        .iter()
        .take(3)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
