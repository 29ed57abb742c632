//! Rollouts on a real node, with traffic all the time and a Prometheus that scrapes the pods: good changes lose no request,
//! bad ones go back by themselves. What that takes is written to `target/bench/rollouts.md`.

mod changes;
mod figures;
mod lane;
mod prometheus;
mod stage;

use futures::future::try_join_all;

use figures::Figure;
use lane::Lane;
use stage::Stage;

const STRATEGIES: [&str; 3] = ["Rolling", "Canary", "BlueGreen"];

#[tokio::test]
async fn good_changes_lose_no_request_and_bad_ones_go_back() {
    let stage = Stage::start().await.unwrap();
    let lanes = STRATEGIES.map(|strategy| all_changes(&stage, strategy));
    let figures = try_join_all(lanes).await.unwrap().concat();
    figures::publish(&figures).unwrap();
    figures::good_changes_lost_nothing(&figures);
    figures::bad_changes_went_back(&figures);
    figures::nobody_got_more_than_its_share(&figures);
}

/// A service that goes through every change, one after the other.
async fn all_changes(stage: &Stage, strategy: &'static str) -> anyhow::Result<Vec<Figure>> {
    let mut lane = Lane::serving(stage, strategy).await?;
    let mut figures = Vec::new();
    for change in &changes::ALL {
        figures.push(lane.go_through(change).await?);
    }
    lane.end(figures).await
}
