//! Argo CD's health check, over every combination of conditions, beside a statement of the rules in Rust and
//! beside kstatus.

use mlua::serde::SerializeOptions;
use mlua::{Lua, LuaOptions, LuaSerdeExt as _, StdLib};
use serde_json::{Value, json};

use crate::tools::{assert_file, documents, read, root};

const FOLDER: &str = "examples/argocd/resource_customizations/gitops-health.io/HealthcareService";
const STATUSES: [Option<&str>; 4] = [None, Some("True"), Some("False"), Some("Unknown")];
/// Order in which conditions stand in the list: Argo CD must not depend on it, kstatus does.
const TYPES: [&str; 6] = [
    "Ready",
    "Reconciling",
    "Stalled",
    "Available",
    "Paused",
    "RolledBack",
];

/// What decides over health. `None` is an absent condition.
#[derive(Clone, Copy, Debug)]
struct Case {
    observed: Observed,
    spec_paused: bool,
    conditions: [Option<&'static str>; 6],
    deadline_exceeded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Observed {
    NoStatus,
    Absent,
    Behind,
    Equal,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kstatus {
    Current,
    InProgress,
    Failed,
}

impl Case {
    fn status(&self, condition: &str) -> Option<&'static str> {
        let at = TYPES.iter().position(|t| *t == condition).unwrap();
        self.conditions[at]
    }

    fn is_true(&self, condition: &str) -> bool {
        self.status(condition) == Some("True")
    }

    fn conditions(&self) -> Vec<Value> {
        let present = TYPES
            .iter()
            .zip(self.conditions)
            .filter_map(|(t, status)| Some((t, status?)));
        present
            .map(|(t, status)| {
                let timed_out = *t == "Available" && self.deadline_exceeded;
                let reason = if timed_out {
                    "ProgressDeadlineExceeded"
                } else {
                    "Because"
                };
                json!({"type": t, "status": status, "reason": reason, "message": format!("{t} is {status}")})
            })
            .collect()
    }

    fn object(&self) -> Value {
        let mut object = json!({"metadata": {"generation": 3}, "spec": {"paused": self.spec_paused}});
        if self.observed == Observed::NoStatus {
            return object;
        }
        object["status"] = json!({"conditions": self.conditions()});
        match self.observed {
            Observed::Equal => object["status"]["observedGeneration"] = json!(3),
            Observed::Behind => object["status"]["observedGeneration"] = json!(-1),
            Observed::Absent | Observed::NoStatus => {}
        }
        object
    }

    /// What the operator's own status can look like: the CRD gives a new object `observedGeneration: -1`, and
    /// every status it writes has that field and Ready. It never reports a rollback that is not stalled, nor that
    /// it is working and stuck at once, and `Paused` says what the spec says.
    fn can_be_written(&self) -> bool {
        let observed = self.observed == Observed::Behind || self.observed == Observed::Equal;
        observed
            && (self.observed == Observed::Behind || self.status("Ready").is_some())
            && (!self.is_true("RolledBack") || self.is_true("Stalled"))
            && !(self.is_true("Reconciling") && self.is_true("Stalled"))
    }

    fn paused(&self) -> bool {
        self.observed == Observed::Equal && (self.spec_paused || self.is_true("Paused"))
    }
}

/// The rules of README.md in `examples/argocd`, first that holds.
fn expected(case: &Case) -> &'static str {
    let available_timed_out = case.status("Available") == Some("False") && case.deadline_exceeded;
    match () {
        () if case.observed != Observed::Equal => "Progressing",
        () if case.paused() => "Suspended",
        () if case.is_true("Stalled") || case.is_true("RolledBack") => "Degraded",
        () if case.is_true("Reconciling") => "Progressing",
        () if case.is_true("Ready") => "Healthy",
        () if case.status("Ready") == Some("False") && available_timed_out => "Degraded",
        () => "Progressing",
    }
}

/// kstatus (sigs.k8s.io/cli-utils, pkg/kstatus/status) for a kind it does not know: a generation that differs,
/// then the first of Reconciling and Stalled that is true, then Ready; without any of these, Current.
fn kstatus(case: &Case) -> Kstatus {
    if case.observed == Observed::NoStatus {
        return Kstatus::Current;
    }
    if case.observed == Observed::Behind {
        return Kstatus::InProgress;
    }
    if case.is_true("Reconciling") {
        return Kstatus::InProgress;
    }
    if case.is_true("Stalled") {
        return Kstatus::Failed;
    }
    match case.status("Ready") {
        Some("True") | None => Kstatus::Current,
        Some(_) => Kstatus::InProgress,
    }
}

fn every_case() -> Vec<Case> {
    let mut cases = Vec::new();
    for observed in [
        Observed::NoStatus,
        Observed::Absent,
        Observed::Behind,
        Observed::Equal,
    ] {
        let combinations = if observed == Observed::NoStatus {
            1
        } else {
            STATUSES.len().pow(6)
        };
        for combination in 0..combinations {
            let conditions = std::array::from_fn(|i| STATUSES[combination >> (2 * i) & 3]);
            for (spec_paused, deadline_exceeded) in [(false, false), (false, true), (true, false)] {
                cases.push(Case {
                    observed,
                    spec_paused,
                    conditions,
                    deadline_exceeded,
                });
            }
        }
    }
    cases
}

/// The check as a function of the object, in an interpreter with what Argo CD gives it: base and table library.
struct Check {
    lua: Lua,
    script: mlua::Function,
}

impl Check {
    fn load() -> Self {
        let lua = Lua::new_with(StdLib::TABLE, LuaOptions::new()).unwrap();
        let script = lua
            .load(read(&format!("{FOLDER}/health.lua")))
            .into_function()
            .unwrap();
        Self { lua, script }
    }

    fn health(&self, object: &Value) -> (String, String) {
        let options = SerializeOptions::new()
            .serialize_none_to_null(false)
            .serialize_unit_to_null(false);
        let value = self.lua.to_value_with(object, options).unwrap();
        self.lua.globals().set("obj", value).unwrap();
        let health: mlua::Table = self
            .script
            .call(())
            .unwrap_or_else(|e| panic!("{e} for {object}"));
        (health.get("status").unwrap(), health.get("message").unwrap())
    }
}

#[test]
fn health_follows_the_rules_for_every_combination() {
    let check = Check::load();
    for case in every_case() {
        let (health, message) = check.health(&case.object());
        assert_eq!(health, expected(&case), "{case:?}");
        assert!(!message.is_empty(), "{case:?}");
    }
}

#[test]
fn every_health_occurs() {
    let seen: std::collections::BTreeSet<_> = every_case().iter().map(expected).collect();
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        ["Degraded", "Healthy", "Progressing", "Suspended"]
    );
}

#[test]
fn argo_cd_never_says_healthy_where_kstatus_does_not_say_current() {
    for case in every_case().iter().filter(|case| expected(case) == "Healthy") {
        assert_eq!(kstatus(case), Kstatus::Current, "{case:?}");
    }
}

/// On every status the operator can write, the two agree; pausing is the one thing kstatus does not know.
#[test]
fn argo_cd_and_kstatus_agree() {
    let written: Vec<_> = every_case().into_iter().filter(Case::can_be_written).collect();
    assert!(written.len() > 1000, "{}", written.len());
    for case in written.iter().filter(|case| !case.paused()) {
        let timed_out = case.deadline_exceeded && case.status("Available") == Some("False");
        match kstatus(case) {
            Kstatus::Current => assert_eq!(expected(case), "Healthy", "{case:?}"),
            Kstatus::Failed => assert_eq!(expected(case), "Degraded", "{case:?}"),
            Kstatus::InProgress if timed_out => assert_ne!(expected(case), "Healthy", "{case:?}"),
            Kstatus::InProgress => assert_eq!(expected(case), "Progressing", "{case:?}"),
        }
    }
}

#[test]
fn order_of_conditions_does_not_matter() {
    let check = Check::load();
    for case in every_case()
        .iter()
        .filter(|case| case.observed == Observed::Equal)
    {
        let mut reversed = case.object();
        reversed["status"]["conditions"].as_array_mut().unwrap().reverse();
        assert_eq!(check.health(&reversed), check.health(&case.object()), "{case:?}");
    }
}

/// Fields that are missing or of a wrong type must not end in an error: Argo CD would show Unknown.
#[test]
fn odd_objects_are_progressing() {
    let check = Check::load();
    for object in [
        json!({}),
        json!({"metadata": {}, "status": {}}),
        json!({"metadata": {"generation": 1}, "status": {"observedGeneration": null, "conditions": null}}),
        json!({"metadata": {"generation": 1}, "status": {"observedGeneration": 1}}),
        json!({"metadata": {"generation": 1}, "status": {"observedGeneration": "x", "conditions": []}}),
        json!({"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "conditions": [{"type": "Ready"}]}}),
    ] {
        assert_eq!(check.health(&object).0, "Progressing", "{object}");
    }
}

/// The cases in the layout of Argo CD's own repository.
#[test]
fn examples_have_the_stated_health() {
    let check = Check::load();
    let tests = documents(&read(&format!("{FOLDER}/health_test.yaml"))).remove(0);
    let tests = tests["tests"].as_array().unwrap().clone();
    let inputs = std::fs::read_dir(root().join(FOLDER).join("testdata"))
        .unwrap()
        .count();
    assert_eq!(tests.len(), inputs, "each input has a test");
    for test in tests {
        let path = test["inputPath"].as_str().unwrap();
        let object = documents(&read(&format!("{FOLDER}/{path}"))).remove(0);
        let _typed: healthcare_crds::HealthcareService = serde_json::from_value(object.clone()).unwrap();
        let (status, message) = check.health(&object);
        assert_eq!(
            json!({"status": status, "message": message}),
            test["healthStatus"],
            "{path}"
        );
    }
}

#[test]
fn the_patch_of_argocd_cm_holds_the_check() {
    let lua = read(&format!("{FOLDER}/health.lua"));
    let indented: String = lua
        .lines()
        .map(|l| {
            if l.is_empty() {
                "\n".to_owned()
            } else {
                format!("    {l}\n")
            }
        })
        .collect();
    let patch =
        format!("data:\n  resource.customizations.health.gitops-health.io_HealthcareService: |\n{indented}");
    assert_file("examples/argocd/argocd-cm-patch.yaml", &patch);
    let parsed = documents(&patch).remove(0);
    assert_eq!(
        parsed["data"]["resource.customizations.health.gitops-health.io_HealthcareService"],
        lua
    );
}
