//! `graph`: who may call whom.

use std::collections::BTreeMap;
use std::io::Read;

use clap::{Args, ValueEnum};

use super::render::services;
use crate::cli::{NamespaceArgs, SourceArgs};
use crate::cluster::{Cluster, ClusterArgs};
use crate::graph::{self, Edge, Graph};
use crate::input;
use crate::report::{Error, Report, Verdict, json};
use crate::service::{Surroundings, full_name};
use crate::style::{WARN, paint};

/// Draw who may call whom
///
/// From spec.accessPolicy and spec.exposure of every service given. A call takes place where both sides allow it: edges that
/// only one side allows are dashed, and listed on standard error. With --live the services of the cluster are drawn; manifests
/// given besides take the place of those of their name, which shows what a change would do.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct GraphArgs {
    /// Which manifests.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Their namespace, and the one that is read from the cluster.
    #[command(flatten)]
    pub namespace: NamespaceArgs,
    /// Mermaid, DOT (Graphviz), SVG or JSON
    #[arg(short, long, default_value = "mermaid")]
    pub output: GraphFormat,
    /// Draw the services of the cluster: of --namespace, else of the context's namespace
    #[arg(long)]
    pub live: bool,
    /// With --live: services of every namespace
    #[arg(short = 'A', long, requires = "live", conflicts_with = "namespace")]
    pub all_namespaces: bool,
    /// Exit with 1 when a call is allowed by one side only
    #[arg(long)]
    pub check: bool,
}

/// How the graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// A flowchart, which code hosts draw in Markdown.
    Mermaid,
    /// For Graphviz.
    Dot,
    /// A drawing.
    Svg,
    /// Peers and edges.
    Json,
}

/// Draws.
///
/// # Errors
/// When something cannot be read.
pub async fn run(args: &GraphArgs, cluster: &ClusterArgs, stdin: &mut dyn Read) -> Result<Report, Error> {
    let mut all = BTreeMap::new();
    if args.live {
        let cluster = Cluster::connect(cluster).await?;
        let namespace = args.namespace.namespace.as_ref().unwrap_or(&cluster.namespace);
        let namespace = Some(namespace.as_str()).filter(|_| !args.all_namespaces);
        let live = cluster.services(namespace).await?;
        all.extend(live.into_iter().map(|s| (full_name(&s), s)));
    }
    let sources = args.sources.all();
    if !(args.live && sources.is_empty()) {
        let surroundings = Surroundings {
            namespace: args.namespace.namespace.clone(),
            ..Surroundings::default()
        };
        let given = services(&input::read(&sources, stdin)?.whole()?, &surroundings)?;
        all.extend(given.into_iter().map(|s| (full_name(&s), s)));
    }
    let services: Vec<_> = all.into_values().collect();
    report(args, &graph::graph(&services))
}

fn report(args: &GraphArgs, graph: &Graph) -> Result<Report, Error> {
    let text = match args.output {
        GraphFormat::Mermaid => graph::mermaid(graph),
        GraphFormat::Dot => graph::dot(graph),
        GraphFormat::Svg => graph::svg(graph),
        GraphFormat::Json => json(graph)?,
    };
    let notes: Vec<_> = graph.one_sided().map(note).collect();
    Ok(Report {
        text,
        verdict: Verdict::of(args.check && !notes.is_empty()),
        notes,
    })
}

fn note(edge: &Edge) -> String {
    let remark = edge.allowed.remark().unwrap_or_default();
    format!(
        "{}: {} → {}: {remark}",
        paint(WARN, "warning"),
        edge.from.label(),
        edge.to.label()
    )
}

#[cfg(test)]
mod tests;
