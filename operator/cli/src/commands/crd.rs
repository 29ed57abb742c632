//! `crd`: the CustomResourceDefinition.

use clap::Args;
use healthcare_crds::crd::healthcare_service_crd_yaml;

use crate::report::{Error, Report};

/// Print the CustomResourceDefinition as YAML
///
/// The same bytes as `healthcare-operator crd`, the chart and the repository hold: pipe it into kubectl apply -f -
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub struct CrdArgs {}

/// Writes it.
///
/// # Errors
/// When it cannot be written as YAML, which no test has seen.
pub fn run() -> Result<Report, Error> {
    Ok(Report::fine(healthcare_service_crd_yaml()?))
}
