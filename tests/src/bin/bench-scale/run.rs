//! One size, from an empty cluster to a fail-over.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::Bench;
use crate::audit::Audit;
use crate::bare::{self, What};
use crate::meter::{Meter, Phase};
use crate::phases;
use crate::world::{NAMESPACE, Operator, USER, World};

/// Seconds that a standby waits for a silent leader: the default.
const LEASE_SECONDS: u64 = 15;

/// An odd number, for there to be a middle one: single starts differ threefold beside a busy control plane.
const RESTARTS: usize = 7;

/// The figures of one size.
#[derive(Serialize)]
pub(crate) struct Figures {
    pub(crate) services: usize,
    pub(crate) concurrency: usize,
    /// A bare client that makes the same objects, services and children, by the same requests: only so are they the same,
    /// field managers included. Absent when the floor was left out, as the next three.
    pub(crate) floor_seconds: Option<f64>,
    /// The same without the services.
    pub(crate) floor_children_seconds: Option<f64>,
    /// Floor divided by convergence, which lasts from the first service's creation to the last one's complete status: 1 is
    /// as fast as the bare client.
    pub(crate) ratio: Option<f64>,
    pub(crate) ratio_to_children: Option<f64>,
    /// Of new processes beside what is there, from start to readiness, the shortest first; the phase is the middle one.
    pub(crate) restart_seconds: Vec<f64>,
    pub(crate) lease_seconds: u64,
    /// From the death of the leader to the repair of a Service that was deleted at that moment.
    pub(crate) failover_seconds: f64,
    pub(crate) phases: Vec<Phase>,
}

pub(crate) async fn run(bench: &Bench, services: usize) -> Result<Figures> {
    let (mut floor_children_seconds, mut floor_seconds) = (None, None);
    if !bench.without_floor {
        floor_children_seconds = Some(floor(bench, services, What::Children).await?);
        floor_seconds = Some(floor(bench, services, What::All).await?);
    }
    let world = World::start(&bench.operator, bench.concurrency).await?;
    let mut meter = Meter {
        audit: Audit::of(&world.cluster, USER)?,
    };
    let operator = world.operator("first", &["--leader-elect=false"])?;
    operator.ready().await?;
    meter.rest().await?;

    let mut phases = Vec::new();
    let process = &operator.process;
    let converge = phases::converge(&world, services);
    phases.push(meter.phase("converge", process, converge).await?);
    let converged = phases.iter().map(|phase| phase.seconds).sum::<f64>();
    let settle = async {
        phases::all_available(&world).await?;
        world.settled().await?;
        Ok(Vec::new())
    };
    phases.push(meter.phase("pods come up", process, settle).await?);
    let pause = async {
        tokio::time::sleep(Duration::from_secs(bench.rest_seconds)).await;
        Ok(Vec::new())
    };
    phases.push(meter.phase("rest", process, pause).await?);
    disturb(&world, &mut meter, &operator, services, &mut phases).await?;
    drop(operator);

    let restarts = restarts(&world, &mut meter).await?;
    let restart_seconds = restarts.iter().map(|phase| phase.seconds).collect();
    phases.extend(restarts.into_iter().nth(RESTARTS / 2));
    for (name, shard) in [("shard 0/2", "--shard=0/2"), ("shard 1/2", "--shard=1/2")] {
        phases.push(begun(&world, &mut meter, name, shard).await?);
    }
    let failover_seconds = fail_over(&world).await?;
    if !bench.without_image_change {
        phases.push(change_all(&world, &mut meter, services).await?);
    }
    Ok(Figures {
        services,
        concurrency: bench.concurrency,
        floor_seconds,
        floor_children_seconds,
        ratio: floor_seconds.map(|floor| floor / converged),
        ratio_to_children: floor_children_seconds.map(|floor| floor / converged),
        restart_seconds,
        lease_seconds: LEASE_SECONDS,
        failover_seconds,
        phases,
    })
}

/// Seconds on a cluster of its own: one in which so much was made before is slower.
async fn floor(bench: &Bench, services: usize, what: What) -> Result<f64> {
    let world = World::start(&bench.operator, bench.concurrency).await?;
    let made = bare::make(&world.client, NAMESPACE, services, world.concurrency, what).await?;
    println!("{what:?} by a bare client: {made:.1} s");
    Ok(made)
}

async fn disturb(
    world: &World,
    meter: &mut Meter,
    operator: &Operator,
    services: usize,
    phases: &mut Vec<Phase>,
) -> Result<()> {
    let process = &operator.process;
    let work = phases::delete_services(world, services);
    phases.push(meter.phase("Services deleted", process, work).await?);
    let work = phases::edit_deployments(world, services);
    phases.push(meter.phase("Deployments edited", process, work).await?);
    let work = phases::add_sidecars(world, services);
    phases.push(meter.phase("sidecars added", process, work).await?);
    let work = phases::label_services(world, services);
    phases.push(meter.phase("labels added", process, work).await?);
    let work = phases::scale_deployments(world, services);
    phases.push(meter.phase("scaled", process, work).await?);
    phases::all_available(world).await?;
    world.settled().await?;
    meter.rest().await?;
    Ok(())
}

/// Comes last: the control plane's own controllers go on replacing pods long after the operator is done.
async fn change_all(world: &World, meter: &mut Meter, services: usize) -> Result<Phase> {
    let operator = world.operator("last", &["--leader-elect=false"])?;
    operator.ready().await?;
    meter.rest().await?;
    let work = phases::change_all(world, services);
    meter.phase("image of all changed", &operator.process, work).await
}

/// The shortest first.
async fn restarts(world: &World, meter: &mut Meter) -> Result<Vec<Phase>> {
    let mut phases = Vec::with_capacity(RESTARTS);
    for _ in 0..RESTARTS {
        phases.push(begun(world, meter, "restart", "--shard=0/1").await?);
    }
    phases.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(phases)
}

/// A new process beside services that are there already. Its seconds are those until it is ready. All services are in one
/// namespace: of two shards, one keeps all and the other none.
async fn begun(world: &World, meter: &mut Meter, name: &'static str, argument: &str) -> Result<Phase> {
    let started = Instant::now();
    let operator = world.operator("second", &["--leader-elect=false", argument])?;
    operator.ready().await?;
    let seconds = started.elapsed().as_secs_f64();
    let nothing = async { Ok(Vec::new()) };
    let phase = meter.phase(name, &operator.process, nothing).await?;
    Ok(Phase { seconds, ..phase })
}

/// The leader is killed, and a Service deleted at once: the standby takes over and makes it again.
async fn fail_over(world: &World) -> Result<f64> {
    let lease = format!("--lease-duration-seconds={LEASE_SECONDS}");
    let arguments = ["--lease-namespace=default", &lease];
    let leader = world.operator("leader", &arguments)?;
    leader.ready().await?;
    let standby = world.operator("standby", &arguments)?;
    standby.ready().await?;
    tokio::time::sleep(Duration::from_secs(LEASE_SECONDS)).await;
    drop(leader);
    let times = phases::delete_services(world, 1).await?;
    Ok(times.iter().map(Duration::as_secs_f64).sum())
}
