//! The floor: a bare client that makes the very objects that are there in the end.

use std::time::Instant;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::{self, Child};
use kube::api::{Patch, PatchParams, PostParams};
use kube::core::DynamicObject;
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use crate::world::{REPLICAS, service};

/// Which objects it makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// What the operator makes.
    Children,
    /// And what its users make.
    All,
}

/// Makes the objects of every service, services side by side, objects of one in order: the service by POST as its user does, its
/// children by server-side apply as the operator does. Seconds.
pub(crate) async fn make(
    client: &Client,
    namespace: &str,
    services: usize,
    concurrency: usize,
    what: What,
) -> Result<f64> {
    let all =
        (0..services).map(|number| anyhow::Ok((service(number, namespace)?, objects(number, namespace)?)));
    let all = all.collect::<Result<Vec<_>>>()?;
    let users = Api::<HealthcareService>::namespaced(client.clone(), namespace);
    let started = Instant::now();
    stream::iter(all)
        .map(|(service, objects)| {
            let users = users.clone();
            async move {
                let mut owner = None;
                if what == What::All {
                    owner = users.create(&PostParams::default(), &service).await?.uid();
                }
                for object in objects {
                    apply(client, namespace, owned_by(object, owner.as_deref())).await?;
                }
                anyhow::Ok(())
            }
        })
        .buffer_unordered(concurrency)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(started.elapsed().as_secs_f64())
}

async fn apply(client: &Client, namespace: &str, object: Child) -> kube::Result<DynamicObject> {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &object.kind.resource());
    let params = PatchParams::apply("bare").force();
    api.patch(&object.name, &params, &Patch::Apply(object.body)).await
}

/// Children of a service that is not there are removed.
fn owned_by(mut object: Child, owner: Option<&str>) -> Child {
    match (owner, object.body.pointer_mut("/metadata/ownerReferences/0/uid")) {
        (Some(owner), Some(uid)) => *uid = json!(owner),
        _ => {
            if let Some(metadata) = object.body.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("ownerReferences");
            }
        }
    }
    object
}

/// With the number of replicas that the operator sets beside.
fn objects(number: usize, namespace: &str) -> Result<Vec<Child>> {
    let mut service = service(number, namespace)?;
    service.metadata.uid = Some("none".to_owned());
    service.metadata.generation = Some(1);
    let all = Capabilities {
        service_monitor: true,
        prometheus_rule: true,
        http_route: false,
    };
    let plan = Plan::new(&service, &OperatorDefaults::default(), all)?;
    let mut objects = render::children(&plan)?.into_list()?;
    for object in &mut objects {
        if let Some(spec) = object.body.pointer_mut("/spec").and_then(Value::as_object_mut)
            && object.kind == render::ChildKind::Deployment
        {
            spec.insert("replicas".to_owned(), json!(REPLICAS));
        }
    }
    Ok(objects)
}
