//! `make demo`: from nothing to a running service, shown step by step.
//!
//! Uses the local cluster, or the one in `KUBECONFIG` when `IMAGE_REGISTRY` (host and path to push to) is set too.
#![expect(clippy::print_stdout, reason = "the output of a demonstration")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::Parser;

const EXAMPLES: [&str; 2] = ["synthetic-phi-service", "minimal"];
const REPOSITORY: &str = "registry.local/gitops-health";

/// Installs the operator and the examples, and shows them.
#[derive(Parser)]
struct Demo {
    /// Kubeconfig of a cluster of your own
    #[arg(long, env = "KUBECONFIG")]
    kubeconfig: Option<PathBuf>,
    /// Registry and path that the cluster pulls from and this machine may push to
    #[arg(long, env = "IMAGE_REGISTRY")]
    registry: Option<String>,
}

/// The cluster that is used.
struct Target {
    kubeconfig: PathBuf,
    path: std::ffi::OsString,
    repository: String,
    network_namespace: Option<String>,
}

fn main() -> ExitCode {
    match demo() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo() -> Result<()> {
    let target = match Demo::parse() {
        Demo {
            kubeconfig: Some(kubeconfig),
            registry: Some(registry),
        } => own(kubeconfig, registry)?,
        _ => local()?,
    };
    step("installing the operator with helm");
    target.install()?;
    step("applying the examples");
    target.apply()?;
    target.show()?;
    step("to look further");
    match target.network_namespace {
        Some(_) => println!(
            "  . target/cluster/env.sh\n  kubectl -n healthcare describe hcs synthetic-phi-service\n  make down    ends the cluster"
        ),
        None => println!(
            "  kubectl -n healthcare describe hcs synthetic-phi-service\n  helm uninstall healthcare-operator -n healthcare-operator    removes the operator; services stay"
        ),
    }
    Ok(())
}

fn step(what: &str) {
    println!("\n== {what}");
}

fn own(kubeconfig: PathBuf, registry: String) -> Result<Target> {
    step(&format!("pushing the images to {registry}"));
    cargo(&["-p", "image-builder", "--", "push", "--registry", &registry])?;
    let tools =
        local_cluster::toolchain::Toolchain::build(&local_cluster::toolchain::Group::CONTROL_PLANE, &step)?;
    let path = tools.search_path()?;
    Ok(Target {
        kubeconfig,
        path,
        repository: registry,
        network_namespace: None,
    })
}

fn local() -> Result<Target> {
    step("starting a local Kubernetes");
    cargo(&["-p", "local-cluster", "--", "up"])?;
    step("loading the images");
    let archives =
        ["healthcare-operator", "synthetic-phi-service"].map(|name| format!("target/images/{name}.tar"));
    cargo(&["-p", "local-cluster", "--", "load", &archives[0], &archives[1]])?;
    let layout = local_cluster::layout::Layout::new(Path::new("target/cluster"));
    let ready = layout.announced().context("the cluster has just been started")?;
    let standard = std::env::split_paths("/usr/sbin:/usr/bin:/sbin:/bin").collect::<Vec<_>>();
    Ok(Target {
        kubeconfig: ready.kubeconfig,
        path: std::env::join_paths(ready.path.into_iter().chain(standard))?,
        repository: REPOSITORY.to_owned(),
        network_namespace: ready.network_namespace,
    })
}

impl Target {
    fn install(&self) -> Result<()> {
        let image = format!("{}/healthcare-operator", self.repository);
        let (registry, repository) = image
            .split_once('/')
            .context("a registry has a host and a path")?;
        let command = format!(
            "helm upgrade --install healthcare-operator charts/healthcare-operator --namespace healthcare-operator --create-namespace --wait --timeout 180s --set image.registry={registry} --set image.repository={repository}"
        );
        self.run(&command)
    }

    fn apply(&self) -> Result<()> {
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: healthcare, labels: {pod-security.kubernetes.io/enforce: restricted}}\n";
        self.apply_text("namespace", namespace)?;
        for name in EXAMPLES {
            let text = std::fs::read_to_string(format!("examples/{name}.yaml"))?;
            self.apply_text(name, &text.replace(REPOSITORY, &self.repository))?;
        }
        for name in EXAMPLES {
            self.run(&format!(
                "kubectl -n healthcare wait --for=condition=Ready hcs/{name} --timeout=180s"
            ))?;
        }
        Ok(())
    }

    fn show(&self) -> Result<()> {
        step("kubectl get hcs -A");
        self.run("kubectl get hcs -A")?;
        step("the children of synthetic-phi-service");
        let kinds = self.kinds()?;
        self.run(&format!(
            "kubectl -n healthcare get {kinds},pods -l gitops-health.io/service=synthetic-phi-service"
        ))?;
        step("an answer of the service through its ClusterIP");
        match &self.network_namespace {
            Some(namespace) => {
                let address = self.output("kubectl -n healthcare get svc synthetic-phi-service -o jsonpath={.spec.clusterIP}")?;
                self.run(&format!("ip netns exec {namespace} curl -sf --retry 10 --retry-delay 1 --retry-connrefused --max-time 30 http://{address}/synthetic-patient"))?;
            }
            // From outside, the API server is the only way in.
            None => self.run("kubectl get --raw /api/v1/namespaces/healthcare/services/synthetic-phi-service:http/proxy/synthetic-patient")?,
        }
        println!();
        Ok(())
    }

    /// The kinds of the service's children, as its inventory names them.
    fn kinds(&self) -> Result<String> {
        let kinds = self.output(
            "kubectl -n healthcare get hcs synthetic-phi-service -o jsonpath={.status.inventory[*].kind}",
        )?;
        Ok(kinds.trim().replace(' ', ","))
    }

    fn apply_text(&self, name: &str, text: &str) -> Result<()> {
        let file = std::env::temp_dir().join(format!("healthcare-demo-{name}-{}.yaml", std::process::id()));
        std::fs::write(&file, text)?;
        let applied = self.run(&format!("kubectl apply -f {}", file.display()));
        std::fs::remove_file(file)?;
        applied
    }

    fn command(&self, line: &str) -> Command {
        let mut words = line.split(' ');
        let mut command = Command::new("env");
        command.arg(words.next().unwrap_or_default()).args(words);
        command
            .env("PATH", &self.path)
            .env("KUBECONFIG", &self.kubeconfig);
        command
    }

    fn run(&self, line: &str) -> Result<()> {
        let status = self
            .command(line)
            .status()
            .with_context(|| format!("run {line}"))?;
        if !status.success() {
            bail!("{line}: {status}");
        }
        Ok(())
    }

    fn output(&self, line: &str) -> Result<String> {
        let output = self.command(line).output()?;
        Ok(String::from_utf8(output.stdout)?)
    }
}

fn cargo(args: &[&str]) -> Result<()> {
    let status = Command::new("cargo")
        .args(["run", "--quiet"])
        .args(args)
        .status()
        .context("run cargo")?;
    if !status.success() {
        bail!("cargo run {}: {status}", args.join(" "));
    }
    Ok(())
}
