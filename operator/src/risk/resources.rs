//! CPU and memory.

use std::collections::{BTreeMap, BTreeSet};

use healthcare_crds::v1alpha1::Resources;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::quantity::Amount;
use super::tally::Tally;
use crate::plan::{self, ResourcesPlan};

/// Each quantity that is declared is compared with the one in force before, so that none depends on another.
pub(super) fn compare(from: Option<&Resources>, to: Option<&Resources>, tally: &mut Tally) {
    let from = from.cloned().unwrap_or_default();
    let to = to.cloned().unwrap_or_default();
    let before = plan::resources(from.clone());
    let Resources { requests, limits } = &to;
    let mut parts = Tally::default();
    for name in changed(&from.limits, limits) {
        limit(name, &before, limits.get(name), &mut parts);
    }
    for name in changed(&from.requests, requests) {
        request(name, &before, requests.get(name), &mut parts);
    }
    tally.add_capped(40, parts);
}

/// Names whose declared quantity is another.
fn changed<'a>(
    from: &'a BTreeMap<String, Quantity>,
    to: &'a BTreeMap<String, Quantity>,
) -> BTreeSet<&'a str> {
    let names = from.keys().chain(to.keys()).map(String::as_str);
    names.filter(|name| from.get(*name) != to.get(*name)).collect()
}

/// A limit taken away: that of memory falls back to the request or the default, others to none.
fn limit(name: &str, before: &ResourcesPlan, to: Option<&Quantity>, parts: &mut Tally) {
    let (factor, harm) = match name {
        "memory" => ("MemoryLimitLowered", "pods that use more are killed"),
        "cpu" => ("CpuLimitLowered", "pods that use more are throttled"),
        _ => ("LimitLowered", "pods that use more are stopped"),
    };
    match Step::between(before.limits.get(name), to) {
        Step::Lowered if name == "memory" => parts.add(factor, 15, format!("less memory allowed: {harm}")),
        Step::Halved if name == "memory" => {
            parts.add(factor, 25, format!("half the memory allowed, or less: {harm}"));
        }
        Step::Lowered | Step::Halved => parts.add(factor, 10, format!("a lower limit of {name}: {harm}")),
        Step::Removed if name == "memory" => {
            parts.add(
                factor,
                15,
                format!("the memory limit goes back to its default: {harm}"),
            );
        }
        Step::Removed => parts.add("LimitRemoved", 3, format!("no limit of {name} any more")),
        Step::Raised => parts.add("ResourcesChanged", 1, format!("a higher limit of {name}")),
        Step::Same => {}
    }
}

fn request(name: &str, before: &ResourcesPlan, to: Option<&Quantity>, parts: &mut Tally) {
    match Step::between(before.requests.get(name), to) {
        Step::Lowered | Step::Halved => {
            let message = format!("a lower request of {name}: pods get less when a node is busy");
            parts.add("RequestLowered", 5, message);
        }
        Step::Removed => parts.add(
            "RequestLowered",
            5,
            format!("the request of {name} goes back to its default"),
        ),
        Step::Raised => {
            let message = format!("a higher request of {name}: pods may find no room");
            parts.add("ResourcesChanged", 2, message);
        }
        Step::Same => {}
    }
}

/// From one quantity to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Same,
    Raised,
    Lowered,
    Halved,
    Removed,
}

impl Step {
    /// What cannot be read counts as lowered: nothing is known of it.
    fn between(from: Option<&Quantity>, to: Option<&Quantity>) -> Self {
        let amount = |quantity: &Quantity| Amount::parse(&quantity.0);
        match (from, to) {
            (_, None) => Self::Removed,
            // No limit before.
            (None, Some(_)) => Self::Lowered,
            (Some(from), Some(to)) => match (amount(from), amount(to)) {
                (Some(from), Some(to)) if from == to => Self::Same,
                (Some(from), Some(to)) if from < to => Self::Raised,
                (Some(from), Some(to)) if to.is_half_of(from) => Self::Halved,
                _ => Self::Lowered,
            },
        }
    }
}
