//! Writes Events one after another, beside the passes: what people read must not keep services waiting. I/O.

use healthcare_crds::HealthcareService;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource;
use kube::runtime::events::{Event, Recorder};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Events that may wait. What comes beyond is lost: it changes nothing but what people read.
const WAITING: usize = 10_000;

/// Where passes put their Events.
#[derive(Clone, Debug)]
pub struct Publisher(Sender<(ObjectReference, Event)>);

impl Publisher {
    /// A publisher, and the task that writes until every clone of it is gone.
    pub fn new(recorder: Recorder) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, events) = channel(WAITING);
        (Self(sender), write(events, recorder))
    }

    /// Has Events of a service written.
    pub fn publish(&self, service: &HealthcareService, events: Vec<Event>) {
        let reference = service.object_ref(&());
        for event in events {
            if let Err(error) = self.0.try_send((reference.clone(), event)) {
                tracing::warn!(%error, "an event is lost: they come faster than they can be written");
            }
        }
    }
}

/// One recorder for all: it aggregates.
async fn write(mut events: Receiver<(ObjectReference, Event)>, recorder: Recorder) {
    while let Some((reference, event)) = events.recv().await {
        if let Err(error) = recorder.publish(&event, &reference).await {
            tracing::warn!(reason = event.reason, %error, "could not publish an event");
        }
    }
}
