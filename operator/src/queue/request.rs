//! What the watches ask of the queue.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use healthcare_crds::HealthcareService;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{DEBOUNCE, Level};

/// Names a service. Clones share the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

impl Key {
    /// The key of `namespace/name`.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

impl From<&HealthcareService> for Key {
    fn from(service: &HealthcareService) -> Self {
        let text = |text: &Option<String>| text.as_deref().unwrap_or_default().into();
        Self {
            namespace: text(&service.metadata.namespace),
            name: text(&service.metadata.name),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// Why a service is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Pods of it came or went: one look after a while tells of many.
    Pods,
    /// A Deployment began to serve, to roll out or to fail: to be told, but nothing to be done.
    State,
    /// Something that concerns many at once: a list, an API that came or went, a service that this one calls.
    Sweep,
    /// Somebody set its number of pods: the Deployment's controller is to take note first, or a service that merely
    /// grows would count as one that rolls out.
    Replicas,
    /// An event of one of its children.
    Child,
    /// The service is new or was changed.
    Service,
}

impl Cause {
    pub(super) fn level(self) -> Level {
        match self {
            Self::Pods | Self::State | Self::Sweep => Level::Background,
            Self::Replicas | Self::Child | Self::Service => Level::Changed,
        }
    }

    /// Time from a trigger to its pass. What comes meanwhile has the same pass.
    pub(super) fn debounce(self) -> Duration {
        match self {
            Self::Pods => Duration::from_secs(1),
            Self::Replicas => Duration::from_millis(100),
            Self::State | Self::Sweep | Self::Child | Self::Service => DEBOUNCE,
        }
    }
}

/// A message to the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Look at this service.
    Trigger(Key, Cause),
    /// This service is no more.
    Forget(Key),
}

/// Where the watches send their requests. The queue ends only when the process does: what comes later is lost.
#[derive(Clone, Debug)]
pub struct Triggers(UnboundedSender<Request>);

impl Triggers {
    /// Both ends.
    pub fn channel() -> (Self, UnboundedReceiver<Request>) {
        let (sender, requests) = unbounded_channel();
        (Self(sender), requests)
    }

    /// Asks for a pass.
    pub fn trigger(&self, key: Key, cause: Cause) {
        let _ended = self.0.send(Request::Trigger(key, cause));
    }

    /// Tells that a service is no more.
    pub fn forget(&self, key: Key) {
        let _ended = self.0.send(Request::Forget(key));
    }
}
