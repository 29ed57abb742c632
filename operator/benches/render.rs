//! Time from a spec to every child as JSON: the part of a pass that is computation.

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::{Child, children};

const ALL_APIS: Capabilities = Capabilities {
    service_monitor: true,
    prometheus_rule: true,
    http_route: true,
};

fn example(name: &str) -> anyhow::Result<HealthcareService> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(format!("{name}.yaml"));
    let mut service: HealthcareService = serde_yaml::from_str(&std::fs::read_to_string(path)?)?;
    service.metadata.uid = Some("uid".into());
    service.metadata.generation = Some(1);
    Ok(service)
}

fn rendered(service: &HealthcareService) -> anyhow::Result<Vec<Child>> {
    let plan = Plan::new(service, &OperatorDefaults::default(), ALL_APIS)?;
    Ok(children(&plan)?.into_list()?)
}

fn measure(criterion: &mut Criterion) -> anyhow::Result<()> {
    let mut group = criterion.benchmark_group("render");
    for name in ["minimal", "every-field"] {
        let service = example(name)?;
        anyhow::ensure!(
            rendered(&service)?.len() >= 8,
            "{name} renders too little to measure"
        );
        group.bench_function(name, |bencher| bencher.iter(|| rendered(black_box(&service))));
    }
    group.finish();
    Ok(())
}

fn render(criterion: &mut Criterion) {
    measure(criterion).unwrap_or_else(|error| unreachable!("the examples are valid: {error:#}"));
}

criterion_group!(benches, render);
criterion_main!(benches);
