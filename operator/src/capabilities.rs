//! Optional APIs of the cluster, followed as they come and go. I/O.

use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionStatus,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::ListParams;
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Deserialize;
use tokio::sync::watch;

use crate::refusals;

/// Which optional kinds the cluster serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `servicemonitors.monitoring.coreos.com`, version v1.
    pub service_monitor: bool,
    /// `prometheusrules.monitoring.coreos.com`, version v1.
    pub prometheus_rule: bool,
    /// `httproutes.gateway.networking.k8s.io`, version v1.
    pub http_route: bool,
}

const ALL: Capabilities = Capabilities {
    service_monitor: true,
    prometheus_rule: true,
    http_route: true,
};

const MONITORING: &str = "monitoring.coreos.com/v1";
const GATEWAY: &str = "gateway.networking.k8s.io/v1";
/// Names of the CRDs that matter.
const CRDS: [&str; 3] = [
    "servicemonitors.monitoring.coreos.com",
    "prometheusrules.monitoring.coreos.com",
    "httproutes.gateway.networking.k8s.io",
];
/// A CRD is served some moments after it was made, and for some moments after it was deleted.
const SETTLING: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];

/// Pause after a refusal that only a person can lift.
const REFUSED: Duration = Duration::from_mins(1);

impl Capabilities {
    /// Asks the API server what it serves. A group it does not know is no error.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn discover(client: &Client) -> kube::Result<Self> {
        let monitoring = plurals(client, MONITORING).await?;
        let gateway = plurals(client, GATEWAY).await?;
        Ok(Self::of(&monitoring, &gateway))
    }

    /// What it serves, or will in a moment: an API server that has just started does not serve every CRD yet, and children of a
    /// kind that is not served are not wanted.
    ///
    /// # Errors
    /// When the API server cannot be asked.
    pub async fn at_start(client: &Client) -> kube::Result<Self> {
        Self::now(client, ALL).await
    }

    /// What it serves; of what it served before, only what is no longer installed is gone.
    async fn now(client: &Client, before: Self) -> kube::Result<Self> {
        let found = Self::discover(client).await?;
        let [monitor, rule, route] = CRDS;
        let stays = async |is_served, was_served, crd| {
            Ok::<_, kube::Error>(is_served || was_served && is_installed(client, crd).await?)
        };
        let (service_monitor, prometheus_rule, http_route) = tokio::try_join!(
            stays(found.service_monitor, before.service_monitor, monitor),
            stays(found.prometheus_rule, before.prometheus_rule, rule),
            stays(found.http_route, before.http_route, route),
        )?;
        Ok(Self {
            service_monitor,
            prometheus_rule,
            http_route,
        })
    }

    /// What these plurals of the two API groups amount to. Pure.
    fn of(monitoring: &[String], gateway: &[String]) -> Self {
        let has = |list: &[String], plural: &str| list.iter().any(|name| name == plural);
        Self {
            service_monitor: has(monitoring, "servicemonitors"),
            prometheus_rule: has(monitoring, "prometheusrules"),
            http_route: has(gateway, "httproutes"),
        }
    }
}

/// Of a CRD what tells whether it is served: the schemas are large.
#[derive(Clone, Debug, Deserialize, Resource)]
#[resource(inherit = CustomResourceDefinition)]
struct Installed {
    metadata: ObjectMeta,
    spec: Versions,
    status: Option<CustomResourceDefinitionStatus>,
}

#[derive(Clone, Debug, Deserialize)]
struct Versions {
    versions: Vec<Version>,
}

#[derive(Clone, Debug, Deserialize)]
struct Version {
    name: String,
    served: bool,
}

impl Installed {
    /// Whether every API server serves it, or will in a moment: one whose names are taken is never established.
    fn is_for_use(&self) -> bool {
        let mut versions = self.spec.versions.iter();
        let conditions = self.status.as_ref().and_then(|status| status.conditions.as_ref());
        self.metadata.deletion_timestamp.is_none()
            && versions.any(|it| it.name == "v1" && it.served)
            && conditions.is_some_and(|all| {
                all.iter()
                    .any(|it| it.type_ == "Established" && it.status == "True")
            })
    }
}

/// Whether there is a CRD of this name that is to be served. Where nobody may tell, there is none.
async fn is_installed(client: &Client, name: &str) -> kube::Result<bool> {
    let api: Api<Installed> = Api::all(client.clone());
    let named = ListParams::default().fields(&format!("metadata.name={name}"));
    match api.list(&named).await {
        Ok(found) => Ok(found.iter().any(Installed::is_for_use)),
        Err(error) if refusals::is_forbidden(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn plurals(client: &Client, group_version: &str) -> kube::Result<Vec<String>> {
    match client.list_api_group_resources(group_version).await {
        Ok(list) => Ok(list.resources.into_iter().map(|resource| resource.name).collect()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Follows the CRDs for ever and publishes what the cluster serves whenever that changed.
pub async fn follow(client: Client, current: watch::Sender<Capabilities>) {
    let api: Api<PartialObjectMeta<CustomResourceDefinition>> = Api::all(client.clone());
    let mut events = watcher(api, watcher::Config::default()).default_backoff().boxed();
    let mut refused = false;
    while let Some(event) = events.next().await {
        match event {
            Ok(event) if concerns_us(&event) => settle(&client, &current).await,
            Ok(_) => {}
            Err(error) if is_forbidden(&error) => {
                if !std::mem::replace(&mut refused, true) {
                    tracing::warn!(
                        %error,
                        "a ClusterRole must allow list and watch on customresourcedefinitions.apiextensions.k8s.io: until then optional APIs that come or go are noticed after a restart only"
                    );
                }
                // The watcher's own pauses start over with each try.
                tokio::time::sleep(REFUSED).await;
            }
            Err(error) => tracing::debug!(%error, "watch of CustomResourceDefinitions interrupted"),
        }
    }
}

fn is_forbidden(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, NoResourceVersion, WatchError, WatchFailed, WatchStartFailed};
    match error {
        InitialListFailed(error) | WatchStartFailed(error) | WatchFailed(error) => {
            refusals::is_forbidden(error)
        }
        WatchError(status) => status.code == 403,
        NoResourceVersion => false,
    }
}

fn concerns_us(event: &Event<PartialObjectMeta<CustomResourceDefinition>>) -> bool {
    match event {
        Event::Init | Event::InitApply(_) => false,
        // What was missed while the watch was down.
        Event::InitDone => true,
        Event::Apply(crd) | Event::Delete(crd) => CRDS.contains(&crd.name_any().as_str()),
    }
}

/// Asks until the answer has changed, or for long enough that it will not.
async fn settle(client: &Client, current: &watch::Sender<Capabilities>) {
    for pause in SETTLING {
        tokio::time::sleep(pause).await;
        let before = *current.borrow();
        match Capabilities::now(client, before).await {
            Ok(found) => {
                let changed = current.send_if_modified(|known| std::mem::replace(known, found) != found);
                if changed {
                    tracing::info!(?found, "optional APIs changed");
                    return;
                }
            }
            Err(error) => tracing::debug!(%error, "discovery failed"),
        }
    }
}

#[cfg(test)]
mod tests;
