//! Objects of others, which must stay as they are. I/O.

use anyhow::{Context, Result};
use kube::api::{DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use serde_json::Value;

use super::history::Violation;
use super::user::persist;
use super::wanted::Id;

/// The rule.
pub(crate) const RULE: &str = "foreign objects untouched";

/// Of one service; `NAME` and `LABELS` stand for its own.
const MANIFESTS: &str = include_str!("foreign.yaml");

/// Objects of others with what they looked like when they were made.
#[derive(Default)]
pub(crate) struct Foreign {
    objects: Vec<(Api<DynamicObject>, DynamicObject)>,
}

impl Foreign {
    /// Makes, for a service that conflicts, a Service of its name; and beside it objects that look like children.
    ///
    /// # Errors
    /// When the API server refuses one.
    pub(crate) async fn make(&mut self, client: &Client, id: &Id) -> Result<()> {
        for object in manifests(&id.name)? {
            let types = object.types.clone().context("an object has a kind")?;
            let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(&types)?);
            let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &id.namespace, &resource);
            let made = api.create(&PostParams::default(), &object).await;
            let made = made.with_context(|| format!("make the foreign {} of {id}", types.kind))?;
            self.objects.push((api, made));
        }
        Ok(())
    }

    /// Takes them as they are now: controllers have annotated some since they were made.
    ///
    /// # Errors
    /// When one is gone.
    pub(crate) async fn remember(&mut self) -> Result<()> {
        for (api, object) in &mut self.objects {
            *object = api
                .get(object.metadata.name.as_deref().unwrap_or_default())
                .await?;
        }
        Ok(())
    }

    /// Which of them are not as they were.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub(crate) async fn check(&self) -> Result<Vec<Violation>> {
        let mut violations = Vec::new();
        for (api, made) in &self.objects {
            let name = made.metadata.name.clone().unwrap_or_default();
            let now = persist(|| api.get_opt(&name)).await?;
            violations.extend(difference(made, now.as_ref()));
        }
        Ok(violations)
    }

    /// Plural, namespace and name of each.
    pub(crate) fn names(&self) -> Vec<(String, String, String)> {
        let name = |(api, object): &(Api<DynamicObject>, DynamicObject)| {
            let plural = api
                .resource_url()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            let metadata = &object.metadata;
            (
                plural,
                metadata.namespace.clone().unwrap_or_default(),
                metadata.name.clone().unwrap_or_default(),
            )
        };
        self.objects.iter().map(name).collect()
    }
}

/// Whether an object is another than it was; its resourceVersion tells of any write. Controllers write the status of
/// some kinds: there all but status and resourceVersion is compared.
pub(crate) fn difference(made: &DynamicObject, now: Option<&DynamicObject>) -> Option<Violation> {
    let what = |text: &str| {
        let kind = made.types.as_ref().map_or("object", |types| types.kind.as_str());
        let name = made.metadata.name.as_deref().unwrap_or_default();
        Violation::of(RULE, format!("{kind} {name} {text}"))
    };
    let Some(now) = now else {
        return Some(what("is gone"));
    };
    let (before, after) = (bare(made), bare(now));
    (before != after).then(|| what(&format!("was\n{before}\nand is\n{after}")))
}

fn bare(object: &DynamicObject) -> Value {
    let mut value = serde_json::to_value(object).unwrap_or_default();
    let has_status = value
        .as_object_mut()
        .is_some_and(|object| object.remove("status").is_some());
    if let Some(metadata) = value.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
        if has_status {
            metadata.remove("resourceVersion");
        }
    }
    value
}

/// The objects beside a service of this name.
fn manifests(name: &str) -> Result<Vec<DynamicObject>> {
    let labels = format!(
        "{{app.kubernetes.io/name: {name}, app.kubernetes.io/managed-by: healthcare-operator, gitops-health.io/service: {name}}}"
    );
    let text = MANIFESTS.replace("NAME", name).replace("LABELS", &labels);
    let documents = text.split("---\n");
    documents
        .map(|document| serde_yaml::from_str(document).context("foreign.yaml holds objects"))
        .collect()
}

#[cfg(test)]
mod tests;
