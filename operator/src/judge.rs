//! Judges a service by what a pass left of its children. What is remembered of them is enough: no request is made.

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{HealthcareServiceStatus, InventoryEntry};

use crate::compliance::{Cluster, Judgement, Live, applicable};
use crate::context::Context;
use crate::ledger::{ChildKey, Ledger, Standing};
use crate::plan::Plan;
use crate::render::{Child, ChildKind, RenderError};
use crate::rollouts;

/// What a pass has to do with, for the judge.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The service.
    pub service: &'a HealthcareService,
    /// Its status before.
    pub before: &'a HealthcareServiceStatus,
    /// Everything that was made for it, as far as is known.
    pub inventory: &'a [InventoryEntry],
}

/// Children with the plan that they were made of.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The children.
    pub children: Vec<Child>,
    /// Whether the pods run with a template that another operator made.
    pub is_template_pending: bool,
}

/// Judges by what was to be applied; where a pass came to nothing of it, by what the plan alone asks for.
pub fn judge(ctx: &Context, case: &Case<'_>, planned: Option<&Planned>, plan: Option<&Plan>) -> Judgement {
    let now = ctx.clock.now();
    if applicable(&case.service.spec).is_empty() {
        return Judgement::NotAsked;
    }
    let anew = match (planned, plan) {
        (None, Some(plan)) => plan_anew(&ctx.ledger, case, plan).ok(),
        _ => None,
    };
    let Some(planned) = planned.or(anew.as_ref()) else {
        return Judgement::Impossible;
    };
    let cluster = cluster(&ctx.ledger, planned, case.inventory);
    Judgement::of(
        case.service,
        Some((&planned.plan, &planned.children)),
        &cluster,
        now,
    )
}

/// What the operator would apply. A new process learns from the status what of it is there already.
fn plan_anew(ledger: &Ledger, case: &Case<'_>, plan: &Plan) -> Result<Planned, RenderError> {
    let plan = rollouts::named_as_before(case.service, plan, case.before);
    let (children, template) = rollouts::settled_children(case.service, &plan, case.before)?;
    let is_observed = case.before.observed_generation == case.service.metadata.generation;
    for child in &children {
        ledger.recall(&plan, child, case.inventory, is_observed);
    }
    Ok(Planned {
        plan,
        children,
        is_template_pending: template.is_pending(),
    })
}

fn cluster(ledger: &Ledger, planned: &Planned, inventory: &[InventoryEntry]) -> Cluster {
    let key = |kind, name: &str| ChildKey::of(kind, &planned.plan, name);
    let stands = |child: &Child| {
        let account = ledger.account(&key(child.kind, &child.name), child.digest);
        Live::of(child, account)
    };
    let is_there = |(kind, name): &(ChildKind, String)| {
        let standing = ledger.standing(&key(*kind, name), 0);
        !matches!(standing, Standing::Absent | Standing::Gone)
    };
    Cluster {
        children: planned.children.iter().map(stands).collect(),
        leftovers: unplanned(inventory, &planned.children).filter(is_there).collect(),
        is_template_pending: planned.is_template_pending,
    }
}

/// What was made and is not planned any more. Earlier settings and revisions stay for a while: nothing refers to them.
fn unplanned<'a>(
    inventory: &'a [InventoryEntry],
    children: &'a [Child],
) -> impl Iterator<Item = (ChildKind, String)> + 'a {
    let known = inventory.iter().filter_map(|entry| {
        Some((
            ChildKind::of(&entry.api_version, &entry.kind)?,
            entry.name.clone(),
        ))
    });
    known.filter(|(kind, name)| {
        let stays = matches!(kind, ChildKind::ConfigMap | ChildKind::ControllerRevision);
        let is_planned = children
            .iter()
            .any(|child| child.kind == *kind && child.name == *name);
        !stays && !is_planned
    })
}

#[cfg(test)]
mod tests;
