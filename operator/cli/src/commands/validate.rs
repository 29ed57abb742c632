//! `validate`: what the API server and the operator would refuse, without either.

use std::io::Read;

use clap::{Args, ValueEnum};
use healthcare_operator::capabilities::Capabilities;
use serde::Serialize;

use crate::cli::{NamespaceArgs, SourceArgs};
use crate::input::{self, Input, InputError, Manifest, Origin};
use crate::report::{Error, Report, Verdict, json, table};
use crate::schema::Checker;
use crate::service::{self, Refusal, Surroundings};
use crate::style::{BAD, GOOD, PLACE, WARN, paint};

/// Check manifests as the API server and the operator do, without a cluster
///
/// The schema and the rules (CEL) of the CustomResourceDefinition first, with the API server's own words; then what only the
/// operator sees: settings that contradict each other, and alert rules that are not PromQL. Each violation is a line
/// file:document: path: message.
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct ValidateArgs {
    /// Which manifests.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// Their namespace.
    #[command(flatten)]
    pub namespace: NamespaceArgs,
    /// Lines, a table, or JSON
    #[arg(short, long, default_value = "text")]
    pub output: ValidateFormat,
    /// What a field that the API does not have is: a violation, a warning, or nothing; as kubectl's --validate
    #[arg(long, default_value = "strict", value_name = "LEVEL")]
    pub field_validation: FieldValidation,
}

/// How violations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ValidateFormat {
    /// A line each.
    Text,
    /// A table.
    Table,
    /// One object.
    Json,
}

/// What a field that the API does not have is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FieldValidation {
    /// A violation.
    Strict,
    /// A warning.
    Warn,
    /// Nothing.
    Ignore,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Violation,
    Warning,
}

#[derive(Debug, Serialize)]
struct Finding {
    severity: Severity,
    #[serde(flatten)]
    origin: Origin,
    path: String,
    message: String,
}

#[derive(Debug, Serialize)]
struct Judgement {
    valid: bool,
    manifests: usize,
    passed_over: usize,
    findings: Vec<Finding>,
}

/// Validates.
///
/// # Errors
/// When something cannot be read, or there is no manifest at all.
pub fn run(args: &ValidateArgs, stdin: &mut dyn Read) -> Result<Report, Error> {
    let input = input::read(&args.sources.all(), stdin)?;
    let findings = findings(input, args)?;
    let text = match args.output {
        ValidateFormat::Text => findings.findings.iter().map(line).collect(),
        ValidateFormat::Table if findings.findings.is_empty() => String::new(),
        ValidateFormat::Table => table(
            &["WHERE", "SEVERITY", "PATH", "MESSAGE"],
            findings.findings.iter().map(row).collect(),
        ),
        ValidateFormat::Json => json(&findings)?,
    };
    Ok(Report {
        text,
        notes: vec![summary(&findings)],
        verdict: Verdict::of(!findings.valid),
    })
}

fn findings(input: Input, args: &ValidateArgs) -> Result<Judgement, Error> {
    if input.manifests.is_empty() && input.unreadable.is_empty() {
        return Err(InputError::Nothing { others: input.others }.into());
    }
    let surroundings = Surroundings {
        namespace: args.namespace.namespace.clone(),
        // Rules are judged whether or not a cluster has their kind.
        capabilities: Capabilities {
            service_monitor: true,
            prometheus_rule: true,
            http_route: true,
        },
        ..Surroundings::default()
    };
    let unreadable = input.unreadable.into_iter();
    let mut found: Vec<_> = unreadable
        .map(|broken| finding(&broken.origin, Severity::Violation, broken.path, broken.message))
        .collect();
    let checker = Checker::published();
    for manifest in &input.manifests {
        found.extend(judge(&checker, manifest, &surroundings, args.field_validation));
    }
    found.sort_by(|a, b| a.origin.cmp(&b.origin));
    Ok(Judgement {
        valid: found.iter().all(|finding| finding.severity == Severity::Warning),
        manifests: input.manifests.len(),
        passed_over: input.others,
        findings: found,
    })
}

fn judge(
    checker: &Checker,
    manifest: &Manifest,
    surroundings: &Surroundings,
    unknown: FieldValidation,
) -> Vec<Finding> {
    let refusals = refusals(
        checker,
        manifest,
        surroundings,
        unknown != FieldValidation::Strict,
    );
    let mut found: Vec<_> = refusals
        .into_iter()
        .map(|refusal| {
            let (path, message) = refusal.told();
            finding(&manifest.origin, Severity::Violation, path, message)
        })
        .collect();
    if unknown == FieldValidation::Warn {
        let strange = checker.check(&manifest.object).into_iter();
        found.extend(
            strange
                .filter(|violation| violation.is_unknown_field)
                .map(|v| finding(&manifest.origin, Severity::Warning, v.path, v.message)),
        );
    }
    found
}

fn refusals(
    checker: &Checker,
    manifest: &Manifest,
    surroundings: &Surroundings,
    ignores_unknown: bool,
) -> Vec<Refusal> {
    match service::service(checker, manifest, surroundings, ignores_unknown) {
        Ok(service) => service::children(&service, surroundings)
            .err()
            .into_iter()
            .collect(),
        Err(refusals) => refusals,
    }
}

fn finding(origin: &Origin, severity: Severity, path: String, message: String) -> Finding {
    Finding {
        severity,
        origin: origin.clone(),
        path,
        message,
    }
}

fn line(finding: &Finding) -> String {
    let path = match finding.path.as_str() {
        "" => String::new(),
        path => format!("{}: ", paint(PLACE, path)),
    };
    let warning = match finding.severity {
        Severity::Violation => String::new(),
        Severity::Warning => paint(WARN, "warning: "),
    };
    format!("{}: {path}{warning}{}\n", finding.origin, finding.message)
}

fn row(finding: &Finding) -> Vec<String> {
    let severity = match finding.severity {
        Severity::Violation => "violation",
        Severity::Warning => "warning",
    };
    let place = finding.origin.to_string();
    [&place, severity, &finding.path, &finding.message]
        .map(str::to_owned)
        .to_vec()
}

fn summary(findings: &Judgement) -> String {
    let violations = findings.findings.iter();
    let violations = violations.filter(|f| f.severity == Severity::Violation).count();
    let style = if findings.valid { GOOD } else { BAD };
    let verdict = paint(style, format!("{violations} violations"));
    format!("{} manifests, {verdict}", findings.manifests)
}

#[cfg(test)]
mod tests;
