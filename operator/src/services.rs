//! Every service the operator watches, as compressed JSON: a spec and status take a seventh of the memory that they take in
//! Rust's types, and are read only when something happens.

use std::collections::HashMap;
use std::sync::Mutex;

use healthcare_crds::HealthcareService;
use lz4_flex::block::{compress_prepend_size, decompress_size_prepended};

use crate::locked::lock;
use crate::queue::Key;

/// Services by namespace and name, in JSON that LZ4 has made small.
#[derive(Debug, Default)]
pub struct Services {
    entries: Mutex<HashMap<Key, Box<[u8]>>>,
}

impl Services {
    /// One service.
    pub fn get(&self, key: &Key) -> Option<HealthcareService> {
        let kept = lock(&self.entries).get(key)?.clone();
        let read = read(&kept);
        read.inspect_err(
            |error| tracing::error!(service = %key, %error, "a service that was kept cannot be read"),
        )
        .ok()
    }

    /// Keeps a service in the place of what was known of it.
    pub fn put(&self, key: &Key, service: &HealthcareService) {
        match serde_json::to_vec(service) {
            Ok(json) => {
                let kept = compress_prepend_size(&json).into();
                lock(&self.entries).insert(key.clone(), kept);
            }
            Err(error) => tracing::error!(service = %key, %error, "a service cannot be kept"),
        }
    }

    /// Forgets a service.
    pub fn remove(&self, key: &Key) {
        lock(&self.entries).remove(key);
    }

    /// Names of all services.
    pub fn keys(&self) -> Vec<Key> {
        lock(&self.entries).keys().cloned().collect()
    }
}

fn read(kept: &[u8]) -> anyhow::Result<HealthcareService> {
    let json = decompress_size_prepended(kept)?;
    Ok(serde_json::from_slice(&json)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{example, named};

    #[test]
    fn a_service_comes_back_as_it_was_put_in() {
        let services = Services::default();
        let service = example("synthetic-phi-service");
        let key = Key::from(&service);
        services.put(&key, &service);
        let kept = services.get(&key).unwrap();
        assert_eq!(
            serde_json::to_value(&kept).unwrap(),
            serde_json::to_value(&service).unwrap()
        );
        services.remove(&key);
        assert!(services.get(&key).is_none());
    }

    #[test]
    fn the_newest_stays() {
        let services = Services::default();
        let key = Key::new("clinic", "records");
        services.put(&key, &named("records", json!({"port": 8081})));
        services.put(&key, &named("records", json!({"port": 8082})));
        assert_eq!(services.get(&key).unwrap().spec.port, 8082);
        assert_eq!(services.keys(), [key]);
    }
}
