//! What differs between two sets of children. Pure.

use std::collections::BTreeMap;

use healthcare_operator::render::ChildKind;
use serde::Serialize;
use serde_json::Value;
use similar::TextDiff;

use crate::style::{BAD, GOOD, PLACE, STRONG, paint};

/// What only an API server sets, and what tells nothing about the change.
const NOISE: [&str; 6] = [
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];
/// Stands for the side on which an object does not exist, as `diff` has it.
const NOTHING: &str = "/dev/null";

/// One child of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// `namespace/name` of the service.
    pub service: String,
    /// What it is.
    pub kind: ChildKind,
    /// The whole object.
    pub body: Value,
}

/// What a change does to the pods of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Pods {
    /// Nothing.
    Stay,
    /// Every one is replaced.
    Restart,
    /// There were none.
    Start,
    /// There will be none.
    Stop,
}

/// A child that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Its kind.
    pub kind: &'static str,
    /// Its name, the new one where it has another.
    pub name: String,
    /// The unified diff.
    pub diff: String,
}

/// What differs of one service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// `namespace/name` of the service.
    pub service: String,
    /// What happens to its pods.
    pub pods: Pods,
    /// The children that differ, in the order in which they are applied.
    pub objects: Vec<Difference>,
    /// What else to know.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// Compares; services in which nothing differs are left out. A child is the same one if service and kind are: a ConfigMap
/// has another name after each change. A ControllerRevision says over again what the other children say.
pub fn compare(old: &[Object], new: &[Object], context: usize) -> Vec<Change> {
    let mut pairs: BTreeMap<(&str, ChildKind), [Option<&Object>; 2]> = BTreeMap::new();
    for (side, objects) in [old, new].into_iter().enumerate() {
        for object in objects
            .iter()
            .filter(|object| object.kind != ChildKind::ControllerRevision)
        {
            let pair = pairs.entry((&object.service, object.kind)).or_default();
            if let Some(place) = pair.get_mut(side) {
                *place = Some(object);
            }
        }
    }
    let mut changes: BTreeMap<&str, Change> = BTreeMap::new();
    for ((service, kind), [old, new]) in pairs {
        let Some(difference) = difference(service, kind, old, new, context) else {
            continue;
        };
        let change = changes.entry(service).or_insert_with(|| Change {
            service: service.to_owned(),
            pods: Pods::Stay,
            objects: Vec::new(),
            remarks: Vec::new(),
        });
        if kind == ChildKind::Deployment {
            change.pods = pods(old.map(|o| &o.body), new.map(|o| &o.body));
        }
        change.objects.push(difference);
    }
    changes.into_values().collect()
}

fn difference(
    service: &str,
    kind: ChildKind,
    old: Option<&Object>,
    new: Option<&Object>,
    context: usize,
) -> Option<Difference> {
    let name = |object: &Object| object.body.pointer("/metadata/name")?.as_str().map(str::to_owned);
    let label = |side: &str, object: Option<&Object>| match object.and_then(name) {
        Some(name) => format!("{side}/{service}/{}/{name}", kind.kind()),
        None => NOTHING.to_owned(),
    };
    let (before, after) = (text(old), text(new));
    let diff = TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(context)
        .header(&label("old", old), &label("new", new))
        .to_string();
    (!diff.is_empty()).then(|| Difference {
        kind: kind.kind(),
        name: new.or(old).and_then(name).unwrap_or_default(),
        diff,
    })
}

/// An object as YAML in one order of keys, without what only an API server sets.
fn text(object: Option<&Object>) -> String {
    let Some(object) = object else {
        return String::new();
    };
    let mut body = object.body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("status");
    }
    if let Some(metadata) = body.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.retain(|field, _| !NOISE.contains(&field.as_str()));
    }
    body.sort_all_objects();
    serde_yaml::to_string(&body).unwrap_or_default()
}

/// Pods are replaced exactly when their template differs.
fn pods(old: Option<&Value>, new: Option<&Value>) -> Pods {
    let template = |body: Option<&Value>| {
        let mut template = body?.pointer("/spec/template")?.clone();
        template.sort_all_objects();
        Some(template.to_string())
    };
    match (template(old), template(new)) {
        (None, Some(_)) => Pods::Start,
        (Some(_), None) => Pods::Stop,
        (old, new) if old != new => Pods::Restart,
        _ => Pods::Stay,
    }
}

/// The changes for people: unified diffs, each service under a line that `patch` skips.
pub fn written(changes: &[Change]) -> String {
    changes.iter().map(section).collect()
}

fn section(change: &Change) -> String {
    let pods = match change.pods {
        Pods::Stay => "pods stay",
        Pods::Restart => "pods restart",
        Pods::Start => "pods start",
        Pods::Stop => "pods stop",
    };
    let title = paint(STRONG, format!("# {}: {pods}", change.service)) + "\n";
    let remarks = change.remarks.iter().map(|remark| format!("# {remark}\n"));
    let diffs = change.objects.iter().map(|object| coloured(&object.diff));
    std::iter::once(title).chain(remarks).chain(diffs).collect()
}

fn coloured(diff: &str) -> String {
    let style = |line: &str| match line.as_bytes() {
        [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => Some(STRONG),
        [b'@', ..] => Some(PLACE),
        [b'+', ..] => Some(GOOD),
        [b'-', ..] => Some(BAD),
        _ => None,
    };
    let lines = diff.lines().map(|line| match style(line) {
        Some(style) => paint(style, line) + "\n",
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[cfg(test)]
mod tests;
