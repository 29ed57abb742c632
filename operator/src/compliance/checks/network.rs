//! Who may call whom, as the NetworkPolicy has it.

use healthcare_crds::keys;
use serde_json::Value;

use super::{CHANGED, Case};
use crate::compliance::control::{Breach, Seen};
use crate::compliance::input::{Object, field, items, text};
use crate::render::ChildKind;

const NARROW: &str =
    "name the peers in spec.accessPolicy: services, labels, or address ranges no wider than /8 (IPv6: /7)";

/// One direction of traffic.
#[derive(Clone, Copy)]
struct Direction {
    /// Name in `policyTypes`.
    name: &'static str,
    /// Where the rules stand.
    rules: &'static str,
    /// Field of a rule with the peers.
    peers: &'static str,
    /// The spec's name for it.
    spec: &'static str,
}

const INBOUND: Direction = Direction {
    name: "Ingress",
    rules: "/spec/ingress",
    peers: "from",
    spec: "inbound",
};
const OUTBOUND: Direction = Direction {
    name: "Egress",
    rules: "/spec/egress",
    peers: "to",
    spec: "outbound",
};

pub(in crate::compliance) fn denies_inbound(case: &Case<'_>) -> Seen {
    denies(case, &[INBOUND])
}

pub(in crate::compliance) fn denies_outbound(case: &Case<'_>) -> Seen {
    denies(case, &[OUTBOUND])
}

pub(in crate::compliance) fn denies_by_default(case: &Case<'_>) -> Seen {
    denies(case, &[INBOUND, OUTBOUND])
}

/// Some policy holds for all pods of the service in each direction: what no rule allows is then refused.
fn denies(case: &Case<'_>, directions: &[Direction]) -> Seen {
    let policies: Vec<_> = ours(case).collect();
    if policies.is_empty() {
        return Err(Breach::new(
            "no NetworkPolicy holds for the pods of the service",
            CHANGED,
        ));
    }
    for direction in directions {
        let holds = |policy: &Object<'_>| {
            policy
                .list("/spec/policyTypes")
                .any(|name| name == direction.name)
        };
        if !policies.iter().any(holds) {
            let seen = format!("no NetworkPolicy refuses {} traffic by default", direction.spec);
            return Err(Breach::new(seen, CHANGED));
        }
    }
    let titles: Vec<_> = policies.iter().map(|policy| policy.title()).collect();
    Ok(format!("{}: what is not allowed is refused", titles.join(", ")))
}

/// The policies that hold for every pod of the service, of whatever track.
fn ours<'a>(case: &Case<'a>) -> impl Iterator<Item = Object<'a>> + use<'a> {
    let input = case.input;
    let own = input.plan.owner.name.as_str();
    input.all(ChildKind::NetworkPolicy).filter(move |policy| {
        let selector = policy.at("/spec/podSelector");
        let labels = field(selector, "matchLabels").as_object();
        let by_label = labels.is_none_or(|labels| {
            labels
                .iter()
                .all(|(key, value)| key == keys::SERVICE && value == own)
        });
        selector.is_object() && by_label && items(field(selector, "matchExpressions")).next().is_none()
    })
}

pub(in crate::compliance) fn inbound_named(case: &Case<'_>) -> Seen {
    named(case, &[INBOUND])
}

pub(in crate::compliance) fn outbound_named(case: &Case<'_>) -> Seen {
    named(case, &[OUTBOUND])
}

pub(in crate::compliance) fn peers_named(case: &Case<'_>) -> Seen {
    named(case, &[INBOUND, OUTBOUND])
}

/// No rule is open to all: it names peers, and none of them is everybody.
fn named(case: &Case<'_>, directions: &[Direction]) -> Seen {
    each_rule(case, directions, NARROW, |direction, rule| {
        let mut peers = items(field(rule, direction.peers)).peekable();
        if peers.peek().is_none() {
            return Some("names no peer, which admits everybody".to_owned());
        }
        peers.find_map(everybody)
    })
}

/// Every rule names its ports.
pub(in crate::compliance) fn ports_named(case: &Case<'_>) -> Seen {
    each_rule(
        case,
        &[INBOUND, OUTBOUND],
        "name the ports in spec.accessPolicy",
        |_, rule| {
            let ports: Vec<_> = items(field(rule, "ports")).collect();
            let is_any = ports.is_empty() || ports.iter().any(|port| field(port, "port").is_null());
            is_any.then(|| "allows every port".to_owned())
        },
    )
}

/// No rule selects the pods of every namespace: production and the rest stay apart.
pub(in crate::compliance) fn namespaces_apart(case: &Case<'_>) -> Seen {
    each_rule(
        case,
        &[INBOUND, OUTBOUND],
        "name the namespaces in spec.accessPolicy",
        |direction, rule| {
            let any = items(field(rule, direction.peers))
                .any(|peer| is_empty_selector(field(peer, "namespaceSelector")));
            any.then(|| "selects every namespace".to_owned())
        },
    )
}

fn each_rule(
    case: &Case<'_>,
    directions: &[Direction],
    fix: &str,
    fault: impl Fn(Direction, &Value) -> Option<String>,
) -> Seen {
    denies(case, directions)?;
    let mut count = 0;
    for policy in case.input.all(ChildKind::NetworkPolicy) {
        for direction in directions {
            for (position, rule) in policy.list(direction.rules).enumerate() {
                count += 1;
                if let Some(fault) = fault(*direction, rule) {
                    let seen = format!("{}: {} rule {position} {fault}", policy.title(), direction.spec);
                    return Err(Breach::new(seen, fix));
                }
            }
        }
    }
    Ok(format!("{count} rules looked at, none open to all"))
}

/// Why a peer is everybody, if it is.
fn everybody(peer: &Value) -> Option<String> {
    let cidr = text(field(peer, "ipBlock"), "cidr");
    if is_wide(cidr) {
        return Some(format!("admits the addresses {cidr}"));
    }
    let (pods, namespaces) = (field(peer, "podSelector"), field(peer, "namespaceSelector"));
    let is_any = |selector: &Value| selector.is_null() || is_empty_selector(selector);
    if field(peer, "ipBlock").is_null() && is_any(pods) && is_any(namespaces) {
        return Some("has empty selectors, which admit every pod".to_owned());
    }
    None
}

fn is_empty_selector(selector: &Value) -> bool {
    let is_empty = |name: &str| {
        let part = field(selector, name);
        part.as_object().is_none_or(serde_json::Map::is_empty) && part.as_array().is_none_or(Vec::is_empty)
    };
    selector.is_object() && is_empty("matchLabels") && is_empty("matchExpressions")
}

/// Wider than any private range: 10.0.0.0/8 and fc00::/7 are the widest (RFC 1918, RFC 4193).
fn is_wide(cidr: &str) -> bool {
    let Some((address, prefix)) = cidr.split_once('/') else {
        return false;
    };
    let narrowest_wide = if address.contains(':') { 6 } else { 7 };
    prefix.parse::<u8>().is_ok_and(|bits| bits <= narrowest_wide)
}
