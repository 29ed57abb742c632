//! The shape of the workspace: who depends on whom, what no binary holds, what a file may look like.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use serde_json::Value;

/// Cryptography that must not be linked besides the one provider, rustls with aws-lc-rs.
const BANNED: [&str; 6] = ["ring", "rsa", "openssl", "openssl-sys", "native-tls", "boring"];
/// Longest file of Rust, tests aside.
const LONGEST: usize = 350;
/// Files of the operator that say of themselves that they are pure; with each goes the folder of its name.
const PURE: [&str; 10] = [
    "plan",
    "render",
    "conditions",
    "access",
    "analysis",
    "compliance",
    "pods",
    "risk",
    "rollout",
    "workload",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .unwrap()
}

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--offline")
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn packages() -> Vec<Value> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1"])).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    assert!(packages.len() >= 5, "{} packages", packages.len());
    packages
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn names() -> BTreeSet<String> {
    packages()
        .iter()
        .map(|package| text(package, "name").to_owned())
        .collect()
}

/// Where in the workspace a package lies.
fn folder(package: &Value) -> PathBuf {
    let manifest = Path::new(text(package, "manifest_path")).canonicalize().unwrap();
    manifest
        .parent()
        .unwrap()
        .strip_prefix(root())
        .unwrap()
        .to_owned()
}

fn services() -> Vec<String> {
    let found = packages()
        .into_iter()
        .filter(|package| folder(package).starts_with("services"));
    found
        .map(|package| text(&package, "name").to_owned())
        .filter(|name| name != "service-kit")
        .collect()
}

/// Names of everything that is linked into the package on this platform, itself aside.
fn linked(package: &str) -> BTreeSet<String> {
    let tree = cargo(&[
        "tree",
        "-p",
        package,
        "-e",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let mut found: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    assert!(found.remove(package), "{package} is missing in its own tree");
    found
}

/// What of `unwanted` is linked into `package`.
fn intruders<'a>(package: &str, unwanted: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let linked = linked(package);
    unwanted
        .into_iter()
        .filter(|name| linked.contains(*name))
        .collect()
}

#[test]
fn crds_know_no_runtime_and_no_other_crate_of_ours() {
    let unwanted = ["tokio", "axum", "hyper", "healthcare-operator", "service-kit"];
    assert_eq!(intruders("healthcare-crds", unwanted), Vec::<&str>::new());
    let ours = names();
    assert_eq!(linked("healthcare-crds").intersection(&ours).count(), 0);
}

#[test]
fn kit_and_services_know_nothing_of_kubernetes() {
    assert!(
        linked("healthcare-operator").contains("kube"),
        "what uses Kubernetes is not found to: is anything?"
    );
    let services = services();
    assert!(
        services.contains(&"synthetic-phi-service".to_owned()),
        "{services:?}"
    );
    for package in services.iter().map(String::as_str).chain(["service-kit"]) {
        let unwanted = [
            "kube",
            "kube-core",
            "kube-client",
            "k8s-openapi",
            "healthcare-crds",
            "healthcare-operator",
        ];
        assert_eq!(intruders(package, unwanted), Vec::<&str>::new(), "{package}");
    }
}

/// They meet over HTTP and events.
#[test]
fn no_service_depends_on_another() {
    let services = services();
    for service in &services {
        let others = services
            .iter()
            .filter(|other| *other != service)
            .map(String::as_str);
        assert_eq!(intruders(service, others), Vec::<&str>::new(), "{service}");
    }
}

#[test]
fn operator_stands_on_crds_and_kit_alone() {
    let allowed = BTreeSet::from(["healthcare-crds".to_owned(), "service-kit".to_owned()]);
    let ours: BTreeSet<_> = linked("healthcare-operator")
        .intersection(&names())
        .cloned()
        .collect();
    assert_eq!(ours, allowed);
    let kit: BTreeSet<_> = linked("service-kit").intersection(&names()).cloned().collect();
    assert_eq!(kit, BTreeSet::new());
}

#[test]
fn operator_carries_nothing_of_the_command_line() {
    let only_there = [
        "clap_complete",
        "clap_mangen",
        "comfy-table",
        "kube-cel",
        "similar",
        "walkdir",
    ];
    let linked = linked("gitops-health");
    assert!(only_there.iter().all(|name| linked.contains(*name)), "{linked:?}");
    assert_eq!(intruders("healthcare-operator", only_there), Vec::<&str>::new());
}

#[test]
fn no_binary_links_banned_cryptography() {
    assert!(
        linked("healthcare-operator").contains("aws-lc-rs"),
        "the one provider is not found: is anything?"
    );
    for package in packages() {
        let name = text(&package, "name");
        assert_eq!(intruders(name, BANNED), Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn every_crate_follows_the_lints_of_the_workspace() {
    for package in packages() {
        let manifest = std::fs::read_to_string(text(&package, "manifest_path")).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{}",
            text(&package, "manifest_path")
        );
    }
}

/// Rust below `folder`, tests and build output aside.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found
        .filter(|path| path.extension().is_some_and(|ext| ext == "rs") && !is_test(path))
        .collect()
}

fn is_test(path: &Path) -> bool {
    let within = path.strip_prefix(root()).unwrap();
    let below_src = within
        .components()
        .skip_while(|part| part.as_os_str() != "src")
        .skip(1);
    below_src
        .clone()
        .any(|part| ["tests", "tests.rs"].iter().any(|name| part.as_os_str() == *name))
}

fn all_sources() -> Vec<PathBuf> {
    let folders = packages()
        .iter()
        .map(|package| root().join(folder(package)).join("src"))
        .collect::<Vec<_>>();
    let found: Vec<_> = folders
        .iter()
        .filter(|folder| folder.is_dir())
        .flat_map(|folder| sources(folder))
        .collect();
    assert!(found.len() > 50, "only {} files: where is the code?", found.len());
    found
}

fn named(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

#[test]
fn files_are_short() {
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap().lines().count();
    let long: Vec<_> = all_sources()
        .iter()
        .filter(|path| lines(path) > LONGEST)
        .map(|path| named(path))
        .collect();
    assert!(long.is_empty(), "more than {LONGEST} lines: {long:?}");
}

/// The code without comments and texts, in which words may stand that the code must not use.
fn bare(source: &str) -> String {
    let code = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let text = Regex::new(r#""(\\.|[^"\\])*""#).unwrap();
    text.replace_all(&code.collect::<Vec<_>>().join("\n"), "\"\"")
        .into_owned()
}

fn is_pure(path: &Path) -> bool {
    let within = path.strip_prefix(root().join("operator/src")).ok();
    let first = within
        .and_then(|within| within.components().next())
        .map(|part| PathBuf::from(part.as_os_str()));
    first.is_some_and(|first| {
        PURE.iter()
            .any(|name| first.file_stem().is_some_and(|stem| stem == *name))
    })
}

/// Time, clients and waiting come in as values: otherwise neither tests nor the command line could use this code.
#[test]
fn pure_files_hold_no_client_no_clock_and_no_waiting() {
    let forbidden =
        Regex::new(r"\basync\b|\bawait\b|\bClient\b|\bnow\(\)|\bSystemTime\b|\bInstant\b|\bstd::env\b")
            .unwrap();
    let pure: Vec<_> = all_sources().into_iter().filter(|path| is_pure(path)).collect();
    assert!(pure.len() >= 20, "{pure:?}");
    for path in pure {
        let code = bare(&std::fs::read_to_string(&path).unwrap());
        let found = forbidden.find(&code).map(|found| found.as_str().to_owned());
        assert_eq!(found, None, "{}", named(&path));
    }
}

/// Purity is promised where readers look first.
#[test]
fn pure_files_say_so() {
    for name in PURE {
        let text = std::fs::read_to_string(root().join(format!("operator/src/{name}.rs"))).unwrap();
        let header: Vec<_> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(
            header.join(" ").contains("Pure"),
            "operator/src/{name}.rs: {header:?}"
        );
    }
}

/// Functions called by a state of the process cannot be tested side by side.
#[test]
fn nothing_is_global() {
    let state = Regex::new(
        r"\bstatic\s+(mut\s+)?[A-Z_]+\s*:|\bOnceLock\b|\bLazyLock\b|\bthread_local!|\blazy_static!",
    )
    .unwrap();
    // Values of a task belong to the request it answers, not to the process.
    let of_a_task = Regex::new(r"\btask_local!\s*\{[^}]*\}").unwrap();
    for path in all_sources() {
        let code = bare(&std::fs::read_to_string(&path).unwrap());
        let code = of_a_task.replace_all(&code, "");
        assert_eq!(
            state.find(&code).map(|found| found.as_str()),
            None,
            "{}",
            named(&path)
        );
    }
}
