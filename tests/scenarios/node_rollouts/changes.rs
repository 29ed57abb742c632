//! What is changed of the service.

use serde_json::{Value, json};

/// An image that every node has.
pub(super) const IMAGE: &str = "registry.local/tests/faulty:1";

/// One change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// Also the version that its pods tell.
    pub(super) name: &'static str,
    image: &'static str,
    /// Setting of the pods that makes them fail.
    setting: Option<(&'static str, &'static str)>,
    /// Seconds that its pods may take to be ready.
    deadline: u32,
    pub(super) is_good: bool,
}

const GOOD: Change = Change {
    name: "good",
    image: IMAGE,
    setting: None,
    deadline: 120,
    is_good: true,
};

/// In this order: what the last one does to connections is not to be counted with another.
pub(super) const ALL: [Change; 6] = [
    GOOD,
    Change {
        image: "registry.local/tests/missing:1",
        ..bad("no image")
    },
    Change {
        setting: Some(("UNREADY", "true")),
        deadline: 10,
        ..bad("never ready")
    },
    Change {
        setting: Some(("ERROR_PERCENT", "50")),
        ..bad("errors")
    },
    Change {
        setting: Some(("LATENCY", "1500ms")),
        ..bad("latency")
    },
    Change {
        setting: Some(("CRASH_AFTER", "4s")),
        ..bad("crash")
    },
];

const fn bad(name: &'static str) -> Change {
    Change {
        name,
        is_good: false,
        ..GOOD
    }
}

impl Change {
    /// Whether no pod of it ever answers.
    pub(super) fn is_never_called(&self) -> bool {
        matches!(self.name, "no image" | "never ready")
    }

    /// Whether its pods end while they are in use.
    pub(super) fn breaks_connections(&self) -> bool {
        self.name == "crash"
    }

    /// The merge patch.
    pub(super) fn patch(&self) -> Value {
        let mut config = json!({"VERSION": self.name, "UNREADY": null, "ERROR_PERCENT": null, "LATENCY": null, "CRASH_AFTER": null});
        if let Some((name, value)) = self.setting {
            config[name] = value.into();
        }
        let analysis = json!({"progressDeadlineSeconds": self.deadline});
        json!({"spec": {"image": self.image, "config": config, "rollout": {"analysis": analysis}}})
    }
}

/// The service before all changes, as YAML.
pub(super) fn first(namespace: &str, strategy: &str) -> String {
    format!(
        r"apiVersion: gitops-health.io/v1alpha1
kind: HealthcareService
metadata: {{name: svc, namespace: {namespace}}}
spec:
  image: {IMAGE}
  config: {{VERSION: first}}
  resources: {{requests: {{cpu: 10m, memory: 32Mi}}, limits: {{memory: 128Mi}}}}
  scaling: {{minReplicas: 3, maxReplicas: 3}}
  probes:
    startup: {{periodSeconds: 1}}
    readiness: {{periodSeconds: 1}}
  observability: {{metrics: {{interval: 1s}}}}
  rollout:
    strategy: {strategy}
    bakeSeconds: 3
    canary: {{steps: [{{weight: 25, bakeSeconds: 3}}, {{weight: 50, bakeSeconds: 3}}]}}
    blueGreen: {{bakeSeconds: 3}}
    analysis: {{intervalSeconds: 1, failureLimit: 2, errorRatePercent: 5, latencyMilliseconds: 1000, minRequests: 5, progressDeadlineSeconds: 120}}
"
    )
}
