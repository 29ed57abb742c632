//! What was added, changed and removed among things that have a name.

use std::collections::BTreeMap;

/// How many names a message holds.
const SHOWN: usize = 3;

/// Names, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Keyed<'a> {
    pub(super) added: Vec<&'a str>,
    pub(super) changed: Vec<&'a str>,
    pub(super) removed: Vec<&'a str>,
}

/// What each of them costs, and all together at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) added: i32,
    pub(super) changed: i32,
    pub(super) removed: i32,
    pub(super) most: i32,
}

impl<'a> Keyed<'a> {
    /// Compares by name.
    pub(super) fn of<T: PartialEq>(
        from: impl IntoIterator<Item = (&'a str, T)>,
        to: impl IntoIterator<Item = (&'a str, T)>,
    ) -> Self {
        let mut before: BTreeMap<_, _> = from.into_iter().collect();
        let mut keyed = Self::default();
        for (name, now) in to.into_iter().collect::<BTreeMap<_, _>>() {
            match before.remove(name) {
                None => keyed.added.push(name),
                Some(was) if was != now => keyed.changed.push(name),
                Some(_) => {}
            }
        }
        keyed.removed.extend(before.into_keys());
        keyed
    }

    /// Points of everything.
    pub(super) fn points(&self, cost: Cost) -> i32 {
        let parts = [
            (&self.added, cost.added),
            (&self.changed, cost.changed),
            (&self.removed, cost.removed),
        ];
        let sum = parts.into_iter().map(|(names, each)| count(names) * each).sum();
        cost.most.min(sum)
    }

    /// Such as `1 added (LIMIT), 5 removed (A, B, C, …)`. Names only, never values.
    pub(super) fn tell(&self) -> String {
        let parts = [
            ("added", &self.added),
            ("changed", &self.changed),
            ("removed", &self.removed),
        ];
        let some = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let texts: Vec<_> = some
            .map(|(what, names)| format!("{} {what} ({})", names.len(), list(names)))
            .collect();
        texts.join(", ")
    }
}

/// The entries of a map, to compare.
pub(super) fn entries(map: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    map.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

fn count(names: &[&str]) -> i32 {
    i32::try_from(names.len()).unwrap_or(i32::MAX / 1000)
}

fn list(names: &[&str]) -> String {
    let mut shown: Vec<_> = names.iter().take(SHOWN).copied().collect();
    if names.len() > SHOWN {
        shown.push("…");
    }
    shown.join(", ")
}
