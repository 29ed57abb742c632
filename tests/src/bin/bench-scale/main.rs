//! `make bench-scale N=200`: how fast N services converge beside a bare client that creates the same objects.
//!
//! Both run in the same process run, against the same API server, at the same concurrency, in namespaces of their own.
//! Requests are counted from the API server's audit log, by the operator's own user.
#![expect(clippy::print_stdout, reason = "the output of a benchmark")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Parser;
use futures::{StreamExt, TryStreamExt, stream};
use healthcare_crds::HealthcareService;
use healthcare_crds::crd::healthcare_service_crd_yaml;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::{self, Child as Object};
use healthcare_tests::measured::Measured;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{ListParams, PostParams};
use kube::core::DynamicObject;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use local_cluster::{Cluster, FakeNode, Options};
use serde::Serialize;
use serde_json::{Value, json};

mod audit;

/// The operator's user, as it stands in the audit log.
const USER: &str = "bench-operator";
/// Children of each service.
const CHILDREN: usize = 10;
/// Longest time for either to finish.
const PATIENCE: Duration = Duration::from_mins(30);

/// Measures convergence.
#[derive(Parser)]
struct Bench {
    /// Number of services
    #[arg(long, default_value_t = 200)]
    services: usize,
    /// Passes, and requests of the bare client, at a time
    #[arg(long, default_value_t = 16)]
    concurrency: usize,
    /// Seconds of rest that are watched after convergence
    #[arg(long, default_value_t = 30)]
    rest_seconds: u64,
    /// Where the figures go
    #[arg(long, default_value = "target/bench/scale.json")]
    output: PathBuf,
}

/// The figures. Times in seconds, memory in MiB.
#[derive(Serialize)]
struct Figures {
    services: usize,
    concurrency: usize,
    floor_seconds: f64,
    converged_seconds: f64,
    /// Floor divided by convergence: 1 is as fast as the bare client.
    ratio: f64,
    requests: usize,
    requests_per_service: f64,
    requests_by_verb: BTreeMap<String, usize>,
    requests_by_resource: BTreeMap<String, usize>,
    cpu_seconds: f64,
    resident_mib: f64,
    peak_resident_mib: f64,
    rest_seconds: u64,
    requests_at_rest: BTreeMap<String, usize>,
    cpu_seconds_at_rest: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let bench = Bench::parse();
    let operator = Path::new("target/release/healthcare-operator");
    if !operator.is_file() {
        bail!("target/release/healthcare-operator is missing: cargo build --release -p healthcare-operator");
    }
    let cluster = tokio::task::spawn_blocking(|| {
        Cluster::start(Options {
            node: false,
            audit: true,
        })
    })
    .await??;
    let client = prepare(&cluster).await?;
    let _node = FakeNode::start(client.clone()).await?;

    println!(
        "floor: a bare client creates {} objects",
        bench.services * CHILDREN
    );
    let floor = floor(&client, &bench).await?;
    rest(&client).await?;
    println!("operator: {} services", bench.services);
    let figures = measure(&cluster, &client, &bench, operator, floor).await?;
    std::fs::create_dir_all(bench.output.parent().context("the output has a directory")?)?;
    std::fs::write(&bench.output, serde_json::to_vec_pretty(&figures)?)?;
    println!("{}", serde_json::to_string_pretty(&figures)?);
    println!("written to {}", bench.output.display());
    Ok(())
}

async fn prepare(cluster: &Cluster) -> Result<Client> {
    cluster.apply(&healthcare_service_crd_yaml()?)?;
    cluster.install_monitoring_crds()?;
    cluster.wait_for_crds()?;
    for namespace in ["floor", "services"] {
        cluster.kubectl(&["create", "namespace", namespace])?;
    }
    cluster.client().await
}

fn service(number: usize, namespace: &str) -> Result<HealthcareService> {
    let mut manifest: Value =
        serde_yaml::from_str(include_str!("../../../../examples/synthetic-phi-service.yaml"))?;
    let name = format!("service-{number}");
    if let Some(metadata) = manifest.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("name".to_owned(), json!(name));
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    Ok(serde_json::from_value(manifest)?)
}

/// The very objects that the operator makes, without an owner.
fn objects(number: usize) -> Result<Vec<Object>> {
    let mut service = service(number, "floor")?;
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
            spec.insert("replicas".to_owned(), json!(3));
        }
    }
    Ok(objects)
}

/// Creates the objects of every service, services side by side, objects of one in order.
async fn floor(client: &Client, bench: &Bench) -> Result<f64> {
    let all = (0..bench.services).map(objects).collect::<Result<Vec<_>>>()?;
    let started = Instant::now();
    stream::iter(all)
        .map(|objects| async move {
            for object in objects {
                let api: Api<DynamicObject> =
                    Api::namespaced_with(client.clone(), "floor", &object.kind.resource());
                api.create(&PostParams::default(), &serde_json::from_value(object.body)?)
                    .await?;
            }
            anyhow::Ok(())
        })
        .buffer_unordered(bench.concurrency)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(started.elapsed().as_secs_f64())
}

fn start(binary: &Path, kubeconfig: &Path, concurrency: usize) -> Result<Measured> {
    let log = std::fs::File::create(kubeconfig.with_file_name("bench-operator.log"))?;
    let arguments = [
        "run",
        "--leader-elect=false",
        "--admin-address=127.0.0.1:0",
        &format!("--concurrency={concurrency}"),
    ];
    Measured::start(
        Command::new(binary)
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log),
    )
}

async fn measure(
    cluster: &Cluster,
    client: &Client,
    bench: &Bench,
    binary: &Path,
    floor_seconds: f64,
) -> Result<Figures> {
    let kubeconfig = cluster.user(USER, Some("system:masters"))?;
    let operator = start(binary, &kubeconfig, bench.concurrency)?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (cpu_before, requests_before) = (operator.cpu_seconds()?, audit::requests(cluster, USER)?.len());
    let converged_seconds = converge(client, bench).await?;
    let cpu_seconds = operator.cpu_seconds()? - cpu_before;
    // What follows convergence: pods becoming ready, and the statuses that say so.
    tokio::time::sleep(Duration::from_secs(45)).await;
    let spent: Vec<_> = audit::requests(cluster, USER)?.split_off(requests_before);
    let cpu_rest = operator.cpu_seconds()?;
    let rest_before = audit::requests(cluster, USER)?.len();
    tokio::time::sleep(Duration::from_secs(bench.rest_seconds)).await;
    let at_rest = audit::requests(cluster, USER)?.split_off(rest_before);
    Ok(Figures {
        services: bench.services,
        concurrency: bench.concurrency,
        floor_seconds,
        converged_seconds,
        ratio: floor_seconds / converged_seconds,
        requests: spent.len(),
        requests_per_service: ratio(spent.len(), bench.services),
        requests_by_verb: counted(spent.iter().map(|r| r.verb.clone())),
        requests_by_resource: counted(spent.iter().map(|r| format!("{} {}", r.verb, r.resource))),
        cpu_seconds,
        resident_mib: operator.memory("VmRSS")?,
        peak_resident_mib: operator.memory("VmHWM")?,
        rest_seconds: bench.rest_seconds,
        requests_at_rest: counted(at_rest.iter().map(|r| format!("{} {}", r.verb, r.resource))),
        cpu_seconds_at_rest: operator.cpu_seconds()? - cpu_rest,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// From the first manifest to the last complete inventory.
async fn converge(client: &Client, bench: &Bench) -> Result<f64> {
    let api: Api<HealthcareService> = Api::namespaced(client.clone(), "services");
    let all = (0..bench.services)
        .map(|n| service(n, "services"))
        .collect::<Result<Vec<_>>>()?;
    let started = Instant::now();
    let watching = tokio::spawn(all_complete(api.clone(), bench.services));
    let creating = stream::iter(all)
        .map(|service| {
            let api = api.clone();
            async move { api.create(&PostParams::default(), &service).await }
        })
        .buffer_unordered(bench.concurrency);
    creating.try_collect::<Vec<_>>().await?;
    tokio::time::timeout(PATIENCE, watching)
        .await
        .context("not all services converged")???;
    Ok(started.elapsed().as_secs_f64())
}

/// Watches until every service has all its children in the inventory.
async fn all_complete(api: Api<HealthcareService>, services: usize) -> Result<()> {
    let mut events = watcher(api, watcher::Config::default()).applied_objects().boxed();
    let mut complete = BTreeSet::new();
    while complete.len() < services {
        let service = events.try_next().await?.context("the watch ended")?;
        let status = service.status.as_ref();
        if status.is_some_and(|status| status.inventory.len() == CHILDREN) {
            complete.insert(service.name_any());
        }
    }
    Ok(())
}

/// Waits until the pods of the bare client's Deployments are there, so that both measurements begin at rest.
async fn rest(client: &Client) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "floor");
    let started = Instant::now();
    let is_available = |deployment: &Deployment| {
        let status = deployment.status.as_ref();
        status.and_then(|status| status.available_replicas) == Some(3)
    };
    while !deployments
        .list(&ListParams::default())
        .await?
        .iter()
        .all(is_available)
    {
        if started.elapsed() > PATIENCE {
            bail!("the pods of the bare client's Deployments do not come up");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    Ok(())
}

fn counted(words: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    words.fold(BTreeMap::new(), |mut counts, word| {
        *counts.entry(word).or_default() += 1;
        counts
    })
}
