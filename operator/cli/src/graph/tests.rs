use proptest::prelude::*;

use super::*;
use crate::commands::render::services;
use crate::service::Surroundings;
use crate::testing::{manifests, text};

fn read(texts: &[String]) -> Vec<HealthcareService> {
    services(&manifests(&texts.join("---\n")), &Surroundings::default()).unwrap()
}

fn policy(inbound: &str, outbound: &str) -> String {
    format!(", accessPolicy: {{inbound: [{inbound}], outbound: [{outbound}]}}")
}

fn ward() -> Graph {
    graph(&read(&[
        text("portal", &(policy("", "{service: records, ports: [{port: 8080}]}, {service: gone}, {service: closed}") + ", exposure: {hostnames: [portal.example.org]}")),
        text("records", &policy("{service: portal}, {service: lab, namespace: labs}, {service: silent}, {podSelector: {matchLabels: {access: 'a\"<b'}}}", "{cidr: 10.0.0.0/8, except: [10.1.0.0/16], ports: [{port: 5432}, {port: 1, endPort: 9, protocol: UDP}]}").replace("'a\"<b'", "x")),
        text("closed", &policy("", "")),
        text("silent", ""),
    ]))
}

#[test]
fn one_sided_calls_are_told() {
    let graph = ward();
    let told: Vec<_> = graph
        .one_sided()
        .map(|e| (e.from.label(), e.to.label(), e.allowed))
        .collect();
    let told: Vec<_> = told
        .iter()
        .map(|(from, to, allowed)| (from.as_str(), to.as_str(), *allowed))
        .collect();
    assert_eq!(
        told,
        [
            ("healthcare/portal", "healthcare/closed", Allowed::ByCallerOnly),
            (
                "healthcare/portal",
                "healthcare/gone (not found)",
                Allowed::ByCallerOnly
            ),
            ("healthcare/silent", "healthcare/records", Allowed::ByCalleeOnly),
            (
                "labs/lab (not found)",
                "healthcare/records",
                Allowed::ByCalleeOnly
            ),
        ]
    );
}

/// Whom labels and addresses mean is not known here.
#[test]
fn labels_and_addresses_get_the_benefit_of_the_doubt() {
    let graph = graph(&read(&[
        text("a", &policy("", "{service: b}")),
        text("b", &policy("{podSelector: {}}, {service: c}", "")),
        text("c", &policy("", "{cidr: 0.0.0.0/0}")),
    ]));
    assert_eq!(graph.one_sided().count(), 0, "{graph:#?}");
    assert_eq!(graph.edges.len(), 4);
}

#[test]
fn every_format_shows_it() {
    let graph = ward();
    insta::assert_snapshot!("mermaid", mermaid(&graph));
    insta::assert_snapshot!("dot", dot(&graph));
    insta::assert_snapshot!("svg", svg(&graph));
}

#[test]
fn text_cannot_leave_its_quotes() {
    let graph = Graph {
        peers: [Peer::Pods("x=\"]; evil<script>&`#\\\n".to_owned())].into(),
        edges: Vec::new(),
    };
    assert_eq!(
        mermaid(&graph),
        "flowchart LR\n  n0([\"pods x=#quot;]; evil#lt;script#gt;#amp;#96;#35;\\ \"])\n"
    );
    assert!(
        dot(&graph).contains(r#"[label="pods x=\"]; evil<script>&`#\\ ", shape=ellipse];"#),
        "{}",
        dot(&graph)
    );
    let drawing = svg(&graph);
    assert!(!drawing.contains("<script"), "{drawing}");
}

type Call = (usize, usize, bool, bool);

fn any_services() -> impl Strategy<Value = Vec<HealthcareService>> {
    let calls = proptest::collection::btree_set((0..8usize, 0..8usize, any::<bool>(), any::<bool>()), 0..24);
    calls.prop_map(|calls| {
        let names = |of: usize, own: fn(&Call) -> Option<(usize, usize)>| {
            let peers: BTreeSet<_> = calls
                .iter()
                .filter_map(own)
                .filter(|(a, _)| *a == of)
                .map(|(_, b)| b)
                .collect();
            peers
                .iter()
                .map(|peer| format!("{{service: s{peer}}}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let texts: Vec<_> = (0..6)
            .map(|of| {
                let inbound = names(of, |c| c.2.then_some((c.1, c.0)));
                let outbound = names(of, |c| c.3.then_some((c.0, c.1)));
                text(&format!("s{of}"), &policy(&inbound, &outbound))
            })
            .collect();
        read(&texts)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Cycles, services that call themselves, and ones that are not there: each is drawn, and the same each time, in whatever
    /// order the services come.
    #[test]
    fn every_graph_is_drawn_the_same_each_time(services in any_services()) {
        let there = graph(&services);
        let back = graph(&services.iter().rev().cloned().collect::<Vec<_>>());
        prop_assert_eq!(&there, &back);
        prop_assert_eq!(svg(&back), svg(&there));
        let drawing = svg(&there);
        prop_assert_eq!(drawing.matches("<path d=\"M").count(), there.edges.len() + 1, "an arrow each: {}", drawing);
        prop_assert!(!drawing.contains("NaN") && !drawing.contains("inf"));
    }

    /// Boxes neither overlap nor leave the drawing, and every arrow begins and ends at its boxes.
    #[test]
    fn a_layout_keeps_boxes_apart(edges in proptest::collection::vec((0..9usize, 0..9usize), 0..30), widths in proptest::collection::vec(20.0..300.0f64, 9)) {
        let found = layout::layout(&widths, &edges, 90.0);
        for (number, (x, y)) in found.boxes.iter().enumerate() {
            prop_assert!(*x >= layout::MARGIN && x + widths[number] <= found.size.0 && *y > 0.0 && *y < found.size.1);
            for (other, (other_x, other_y)) in found.boxes.iter().enumerate().skip(number + 1) {
                let apart = (y - other_y).abs() >= 40.0 || x + widths[number] < *other_x || other_x + widths[other] < *x;
                prop_assert!(apart, "{number} and {other}: {found:?}");
            }
        }
        for ((from, to), route) in edges.iter().zip(&found.routes) {
            if from == to {
                prop_assert!(route.is_empty());
                continue;
            }
            let ends = |number: usize| {
                let (x, y) = found.boxes[number];
                [(x, y), (x + widths[number], y)]
            };
            prop_assert!(ends(*from).contains(&route[0]) && ends(*to).contains(&route[route.len() - 1]), "{route:?}");
        }
    }
}
