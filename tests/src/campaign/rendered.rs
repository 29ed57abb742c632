//! What the operator's own rendering makes of a spec. Pure.

use anyhow::Result;
use clap::Parser;
use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::config::{Cli, Command};
use healthcare_operator::plan::{OperatorDefaults, Plan, ReplicasPlan};
use healthcare_operator::render::{self, Child, ChildKind};
use serde_json::{Value, json};

use super::spec::Spec;
use super::wanted::{Id, manifest};

/// A service as it should be.
#[derive(Clone, Debug)]
pub(crate) struct Rendered {
    /// Its children.
    pub(crate) children: Vec<Child>,
    /// Fewest and most pods.
    pub(crate) replicas: (i64, i64),
}

/// Renders with what the operator adds by default.
#[derive(Clone, Debug)]
pub(crate) struct Renderer {
    defaults: OperatorDefaults,
}

impl Renderer {
    /// For operators that run without settings of their own.
    ///
    /// # Errors
    /// When the operator's flags do not parse any more.
    pub(crate) fn new() -> Result<Self> {
        let cli = Cli::try_parse_from(["healthcare-operator", "run"])?;
        let defaults = match cli.command {
            Command::Run(args) => args.defaults(),
            _ => OperatorDefaults::default(),
        };
        Ok(Self { defaults })
    }

    /// Renders a service that exists.
    ///
    /// # Errors
    /// When it cannot be rendered.
    pub(crate) fn of(&self, service: &HealthcareService) -> Result<Rendered> {
        let served = Capabilities {
            service_monitor: true,
            prometheus_rule: true,
            http_route: false,
        };
        let plan = Plan::new(service, &self.defaults, served)?;
        let replicas = match &plan.replicas {
            ReplicasPlan::Autoscaled(scaling) => (scaling.min_replicas, scaling.max_replicas),
            fixed => (fixed.minimum(), fixed.minimum()),
        };
        Ok(Rendered {
            children: render::children(&plan)?.into_list()?,
            replicas: (replicas.0.into(), replicas.1.into()),
        })
    }

    /// Renders a spec; names are right, the owner's uid is not.
    ///
    /// # Errors
    /// When it cannot be rendered.
    pub(crate) fn of_spec(&self, id: &Id, spec: &Spec) -> Result<Rendered> {
        let mut manifest = manifest(id, spec);
        if let Some(metadata) = manifest.pointer_mut("/metadata").and_then(Value::as_object_mut) {
            metadata.insert("uid".to_owned(), json!("unknown"));
            metadata.insert("generation".to_owned(), json!(1));
        }
        self.of(&serde_json::from_value(manifest)?)
    }

    /// Plural and name of each child of a spec; none of a spec that cannot be rendered.
    pub(crate) fn names(&self, id: &Id, spec: &Spec) -> Vec<(String, String)> {
        let children = self.of_spec(id, spec).map(|rendered| rendered.children);
        let name = |child: Child| (child.kind.plural().to_owned(), child.name);
        children.unwrap_or_default().into_iter().map(name).collect()
    }

    /// Whether pods are restarted between these specs.
    pub(crate) fn restarts(&self, id: &Id, before: &Spec, after: &Spec) -> bool {
        let template = |spec| {
            let children = self.of_spec(id, spec).ok()?.children;
            let deployment = children
                .into_iter()
                .find(|child| child.kind == ChildKind::Deployment)?;
            deployment.body.pointer("/spec/template").cloned()
        };
        template(before) != template(after)
    }
}
