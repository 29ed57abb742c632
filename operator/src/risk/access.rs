//! Who may call, and who may be called.

use healthcare_crds::v1alpha1::{AccessPolicy, AccessRule, ServiceAccountSpec};

use super::cidr::{Reach, reach};
use super::keyed::{Cost, Keyed, entries};
use super::tally::Tally;

mod rule;

use rule::{admits_every_pod, covers};

/// What one direction adds at most. Widened and narrowed count together: the rule that makes up for a removed one is
/// a widened one, and costs more than the removal.
const MOST: i32 = 60;

/// What narrowing costs, however many rules it takes away.
#[derive(Clone, Copy)]
struct Direction {
    name: &'static str,
    widened: &'static str,
    narrowed: &'static str,
    /// Points for taking something away.
    taken: i32,
    /// What that may break.
    harm: &'static str,
}

const INBOUND: Direction = Direction {
    name: "inbound",
    widened: "InboundWidened",
    narrowed: "InboundNarrowed",
    taken: 4,
    harm: "callers that still need it are refused",
};

const OUTBOUND: Direction = Direction {
    name: "outbound",
    widened: "OutboundWidened",
    narrowed: "OutboundNarrowed",
    taken: 12,
    harm: "the service can no longer call them, and breaks if it still needs to",
};

pub(super) fn compare(from: Option<&AccessPolicy>, to: Option<&AccessPolicy>, tally: &mut Tally) {
    let from = from.cloned().unwrap_or_default();
    let AccessPolicy { inbound, outbound } = to.cloned().unwrap_or_default();
    direction(INBOUND, &from.inbound, &inbound, tally);
    direction(OUTBOUND, &from.outbound, &outbound, tally);
}

fn direction(which: Direction, from: &[AccessRule], to: &[AccessRule], tally: &mut Tally) {
    let mut parts = Tally::default();
    let allowed_before = |rule: &&AccessRule| from.iter().any(|old| covers(old, rule));
    for rule in distinct(to).into_iter().filter(|rule| !allowed_before(rule)) {
        let wider = from.iter().any(|old| covers(rule, old));
        let (points, message) = widened(which, rule);
        let least = if wider { which.taken } else { 0 };
        parts.add(which.widened, points.max(least), message);
    }
    let still_allowed = |rule: &&AccessRule| to.iter().any(|new| covers(new, rule));
    let gone = from.iter().filter(|rule| !still_allowed(rule)).count();
    if gone > 0 {
        let message = format!(
            "{} rules taken away or narrowed: {gone}; {}",
            which.name, which.harm
        );
        parts.add(which.narrowed, which.taken, message);
    }
    tally.add_capped(MOST, parts);
}

/// A rule that stands there twice is one.
fn distinct(rules: &[AccessRule]) -> Vec<&AccessRule> {
    let mut list: Vec<&AccessRule> = Vec::new();
    for rule in rules {
        if !list.contains(&rule) {
            list.push(rule);
        }
    }
    list
}

/// Points of a rule that was not there, by whom it lets in or out.
fn widened(which: Direction, rule: &AccessRule) -> (i32, String) {
    let name = which.name;
    if let Some(cidr) = &rule.cidr {
        return match reach(cidr) {
            Reach::Everybody => (40, format!("{name} {cidr}: open to as good as every address")),
            Reach::Wide => (20, format!("{name} {cidr}: a wide range of addresses")),
            Reach::Narrow => (10, format!("{name} {cidr} added")),
        };
    }
    if let Some(service) = &rule.service {
        return (5, format!("{name} service {service} added, or more of its ports"));
    }
    if admits_every_pod(rule) {
        return (30, format!("{name}: open to every pod of the cluster"));
    }
    (10, format!("{name} pods by labels added"))
}

/// Annotations bind identities of clouds, which decide what the pods may do there.
pub(super) fn service_account(
    from: Option<&ServiceAccountSpec>,
    to: Option<&ServiceAccountSpec>,
    tally: &mut Tally,
) {
    let from = from.cloned().unwrap_or_default();
    let ServiceAccountSpec { annotations } = to.cloned().unwrap_or_default();
    let keyed = Keyed::of(entries(&from.annotations), entries(&annotations));
    let cost = Cost {
        added: 8,
        changed: 10,
        removed: 10,
        most: 20,
    };
    let message = format!("annotations of the ServiceAccount: {}", keyed.tell());
    tally.add("IdentityChanged", keyed.points(cost), message);
}
