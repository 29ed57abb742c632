//! Patients as the bytes of an answer, made no faster than they are sent.

use std::ops::Range;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderValue, header};
use prometheus::IntCounter;
use serde::Deserialize;
use service_kit::error::Problem;
use utoipa::ToSchema;

use crate::domain::{Generator, Index, Patient, Seed};
use crate::fhir;

/// In which form patients are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// One JSON document.
    Json,
    /// A JSON document a line.
    Ndjson,
    /// One FHIR Bundle.
    Fhir,
    /// A FHIR Bundle a line, one for each patient.
    FhirNdjson,
}

impl Format {
    /// What the caller asked for: the `format` parameter before the `Accept` header (RFC 9110, section 12.5.1; the first
    /// type that can be made).
    pub(crate) fn negotiate(asked: Option<Self>, headers: &HeaderMap, default: Self) -> Self {
        let accept = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let mut types = accept.flat_map(|list| list.split(','));
        asked.or_else(|| types.find_map(Self::of_type)).unwrap_or(default)
    }

    fn of_type(text: &str) -> Option<Self> {
        let essence = text
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match essence.as_str() {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/ndjson" => Some(Self::Ndjson),
            "application/fhir+json" => Some(Self::Fhir),
            "application/fhir+ndjson" => Some(Self::FhirNdjson),
            _ => None,
        }
    }

    /// The same by lines: what has no end until it ends.
    pub(crate) const fn by_line(self) -> Self {
        match self {
            Self::Json | Self::Ndjson => Self::Ndjson,
            Self::Fhir | Self::FhirNdjson => Self::FhirNdjson,
        }
    }

    const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Fhir => "application/fhir+json",
            Self::FhirNdjson => "application/fhir+ndjson",
        })
    }
}

/// About how many bytes are made at a time.
const CHUNK: usize = 64 * 1024;

/// Patients still to be written, and what stands before, between and after them.
#[derive(Debug)]
pub(crate) struct Writer {
    patients: Patients,
    format: Format,
    start: String,
    separator: &'static str,
    end: &'static str,
    started: bool,
    /// The one that is partly written, and its next piece.
    current: Option<(Patient, usize)>,
}

/// Those that exist, or those to be made.
#[derive(Debug)]
enum Patients {
    Made(std::vec::IntoIter<Patient>),
    ToMake {
        generator: Box<Generator>,
        indices: Range<u64>,
        made: IntCounter,
    },
}

impl Iterator for Patients {
    type Item = Patient;

    fn next(&mut self) -> Option<Patient> {
        match self {
            Self::Made(patients) => patients.next(),
            Self::ToMake {
                generator,
                indices,
                made,
            } => {
                let index = Index::try_from(indices.next()?).ok()?;
                made.inc();
                Some(generator.patient(index))
            }
        }
    }
}

impl Writer {
    /// One patient.
    pub(crate) fn one(format: Format, patient: Patient) -> Self {
        let patients = Patients::Made(vec![patient].into_iter());
        match format {
            Format::Json => Self::new(format, patients, String::new(), "", ""),
            Format::Fhir => Self::bundle(patients),
            Format::Ndjson | Format::FhirNdjson => Self::lines(format, patients),
        }
    }

    /// A batch.
    pub(crate) fn batch(format: Format, seed: Seed, patients: Vec<Patient>) -> Self {
        let count = patients.len();
        let patients = Patients::Made(patients.into_iter());
        match format {
            Format::Json => {
                let start = format!(r#"{{"seed":{seed},"count":{count},"patients":["#);
                Self::new(format, patients, start, ",", "]}")
            }
            Format::Fhir => Self::bundle(patients),
            Format::Ndjson | Format::FhirNdjson => Self::lines(format, patients),
        }
    }

    /// Patients that are made when their turn comes.
    pub(crate) fn stream(
        format: Format,
        generator: Generator,
        indices: Range<u64>,
        made: IntCounter,
    ) -> Self {
        let generator = Box::new(generator);
        Self::lines(
            format,
            Patients::ToMake {
                generator,
                indices,
                made,
            },
        )
    }

    const fn lines(format: Format, patients: Patients) -> Self {
        Self::new(format, patients, String::new(), "\n", "\n")
    }

    fn bundle(patients: Patients) -> Self {
        Self::new(
            Format::Fhir,
            patients,
            fhir::bundle_start(),
            ",",
            fhir::BUNDLE_END,
        )
    }

    const fn new(
        format: Format,
        patients: Patients,
        start: String,
        separator: &'static str,
        end: &'static str,
    ) -> Self {
        Self {
            patients,
            format,
            start,
            separator,
            end,
            started: false,
            current: None,
        }
    }

    /// The next bytes, and whether they are the last.
    fn next_chunk(&mut self) -> Result<(Vec<u8>, bool), serde_json::Error> {
        let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 4);
        if !self.started {
            chunk.extend_from_slice(self.start.as_bytes());
        }
        while chunk.len() < CHUNK {
            if self.current.is_some() {
                self.write_piece(&mut chunk)?;
                continue;
            }
            let Some(patient) = self.patients.next() else {
                chunk.extend_from_slice(self.end.as_bytes());
                return Ok((chunk, true));
            };
            if std::mem::replace(&mut self.started, true) {
                chunk.extend_from_slice(self.separator.as_bytes());
            }
            self.begin(&mut chunk, patient)?;
        }
        Ok((chunk, false))
    }

    /// Plain JSON is written at once, FHIR in pieces.
    fn begin(&mut self, chunk: &mut Vec<u8>, patient: Patient) -> Result<(), serde_json::Error> {
        match self.format {
            Format::Json | Format::Ndjson => return serde_json::to_writer(chunk, &patient),
            Format::Fhir => {}
            Format::FhirNdjson => chunk.extend_from_slice(fhir::bundle_start().as_bytes()),
        }
        self.current = Some((patient, 0));
        Ok(())
    }

    fn write_piece(&mut self, chunk: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        let Some((patient, piece)) = self.current.take() else {
            return Ok(());
        };
        if fhir::write_piece(chunk, &patient, piece)? {
            self.current = Some((patient, piece + 1));
        } else if self.format == Format::FhirNdjson {
            chunk.extend_from_slice(fhir::BUNDLE_END.as_bytes());
        }
        Ok(())
    }
}

/// An answer of what `writer` writes. What fits into one chunk has a length; the rest is made as the client reads it, and
/// no longer when the client is gone. `short` work is done at once, other work on a thread that may block.
pub(crate) async fn respond(mut writer: Writer, format: Format, short: bool) -> Result<Response, Problem> {
    let (chunk, last, writer) = if short {
        let (chunk, last) = writer.next_chunk().map_err(|error| failed(&error))?;
        (chunk, last, writer)
    } else {
        next(writer).await?
    };
    let body = if last {
        Body::from(chunk)
    } else {
        Body::from_stream(rest(chunk, writer))
    };
    Ok(([(header::CONTENT_TYPE, format.content_type())], body).into_response())
}

/// The first chunk, then the others as they are asked for. An error ends the connection, so that the client knows that
/// something is missing.
fn rest(first: Vec<u8>, writer: Writer) -> impl futures::Stream<Item = Result<Bytes, Problem>> {
    let begun = stream::once(std::future::ready(Ok(Bytes::from(first))));
    let others = stream::try_unfold(Some(writer), |writer| async {
        let Some(writer) = writer else {
            return Ok(None);
        };
        let (chunk, last, writer) = next(writer).await?;
        Ok(Some((Bytes::from(chunk), (!last).then_some(writer))))
    });
    stream::StreamExt::chain(begun, others)
}

async fn next(mut writer: Writer) -> Result<(Vec<u8>, bool, Writer), Problem> {
    let work = move || writer.next_chunk().map(|(chunk, last)| (chunk, last, writer));
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| failed(&error))?;
    done.map_err(|error| failed(&error))
}

fn failed(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "patients could not be written");
    Problem::internal()
}

#[cfg(test)]
mod tests;
