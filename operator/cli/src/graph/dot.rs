//! DOT, the language of Graphviz (<https://graphviz.org/doc/info/lang.html>).

use std::fmt::Write as _;

use super::{Allowed, Graph, Peer, numbers};

/// The graph as a digraph.
pub fn dot(graph: &Graph) -> String {
    let numbers = numbers(graph);
    let number = |peer: &Peer| numbers.get(peer).copied().unwrap_or_default();
    let mut text = "digraph access {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for (peer, number) in &numbers {
        let shape = match peer {
            Peer::Service(_) => "",
            Peer::UnknownService(_) => ", style=dashed",
            Peer::Pods(_) | Peer::Addresses(_) | Peer::Outside(_) => ", shape=ellipse",
        };
        // Writing to a text cannot fail.
        let _written = writeln!(text, "  n{number} [label={}{shape}];", quoted(&peer.label()));
    }
    for edge in &graph.edges {
        let style = if edge.allowed == Allowed::Fully {
            "solid"
        } else {
            "dashed"
        };
        let (from, to) = (number(&edge.from), number(&edge.to));
        let _written = writeln!(
            text,
            "  n{from} -> n{to} [label={}, style={style}];",
            quoted(&edge.label())
        );
    }
    text + "}\n"
}

fn quoted(text: &str) -> String {
    let clean = text.replace(char::is_control, " ");
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}
