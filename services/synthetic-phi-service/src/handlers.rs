//! HTTP in → domain → HTTP out.

use axum::extract::State;
use prometheus::{IntCounter, Registry};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use service_kit::error::Problem;
use service_kit::extract::{Json, Query};

use crate::INFO;
use crate::domain::{BatchSize, Index, OutOfRange, Patient, Seed, generate};
use crate::routes::ENDPOINTS;

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct App {
    patients_generated: IntCounter,
}

impl App {
    /// Registers the service's own counter.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let patients_generated = IntCounter::new(
            "synthetic_phi_patients_generated_total",
            "Synthetic patients handed out.",
        )?;
        registry.register(Box::new(patients_generated.clone()))?;
        Ok(Self { patients_generated })
    }
}

/// Which patient is asked for; a random seed, and the first one of it, unless told otherwise.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    seed: Option<u64>,
    index: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    count: i64,
    seed: Option<u64>,
    index: Option<u64>,
}

/// The answer to a batch request.
#[derive(Debug, Serialize)]
pub(crate) struct Batch {
    seed: Seed,
    count: usize,
    patients: Vec<Patient>,
}

pub(crate) async fn info() -> Json<Value> {
    Json(json!({
        "service": INFO.build.service,
        "version": INFO.build.version,
        "description": INFO.about,
        "endpoints": ENDPOINTS,
    }))
}

pub(crate) async fn generate_single(
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Result<Json<Patient>, Problem> {
    let (seed, index) = start(which.seed, which.index)?;
    Ok(Json(single(&app, seed, index)))
}

pub(crate) async fn generate_batch(
    State(app): State<App>,
    Json(request): Json<BatchRequest>,
) -> Result<Json<Batch>, Problem> {
    let size = BatchSize::try_from(request.count).map_err(refused)?;
    let (seed, index) = start(request.seed, request.index)?;
    let indices = index.following(size).map_err(refused)?;
    Ok(Json(batch(&app, seed, indices)))
}

#[tracing::instrument(
    name = "generate_single_patient",
    skip_all,
    fields(patient_id, diagnosis_count)
)]
fn single(app: &App, seed: Seed, index: Index) -> Patient {
    let patient = generate(seed, index);
    let span = tracing::Span::current();
    span.record("patient_id", patient.patient_id.as_str());
    span.record("diagnosis_count", patient.conditions.len());
    tracing::info!("patient generated");
    app.patients_generated.inc();
    patient
}

#[tracing::instrument(
    name = "generate_batch_patients",
    skip_all,
    fields(batch_size, diagnosis_count)
)]
fn batch(app: &App, seed: Seed, indices: impl Iterator<Item = Index>) -> Batch {
    let patients: Vec<Patient> = indices.map(|index| generate(seed, index)).collect();
    let diagnosis_count: usize = patients.iter().map(|patient| patient.conditions.len()).sum();
    let span = tracing::Span::current();
    span.record("batch_size", patients.len());
    span.record("diagnosis_count", diagnosis_count);
    tracing::info!("patients generated");
    app.patients_generated.inc_by(patients.len() as u64);
    Batch {
        seed,
        count: patients.len(),
        patients,
    }
}

fn start(seed: Option<u64>, index: Option<u64>) -> Result<(Seed, Index), Problem> {
    let seed = match seed {
        Some(seed) => Seed::try_from(seed).map_err(refused)?,
        None => Seed::random().map_err(|error| {
            tracing::error!(%error, "the operating system gave no random number");
            Problem::internal()
        })?,
    };
    Ok((seed, Index::try_from(index.unwrap_or_default()).map_err(refused)?))
}

fn refused(error: OutOfRange) -> Problem {
    Problem::unprocessable(error.to_string())
}
