//! Specs of services, drawn and changed at random. Pure.

use serde_json::{Value, json};

use super::dice::Dice;

/// The options that the campaign turns.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "options that are there or not, each by itself"
)]
pub(crate) struct Spec {
    tag: usize,
    setting: usize,
    has_config: bool,
    replicas: u64,
    autoscaled: bool,
    is_exposed: bool,
    is_limited: bool,
    alerts: bool,
    further_port: bool,
    strategy: usize,
}

/// How changed pods take the place of the old ones.
const STRATEGIES: [&str; 3] = ["Rolling", "Canary", "BlueGreen"];

impl Spec {
    /// A new service's.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        Self {
            tag: dice.below(1000),
            setting: dice.below(1000),
            has_config: dice.happens(70),
            replicas: dice.between(1, 3),
            autoscaled: dice.happens(60),
            is_exposed: dice.happens(50),
            is_limited: dice.happens(50),
            alerts: dice.happens(70),
            further_port: dice.happens(30),
            strategy: dice.below(STRATEGIES.len()),
        }
    }

    /// Changed in one respect.
    #[must_use]
    pub(crate) fn changed(&self, dice: &mut Dice) -> Self {
        let mut new = self.clone();
        match dice.below(10) {
            0 | 1 => new.tag += 1,
            2 => new.setting += 1,
            3 => new.has_config = !self.has_config,
            4 => new.replicas = self.replicas % 3 + 1,
            5 => new.autoscaled = !self.autoscaled,
            6 => new.is_exposed = !self.is_exposed,
            7 => new.is_limited = !self.is_limited,
            8 => new.strategy = dice.below(STRATEGIES.len()),
            _ if dice.happens(50) => new.alerts = !self.alerts,
            _ => new.further_port = !self.further_port,
        }
        new
    }

    /// As it stands in a manifest.
    pub(crate) fn to_json(&self) -> Value {
        let most = if self.autoscaled {
            self.replicas + 3
        } else {
            self.replicas
        };
        let mut spec = json!({
            "image": format!("registry.local/campaign:{}", self.tag),
            "scaling": {"minReplicas": self.replicas, "maxReplicas": most},
            "observability": {"alerts": {"enabled": self.alerts}},
            "rollout": self.rollout(),
        });
        let mut add = |key: &str, value: Value| {
            if let Some(spec) = spec.as_object_mut() {
                spec.insert(key.to_owned(), value);
            }
        };
        if self.has_config {
            add("config", json!({"SETTING": format!("value-{}", self.setting)}));
        }
        if self.is_exposed {
            add("exposure", json!({"hostnames": ["campaign.example.org"]}));
        }
        if self.is_limited {
            add(
                "resources",
                json!({"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}}),
            );
        }
        if self.further_port {
            add("additionalPorts", json!([{"name": "admin", "port": 9090}]));
        }
        spec
    }

    /// All steps, each as short as can be. No fault may last until the deadline: then the service would rightly go back.
    fn rollout(&self) -> Value {
        json!({
            "strategy": STRATEGIES.get(self.strategy),
            "bakeSeconds": 1,
            "analysis": {"intervalSeconds": 1, "progressDeadlineSeconds": 3600},
            "canary": {"steps": [{"weight": 50, "bakeSeconds": 1}]},
            "blueGreen": {"bakeSeconds": 1},
        })
    }
}
