//! Specs that are later than what the watch shows. Pure.

use std::collections::HashMap;
use std::sync::Mutex;

use healthcare_crds::HealthcareService;
use kube::Resource;

use crate::locked::lock;

/// Generations that were read past the watch, by uid, until it shows them. A pass by an earlier spec would go back to what is
/// no longer wanted.
#[derive(Debug, Default)]
pub struct Generations {
    read: Mutex<HashMap<String, i64>>,
}

impl Generations {
    /// A service was read, itself or its metadata.
    pub fn learn(&self, service: &impl Resource) {
        self.raise(uid(service), generation(service));
    }

    /// A service is gone: no spec of it is wanted any more.
    pub fn learn_gone(&self, service: &impl Resource) {
        self.raise(uid(service), i64::MAX);
    }

    /// Whether there is a later spec than `service` has: the watch lags behind.
    pub fn is_ahead_of(&self, service: &HealthcareService) -> bool {
        let known = lock(&self.read).get(uid(service)).copied();
        known.is_some_and(|known| known > generation(service))
    }

    /// Drops what the watch shows by now.
    pub fn shown(&self, service: &HealthcareService) {
        if !self.is_ahead_of(service) {
            self.forget(uid(service));
        }
    }

    /// Forgets a deleted service.
    pub fn forget(&self, uid: &str) {
        lock(&self.read).remove(uid);
    }

    fn raise(&self, uid: &str, generation: i64) {
        let mut read = lock(&self.read);
        let known = read.entry(uid.to_owned()).or_insert(generation);
        *known = generation.max(*known);
    }
}

fn uid(service: &impl Resource) -> &str {
    service.meta().uid.as_deref().unwrap_or_default()
}

/// Which spec of a service it is, counted up by the API server.
pub fn generation(service: &impl Resource) -> i64 {
    service.meta().generation.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::named;
    use serde_json::json;

    fn of(generation: i64) -> HealthcareService {
        let mut service = named("records", json!({}));
        service.metadata.uid = Some("1".to_owned());
        service.metadata.generation = Some(generation);
        service
    }

    #[test]
    fn a_watch_that_lags_behind_the_spec_is_known() {
        let generations = Generations::default();
        assert!(!generations.is_ahead_of(&of(2)));
        generations.learn(&of(3));
        generations.learn(&of(2));
        let mut other = of(9);
        other.metadata.uid = Some("2".to_owned());
        generations.learn(&other);
        assert!(generations.is_ahead_of(&of(2)));
        assert!(!generations.is_ahead_of(&of(3)));
        generations.shown(&of(2));
        assert!(generations.is_ahead_of(&of(2)), "not shown yet");
        generations.shown(&of(3));
        assert!(!generations.is_ahead_of(&of(2)), "what is shown is not kept");
    }

    #[test]
    fn what_is_gone_has_no_spec() {
        let generations = Generations::default();
        generations.learn_gone(&of(7));
        assert!(generations.is_ahead_of(&of(7)));
        generations.forget("1");
        assert!(!generations.is_ahead_of(&of(7)));
    }
}
