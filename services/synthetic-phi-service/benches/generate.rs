//! Patients, resources and bytes per second of one core, at each depth and in each form; and what a cohort costs.
//!
//! Everything runs on one thread, so that a second of the clock is a second of the processor on a machine at rest. What a
//! patient has on average is printed first.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Bencher, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use synthetic_phi_service::bundle;
use synthetic_phi_service::domain::{Cohort, Depth, Generator, Index, Patient, Seed, Selection};

const DEPTHS: [(&str, Depth, u64); 3] = [
    ("demographic", Depth::Demographic, 200),
    ("clinical", Depth::Clinical, 200),
    ("lifetime", Depth::Lifetime, 20),
];

fn generator(depth: Depth) -> Generator {
    Generator::new(Seed::SAMPLE, Arc::new(Cohort::everybody()), depth)
}

fn json(patient: &Patient) -> Vec<u8> {
    serde_json::to_vec(patient).unwrap_or_default()
}

fn fhir(patient: &Patient) -> Vec<u8> {
    bundle(patient).unwrap_or_default()
}

fn each(bencher: &mut Bencher<'_>, depth: Depth, count: u64, write: fn(&Patient) -> Vec<u8>) {
    let generator = generator(depth);
    bencher.iter(|| {
        for index in Index::FIRST.up_to(count) {
            black_box(write(&generator.patient(index)));
        }
    });
}

fn patients(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("patients");
    for (name, depth, count) in DEPTHS {
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::new("generated", name), |bencher| {
            each(bencher, depth, count, |patient| vec![patient.age]);
        });
        group.bench_function(BenchmarkId::new("json", name), |bencher| {
            each(bencher, depth, count, json);
        });
        group.bench_function(BenchmarkId::new("fhir", name), |bencher| {
            each(bencher, depth, count, fhir);
        });
    }
    group.finish();
}

/// The same work counted in bytes and in FHIR resources.
fn volume(criterion: &mut Criterion) {
    for (name, depth, count) in DEPTHS {
        let bundles: Vec<Vec<u8>> = Index::FIRST
            .up_to(count)
            .map(|index| fhir(&generator(depth).patient(index)))
            .collect();
        let bytes: u64 = bundles.iter().map(|bundle| bundle.len() as u64).sum();
        let resources: u64 = bundles.iter().map(|bundle| count_resources(bundle)).sum();
        let json: u64 = Index::FIRST
            .up_to(count)
            .map(|index| self::json(&generator(depth).patient(index)).len() as u64)
            .sum();
        let (bytes_each, resources_each, json_each) = (bytes / count, resources / count, json / count);
        let mut group = criterion.benchmark_group(format!(
            "fhir of {name}: {resources_each} resources, {bytes_each} bytes a patient ({json_each} as JSON)"
        ));
        group.throughput(Throughput::Elements(resources));
        group.bench_function("resources", |bencher| each(bencher, depth, count, fhir));
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function("bytes", |bencher| each(bencher, depth, count, fhir));
        group.finish();
    }
}

fn count_resources(bundle: &[u8]) -> u64 {
    String::from_utf8_lossy(bundle).matches(r#""fullUrl""#).count() as u64
}

fn cohorts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("cohorts");
    for conditions in ["", "diabetes", "diabetes,hypertension,obesity,kidney-disease"] {
        group.bench_function(format!("prepare [{conditions}]"), |bencher| {
            bencher.iter(|| Selection::parse(Some(conditions), None, None).and_then(Cohort::new));
        });
        let Ok(cohort) = Selection::parse(Some(conditions), None, None).and_then(Cohort::new) else {
            return;
        };
        let generator = Generator::new(Seed::SAMPLE, Arc::new(cohort), Depth::Clinical);
        group.bench_function(format!("patient of [{conditions}]"), |bencher| {
            bencher.iter(|| generator.patient(Index::FIRST));
        });
    }
    group.finish();
}

criterion_group!(benches, patients, volume, cohorts);
criterion_main!(benches);
