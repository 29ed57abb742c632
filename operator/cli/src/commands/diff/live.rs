//! What the operator would change in a cluster, by dry runs of what it would send. I/O; what is sent is made in pure functions.

use healthcare_crds::{HealthcareService, keys};
use healthcare_operator::apply::ownership;
use healthcare_operator::field_managers::FIELD_MANAGER;
use healthcare_operator::plan::Plan;
use healthcare_operator::render::{self, Child, ChildKind, RenderError};
use healthcare_operator::template::{self, Choice};
use healthcare_operator::workload::{DeploymentView, ReplicasOwner, Workload};
use kube::api::{Patch, PatchParams};
use kube::core::DynamicObject;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::cluster::{Cluster, ClusterError, failed};
use crate::commands::render::{capabilities, identify};
use crate::difference::{self, Change, Object, Pods};
use crate::report::Error;
use crate::service::{self, Refusal, Surroundings, full_name};

/// What would change of each service.
pub(super) async fn changes(
    cluster: &Cluster,
    services: Vec<HealthcareService>,
    mut surroundings: Surroundings,
    context: usize,
) -> Result<Vec<Change>, Error> {
    surroundings.capabilities = capabilities(cluster).await?;
    let mut changes = Vec::new();
    for mut service in services {
        let stored = identify(cluster, &mut service).await?;
        keep_annotations(&mut service, stored.as_ref());
        changes.extend(change(cluster, &service, stored.as_ref(), &surroundings, context).await?);
    }
    Ok(changes)
}

/// Applying a manifest leaves annotations that it does not name, such as a request for a newer pod template.
pub(in crate::commands) fn keep_annotations(
    service: &mut HealthcareService,
    stored: Option<&HealthcareService>,
) {
    let named = service.annotations().clone();
    let stored = stored
        .map(|stored| stored.annotations().clone())
        .unwrap_or_default();
    service.annotations_mut().extend(stored);
    service.annotations_mut().extend(named);
}

async fn change(
    cluster: &Cluster,
    service: &HealthcareService,
    stored: Option<&HealthcareService>,
    surroundings: &Surroundings,
    context: usize,
) -> Result<Option<Change>, Error> {
    let name = full_name(service);
    let refused = |refusal| Error::Service {
        name: name.clone(),
        refusal,
    };
    let plan = service::plan(service, surroundings).map_err(refused)?;
    let children = children(&plan).map_err(|error| Error::Service {
        name: name.clone(),
        refusal: Refusal::Render(error),
    })?;
    let mut sides = Sides {
        cluster,
        service,
        stored,
        plan: &plan,
        old: Vec::new(),
        new: Vec::new(),
        remarks: Vec::new(),
    };
    for child in &children {
        sides.add(child).await?;
    }
    sides.surplus(&children).await?;
    if service.spec.paused {
        sides
            .remarks
            .push("spec.paused is true: nothing happens until it is false".to_owned());
    }
    let (old, new, remarks) = (sides.old, sides.new, sides.remarks);
    let mut found = difference::compare(&old, &new, context);
    Ok(found
        .pop()
        .or_else(|| only_remarks(&name, &remarks))
        .map(|change| Change { remarks, ..change }))
}

fn children(plan: &Plan) -> Result<Vec<Child>, RenderError> {
    render::children(plan)?.into_list()
}

/// A refusal is worth telling though no object changes.
fn only_remarks(service: &str, remarks: &[String]) -> Option<Change> {
    (!remarks.is_empty()).then(|| Change {
        service: service.to_owned(),
        pods: Pods::Stay,
        objects: Vec::new(),
        remarks: Vec::new(),
    })
}

/// What is there and what would be there.
struct Sides<'a> {
    cluster: &'a Cluster,
    service: &'a HealthcareService,
    stored: Option<&'a HealthcareService>,
    plan: &'a Plan,
    old: Vec<Object>,
    new: Vec<Object>,
    remarks: Vec<String>,
}

impl Sides<'_> {
    async fn add(&mut self, child: &Child) -> Result<(), ClusterError> {
        let live = self.read(child.kind, &child.name).await?;
        if let Some(live) = &live
            && let Some(refusal) = self.foreign(child, live)
        {
            self.remarks.push(refusal);
            return Ok(());
        }
        let live = live.and_then(|live| serde_json::to_value(live).ok());
        let body = as_sent(child, self.plan, live.as_ref(), self.keeps_template(child));
        let mut after = self.dry_run(child, &body, live.is_some()).await?;
        scaled(child, self.plan, live.as_ref(), &mut after);
        self.old.extend(live.map(|body| self.object(child.kind, body)));
        self.new.push(self.object(child.kind, after));
        Ok(())
    }

    /// Children that are no longer wanted. Earlier ConfigMaps stay for rollback.
    async fn surplus(&mut self, children: &[Child]) -> Result<(), ClusterError> {
        let status = self.stored.and_then(|stored| stored.status.as_ref());
        for entry in status.into_iter().flat_map(|status| &status.inventory) {
            let kind = ChildKind::of(&entry.api_version, &entry.kind);
            let Some(kind) = kind.filter(|kind| *kind != ChildKind::ConfigMap) else {
                continue;
            };
            if children
                .iter()
                .any(|child| child.kind == kind && child.name == entry.name)
            {
                continue;
            }
            let live = self.read(kind, &entry.name).await?;
            let live = live.and_then(|live| serde_json::to_value(live).ok());
            self.old.extend(live.map(|body| self.object(kind, body)));
        }
        Ok(())
    }

    fn object(&self, kind: ChildKind, body: Value) -> Object {
        Object {
            service: full_name(self.service),
            kind,
            body,
        }
    }

    fn api(&self, kind: ChildKind) -> Api<DynamicObject> {
        let client = self.cluster.client.clone();
        Api::namespaced_with(client, &self.plan.owner.namespace, &kind.resource())
    }

    fn what(&self, kind: ChildKind, name: &str) -> String {
        format!("{} {}/{name}", kind.kind(), self.plan.owner.namespace)
    }

    async fn read(&self, kind: ChildKind, name: &str) -> Result<Option<DynamicObject>, ClusterError> {
        let found = self.api(kind).get_opt(name).await;
        found.map_err(failed("read", self.what(kind, name)))
    }

    /// Why the operator would not touch an object that has the name of a child.
    fn foreign(&self, child: &Child, live: &DynamicObject) -> Option<String> {
        let adopt = self.service.annotations().get(keys::ADOPT);
        let adopt = adopt.is_some_and(|value| value == "true");
        let status = self.stored.and_then(|stored| stored.status.as_ref());
        let mut inventory = status.into_iter().flat_map(|status| &status.inventory);
        let known = inventory.find(|entry| entry.name == child.name && entry.kind == child.kind.kind());
        let known = known.map(|entry| entry.uid.as_str());
        let refusal = ownership::check(child, &live.metadata, self.plan, adopt, known).err()?;
        Some(format!("the operator would leave this alone: {refusal}"))
    }

    /// Whether pods keep the template that they run with, as the newest differs for the operator's sake only.
    fn keeps_template(&self, child: &Child) -> bool {
        let before = self.stored.and_then(|stored| stored.status.as_ref());
        let before = before.and_then(|status| status.pod_template.as_ref());
        let rendered = child.body.pointer("/spec/template").unwrap_or(&Value::Null);
        child.kind == ChildKind::Deployment
            && matches!(
                template::choose(self.service, before, rendered),
                Choice::InUse { .. }
            )
    }

    /// What the API server would store. In a namespace that is not there yet nobody can tell: what would be sent.
    async fn dry_run(&self, child: &Child, body: &Value, exists: bool) -> Result<Value, ClusterError> {
        let params = PatchParams::apply(FIELD_MANAGER).force().dry_run();
        let answer = self
            .api(child.kind)
            .patch(&child.name, &params, &Patch::Apply(body))
            .await;
        match answer {
            Ok(stored) => Ok(serde_json::to_value(stored).unwrap_or_default()),
            Err(kube::Error::Api(status)) if status.code == 404 && !exists => Ok(body.clone()),
            Err(error) => Err(failed("try out a change of", self.what(child.kind, &child.name))(
                error,
            )),
        }
    }
}

fn workload(live: Option<&Value>) -> Option<Workload> {
    let view: DeploymentView = serde_json::from_value(live?.clone()).ok()?;
    Workload::of(&view)
}

/// The body that the operator would send.
fn as_sent(child: &Child, plan: &Plan, live: Option<&Value>, keeps_template: bool) -> Value {
    let mut body = child.body.clone();
    if child.kind != ChildKind::Deployment {
        return body;
    }
    let in_use = live.filter(|_| keeps_template).and_then(template::in_use);
    if let (Some(in_use), Some(place)) = (in_use, body.pointer_mut("/spec/template")) {
        *place = in_use;
    }
    let kept = match workload(live) {
        None => Some(plan.replicas.minimum()),
        Some(workload) if workload.replicas_owner == ReplicasOwner::Maker => Some(workload.wanted),
        Some(_) => None,
    };
    if let (Some(number), Some(spec)) = (kept, body.pointer_mut("/spec").and_then(Value::as_object_mut)) {
        spec.insert("replicas".to_owned(), json!(number));
    }
    body
}

/// Sets the number of pods that the operator's second field manager would set after that.
fn scaled(child: &Child, plan: &Plan, live: Option<&Value>, after: &mut Value) {
    let number = workload(live).and_then(|workload| workload.replicas_to_set(&plan.replicas));
    let number = number.filter(|_| child.kind == ChildKind::Deployment);
    if let (Some(number), Some(place)) = (number, after.pointer_mut("/spec/replicas")) {
        *place = json!(number);
    }
}
