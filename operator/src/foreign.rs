//! What other field managers added to a child. Pure.
//!
//! A child belongs to its service alone: what stands below its `spec`, `data` or `rules` and was put there by somebody
//! else does not belong. Server-side apply neither tells us of such additions in our own `managedFields` entry nor takes
//! them out, but they stand in the entry of whoever made them, path by path.

use serde_json::{Map, Value};

use crate::field_managers::{SCALE_MANAGER, is_ours};
use crate::managed::ManagedEntry;

mod path;
mod restoration;

pub use path::{Element, Path};
pub use restoration::restoration;

/// Below these a child is ours alone. Metadata and status are everybody's.
const EXCLUSIVE: [&str; 4] = ["spec", "data", "binaryData", "rules"];

/// What others may set, as they do it for users: scaling, and `kubectl rollout restart`.
const ALLOWED: [&[&str]; 2] = [
    &["spec", "replicas"],
    &[
        "spec",
        "template",
        "metadata",
        "annotations",
        "kubectl.kubernetes.io/restartedAt",
    ],
];

/// Something that another manager added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Where it stands.
    pub path: Path,
    /// Who put it there.
    pub manager: Option<String>,
}

/// Everything in a child that others own and we do not, by its `managedFields`: what they added, and what they changed
/// that had been ours. Items of lists stand for all that is in them.
pub fn additions(entries: &[ManagedEntry]) -> Vec<Addition> {
    let theirs = entries.iter().filter(|entry| is_theirs(entry));
    let theirs: Vec<_> = theirs
        .filter_map(|entry| Some((entry, entry.fields()?)))
        .collect();
    // Of most children others own nothing that counts, whatever we own: then ours need not be read.
    if beside(&theirs, &[]).is_empty() {
        return Vec::new();
    }
    let ours = entries.iter().filter(|entry| is_ours(entry));
    let ours: Vec<_> = ours.filter_map(ManagedEntry::fields).collect();
    beside(&theirs, &ours.iter().collect::<Vec<_>>())
}

/// What stands in the trees of others and not in ours.
fn beside(theirs: &[(&ManagedEntry, Value)], ours: &[&Value]) -> Vec<Addition> {
    let mut found: Vec<Addition> = Vec::new();
    for (entry, fields) in theirs {
        let mut collect = |path: Path| {
            if !found.iter().any(|known| known.path == path) {
                let manager = entry.manager.clone();
                found.push(Addition { path, manager });
            }
        };
        for (name, below) in fields.as_object().into_iter().flatten() {
            if EXCLUSIVE.iter().any(|root| name.strip_prefix("f:") == Some(root)) {
                descend(&Path::default(), name, below, ours, &mut collect);
            }
        }
    }
    found
}

/// What of it does not belong to the child that is wanted.
pub fn unwanted<'a>(added: &'a [Addition], desired: &Value) -> Vec<&'a Addition> {
    added
        .iter()
        .filter(|addition| !addition.path.leads_into(desired))
        .collect()
}

/// Looks at one node of another's tree beside the same node of ours.
fn descend(parent: &Path, name: &str, theirs: &Value, ours: &[&Value], collect: &mut impl FnMut(Path)) {
    let Some(element) = Element::parse(name) else {
        return;
    };
    let path = parent.child(element);
    let ours: Vec<_> = ours.iter().filter_map(|node| node.get(name)).collect();
    if is_allowed(&path) || ours.iter().any(|node| is_leaf(node)) {
        return;
    }
    let children = theirs.as_object().map(below).unwrap_or_default();
    let is_item = !matches!(path.last(), Some(Element::Field(_)));
    if ours.is_empty() && (is_item || children.is_empty()) {
        collect(path);
        return;
    }
    for (name, node) in children {
        descend(&path, name, node, &ours, collect);
    }
}

/// The nodes below one, without the mark of the node itself.
fn below(node: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let named = node.iter().filter(|(name, _)| *name != ".");
    named.map(|(name, node)| (name.as_str(), node)).collect()
}

/// Owned as a whole: a scalar, or a list or map that is replaced at once.
fn is_leaf(node: &Value) -> bool {
    node.as_object().is_none_or(Map::is_empty)
}

fn is_allowed(path: &Path) -> bool {
    ALLOWED.iter().any(|names| path.is(names))
}

/// Not ours, and about the object itself.
fn is_theirs(entry: &ManagedEntry) -> bool {
    !is_ours(entry)
        && entry.manager.as_deref() != Some(SCALE_MANAGER)
        && entry.subresource.as_deref() != Some("status")
}

#[cfg(test)]
mod tests;
