//! From a manifest to what the operator plans with. Pure.
//!
//! A manifest that no API server has seen lacks what every stored object has. The namespace is the one asked for, or
//! `default`; the generation is 1; and the uid, which stands in the owner references of the children, is [`NO_UID`].

use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::plan::{OperatorDefaults, Plan, PlanError};
use healthcare_operator::render::{self, Child, RenderError};
use kube::ResourceExt;
use thiserror::Error;

use crate::input::Manifest;
use crate::schema::{Checker, Violation};

/// Stands for the uid of a service that is in no cluster.
pub const NO_UID: &str = "00000000-0000-0000-0000-000000000000";

/// Why a manifest cannot be rendered.
#[derive(Debug, Error)]
pub enum Refusal {
    /// It stands in another namespace than the one asked for.
    #[error("metadata.namespace: is {found}, but --namespace asks for {wanted}: leave one of them out")]
    Namespace {
        /// In the manifest.
        found: String,
        /// Asked for.
        wanted: String,
    },
    /// The API server would refuse it.
    #[error("{0}")]
    Invalid(Violation),
    /// It does not fit the types. One that fits the schema does: else it is an error of this program.
    #[error("spec: is none of a HealthcareService: {0}")]
    Type(serde_json::Error),
    /// It contradicts itself.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// It cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// A manifest and why it is refused.
#[derive(Debug, Error)]
#[error("{}", lines(.manifest, .refusals))]
pub struct Refused {
    /// The manifest.
    pub manifest: Box<Manifest>,
    /// Each reason.
    pub refusals: Vec<Refusal>,
}

fn lines(manifest: &Manifest, refusals: &[Refusal]) -> String {
    let lines: Vec<_> = refusals
        .iter()
        .map(|refusal| format!("{}: {refusal}", manifest.origin))
        .collect();
    lines.join("\n")
}

/// What rendering depends on besides the manifest.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Namespace of manifests that name none, and the only one allowed where it is given.
    pub namespace: Option<String>,
    /// The operator's own settings.
    pub defaults: OperatorDefaults,
    /// Optional APIs of the cluster.
    pub capabilities: Capabilities,
}

/// The service that a manifest describes, as an API server would hand it out.
///
/// # Errors
/// Everything that the API server would refuse.
pub fn service(
    checker: &Checker,
    manifest: &Manifest,
    surroundings: &Surroundings,
    ignores_unknown_fields: bool,
) -> Result<HealthcareService, Vec<Refusal>> {
    let mut found: Vec<_> = checker.check(&manifest.object);
    found.retain(|violation| !(ignores_unknown_fields && violation.is_unknown_field));
    let mut refusals: Vec<_> = found.into_iter().map(Refusal::Invalid).collect();
    refusals.extend(other_namespace(manifest, surroundings));
    if !refusals.is_empty() {
        return Err(refusals);
    }
    as_stored(checker, manifest, surroundings).map_err(|refusal| vec![refusal])
}

/// The same of a manifest that need not be valid any more: rules may have become stricter since it was stored.
///
/// # Errors
/// When it does not even fit the types.
pub fn as_stored(
    checker: &Checker,
    manifest: &Manifest,
    surroundings: &Surroundings,
) -> Result<HealthcareService, Refusal> {
    let typed = serde_json::from_value(checker.normal(&manifest.object));
    let mut service: HealthcareService = typed.map_err(Refusal::Type)?;
    service.status = None;
    let namespace = surroundings.namespace.as_deref().unwrap_or("default");
    let metadata = &mut service.metadata;
    metadata.namespace.get_or_insert_with(|| namespace.to_owned());
    metadata.uid = Some(NO_UID.to_owned());
    metadata.generation = Some(1);
    Ok(service)
}

fn other_namespace(manifest: &Manifest, surroundings: &Surroundings) -> Option<Refusal> {
    let found = manifest.object.pointer("/metadata/namespace")?.as_str()?;
    let wanted = surroundings.namespace.as_deref()?;
    (found != wanted).then(|| Refusal::Namespace {
        found: found.to_owned(),
        wanted: wanted.to_owned(),
    })
}

/// The children of a service, as the controller applies them.
///
/// # Errors
/// What the operator would refuse.
pub fn children(service: &HealthcareService, surroundings: &Surroundings) -> Result<Vec<Child>, Refusal> {
    let plan = plan(service, surroundings)?;
    Ok(render::children(&plan)?.into_list()?)
}

/// The plan of a service.
///
/// # Errors
/// [`Refusal::Plan`] when the spec contradicts itself.
pub fn plan(service: &HealthcareService, surroundings: &Surroundings) -> Result<Plan, Refusal> {
    Ok(Plan::new(
        service,
        &surroundings.defaults,
        surroundings.capabilities,
    )?)
}

/// `namespace/name`.
pub fn full_name(service: &HealthcareService) -> String {
    format!(
        "{}/{}",
        service.namespace().unwrap_or_default(),
        service.name_any()
    )
}

/// That the operator has not seen the spec as it is now, if so.
pub fn unseen(service: &HealthcareService) -> Option<String> {
    let generation = service.metadata.generation.unwrap_or_default();
    let status = service.status.as_ref();
    let observed = status.and_then(|status| status.observed_generation).unwrap_or(-1);
    (observed < generation).then(|| {
        format!(
            "the operator has not seen generation {generation} yet (last seen: {observed}): is it running, and does it watch this namespace?"
        )
    })
}

impl Refusal {
    /// Where and what, apart.
    pub fn told(&self) -> (String, String) {
        if let Self::Invalid(violation) = self {
            return (violation.path.clone(), violation.message.clone());
        }
        let text = self.to_string();
        let path = |text: &str| {
            let shaped = |c: char| c.is_ascii_alphanumeric() || "._-[]".contains(c);
            (text.starts_with("spec.") || text.starts_with("metadata.")) && text.chars().all(shaped)
        };
        // Messages of the operator begin with the path.
        match text.split_once([':', ' ']) {
            Some((place, message)) if path(place) => (place.to_owned(), message.trim().to_owned()),
            _ => (String::new(), text),
        }
    }
}

#[cfg(test)]
mod tests;
