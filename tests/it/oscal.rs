//! The OSCAL output is judged by NIST's own library (Maven), by the JSON schema and the constraints that it carries.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use healthcare_crds::HealthcareService;
use healthcare_operator::capabilities::Capabilities;
use healthcare_operator::compliance::{Input, Report, evaluate, oscal};
use healthcare_operator::plan::{OperatorDefaults, Plan};
use healthcare_operator::render::{self, Children};
use serde_json::{Value, json};
use service_kit::testing;

const RECIPE: &str = include_str!("../oscal/pom.xml");
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/oscal");

/// The directory with the judge.
fn judges() -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    testing::installed(home, "oscal", RECIPE.as_bytes(), install).unwrap()
}

fn install(to: &Path) -> anyhow::Result<()> {
    let mut maven = Command::new("mvn");
    maven
        .args(["-q", "-B", "-f", &format!("{FOLDER}/pom.xml")])
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", to.display()));
    let output = outcome(&mut maven);
    anyhow::ensure!(output.status.success(), "{}", said(&output));
    Ok(())
}

fn outcome(command: &mut Command) -> Output {
    let advice = "apt-get install maven default-jdk-headless";
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; {advice}"))
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// What the judge says of documents: one process for all of them.
fn judge<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let files = documents.into_iter().zip(0..).map(|(document, number)| {
        let path = directory.path().join(format!("{number}.json"));
        fs::write(&path, document.to_string()).unwrap();
        path
    });
    let mut java = Command::new("java");
    java.arg("-cp")
        .arg(judges().join("*"))
        .arg(format!("{FOLDER}/Judge.java"))
        .args(files);
    outcome(&mut java)
}

fn report(name: &str, spec: &Value) -> Report {
    let service: HealthcareService = serde_json::from_value(json!({
        "apiVersion": "gitops-health.io/v1alpha1",
        "kind": "HealthcareService",
        "metadata": {"name": name, "namespace": "clinic", "uid": "u-1", "generation": 3, "resourceVersion": "7"},
        "spec": spec,
    }))
    .unwrap();
    let plan = Plan::new(&service, &OperatorDefaults::default(), Capabilities::default()).unwrap();
    let children = render::children(&plan).and_then(Children::into_list).unwrap();
    evaluate(
        &Input::rendered(&service, &plan, &children),
        "2026-11-20T12:00:00Z".parse().unwrap(),
    )
}

/// Reports with every state: met, violated, exempted, under emergency access, inherited; and one without any control.
fn reports() -> Vec<Report> {
    let exemption = json!({
        "control": "HIPAA-164.316(b)(2)(i)", "reason": "the archive is <being> built",
        "approver": "security officer", "expires": "2027-01-01T00:00:00Z",
    });
    let emergency = json!({
        "until": "2026-11-20T18:00:00Z", "reason": "the store is down", "ticket": "INC-1", "openedBy": "on call",
    });
    let all = json!(["HIPAA", "PCI-DSS", "SOX", "21-CFR-11"]);
    vec![
        report(
            "records",
            &json!({"image": "team/records:1", "compliance": {
                "frameworks": ["HIPAA", "PCI-DSS", "21-CFR-11"], "exemptions": [exemption],
            }}),
        ),
        report(
            "ledger",
            &json!({"image": "team/ledger:1", "compliance": {"frameworks": all, "breakGlass": emergency}}),
        ),
        report("site", &json!({"image": "team/site:1"})),
    ]
}

/// One test, so that the judge is installed and started once.
#[test]
fn assessment_results_are_valid_to_nist() {
    let good = oscal::assessment_results(&reports());
    let broken = breaks().map(|(pointer, value)| {
        let mut bad = good.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap()[field] = value;
        bad
    });
    let output = judge([&good].into_iter().chain(&broken));
    let said = said(&output);
    let verdicts = |word: &str| said.lines().filter(|line| line.starts_with(word)).count();
    assert!(said.contains("\nvalid 0.json\n"), "{said}");
    assert_eq!(
        (verdicts("valid "), verdicts("invalid ")),
        (1, broken.len()),
        "{said}"
    );
}

/// One mistake of each kind that the judge is there for: the shape of values, what is required, what is allowed (the schema), and
/// what more the model asks for (a warning of its constraints).
fn breaks() -> [(&'static str, Value); 7] {
    [
        ("/assessment-results/uuid", json!("1")),
        ("/assessment-results/results/0/start", json!("yesterday")),
        (
            "/assessment-results/results/0/findings/0/target/target-id",
            json!("164.312(a)(1)"),
        ),
        (
            "/assessment-results/results/0/findings/0/target/status/state",
            json!("fine"),
        ),
        ("/assessment-results/results/0/findings", json!([])),
        ("/assessment-results/results/0/made-up", json!(1)),
        (
            "/assessment-results/back-matter/resources",
            json!([{"uuid": "6b2f9f6c-9d0d-4f52-8f7e-1d7a4c1f0a11", "title": "without content"}]),
        ),
    ]
}

/// Every reference leads to something, and nothing bears the name of another: what the judge does not look for.
#[test]
fn references_are_whole() {
    let document = oscal::assessment_results(&reports());
    let (mut given, mut used) = (Vec::new(), Vec::new());
    references(&document, &mut given, &mut used);
    let names: BTreeSet<_> = given.iter().collect();
    assert_eq!(names.len(), given.len(), "a uuid is given twice");
    let dangling: Vec<_> = used.iter().filter(|name| !names.contains(name)).collect();
    assert!(used.len() > 100 && dangling.is_empty(), "{dangling:?}");
}

/// Collects every uuid and every reference to one.
fn references(value: &Value, given: &mut Vec<String>, used: &mut Vec<String>) {
    for (name, below) in value.as_object().into_iter().flatten() {
        let text = below.as_str().map(str::to_owned);
        if name == "uuid" {
            given.extend(text);
        } else if name.ends_with("-uuid") {
            used.extend(text);
        } else if name == "href" {
            used.extend(text.and_then(|text| text.strip_prefix('#').map(str::to_owned)));
        }
        references(below, given, used);
    }
    for item in value.as_array().into_iter().flatten() {
        references(item, given, used);
    }
}
