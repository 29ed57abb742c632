//! Mermaid, which code hosts draw in Markdown (<https://mermaid.js.org/syntax/flowchart.html>).

use std::fmt::Write as _;

use super::{Allowed, Graph, Peer, numbers};

/// The graph as a flowchart.
pub fn mermaid(graph: &Graph) -> String {
    let numbers = numbers(graph);
    let number = |peer: &Peer| numbers.get(peer).copied().unwrap_or_default();
    let mut text = "flowchart LR\n".to_owned();
    for (peer, number) in &numbers {
        let label = escaped(&peer.label());
        let shape = match peer {
            Peer::Service(_) => format!("[\"{label}\"]"),
            Peer::UnknownService(_) => format!("{{{{\"{label}\"}}}}"),
            Peer::Pods(_) | Peer::Addresses(_) | Peer::Outside(_) => format!("([\"{label}\"])"),
        };
        // Writing to a text cannot fail.
        let _written = writeln!(text, "  n{number}{shape}");
    }
    for edge in &graph.edges {
        let line = if edge.allowed == Allowed::Fully {
            "-->"
        } else {
            "-.->"
        };
        let label = match edge.label().as_str() {
            "" => String::new(),
            label => format!("|\"{}\"|", escaped(label)),
        };
        let _written = writeln!(
            text,
            "  n{} {line}{label} n{}",
            number(&edge.from),
            number(&edge.to)
        );
    }
    text
}

/// Characters that mean something, as the entities that Mermaid knows.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '"' => "#quot;".to_owned(),
        '#' => "#35;".to_owned(),
        '<' => "#lt;".to_owned(),
        '>' => "#gt;".to_owned(),
        '&' => "#amp;".to_owned(),
        '`' => "#96;".to_owned(),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
