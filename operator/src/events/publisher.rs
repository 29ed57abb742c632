//! Writes Events one after another, beside the passes: what people read must not keep services waiting. I/O.

use std::time::Duration;

use healthcare_crds::HealthcareService;
use k8s_openapi::api::core::v1::ObjectReference;
use kube::Resource;
use kube::runtime::events::{Event, Recorder};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;

/// Events that may wait. What comes beyond is lost: it changes nothing but what people read.
const WAITING: usize = 10_000;

/// As long as no more wait, they give way to passes.
const PATIENT: usize = 2_000;

/// Longest time that one gives way: a busy operator, too, says what it does.
const PAUSE: Duration = Duration::from_millis(500);

/// Where passes put their Events.
#[derive(Clone, Debug)]
pub struct Publisher(Sender<(ObjectReference, Event)>);

impl Publisher {
    /// A publisher, and the task that writes until every clone of it is gone: slowly while `busy`, when each request would
    /// take time from a pass.
    pub fn new(recorder: Recorder, busy: watch::Receiver<bool>) -> (Self, impl Future<Output = ()> + Send) {
        let (sender, events) = channel(WAITING);
        (Self(sender), write(events, recorder, busy))
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
async fn write(
    mut events: Receiver<(ObjectReference, Event)>,
    recorder: Recorder,
    mut busy: watch::Receiver<bool>,
) {
    while let Some((reference, event)) = events.recv().await {
        if events.len() < PATIENT {
            give_way(&mut busy).await;
        }
        if let Err(error) = recorder.publish(&event, &reference).await {
            tracing::warn!(reason = event.reason, %error, "could not publish an event");
        }
    }
}

/// Waits until a slot is free, or for a moment.
async fn give_way(busy: &mut watch::Receiver<bool>) {
    let free = busy.wait_for(|is_busy| !is_busy);
    let _in_time = tokio::time::timeout(PAUSE, free).await;
}

#[cfg(test)]
mod tests;
