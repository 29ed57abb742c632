//! Requests and limits, always set.

use std::collections::BTreeMap;

use healthcare_crds::v1alpha1::Resources;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// Requests and limits of the container.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourcesPlan {
    /// What the scheduler reserves.
    pub requests: BTreeMap<String, Quantity>,
    /// What may be used at most.
    pub limits: BTreeMap<String, Quantity>,
}

/// Small defaults. As in Kubernetes a limit alone is the request too; a memory request alone is the limit too,
/// so that a default can never contradict what the user set. CPU has no default limit: throttling makes a busy
/// service slow where spare CPU could serve it.
pub(crate) fn plan(wanted: Resources) -> ResourcesPlan {
    let Resources {
        mut requests,
        mut limits,
    } = wanted;
    let memory_asked = requests.get("memory").cloned();
    for (name, default) in [("cpu", "100m"), ("memory", "128Mi")] {
        let fallback = limits
            .get(name)
            .cloned()
            .unwrap_or_else(|| Quantity(default.to_owned()));
        requests.entry(name.to_owned()).or_insert(fallback);
    }
    let memory = memory_asked.unwrap_or_else(|| Quantity("256Mi".to_owned()));
    limits.entry("memory".to_owned()).or_insert(memory);
    ResourcesPlan { requests, limits }
}
