//! Carries rollouts on: reads revisions and pods, and decides with [`crate::rollout`]. I/O.

use std::sync::Arc;

use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::{HealthcareServiceStatus, Rollout, RolloutPhase, RolloutStatus};
use kube::ResourceExt;

use crate::analysis::Verdict;
use crate::analysis::queries::error_budget_spent;
use crate::context::Context;
use crate::outcome::Error;
use crate::plan::Plan;
use crate::queue::Key;
use crate::render::{self, Child, Children, RenderError, names};
use crate::risk::{self, History};
use crate::rollout::sizes::{Deployments, Sizes, sizes};
use crate::rollout::stages::StageKind;
use crate::rollout::{self, Observed, Revision, Version, Versions, gates};
use crate::template::{self, Choice};

mod handover;
mod measure;
mod revisions;

pub use handover::taken_over;
pub use measure::Measurements;
pub use revisions::Revisions;

/// What a pass has to bring about.
#[derive(Debug)]
pub struct Step {
    /// State of the rollout after that.
    pub rollout: RolloutStatus,
    /// Plan of the version that the primary runs.
    pub plan: Plan,
    /// The children.
    pub children: Vec<Child>,
    /// The pod template of the primary.
    pub template: Choice,
    /// Number of pods of each Deployment.
    pub sizes: Sizes,
}

/// One service in one pass.
struct Pass<'a> {
    ctx: &'a Context,
    service: &'a HealthcareService,
    plan: &'a Plan,
    before: &'a HealthcareServiceStatus,
    settings: Rollout,
    now: Deployments<'a>,
}

/// The next step of a service: for most of them there is none, and the children are those of the spec.
///
/// # Errors
/// When a revision or the pods cannot be read, or nothing can be rendered.
pub async fn step(
    ctx: &Context,
    service: &HealthcareService,
    plan: &Plan,
    before: &HealthcareServiceStatus,
) -> Result<Step, Error> {
    let get = |name: &str| ctx.workloads.get(&plan.owner.namespace, name);
    let (primary, candidate) = (
        get(names::child(plan)),
        get(&names::candidate(names::child(plan))),
    );
    let plan = &named_as_before(service, plan, before);
    let pass = Pass {
        ctx,
        service,
        plan,
        before,
        settings: service.spec.rollout.clone().unwrap_or_default(),
        now: Deployments {
            primary: primary.as_ref(),
            candidate: candidate.as_ref(),
        },
    };
    match before
        .rollout
        .as_ref()
        .filter(|rollout| is_settled(rollout, plan))
    {
        Some(rollout) => pass.settled(rollout.clone()),
        None => pass.go_on().await,
    }
}

/// The plan, under the name that its spec was given when its rollout began: another release of the operator may know more
/// fields, and the same spec is not to be rolled out again for that. That the status has seen a spec is not enough: the pass
/// may have failed before a rollout began.
pub fn named_as_before(service: &HealthcareService, plan: &Plan, before: &HealthcareServiceStatus) -> Plan {
    let wish = plan.revision.template_requested_at.as_ref();
    let granted = before
        .pod_template
        .as_ref()
        .and_then(|used| used.requested_at.as_ref());
    let is_known = |rollout: &&RolloutStatus| {
        Some(rollout.generation) == service.metadata.generation && (wish.is_none() || wish == granted)
    };
    let known = before.rollout.as_ref().filter(is_known);
    plan.clone()
        .of_revision(known.map(|rollout| rollout.revision.as_str()))
}

/// The children of the spec and nothing else, with the pod template that they have.
///
/// # Errors
/// When they cannot be rendered.
pub fn settled_children(
    service: &HealthcareService,
    plan: &Plan,
    before: &HealthcareServiceStatus,
) -> Result<(Vec<Child>, Choice), RenderError> {
    let mut children = render::children(plan)?.into_list()?;
    let template = template::choose_for(service, before.pod_template.as_ref(), &mut children);
    Ok((children, template))
}

/// Whether the pods of the spec serve, and nothing is to be gone back to.
fn is_settled(rollout: &RolloutStatus, plan: &Plan) -> bool {
    rollout.phase == RolloutPhase::Completed && rollout.revision == plan.revision.name
}

impl Pass<'_> {
    async fn go_on(&self) -> Result<Step, Error> {
        let good = match self.before.rollout.as_ref().and_then(rollout::last_good) {
            Some(name) => self.revision(name).await?,
            None => None,
        };
        let rollout = match &self.before.rollout {
            Some(rollout) if rollout.revision == self.plan.revision.name => self.advance(rollout).await?,
            _ => self.begin(good.as_deref()).await,
        };
        match good {
            Some(good) if rollout.phase != RolloutPhase::Completed => self.between(rollout, &good).await,
            _ => self.settled(rollout),
        }
    }

    /// A rollout of the spec, from the revision that served well last.
    async fn begin(&self, good: Option<&Revision>) -> RolloutStatus {
        let before = self.before.rollout.as_ref();
        let error_budget_spent = match good {
            Some(_) => self.error_budget_spent().await,
            None => None,
        };
        let risk = risk::score(&risk::Change {
            from: good.map(|good| &good.spec),
            to: &self.service.spec,
            history: History {
                last_rollout_failed: before.is_some_and(|before| before.phase == RolloutPhase::RolledBack),
                error_budget_spent,
            },
        });
        let wish = self.plan.revision.template_requested_at.as_deref();
        let change = rollout::Change {
            revision: &self.plan.revision.name,
            generation: generation(self.service),
            is_around_the_pods: good.is_some_and(|good| good.has_pods_of(&self.service.spec, wish)),
            strategy: risk::strategy(&self.settings, &risk),
            risk,
            replicas: self.now.primary_size(self.plan.replicas.minimum()),
        };
        // Without the object there is nothing to go back to, whatever the status says.
        let before = before.filter(|_| good.is_some());
        let now = self.ctx.clock.now();
        let begun = rollout::begin(before, &change, &self.settings, now);
        if self.is_there_already() {
            rollout::advance(
                &begun,
                &self.settings,
                &self.observed(&begun, Verdict::Pass, 0),
                None,
                now,
            )
        } else {
            begun
        }
    }

    /// Unknown is no reason to wait: it makes a change no riskier.
    async fn error_budget_spent(&self) -> Option<f64> {
        let prometheus = self.ctx.prometheus.as_ref()?;
        let expression = error_budget_spent(self.plan)?;
        let answer = prometheus.value(&expression).await;
        answer.unwrap_or_else(|error| {
            tracing::warn!(%error, "the error budget is not known");
            None
        })
    }

    /// Whether the pods of the spec were made before rollouts were kept account of.
    fn is_there_already(&self) -> bool {
        let template = self.before.pod_template.as_ref();
        self.before.rollout.is_none()
            && template.is_some_and(|used| used.spec_digest == template::spec_digest(&self.service.spec))
    }

    async fn advance(&self, rollout: &RolloutStatus) -> Result<RolloutStatus, Error> {
        let (measured, failures) = if self.is_to_be_measured(rollout) {
            self.measure(rollout).await?
        } else {
            (Verdict::Pass, 0)
        };
        let gate = gates::gate(self.service.annotations(), rollout);
        let seen = self.observed(rollout, measured, failures);
        Ok(rollout::advance(
            rollout,
            &self.settings,
            &seen,
            gate,
            self.ctx.clock.now(),
        ))
    }

    /// Pods that took over tell by themselves when they fail, by the Deployment's numbers, so that one look at the end is enough:
    /// a look at each of thousands that changed together is dear.
    fn is_to_be_measured(&self, rollout: &RolloutStatus) -> bool {
        if rollout::is_over(rollout.phase) || rollout.last_good_revision.is_none() {
            return false;
        }
        let stage = rollout::stage_of(rollout, &self.settings);
        let is_over = rollout::age(rollout, self.ctx.clock.now()).as_secs()
            >= u64::try_from(stage.bake_seconds).unwrap_or(0);
        let is_whole = self
            .now
            .primary
            .is_some_and(|primary| primary.available >= primary.wanted);
        stage.kind != StageKind::Watch || self.ctx.prometheus.is_some() || is_over || !is_whole
    }

    async fn measure(&self, rollout: &RolloutStatus) -> Result<(Verdict, i32), Error> {
        let observability = self.service.spec.observability.clone().unwrap_or_default();
        let target = measure::Target {
            key: &Key::from(self.service),
            rollout,
            stage: rollout::stage_of(rollout, &self.settings),
            settings: &self.settings,
            plan: self.plan,
            observability: &observability,
            age: rollout::age(rollout, self.ctx.clock.now()),
        };
        measure::measure(self.ctx, &target).await
    }

    fn observed(&self, rollout: &RolloutStatus, measured: Verdict, failures: i32) -> Observed {
        let stage = rollout::stage_of(rollout, &self.settings).kind;
        let arrangement = rollout::arrangement(rollout, &self.settings);
        let minimum = self.plan.replicas.minimum();
        Observed {
            is_in_place: self.now.are_in_place(rollout.phase, stage, arrangement, minimum),
            measured,
            failures,
        }
    }

    async fn revision(&self, name: &str) -> Result<Option<Arc<Revision>>, Error> {
        let (revisions, inventory) = (&self.ctx.revisions, &self.before.inventory);
        revisions
            .get(&self.ctx.client, self.service, inventory, name)
            .await
    }

    /// The children of the spec and nothing else.
    fn settled(&self, mut rollout: RolloutStatus) -> Result<Step, Error> {
        if rollout.phase == RolloutPhase::Completed {
            // What changed since, such as a pause that is over, made no other revision.
            rollout.generation = generation(self.service);
            self.ctx.revisions.forget(&Key::from(self.service));
            self.ctx.measurements.forget(&Key::from(self.service));
        }
        let (children, template) = settled_children(self.service, self.plan, self.before)?;
        Ok(Step {
            rollout,
            plan: self.plan.clone(),
            children,
            template,
            sizes: Sizes {
                primary: self.plan.replicas.clone(),
                candidate: None,
            },
        })
    }

    /// The children of two versions.
    async fn between(&self, rollout: RolloutStatus, good: &Revision) -> Result<Step, Error> {
        let arrangement = rollout::arrangement(&rollout, &self.settings);
        let good_plan = Plan::new(
            &good.service(self.service),
            &self.ctx.defaults,
            self.plan.capabilities,
        )?;
        let good_plan = good_plan.of_revision(rollout.last_good_revision.as_deref());
        let kept = self.revision(&rollout.revision).await?;
        let versions = Versions {
            new: with_template(render::children(self.plan)?, kept.as_deref()),
            good: with_template(render::children(&good_plan)?, Some(good)),
        };
        let plan = match arrangement.primary {
            Version::New => self.plan.clone(),
            Version::Good => good_plan,
        };
        let composed = rollout::compose(versions, arrangement, rollout.replicas).map_err(json)?;
        let mut children = composed.into_list()?;
        let template = match arrangement.primary {
            Version::New => {
                template::choose_for(self.service, self.before.pod_template.as_ref(), &mut children)
            }
            Version::Good => Choice::Newest(good.pod_template()),
        };
        Ok(Step {
            sizes: sizes(arrangement, &plan.replicas, self.now),
            rollout,
            plan,
            children,
            template,
        })
    }
}

fn generation(service: &HealthcareService) -> i64 {
    service.metadata.generation.unwrap_or_default()
}

/// Children with the pods that were made of the spec at that time.
fn with_template(mut children: Children, kept: Option<&Revision>) -> Children {
    if let (Some(kept), Some(spec)) = (kept, children.deployment.spec.as_mut()) {
        spec.template = kept.template.clone();
    }
    children
}

fn json(source: serde_json::Error) -> RenderError {
    RenderError::Json {
        kind: "Deployment",
        source,
    }
}

#[cfg(test)]
mod tests;
