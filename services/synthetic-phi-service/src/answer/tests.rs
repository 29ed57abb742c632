use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::domain::{Cohort, Depth};

fn accept(values: &[&'static str]) -> HeaderMap {
    values
        .iter()
        .map(|value| (header::ACCEPT, HeaderValue::from_static(value)))
        .collect()
}

#[test]
fn the_parameter_comes_before_the_header_and_the_default_last() {
    let negotiate = |asked, values: &[&'static str]| Format::negotiate(asked, &accept(values), Format::Json);
    assert_eq!(negotiate(None, &[]), Format::Json);
    assert_eq!(negotiate(None, &["*/*"]), Format::Json);
    assert_eq!(negotiate(None, &["application/fhir+json"]), Format::Fhir);
    assert_eq!(
        negotiate(None, &["text/html, Application/FHIR+JSON; fhirVersion=4.0"]),
        Format::Fhir
    );
    assert_eq!(
        negotiate(None, &["text/html", "application/x-ndjson"]),
        Format::Ndjson
    );
    assert_eq!(negotiate(None, &["application/fhir+ndjson"]), Format::FhirNdjson);
    assert_eq!(
        negotiate(Some(Format::Json), &["application/fhir+json"]),
        Format::Json
    );
}

fn generator() -> Generator {
    Generator::new(Seed::SAMPLE, Arc::new(Cohort::everybody()), Depth::Clinical)
}

fn patients(count: u64) -> Vec<Patient> {
    Index::FIRST
        .up_to(count)
        .map(|index| generator().patient(index))
        .collect()
}

fn written(mut writer: Writer) -> (usize, String) {
    let (mut chunks, mut text) = (0, Vec::new());
    loop {
        let (chunk, last) = writer.next_chunk().unwrap();
        chunks += 1;
        text.extend(chunk);
        if last {
            return (chunks, String::from_utf8(text).unwrap());
        }
    }
}

#[test]
fn every_form_is_whole() {
    for count in [1, 3, 90] {
        let write = |format| written(Writer::batch(format, Seed::SAMPLE, patients(count)));
        let batch: Value = serde_json::from_str(&write(Format::Json).1).unwrap();
        assert_eq!(batch["patients"].as_array().unwrap().len() as u64, count);
        let bundle: Value = serde_json::from_str(&write(Format::Fhir).1).unwrap();
        let entries = bundle["entry"].as_array().unwrap();
        let people = entries
            .iter()
            .filter(|entry| entry["resource"]["resourceType"] == "Patient");
        assert_eq!(people.count() as u64, count);
        for format in [Format::Ndjson, Format::FhirNdjson] {
            let (_, lines) = write(format);
            assert!(lines.ends_with('\n'));
            let values: Vec<Value> = lines
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            assert_eq!(values.len() as u64, count);
        }
    }
    let (chunks, _) = written(Writer::batch(Format::Json, Seed::SAMPLE, patients(90)));
    assert!(chunks > 1, "a batch larger than a chunk is written in several");
}

#[test]
fn a_stream_is_the_lines_of_a_batch_and_counts_what_it_made() {
    let made = IntCounter::new("made", "test").unwrap();
    let (_, streamed) = written(Writer::stream(Format::Ndjson, generator(), 0..90, made.clone()));
    let (_, batch) = written(Writer::batch(Format::Ndjson, Seed::SAMPLE, patients(90)));
    assert_eq!((streamed, made.get()), (batch, 90));
}

/// Nothing is made before somebody asks for it: the bound on memory, and why a client that leaves ends the work.
#[test]
fn patients_are_made_when_they_are_asked_for() {
    let made = IntCounter::new("made", "test").unwrap();
    let mut writer = Writer::stream(Format::Ndjson, generator(), 0..1_000_000, made.clone());
    assert_eq!(made.get(), 0);
    let (chunk, last) = writer.next_chunk().unwrap();
    assert!(!last && chunk.len() >= CHUNK && chunk.len() < 2 * CHUNK);
    assert!(made.get() < 100);
}
