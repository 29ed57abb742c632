//! What the container gets: ports, arguments, environment, settings, secrets, volumes.

use std::collections::BTreeMap;

use healthcare_crds::v1alpha1::{
    AdditionalPort, EnvVar, ImagePullSecret, SecretRef, SessionAffinity, Volume,
};
use k8s_openapi::api::core::v1::EnvFromSource;

use super::keyed::{Cost, Keyed, entries};
use super::tally::Tally;

pub(super) fn port(from: i32, to: i32, tally: &mut Tally) {
    if from != to {
        let message = format!(
            "the container listens on {to} instead of {from}: an image that does not fails its probes"
        );
        tally.add("PortChanged", 20, message);
    }
}

pub(super) fn additional_ports(from: &[AdditionalPort], to: &[AdditionalPort], tally: &mut Tally) {
    fn named(ports: &[AdditionalPort]) -> impl Iterator<Item = (&str, &AdditionalPort)> {
        ports.iter().map(|port| (port.name.as_str(), port))
    }
    let keyed = Keyed::of(named(from), named(to));
    let cost = Cost {
        added: 3,
        changed: 15,
        removed: 15,
        most: 25,
    };
    let message = format!("additional ports: {}; callers may lose theirs", keyed.tell());
    tally.add("AdditionalPortsChanged", keyed.points(cost), message);
}

pub(super) fn session_affinity(from: SessionAffinity, to: SessionAffinity, tally: &mut Tally) {
    let (points, message) = match (from, to) {
        (SessionAffinity::ClientIP, SessionAffinity::None) => (
            8,
            "calls of one client spread over pods: state kept in a pod is lost",
        ),
        (SessionAffinity::None, SessionAffinity::ClientIP) => {
            (3, "calls of one client stay with one pod: load may become uneven")
        }
        _ => return,
    };
    tally.add("SessionAffinityChanged", points, message);
}

pub(super) fn entry_point(
    from_command: &[String],
    command: &[String],
    from_args: &[String],
    args: &[String],
    tally: &mut Tally,
) {
    if from_command != command {
        tally.add("CommandChanged", 20, "the container starts another command");
    }
    if from_args != args {
        tally.add(
            "ArgumentsChanged",
            12,
            "the container starts with other arguments",
        );
    }
}

pub(super) fn env(from: &[EnvVar], to: &[EnvVar], tally: &mut Tally) {
    fn named(variables: &[EnvVar]) -> impl Iterator<Item = (&str, (&Option<String>, &impl PartialEq))> {
        variables.iter().map(|variable| {
            let EnvVar {
                name,
                value,
                value_from,
            } = variable;
            (name.as_str(), (value, value_from))
        })
    }
    let keyed = Keyed::of(named(from), named(to));
    let message = format!("environment variables: {}", keyed.tell());
    tally.add("EnvChanged", keyed.points(SETTINGS), message);
}

pub(super) fn config(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>, tally: &mut Tally) {
    let keyed = Keyed::of(entries(from), entries(to));
    let message = format!("configuration keys: {}", keyed.tell());
    tally.add("ConfigChanged", keyed.points(SETTINGS), message);
}

/// What a service no longer finds hurts it more than what it does not look for yet.
const SETTINGS: Cost = Cost {
    added: 4,
    changed: 6,
    removed: 8,
    most: 24,
};

/// Sources by what they name; their order decides only between keys of the same name.
pub(super) fn env_from(from: &[EnvFromSource], to: &[EnvFromSource], tally: &mut Tally) {
    let count = |of: &[EnvFromSource], without: &[EnvFromSource]| {
        let new = of.iter().filter(|source| !without.contains(source)).count();
        i32::try_from(new).unwrap_or(i32::MAX / 1000)
    };
    let (added, removed) = (count(to, from), count(from, to));
    if added + removed > 0 {
        let message = format!("sources of environment variables: {added} added, {removed} removed");
        tally.add("EnvFromChanged", (6 * added + 10 * removed).min(24), message);
    } else if from != to {
        let message =
            "sources of environment variables: another order or repetition, so other values may win";
        tally.add("EnvFromChanged", 3, message);
    }
}

pub(super) fn secrets(from: &[SecretRef], to: &[SecretRef], tally: &mut Tally) {
    fn named(secrets: &[SecretRef]) -> impl Iterator<Item = (&str, &SecretRef)> {
        secrets.iter().map(|secret| (secret.name.as_str(), secret))
    }
    let keyed = Keyed::of(named(from), named(to));
    let cost = Cost {
        added: 8,
        changed: 10,
        removed: 12,
        most: 30,
    };
    let message = format!(
        "secrets by reference: {}; pods do not start without one",
        keyed.tell()
    );
    tally.add("SecretsChanged", keyed.points(cost), message);
}

pub(super) fn volumes(from: &[Volume], to: &[Volume], tally: &mut Tally) {
    fn named(volumes: &[Volume]) -> impl Iterator<Item = (&str, &Volume)> {
        volumes.iter().map(|volume| (volume.name.as_str(), volume))
    }
    let keyed = Keyed::of(named(from), named(to));
    let cost = Cost {
        added: 8,
        changed: 12,
        removed: 15,
        most: 30,
    };
    tally.add(
        "VolumesChanged",
        keyed.points(cost),
        format!("volumes: {}", keyed.tell()),
    );
}

pub(super) fn pod_annotations(
    from: &BTreeMap<String, String>,
    to: &BTreeMap<String, String>,
    tally: &mut Tally,
) {
    let keyed = Keyed::of(entries(from), entries(to));
    let cost = Cost {
        added: 2,
        changed: 2,
        removed: 2,
        most: 6,
    };
    let message = format!("annotations of the pods: {}", keyed.tell());
    tally.add("PodAnnotationsChanged", keyed.points(cost), message);
}

pub(super) fn image_pull_secrets(from: &[ImagePullSecret], to: &[ImagePullSecret], tally: &mut Tally) {
    fn named(secrets: &[ImagePullSecret]) -> impl Iterator<Item = (&str, ())> {
        secrets.iter().map(|ImagePullSecret { name }| (name.as_str(), ()))
    }
    let keyed = Keyed::of(named(from), named(to));
    let cost = Cost {
        added: 2,
        changed: 0,
        removed: 8,
        most: 12,
    };
    let message = format!(
        "image pull secrets: {}; without the right one no image comes",
        keyed.tell()
    );
    tally.add("ImagePullSecretsChanged", keyed.points(cost), message);
}
