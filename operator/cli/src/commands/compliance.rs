//! `compliance report`: how the controls stand, of manifests or of a cluster's services. I/O; the judging is the operator's.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use healthcare_crds::HealthcareService;
use healthcare_crds::v1alpha1::Framework;
use healthcare_operator::compliance::{self as controls, Input, Report as Judged, State, html, oscal};
use healthcare_operator::render;
use jiff::Timestamp;
use serde_json::json;

use super::World;
use super::render::services;
use crate::cli::{NamespaceArgs, SurroundingsArgs};
use crate::cluster::{Cluster, ClusterArgs};
use crate::compliance;
use crate::input;
use crate::report::{Error, Report, Verdict, json as as_json};
use crate::service::{self, Refusal, Surroundings, full_name};
use crate::style::{BAD, WARN, paint};

mod live;

/// Tell how controls of HIPAA, PCI DSS, SOX and 21 CFR Part 11 stand
#[derive(Args, Debug)]
pub struct ComplianceArgs {
    /// What of them.
    #[command(subcommand)]
    pub command: ComplianceCommand,
}

/// What is told of controls.
#[derive(Debug, Subcommand)]
pub enum ComplianceCommand {
    /// Report on every control: met, violated, exempted, or inherited from the cluster and not verified here
    ///
    /// Of manifests, judged by the objects that the operator makes of them:
    ///   gitops-health compliance report services/
    /// Of services in the cluster, judged by the objects that are there:
    ///   gitops-health compliance report --live NAME...
    /// Without a cluster the evidence has a digest of each object, but neither uid nor version, and the report says so. A report
    /// supports and evidences; whether an organisation complies is for its assessors. The exit code is 0 whatever was found,
    /// unless --fail-on names a state that was found, or a service of the cluster cannot be judged: then it is 1.
    #[command(verbatim_doc_comment)]
    Report(ReportArgs),
}

/// Arguments of `compliance report`.
#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Files, directories, or - for standard input; with --live names of services [default: all of the namespace]
    #[arg(value_name = "PATH|NAME")]
    pub targets: Vec<PathBuf>,
    /// Files, directories, or - for standard input, as kubectl takes them
    #[arg(short = 'f', long = "filename", value_name = "PATH", conflicts_with = "live")]
    pub filenames: Vec<PathBuf>,
    /// Their namespace; with --live by default that of the context.
    #[command(flatten)]
    pub namespace: NamespaceArgs,
    /// Tables, JSON, a page, or NIST OSCAL assessment results
    #[arg(short, long, visible_alias = "format", default_value = "table")]
    pub output: ReportFormat,
    /// Report on these frameworks only, also where a service names them not
    #[arg(long, value_name = "FRAMEWORK", value_delimiter = ',')]
    pub framework: Vec<FrameworkName>,
    /// Exit with 1 when a control is in one of these states
    #[arg(long, value_name = "STATE", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// Judge services of the cluster, by the objects that are there
    #[arg(long, conflicts_with = "api_versions")]
    pub live: bool,
    /// With --live: services of every namespace
    #[arg(short = 'A', long, requires = "live", conflicts_with_all = ["namespace", "targets"])]
    pub all_namespaces: bool,
    /// Operator and cluster.
    #[command(flatten)]
    pub surroundings: SurroundingsArgs,
}

/// How reports are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// One page, for people who audit.
    Html,
    /// NIST OSCAL 1.1.3 assessment results, for tools that audit.
    Oscal,
}

/// A framework, as manifests write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FrameworkName {
    /// HIPAA Security Rule.
    #[value(name = "HIPAA")]
    Hipaa,
    /// PCI DSS v4.0.1.
    #[value(name = "PCI-DSS")]
    PciDss,
    /// IT general controls under section 404 of the Sarbanes-Oxley Act.
    #[value(name = "SOX")]
    Sox,
    /// FDA 21 CFR Part 11.
    #[value(name = "21-CFR-11")]
    Part11,
}

/// A state of a control that a pipeline does not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Not met, and not excused.
    Violated,
    /// Not met, during emergency access.
    Emergency,
    /// Not met, and excused for now.
    Exempted,
}

impl From<FrameworkName> for Framework {
    fn from(name: FrameworkName) -> Self {
        match name {
            FrameworkName::Hipaa => Self::Hipaa,
            FrameworkName::PciDss => Self::PciDss,
            FrameworkName::Sox => Self::Sox,
            FrameworkName::Part11 => Self::Part11,
        }
    }
}

impl FailOn {
    const fn is(self, state: &State) -> bool {
        matches!(
            (self, state),
            (Self::Violated, State::Violated { .. })
                | (Self::Emergency, State::BreakGlass { .. })
                | (Self::Exempted, State::Exempted { .. })
        )
    }
}

/// Reports.
///
/// # Errors
/// When something cannot be read, rendered or asked.
pub async fn run(
    args: &ComplianceArgs,
    cluster: &ClusterArgs,
    world: &mut World<'_>,
) -> Result<Report, Error> {
    let ComplianceCommand::Report(args) = &args.command;
    let now = world.clock.now();
    let surroundings = args.surroundings.surroundings(&args.namespace);
    if args.live {
        let cluster = Cluster::connect(cluster).await?;
        let (reports, unjudged) = live::reports(&cluster, args, surroundings, now).await?;
        let mut report = report(args, &reports)?;
        if !unjudged.is_empty() {
            report.verdict = Verdict::Found;
        }
        report.notes.extend(unjudged);
        return Ok(report);
    }
    let services = read(args, world.stdin, &surroundings)?;
    let judge = |service| rendered(args, service, &surroundings, now);
    let reports = services.iter().map(judge).collect::<Result<Vec<_>, _>>()?;
    report(args, &reports)
}

fn read(
    args: &ReportArgs,
    stdin: &mut dyn Read,
    surroundings: &Surroundings,
) -> Result<Vec<HealthcareService>, Error> {
    let sources: Vec<_> = args.filenames.iter().chain(&args.targets).cloned().collect();
    services(&input::read(&sources, stdin)?.whole()?, surroundings)
}

/// Judged as the operator does it.
fn rendered(
    args: &ReportArgs,
    service: &HealthcareService,
    surroundings: &Surroundings,
    now: Timestamp,
) -> Result<Judged, Error> {
    let refused = |refusal| Error::Service {
        name: full_name(service),
        refusal,
    };
    let plan = service::plan(service, surroundings).map_err(refused)?;
    let children = render::children(&plan).and_then(render::Children::into_list);
    let children = children.map_err(|error| refused(Refusal::Render(error)))?;
    Ok(judged(args, &Input::rendered(service, &plan, &children), now))
}

/// By the frameworks that apply, or by those asked for.
fn judged(args: &ReportArgs, input: &Input<'_>, now: Timestamp) -> Judged {
    let mut frameworks = controls::applicable(&input.service.spec);
    if args.framework.is_empty() {
        return controls::evaluate_by(input, frameworks, now);
    }
    let asked: Vec<Framework> = args.framework.iter().map(|name| (*name).into()).collect();
    // The others stay until exemptions from them are seen to be used.
    frameworks.extend(&asked);
    controls::evaluate_by(input, frameworks, now).only(&asked)
}

fn report(args: &ReportArgs, reports: &[Judged]) -> Result<Report, Error> {
    let failed: Vec<_> = reports
        .iter()
        .filter_map(|judged| objection(args, judged))
        .collect();
    let unasked = reports.iter().filter(|judged| judged.frameworks.is_empty());
    let unasked = unasked.map(|judged| {
        format!(
            "{}: {}/{} names no framework in spec.compliance.frameworks: nothing of it was judged",
            paint(WARN, "warning"),
            judged.namespace,
            judged.name
        )
    });
    Ok(Report {
        text: match args.output {
            ReportFormat::Table => compliance::written(reports),
            ReportFormat::Json => as_json(&json!({"reports": reports}))?,
            ReportFormat::Html => html::page(reports),
            ReportFormat::Oscal => as_json(&oscal::assessment_results(reports))?,
        },
        verdict: Verdict::of(!failed.is_empty()),
        notes: unasked.chain(failed.iter().cloned()).collect(),
    })
}

fn objection(args: &ReportArgs, judged: &Judged) -> Option<String> {
    let is_bad = |state: &State| args.fail_on.iter().any(|fail_on| fail_on.is(state));
    let bad = judged.findings.iter().filter(|finding| is_bad(&finding.state));
    let ids: Vec<_> = bad.map(|finding| finding.control.id).collect();
    (!ids.is_empty()).then(|| {
        format!(
            "{}: {}/{}: {}",
            paint(BAD, "not to be"),
            judged.namespace,
            judged.name,
            ids.join(", ")
        )
    })
}

#[cfg(test)]
mod tests;
