//! The settings: whether they can change unnoticed.

use serde_json::Value;

use super::pods::{Pod, each_pod};
use super::{CHANGED, Case};
use crate::compliance::control::{Breach, Seen};
use crate::compliance::input::{Object, field, items, text};
use crate::render::ChildKind;

/// Every ConfigMap of the service is immutable: a change makes another one, and another revision.
pub(in crate::compliance) fn immutable(case: &Case<'_>) -> Seen {
    let maps: Vec<_> = case.input.all(ChildKind::ConfigMap).collect();
    if let Some(mutable) = maps.iter().find(|map| map.at("/immutable") != true) {
        return Err(Breach::new(
            format!("{} is not immutable", mutable.title()),
            CHANGED,
        ));
    }
    if !case.input.plan.config.is_empty() && maps.is_empty() {
        return Err(Breach::new(
            "spec.config is set and there is no ConfigMap",
            CHANGED,
        ));
    }
    Ok(format!(
        "{} ConfigMap, immutable and named by content",
        maps.len()
    ))
}

/// The pods take no setting from a ConfigMap that others can change without a new revision.
pub(in crate::compliance) fn own(case: &Case<'_>) -> Seen {
    immutable(case)?;
    let ours: Vec<_> = case.input.all(ChildKind::ConfigMap).map(Object::name).collect();
    each_pod(
        case,
        "settings come from immutable ConfigMaps of the service",
        |pod| {
            let foreign = config_maps(pod).into_iter().find(|name| !ours.contains(name))?;
            let seen = format!(
                "{} takes settings from ConfigMap {foreign}, which can change without a new revision",
                pod.title()
            );
            Some(Breach::new(seen, "move the settings to spec.config"))
        },
    )
}

/// Names of the ConfigMaps that a pod uses, in whatever way.
fn config_maps(pod: Pod<'_>) -> Vec<&str> {
    let by_env = pod.containers().flat_map(|container| {
        let all = items(field(container, "envFrom")).map(|source| field(source, "configMapRef"));
        let single = items(field(container, "env")).map(|v| field(field(v, "valueFrom"), "configMapKeyRef"));
        all.chain(single)
    });
    let by_volume = items(field(pod.spec, "volumes")).flat_map(|volume| {
        let projected = items(field(field(volume, "projected"), "sources")).map(|s| field(s, "configMap"));
        std::iter::once(field(volume, "configMap")).chain(projected)
    });
    by_env
        .chain(by_volume)
        .filter(|reference: &&Value| !reference.is_null())
        .map(|reference| text(reference, "name"))
        .collect()
}
