//! Time per patient: generated, and as JSON text.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use synthetic_phi_service::domain::{Index, Seed, generate};

const BATCH: u64 = 100;

fn generate_patients(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("patients");
    group.throughput(Throughput::Elements(BATCH));
    group.bench_function("generate_100", |bencher| {
        bencher.iter(|| {
            for index in Index::FIRST.up_to(BATCH) {
                black_box(generate(black_box(Seed::SAMPLE), index));
            }
        });
    });
    group.bench_function("generate_100_as_json", |bencher| {
        bencher.iter(|| {
            for index in Index::FIRST.up_to(BATCH) {
                black_box(serde_json::to_vec(&generate(black_box(Seed::SAMPLE), index)).unwrap_or_default());
            }
        });
    });
    group.finish();
}

criterion_group!(benches, generate_patients);
criterion_main!(benches);
