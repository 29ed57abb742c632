//! The floor: a bare client that creates the very objects that the operator makes.

use std::time::Instant;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::{self, Child};
use kube::api::{Patch, PatchParams, PostParams};
use kube::core::DynamicObject;
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::world::{REPLICAS, service};

/// How it makes them.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// POST.
    Create,
    /// Server-side apply, as the operator does.
    Apply,
}

/// Makes the objects of every service, services side by side, objects of one in order. Seconds.
pub(crate) async fn make(
    client: &Client,
    namespace: &str,
    services: usize,
    concurrency: usize,
    way: Way,
) -> Result<f64> {
    let all = (0..services).map(|number| objects(number, namespace));
    let all = all.collect::<Result<Vec<_>>>()?;
    let started = Instant::now();
    stream::iter(all)
        .map(|objects| async move {
            for object in objects {
                let resource = object.kind.resource();
                let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
                one(&api, object, way).await?;
            }
            anyhow::Ok(())
        })
        .buffer_unordered(concurrency)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(started.elapsed().as_secs_f64())
}

async fn one(api: &Api<DynamicObject>, object: Child, way: Way) -> kube::Result<DynamicObject> {
    match way {
        Way::Create => {
            let object = serde_json::from_value(object.body).map_err(kube::Error::SerdeError)?;
            api.create(&PostParams::default(), &object).await
        }
        Way::Apply => {
            let params = PatchParams::apply("bare").force();
            api.patch(&object.name, &params, &Patch::Apply(object.body)).await
        }
    }
}

/// Without an owner, and with the number of replicas that the operator sets beside.
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
        if let Some(metadata) = object.body.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("ownerReferences");
        }
        if let Some(spec) = object.body.pointer_mut("/spec").and_then(Value::as_object_mut)
            && object.kind == render::ChildKind::Deployment
        {
            spec.insert("replicas".to_owned(), json!(REPLICAS));
        }
    }
    Ok(objects)
}
