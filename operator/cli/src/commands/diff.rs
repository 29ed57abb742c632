//! `diff`: what a change of manifests changes of the objects.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use healthcare_crds::HealthcareService;

use super::render::services;
use crate::cli::{NamespaceArgs, SourceArgs, SurroundingsArgs};
use crate::cluster::{Cluster, ClusterArgs};
use crate::difference::{self, Change, Object};
use crate::input::{self, Manifest};
use crate::report::{Error, Report, Verdict, json};
use crate::schema::Checker;
use crate::service::{self, Refused, Surroundings, full_name};

pub(super) mod live;

/// Show what a change of manifests changes of the objects, and whether pods restart
///
/// Without a cluster, between two files or directories:
///   gitops-health diff OLD NEW
/// Against a cluster, what the operator would change (by server-side dry run under its field manager, so that defaults and
/// admission are those of the cluster; that needs the right to patch the objects):
///   gitops-health diff --live NEW
/// The exit code is 0 when nothing differs, 1 when something does, and 2 when it cannot be told.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct DiffArgs {
    /// Which manifests.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Their namespace.
    #[command(flatten)]
    pub namespace: NamespaceArgs,
    /// Unified diffs, or JSON
    #[arg(short, long, default_value = "text")]
    pub output: DiffFormat,
    /// Lines around each change
    #[arg(short = 'U', long, default_value_t = 3, value_name = "LINES")]
    pub unified: usize,
    /// Compare with the cluster: its optional APIs and objects, with the operator's flags given here
    #[arg(long, conflicts_with = "api_versions")]
    pub live: bool,
    /// Operator and cluster.
    #[command(flatten)]
    pub surroundings: SurroundingsArgs,
}

/// How differences are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Unified diffs.
    Text,
    /// One object a service.
    Json,
}

/// Compares.
///
/// # Errors
/// When something cannot be read, rendered or asked.
pub async fn run(args: &DiffArgs, cluster: &ClusterArgs, stdin: &mut dyn Read) -> Result<Report, Error> {
    let surroundings = args.surroundings.surroundings(&args.namespace);
    let changes = if args.live {
        let cluster = Cluster::connect(cluster).await?;
        let services = read(&args.sources.all(), stdin, &surroundings)?;
        live::changes(&cluster, services, surroundings, args.unified).await?
    } else {
        let [old, new] = args.sources.all().try_into().map_err(|given: Vec<PathBuf>| {
            Error::Usage(format!(
                "diff compares two files or directories, OLD and NEW, but {} were named: name two, or compare with the cluster by --live",
                given.len()
            ))
        })?;
        let [old, new] = both(&[old], &[new], stdin, &surroundings)?;
        let (old, new) = (rendered(&old, &surroundings)?, rendered(&new, &surroundings)?);
        difference::compare(&old, &new, args.unified)
    };
    report(args, &changes)
}

fn report(args: &DiffArgs, changes: &[Change]) -> Result<Report, Error> {
    Ok(Report {
        text: match args.output {
            DiffFormat::Text => difference::written(changes),
            DiffFormat::Json => json(&changes)?,
        },
        notes: Vec::new(),
        verdict: Verdict::of(!changes.is_empty()),
    })
}

/// The services before and after. One side may hold none: all are new, or all are gone.
///
/// # Errors
/// When something cannot be read, or what is new is not valid.
pub(super) fn both(
    old: &[PathBuf],
    new: &[PathBuf],
    stdin: &mut dyn Read,
    surroundings: &Surroundings,
) -> Result<[Vec<HealthcareService>; 2], Error> {
    let old = input::read(old, stdin)?;
    let new = input::read(new, stdin)?;
    let others = old.others + new.others;
    if old.manifests.len() + new.manifests.len() + old.unreadable.len() + new.unreadable.len() == 0 {
        return Err(input::InputError::Nothing { others }.into());
    }
    let old = once(stored(&old.readable()?, surroundings)?)?;
    let new = once(services(&new.readable()?, surroundings)?)?;
    Ok([old, new])
}

/// What is to be replaced need not be valid any more: otherwise nothing could be corrected.
fn stored(manifests: &[Manifest], surroundings: &Surroundings) -> Result<Vec<HealthcareService>, Error> {
    let checker = Checker::published();
    let read = |manifest: &Manifest| {
        service::as_stored(&checker, manifest, surroundings).map_err(|refusal| {
            Error::Refused(vec![Refused {
                manifest: Box::new(manifest.clone()),
                refusals: vec![refusal],
            }])
        })
    };
    manifests.iter().map(read).collect()
}

fn read(
    sources: &[PathBuf],
    stdin: &mut dyn Read,
    surroundings: &Surroundings,
) -> Result<Vec<HealthcareService>, Error> {
    let manifests = input::read(sources, stdin)?.whole()?;
    once(services(&manifests, surroundings)?)
}

/// Each service stands in a side once: which of two would be meant?
pub(super) fn once(services: Vec<HealthcareService>) -> Result<Vec<HealthcareService>, Error> {
    let mut seen = BTreeSet::new();
    for service in &services {
        if !seen.insert(full_name(service)) {
            let name = full_name(service);
            return Err(Error::Usage(format!(
                "HealthcareService {name} is described twice: give one environment only, such as the output of kustomize for an overlay"
            )));
        }
    }
    Ok(services)
}

fn rendered(services: &[HealthcareService], surroundings: &Surroundings) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    for service in services {
        let name = full_name(service);
        let children = service::children(service, surroundings).map_err(|refusal| Error::Service {
            name: name.clone(),
            refusal,
        })?;
        objects.extend(children.into_iter().map(|child| Object {
            service: name.clone(),
            kind: child.kind,
            body: child.body,
        }));
    }
    Ok(objects)
}

#[cfg(test)]
mod tests;
