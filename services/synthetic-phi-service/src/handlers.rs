//! HTTP in → domain → HTTP out.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use prometheus::{IntCounter, Registry};
use serde::Deserialize;
use service_kit::error::Problem;
use service_kit::extract::{Json, Query};
use utoipa::{IntoParams, ToSchema};

use crate::answer::{self, Format, Writer};
use crate::domain::{
    BatchSize, Cohort, Depth, Generator, Index, NoSuchCohort, OutOfRange, Patient, Seed, Selection, Sex,
    StreamSize,
};

/// What the handlers share.
#[derive(Clone, Debug)]
pub struct App {
    patients_generated: IntCounter,
    everybody: Arc<Cohort>,
}

impl App {
    /// Registers the service's own counter.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let patients_generated = IntCounter::new(
            "synthetic_phi_patients_generated_total",
            "Synthetic patients handed out.",
        )?;
        registry.register(Box::new(patients_generated.clone()))?;
        Ok(Self {
            patients_generated,
            everybody: Arc::new(Cohort::everybody()),
        })
    }

    /// A cohort costs some microseconds to compute: the one of everybody is kept.
    fn cohort(&self, selection: Selection) -> Result<Arc<Cohort>, NoSuchCohort> {
        if selection == Selection::default() {
            return Ok(self.everybody.clone());
        }
        Cohort::new(selection).map(Arc::new)
    }
}

/// The parameters of `GET`: which patients, how deep, in which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// What the patients are made from; random when not given.
    #[param(maximum = 9_007_199_254_740_991_i64)]
    seed: Option<u64>,
    /// Which patient of the seed, or the first of them.
    #[param(maximum = 1_999_999)]
    index: Option<u64>,
    /// How much the record tells.
    #[serde(default)]
    #[param(inline, required = false)]
    depth: Depth,
    /// What the patients have: names of the catalogue or ICD-10-CM codes, separated by commas.
    #[param(example = "diabetes,hypertension")]
    conditions: Option<String>,
    /// Completed years, or a range of them.
    #[param(pattern = "^[0-9]{1,3}(-[0-9]{1,3})?$", example = "40-64")]
    age: Option<String>,
    #[param(inline)]
    sex: Option<Sex>,
    /// Before the `Accept` header.
    #[param(inline)]
    format: Option<Format>,
    /// Only for streams.
    #[param(ignore)]
    count: Option<i64>,
}

/// The body of a batch request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// How many.
    #[schema(minimum = 1, maximum = 100)]
    count: i64,
    /// What the patients are made from; random when not given.
    #[schema(maximum = 9_007_199_254_740_991_i64)]
    seed: Option<u64>,
    /// The first of them.
    #[schema(maximum = 1_999_999)]
    index: Option<u64>,
    /// How much the records tell.
    #[serde(default)]
    depth: Depth,
    /// What the patients have: names of the catalogue or ICD-10-CM codes.
    #[serde(default)]
    conditions: Vec<String>,
    /// Completed years, or a range of them.
    #[schema(pattern = "^[0-9]{1,3}(-[0-9]{1,3})?$", example = "40-64")]
    age: Option<String>,
    sex: Option<Sex>,
}

/// The parameter of `POST`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Form {
    /// Before the `Accept` header.
    #[param(inline)]
    format: Option<Format>,
}

/// The answer to a batch request, as [`answer`] writes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the OpenAPI document")]
pub(crate) struct Batch {
    seed: Seed,
    count: usize,
    patients: Vec<Patient>,
}

/// One synthetic patient
#[utoipa::path(get, path = "", params(Parameters), responses((status = OK, description = "The patient.", content(
    (Patient = "application/json"),
    (Patient = "application/x-ndjson"),
    (Value = "application/fhir+json"),
    (Value = "application/fhir+ndjson"),
))))]
pub(crate) async fn generate_single(
    State(app): State<App>,
    headers: HeaderMap,
    Query(asked): Query<Parameters>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(asked.format, &headers, Format::Json);
    let (seed, index) = start(asked.seed, asked.index)?;
    let generator = generator(&app, seed, &asked)?;
    let patient = single(&app, &generator, index);
    // One of a lifetime in FHIR takes milliseconds: too long for a thread that serves others.
    let short = asked.depth < Depth::Lifetime;
    answer::respond(Writer::one(format, patient), format, short).await
}

/// Several synthetic patients, which follow each other
#[utoipa::path(post, path = "", params(Form), request_body = BatchRequest, responses(
    (status = OK, description = "The patients.", content(
        (Batch = "application/json"),
        (String = "application/x-ndjson"),
        (Value = "application/fhir+json"),
        (String = "application/fhir+ndjson"),
    )),
))]
pub(crate) async fn generate_batch(
    State(app): State<App>,
    headers: HeaderMap,
    Query(form): Query<Form>,
    Json(request): Json<BatchRequest>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(form.format, &headers, Format::Json);
    let size = BatchSize::try_from(request.count).map_err(refused)?;
    let (seed, index) = start(request.seed, request.index)?;
    let indices: Vec<Index> = index.following(size).map_err(refused)?.collect();
    let asked = Parameters {
        depth: request.depth,
        conditions: Some(request.conditions.join(",")),
        age: request.age,
        sex: request.sex,
        ..Parameters::default()
    };
    let patients = batch(&app, generator(&app, seed, &asked)?, indices).await?;
    answer::respond(Writer::batch(format, seed, patients), format, false).await
}

/// As many synthetic patients as asked for, one a line, made while they are sent
#[utoipa::path(get, path = "",
    params(Parameters, ("count" = Option<i64>, Query, description = "How many.", minimum = 1, maximum = 2_000_000)),
    responses((status = OK, description = "The patients, one a line.", content(
        (String = "application/x-ndjson"),
        (String = "application/fhir+ndjson"),
    ))),
)]
pub(crate) async fn generate_stream(
    State(app): State<App>,
    headers: HeaderMap,
    Query(asked): Query<Parameters>,
) -> Result<Response, Problem> {
    let format = Format::negotiate(asked.format, &headers, Format::Ndjson).by_line();
    let size = StreamSize::try_from(asked.count.unwrap_or(1)).map_err(refused)?;
    let (seed, index) = start(asked.seed, asked.index)?;
    let indices = index.streamed(size).map_err(refused)?;
    let generator = generator(&app, seed, &asked)?;
    tracing::info!(batch_size = size.number(), "patients are streamed");
    let writer = Writer::stream(format, generator, indices, app.patients_generated);
    answer::respond(writer, format, false).await
}

#[tracing::instrument(
    name = "generate_single_patient",
    skip_all,
    fields(patient_id, diagnosis_count)
)]
fn single(app: &App, generator: &Generator, index: Index) -> Patient {
    let patient = generator.patient(index);
    let span = tracing::Span::current();
    span.record("patient_id", patient.patient_id.as_str());
    span.record("diagnosis_count", patient.diagnosis_count());
    tracing::info!("patient generated");
    app.patients_generated.inc();
    patient
}

#[tracing::instrument(
    name = "generate_batch_patients",
    skip_all,
    fields(batch_size, diagnosis_count)
)]
async fn batch(app: &App, generator: Generator, indices: Vec<Index>) -> Result<Vec<Patient>, Problem> {
    let generate = move || {
        indices
            .into_iter()
            .map(|index| generator.patient(index))
            .collect()
    };
    let patients: Vec<Patient> = tokio::task::spawn_blocking(generate).await.map_err(|error| {
        tracing::error!(%error, "a batch could not be generated");
        Problem::internal()
    })?;
    let diagnosis_count: usize = patients.iter().map(Patient::diagnosis_count).sum();
    let span = tracing::Span::current();
    span.record("batch_size", patients.len());
    span.record("diagnosis_count", diagnosis_count);
    tracing::info!("patients generated");
    app.patients_generated.inc_by(patients.len() as u64);
    Ok(patients)
}

fn generator(app: &App, seed: Seed, asked: &Parameters) -> Result<Generator, Problem> {
    let cohort = Selection::parse(asked.conditions.as_deref(), asked.age.as_deref(), asked.sex)
        .and_then(|selection| app.cohort(selection))
        .map_err(|error| Problem::unprocessable(error.to_string()))?;
    Ok(Generator::new(seed, cohort, asked.depth))
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
