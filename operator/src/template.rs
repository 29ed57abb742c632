//! Which pod template a service runs with. Pure.
//!
//! An operator of another version, or with other settings, may render another template from the same spec, and every pod of
//! every service would restart at once. So a template stays in use until the part of the spec that it is made from changes,
//! or until somebody asks for the newest one. The template in use is not kept anywhere but in the Deployment: what our
//! `managedFields` entry names of it is what we applied.

use healthcare_crds::v1alpha1::{HealthcareServiceSpec, PodTemplate};
use healthcare_crds::{HealthcareService, keys};
use kube::ResourceExt;
use serde_json::{Map, Value};

use crate::digest::{deployment_digest, digest};
use crate::field_managers::is_ours;
use crate::foreign::Element;
use crate::managed::ManagedEntry;
use crate::render::{Child, ChildKind};

/// What of a spec no pod depends on. A field that is not listed counts.
const AROUND_THE_PODS: [&str; 9] = [
    "scaling",
    "disruption",
    "accessPolicy",
    "exposure",
    "paused",
    "compliance",
    "rollout",
    "sessionAffinity",
    "serviceAccount",
];
/// The same, inside `observability`.
const AROUND_THE_PODS_OBSERVED: [&str; 3] = ["metrics", "alerts", "slo"];

/// The template to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one just rendered.
    Newest(PodTemplate),
    /// The one that the pods run with.
    InUse {
        /// Which that is.
        in_use: PodTemplate,
        /// What it would become.
        newest: PodTemplate,
    },
}

impl Choice {
    /// What the status tells of it.
    pub fn record(&self) -> &PodTemplate {
        match self {
            Self::Newest(record) | Self::InUse { in_use: record, .. } => record,
        }
    }

    /// Whether the pods run with another template than this operator makes.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::InUse { .. })
    }
}

/// Chooses between the template just rendered and the one in use.
pub fn choose(service: &HealthcareService, before: Option<&PodTemplate>, rendered: &Value) -> Choice {
    let newest = PodTemplate {
        digest: format!("{:x}", digest(rendered)),
        spec_digest: spec_digest(&service.spec),
        requested_at: service.annotations().get(keys::TEMPLATE_REQUESTED_AT).cloned(),
    };
    match before {
        Some(before)
            if before.digest != newest.digest
                && before.spec_digest == newest.spec_digest
                && (newest.requested_at.is_none() || before.requested_at == newest.requested_at) =>
        {
            Choice::InUse {
                in_use: before.clone(),
                newest,
            }
        }
        _ => Choice::Newest(newest),
    }
}

/// Chooses for rendered children, and makes the Deployment's digest that of the template chosen.
pub fn choose_for(
    service: &HealthcareService,
    before: Option<&PodTemplate>,
    children: &mut [Child],
) -> Choice {
    let deployment = children
        .iter_mut()
        .find(|child| child.kind == ChildKind::Deployment && child.name == service.name_any());
    let rendered = deployment
        .as_ref()
        .and_then(|child| child.body.pointer("/spec/template"));
    let choice = choose(service, before, rendered.unwrap_or(&Value::Null));
    if let Some(child) = deployment {
        child.digest = deployment_digest(&child.body, &choice.record().digest);
    }
    choice
}

/// Digest of the part of a spec that pods are made from.
pub fn spec_digest(spec: &HealthcareServiceSpec) -> String {
    let mut spec = serde_json::to_value(spec).unwrap_or_default();
    remove(Some(&mut spec), &AROUND_THE_PODS);
    remove(spec.get_mut("observability"), &AROUND_THE_PODS_OBSERVED);
    format!("{:x}", digest(&spec))
}

fn remove(from: Option<&mut Value>, names: &[&str]) {
    if let Some(object) = from.and_then(Value::as_object_mut) {
        object.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// Our fields of a Deployment's template, as `managedFields` name them.
pub fn owned_fields(deployment: &Value) -> Option<Value> {
    let entries = deployment.pointer("/metadata/managedFields")?;
    let entries: Vec<ManagedEntry> = serde_json::from_value(entries.clone()).ok()?;
    let ours = entries.iter().find(|entry| is_ours(entry))?;
    ours.fields()?.pointer("/f:spec/f:template").cloned()
}

/// The template that we applied, out of a live Deployment.
pub fn in_use(deployment: &Value) -> Option<Value> {
    let fields = owned_fields(deployment)?;
    extract(deployment.pointer("/spec/template")?, &fields)
}

/// What these fields name of a value.
fn extract(value: &Value, fields: &Value) -> Option<Value> {
    let below: Vec<_> = fields
        .as_object()?
        .iter()
        .filter(|(name, _)| *name != ".")
        .filter_map(|(name, fields)| Some((Element::parse(name)?, fields)))
        .collect();
    if below.is_empty() {
        return Some(value.clone());
    }
    match value {
        Value::Object(_) => {
            let named = below.into_iter().filter_map(|(element, fields)| match &element {
                Element::Field(name) => Some((name.clone(), extract(element.step(value)?, fields)?)),
                Element::Key(_) | Element::Item(_) => None,
            });
            Some(Value::Object(named.collect::<Map<_, _>>()))
        }
        Value::Array(items) => {
            let owned = items.iter().filter_map(|item| {
                let alone = Value::Array(vec![item.clone()]);
                let (_, fields) = below.iter().find(|(element, _)| element.step(&alone).is_some())?;
                extract(item, fields)
            });
            Some(Value::Array(owned.collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
