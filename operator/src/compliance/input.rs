//! What is judged: a service, its plan and its children, rendered or live.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{Compliance, DataClassification};
use serde::Serialize;
use serde_json::Value;

use super::control::Breach;
use super::live::{Cluster, Live};
use crate::plan::Plan;
use crate::render::{Child, ChildKind};

/// What the children are that were judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    /// What the operator makes of the spec, which no cluster need hold: evidence without uid and version.
    Rendered,
    /// What the operator applied, and what it remembers of how that stands in the cluster.
    Applied,
    /// What a cluster holds.
    Live,
}

/// Everything that the checks look at.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// The service.
    pub service: &'a HealthcareService,
    /// Its plan.
    pub plan: &'a Plan,
    /// What the children are.
    pub basis: Basis,
    /// Its children: as rendered, or as a cluster holds them. Several of one kind may be there, such as the Deployments of
    /// a rollout.
    pub children: Vec<Object<'a>>,
    /// Kinds and names of objects that are not wanted and still there.
    pub leftovers: &'a [(ChildKind, String)],
    /// Whether the pods run with another template than the one judged.
    pub is_template_pending: bool,
}

/// One child as JSON.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// What it is.
    pub kind: ChildKind,
    /// The whole object. A live one has `metadata.uid` and `metadata.resourceVersion`.
    pub body: &'a Value,
    /// How it stands in the cluster, where `body` is what was planned.
    pub live: Option<&'a Live>,
}

impl<'a> Input<'a> {
    /// A service with the children that it renders to.
    pub fn rendered(service: &'a HealthcareService, plan: &'a Plan, children: &'a [Child]) -> Self {
        let bodies = children.iter().map(|child| (child.kind, &child.body));
        Self {
            basis: Basis::Rendered,
            ..Self::live(service, plan, bodies)
        }
    }

    /// A service with the children that were planned for it, and how they stand in the cluster.
    pub fn applied(
        service: &'a HealthcareService,
        plan: &'a Plan,
        children: &'a [Child],
        cluster: &'a Cluster,
    ) -> Self {
        let objects = children
            .iter()
            .zip(&cluster.children)
            .map(|(child, live)| Object {
                kind: child.kind,
                body: &child.body,
                live: Some(live),
            });
        Self {
            service,
            plan,
            basis: Basis::Applied,
            children: objects.collect(),
            leftovers: &cluster.leftovers,
            is_template_pending: cluster.is_template_pending,
        }
    }

    /// A service with the children that a cluster holds.
    pub fn live(
        service: &'a HealthcareService,
        plan: &'a Plan,
        children: impl IntoIterator<Item = (ChildKind, &'a Value)>,
    ) -> Self {
        let objects = children.into_iter().map(|(kind, body)| Object {
            kind,
            body,
            live: None,
        });
        Self {
            service,
            plan,
            basis: Basis::Live,
            children: objects.collect(),
            leftovers: &[],
            is_template_pending: false,
        }
    }

    /// What of these kinds does not stand in the cluster as it was planned, as far as that is known.
    pub(super) fn amiss(&self, kinds: &[ChildKind]) -> Option<Breach> {
        let mut relevant = self.children.iter().filter(|child| kinds.contains(&child.kind));
        let differing = relevant.find_map(|child| child.live?.amiss.as_ref());
        differing.cloned().or_else(|| {
            let (kind, name) = self.leftovers.iter().find(|(kind, _)| kinds.contains(kind))?;
            Some(Breach::new(
                format!("{} {name} is not planned any more and still there", kind.kind()),
                "let the operator remove it (spec.paused must be false; the condition Ready tells what is in the way)",
            ))
        })
    }

    /// The children of one kind.
    pub(super) fn all(&self, kind: ChildKind) -> impl Iterator<Item = Object<'a>> + use<'a, '_> {
        self.children
            .iter()
            .copied()
            .filter(move |child| child.kind == kind)
    }

    pub(super) fn compliance(&self) -> Option<&'a Compliance> {
        self.service.spec.compliance.as_ref()
    }

    pub(super) fn classification(&self) -> DataClassification {
        self.compliance()
            .map_or_else(DataClassification::default, |c| c.data_classification)
    }

    /// Whether the service handles PHI or cardholder data.
    pub(super) fn is_sensitive(&self) -> bool {
        matches!(
            self.classification(),
            DataClassification::PHI | DataClassification::CardholderData
        )
    }
}

impl<'a> Object<'a> {
    /// The value at a JSON pointer, null when there is none.
    pub(super) fn at(self, pointer: &str) -> &'a Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The items of the list at a JSON pointer.
    pub(super) fn list(self, pointer: &str) -> impl Iterator<Item = &'a Value> {
        items(self.at(pointer))
    }

    pub(super) fn name(self) -> &'a str {
        self.at("/metadata/name").as_str().unwrap_or_default()
    }

    /// Kind and name, for messages.
    pub(super) fn title(self) -> String {
        format!("{} {}", self.kind.kind(), self.name())
    }
}

/// The items of a list; none where there is no list.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A field, null when there is none.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// A text field, empty when there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    field(value, name).as_str().unwrap_or_default()
}
