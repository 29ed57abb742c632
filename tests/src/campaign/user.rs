//! Users of the cluster: those who want services, and those who change what is not theirs. I/O.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use healthcare_crds::HealthcareService;
use healthcare_operator::render::ChildKind;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::core::DynamicObject;
use kube::{Api, Client};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::dice::Dice;
use super::rendered::Renderer;
use super::spec::Spec;
use super::tamper::{self, Deed, Tamper};
use super::wanted::{Id, Role, Service, Wanted, manifest};

/// Longest that one request is waited for.
const REQUEST: Duration = Duration::from_secs(5);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(300);

/// Acts on the API server directly; what it wants is kept in `wanted`.
pub(crate) struct User {
    client: Client,
    renderer: Renderer,
    dice: Dice,
    wanted: Arc<Mutex<Wanted>>,
    /// Whether a service is made again only once the children of the one before are gone. The garbage collector does
    /// not learn that a service was deleted when its watch was interrupted and finds another of its name afterwards:
    /// it keeps the children until it is started anew.
    pub(crate) is_careful: bool,
    /// What was done, by kind of deed.
    pub(crate) deeds: std::collections::BTreeMap<String, usize>,
}

impl User {
    /// A user with these rights and choices.
    pub(crate) fn new(client: Client, renderer: Renderer, dice: Dice, wanted: Arc<Mutex<Wanted>>) -> Self {
        Self {
            client,
            renderer,
            dice,
            wanted,
            is_careful: false,
            deeds: std::collections::BTreeMap::default(),
        }
    }

    /// Makes a service and waits until it is there.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub(crate) async fn create(&mut self, id: Id, role: Role) -> Result<()> {
        let spec = Spec::draw(&mut self.dice);
        let service = Service {
            role,
            specs: vec![spec.clone()],
            exists: true,
            deleted: false,
            restarts_allowed: 0,
        };
        self.change(|wanted| wanted.0.insert(id.clone(), service));
        self.send(&id, &spec).await
    }

    /// Acts until told to stop, then finishes what it began.
    ///
    /// # Errors
    /// When the API server refuses something.
    pub(crate) async fn act(&mut self, stop: &CancellationToken) -> Result<()> {
        while !stop.is_cancelled() {
            self.one_deed().await?;
            let pause = Duration::from_millis(self.dice.between(50, 600));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
        // Deleted ones are made again, so that every round begins with all of them.
        for id in self.absent() {
            self.make_again(&id).await?;
        }
        Ok(())
    }

    async fn one_deed(&mut self) -> Result<()> {
        let kept = self.read(|wanted| wanted.of_role(Role::Kept));
        let loose = self.read(|wanted| wanted.of_role(Role::Loose));
        match self.dice.below(10) {
            0..=3 => match self.dice.pick(&[kept, loose].concat()).cloned() {
                Some(id) => self.change_spec(&id).await,
                None => Ok(()),
            },
            4..=7 => match (self.dice.pick(&kept).cloned(), tamper::draw(&mut self.dice)) {
                (Some(id), Some(tamper)) => self.tamper(&id, tamper).await,
                _ => Ok(()),
            },
            8 => match self.dice.pick(&loose).cloned() {
                Some(id) => self.delete(&id).await,
                None => Ok(()),
            },
            _ => match self.dice.pick(&self.absent()).cloned() {
                Some(id) => self.make_again(&id).await,
                None => Ok(()),
            },
        }
    }

    fn absent(&self) -> Vec<Id> {
        self.read(|wanted| {
            let absent = wanted.0.iter().filter(|(_, service)| !service.exists);
            absent.map(|(id, _)| id.clone()).collect()
        })
    }

    async fn change_spec(&mut self, id: &Id) -> Result<()> {
        let Some(before) = self.read(|wanted| wanted.0.get(id).and_then(|s| s.spec().cloned())) else {
            return Ok(());
        };
        let after = before.changed(&mut self.dice);
        let restarts = self.renderer.restarts(id, &before, &after);
        self.with(id, |service| {
            service.specs.push(after.clone());
            service.restarts_allowed += usize::from(restarts);
        });
        self.done("spec changed");
        self.send(id, &after).await
    }

    async fn delete(&mut self, id: &Id) -> Result<()> {
        self.with(id, |service| {
            service.exists = false;
            service.deleted = true;
        });
        self.done("service deleted");
        let params = if self.dice.happens(30) {
            DeleteParams::foreground()
        } else {
            DeleteParams::background()
        };
        let services = self.services(id);
        persist(|| async {
            match services.delete(&id.name, &params).await {
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
                answer => answer.map(drop),
            }
        })
        .await
        .with_context(|| format!("delete {id}"))
    }

    /// Waits until the one of before is gone, then makes another of its name.
    async fn make_again(&mut self, id: &Id) -> Result<()> {
        let services = self.services(id);
        for _ in 0..200 {
            if persist(|| services.get_opt(&id.name)).await?.is_none() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        if self.is_careful {
            self.wait_for_collection(id).await?;
        }
        let spec = Spec::draw(&mut self.dice);
        self.with(id, |service| {
            service.specs.push(spec.clone());
            service.exists = true;
        });
        self.done("service made again");
        self.send(id, &spec).await
    }

    /// Waits until no child of a deleted service is left, though not for ever.
    async fn wait_for_collection(&self, id: &Id) -> Result<()> {
        let label = format!("{}={}", healthcare_crds::keys::SERVICE, id.name);
        let of_service = ListParams::default().labels(&label);
        for kind in ChildKind::ALL
            .into_iter()
            .filter(|kind| *kind != ChildKind::HttpRoute)
        {
            let api: Api<DynamicObject> =
                Api::namespaced_with(self.client.clone(), &id.namespace, &kind.resource());
            for _ in 0..200 {
                if persist(|| api.list(&of_service)).await?.items.is_empty() {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    async fn send(&self, id: &Id, spec: &Spec) -> Result<()> {
        let (services, manifest) = (self.services(id), Patch::Apply(manifest(id, spec)));
        let params = PatchParams::apply("user").force();
        persist(|| services.patch(&id.name, &params, &manifest))
            .await
            .map(drop)
            .with_context(|| format!("apply {id}"))
    }

    /// Changes or deletes a child, if it is there just now.
    async fn tamper(&mut self, id: &Id, tamper: &Tamper) -> Result<()> {
        let Some(spec) = self.read(|wanted| wanted.0.get(id).and_then(|s| s.spec().cloned())) else {
            return Ok(());
        };
        let children = self.renderer.of_spec(id, &spec)?.children;
        let Some(child) = children.into_iter().find(|child| child.kind == tamper.kind) else {
            return Ok(());
        };
        if tamper.restarts_pods {
            // To the other template, and back.
            self.with(id, |service| service.restarts_allowed += 2);
        }
        self.done(&format!("{} {}", tamper.kind.kind(), tamper.name));
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &id.namespace, &tamper.kind.resource());
        // Once: whether it succeeded does not matter.
        let _absent = tokio::time::timeout(REQUEST, meddle(&api, &child.name, tamper.deed)).await;
        Ok(())
    }

    fn services(&self, id: &Id) -> Api<HealthcareService> {
        Api::namespaced(self.client.clone(), &id.namespace)
    }

    fn done(&mut self, deed: &str) {
        *self.deeds.entry(deed.to_owned()).or_default() += 1;
    }

    fn read<T>(&self, read: impl FnOnce(&Wanted) -> T) -> T {
        read(&self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Wanted) -> T) -> T {
        change(&mut self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with(&self, id: &Id, change: impl FnOnce(&mut Service)) {
        self.change(|wanted| wanted.0.get_mut(id).map(change));
    }
}

async fn meddle(api: &Api<DynamicObject>, name: &str, deed: Deed) -> kube::Result<()> {
    match deed {
        Deed::Delete => api.delete(name, &DeleteParams::background()).await.map(drop),
        Deed::Patch(patch) => {
            let patch: Patch<Value> = Patch::Json(serde_json::from_value(patch()).unwrap_or_default());
            let params = PatchParams {
                field_manager: Some("meddler".to_owned()),
                ..PatchParams::default()
            };
            api.patch(name, &params, &patch).await.map(drop)
        }
    }
}

/// Tries until the API server did it: faults pass. It is one that may be done twice.
///
/// # Errors
/// When the API server refuses it.
pub(crate) async fn persist<T, F: Future<Output = kube::Result<T>>>(request: impl Fn() -> F) -> Result<T> {
    loop {
        match tokio::time::timeout(REQUEST, request()).await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(kube::Error::Api(refused))) if matches!(refused.code, 400 | 422) => {
                return Err(kube::Error::Api(refused).into());
            }
            Ok(Err(_)) | Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
