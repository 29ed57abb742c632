//! Begins and heals faults. I/O.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use local_cluster::Cluster;
use rustix::process::Signal;

use super::dice::Dice;
use super::fault::{Fault, Planned};
use super::operator::signal;
use super::proxy::{Gone, Refusal, Switches};
use super::stage::{Replica, Stage};

/// Share of requests that a fault of requests hits, in percent.
const SHARE: u8 = 40;

/// Longest that a paused leader is left paused after its time, for another to take the lease.
const SUCCESSION: Duration = Duration::from_secs(30);

/// Lets a fault happen at its time, and heals it.
///
/// # Errors
/// When the harness cannot do it.
pub(crate) async fn run(stage: Arc<Stage>, planned: Planned, mut dice: Dice) -> Result<()> {
    tokio::time::sleep(planned.begins).await;
    let token = stage.begins(planned.fault);
    let lasting = tokio::time::sleep(planned.lasts);
    match planned.fault {
        Fault::ApiServerKilled => {
            stage.tally.hit(planned.fault);
            stage.control(kill_api_server).await?;
            lasting.await;
            stage.control(start_api_server).await?;
        }
        Fault::EtcdPaused => {
            let etcd = stage.pid("etcd")?;
            stage.tally.hit(planned.fault);
            signal(etcd, Signal::STOP);
            lasting.await;
            signal(etcd, Signal::CONT);
        }
        Fault::OperatorKilled => kill_operator(&stage, &mut dice, lasting).await,
        Fault::LeaderPaused => pause_leader(&stage, &mut dice, planned.lasts).await,
        Fault::LeaderCutOff => cut_leader_off(&stage, &mut dice, planned.lasts).await,
        Fault::ClocksForwards | Fault::ClocksBackwards => {
            move_clocks(&stage, planned.fault, &mut dice, lasting).await?;
        }
        of_requests => {
            let chosen = dice.between(1, 3);
            for_all(&stage, |switches| turn_on(of_requests, chosen, switches));
            lasting.await;
            for_all(&stage, |switches| turn_off(of_requests, switches));
        }
    }
    stage.healed(token);
    Ok(())
}

fn kill_api_server(cluster: &Cluster) -> Result<()> {
    cluster.kill("kube-apiserver")
}

fn start_api_server(cluster: &Cluster) -> Result<()> {
    cluster.restart("kube-apiserver")
}

fn for_all(stage: &Stage, change: impl Fn(&mut Switches)) {
    for replica in &stage.replicas {
        replica.proxy.set(&change);
    }
}

fn turn_on(fault: Fault, chosen: u64, switches: &mut Switches) {
    match fault {
        Fault::WatchesCut => switches.cut += 1,
        Fault::WatchesGone => {
            switches.cut += 1;
            switches.gone = Some(match chosen {
                1 => Gone::Code,
                2 => Gone::Event,
                _ => Gone::Both,
            });
        }
        Fault::Conflicts | Fault::TooManyRequests | Fault::ServerErrors => {
            switches.refuse = Some(Refusal {
                fault,
                percent: if chosen == 1 { 100 } else { SHARE },
            });
        }
        Fault::SlowRequests => switches.slow = 2 * SHARE,
        Fault::AnswersLost => switches.lose = SHARE,
        Fault::RequestsHang => switches.hang = SHARE,
        _ => {}
    }
}

fn turn_off(fault: Fault, switches: &mut Switches) {
    match fault {
        Fault::WatchesGone => switches.gone = None,
        Fault::Conflicts | Fault::TooManyRequests | Fault::ServerErrors => switches.refuse = None,
        Fault::SlowRequests => switches.slow = 0,
        Fault::AnswersLost => switches.lose = 0,
        Fault::RequestsHang => switches.hang = 0,
        _ => {}
    }
}

/// The leader, waiting for one for some seconds; one at random when there is none.
async fn leader<'a>(stage: &'a Stage, dice: &mut Dice) -> Option<&'a Replica> {
    let any = dice.below(stage.replicas.len());
    for _ in 0..50 {
        if let Some(leader) = stage.leader() {
            return Some(leader);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stage.replicas.get(any)
}

/// Mostly the leader.
async fn victim<'a>(stage: &'a Stage, dice: &mut Dice) -> Option<&'a Replica> {
    let any = dice.below(stage.replicas.len());
    if dice.happens(70) {
        return leader(stage, dice).await;
    }
    stage.replicas.get(any)
}

async fn kill_operator(stage: &Stage, dice: &mut Dice, lasting: tokio::time::Sleep) {
    let Some(replica) = victim(stage, dice).await else {
        return;
    };
    stage.tally.hit(Fault::OperatorKilled);
    replica.slot.kill();
    lasting.await;
    replica.slot.allow();
}

/// Paused until another leads, though not for ever: no other can while the API server is down. A hit is a pause in
/// which another became the leader.
async fn pause_leader(stage: &Stage, dice: &mut Dice, lasts: Duration) {
    let Some(replica) = leader(stage, dice).await else {
        return;
    };
    let Some(id) = replica.slot.pause() else { return };
    tokio::time::sleep(lasts).await;
    let succeeded = async {
        while stage
            .observer
            .leader()
            .is_none_or(|leader| leader == replica.slot.identity)
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    if tokio::time::timeout(SUCCESSION, succeeded).await.is_ok() {
        stage.tally.hit(Fault::LeaderPaused);
    }
    replica.slot.resume(id);
}

async fn cut_leader_off(stage: &Stage, dice: &mut Dice, lasts: Duration) {
    let Some(replica) = leader(stage, dice).await else {
        return;
    };
    replica.proxy.set(|switches| switches.cut_off = true);
    tokio::time::sleep(lasts).await;
    replica.proxy.set(|switches| switches.cut_off = false);
}

/// The clocks of all operators jump, each by its own amount. A hit is a wrong time in the Lease.
async fn move_clocks(
    stage: &Stage,
    fault: Fault,
    dice: &mut Dice,
    lasting: tokio::time::Sleep,
) -> Result<()> {
    stage.observer.trust_times();
    for replica in &stage.replicas {
        let seconds = i64::try_from(dice.between(120, 1800))?;
        let backwards = fault == Fault::ClocksBackwards;
        let seconds = if backwards { -seconds } else { seconds };
        replica.slot.set_clock(seconds)?;
    }
    lasting.await;
    if stage.observer.look(|seen| seen.is_time_wrong) {
        stage.tally.hit(fault);
    }
    for replica in &stage.replicas {
        replica.slot.set_clock(0)?;
    }
    Ok(())
}
