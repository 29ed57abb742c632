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

fn example(name: &str) -> HealthcareService {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples")
        .join(format!("{name}.yaml"));
    let text = std::fs::read_to_string(path).expect("the example is there");
    let mut service: HealthcareService = serde_yaml::from_str(&text).expect("the example is valid");
    service.metadata.uid = Some("uid".into());
    service.metadata.generation = Some(1);
    service
}

fn rendered(service: &HealthcareService, defaults: &OperatorDefaults) -> Vec<Child> {
    let plan = Plan::new(service, defaults, ALL_APIS).expect("the example can be planned");
    children(&plan)
        .and_then(|all| all.into_list())
        .expect("the example can be rendered")
}

fn render(criterion: &mut Criterion) {
    let defaults = OperatorDefaults::default();
    let mut group = criterion.benchmark_group("render");
    for name in ["minimal", "every-field"] {
        let service = example(name);
        assert!(rendered(&service, &defaults).len() >= 8);
        group.bench_function(name, |bencher| {
            bencher.iter(|| rendered(black_box(&service), &defaults))
        });
    }
    group.finish();
}

criterion_group!(benches, render);
criterion_main!(benches);
