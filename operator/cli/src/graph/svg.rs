//! SVG, for pages that draw neither Mermaid nor DOT.

use std::fmt::Write as _;

use super::layout::{Layout, Point, layout};
use super::{Allowed, Edge, Graph, Peer, numbers};

/// Height of a box, in pixels.
const HEIGHT: f64 = 32.0;
/// Width of a character of a label, roughly: which font is used is not known here.
const CHARACTER: f64 = 7.6;
/// Room beside the text of a box.
const ROOM: f64 = 24.0;
/// Least and most room between layers; labels of arrows stand there.
const GAP: (f64, f64) = (90.0, 320.0);

/// The graph as a drawing.
pub fn svg(graph: &Graph) -> String {
    let peers: Vec<_> = graph.peers.iter().collect();
    let widths: Vec<_> = peers.iter().map(|peer| width(&peer.label()) + ROOM).collect();
    let numbers = numbers(graph);
    let number = |peer: &Peer| numbers.get(peer).copied().unwrap_or_default();
    let edges: Vec<_> = graph
        .edges
        .iter()
        .map(|e| (number(&e.from), number(&e.to)))
        .collect();
    let longest = graph
        .edges
        .iter()
        .map(|edge| width(&edge.label()))
        .fold(0.0, f64::max);
    let found = layout(&widths, &edges, (longest + ROOM).clamp(GAP.0, GAP.1));
    let mut text = head(&found);
    for ((edge, ends), route) in graph.edges.iter().zip(&edges).zip(&found.routes) {
        let own = found.boxes.get(ends.0).zip(widths.get(ends.0));
        arrow(edge, route, own, &mut text);
    }
    for ((peer, place), width) in peers.iter().zip(&found.boxes).zip(&widths) {
        shape(peer, *place, *width, &mut text);
    }
    text + "</svg>\n"
}

fn width(label: &str) -> f64 {
    u32::try_from(label.chars().count()).map_or(f64::MAX, f64::from) * CHARACTER
}

fn head(found: &Layout) -> String {
    let (width, height) = found.size;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <defs><marker id=\"end\" markerWidth=\"10\" markerHeight=\"8\" refX=\"9\" refY=\"4\" orient=\"auto\"><path d=\"M0 0 10 4 0 8z\" fill=\"context-stroke\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    )
}

fn arrow(edge: &Edge, route: &[Point], own: Option<(&Point, &f64)>, text: &mut String) {
    let (dashes, color) = match edge.allowed {
        Allowed::Fully => ("", "#334155"),
        Allowed::ByCallerOnly | Allowed::ByCalleeOnly => (" stroke-dasharray=\"6 4\"", "#b91c1c"),
    };
    let (path, middle) = match own {
        Some((place, width)) if route.is_empty() => itself(*place, *width),
        _ => (through(route), halfway(route)),
    };
    // Writing to a text cannot fail.
    let _written = writeln!(
        text,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{color}\"{dashes} marker-end=\"url(#end)\"/>"
    );
    let label = escaped(&edge.label());
    if !label.is_empty() {
        let (x, y) = middle;
        let _written = writeln!(
            text,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"11\" fill=\"{color}\" stroke=\"white\" stroke-width=\"4\" paint-order=\"stroke\">{label}</text>",
            y - 4.0
        );
    }
}

/// A curve that leaves and reaches each point horizontally.
fn through(route: &[Point]) -> String {
    let start = route.first().copied().unwrap_or_default();
    let mut path = format!("M{:.1} {:.1}", start.0, start.1);
    for ((x, y), (next_x, next_y)) in route.iter().zip(route.iter().skip(1)) {
        let bend = f64::midpoint(*x, *next_x);
        let _written = write!(
            path,
            " C{bend:.1} {y:.1} {bend:.1} {next_y:.1} {next_x:.1} {next_y:.1}"
        );
    }
    path
}

/// In the middle of the first leg, which always crosses a gap.
fn halfway(route: &[Point]) -> Point {
    match route {
        [a, b, ..] => (f64::midpoint(a.0, b.0), f64::midpoint(a.1, b.1)),
        _ => Point::default(),
    }
}

/// From the upper edge of a box to its right end.
fn itself((x, y): Point, width: f64) -> (String, Point) {
    let (top, right) = (y - HEIGHT / 2.0, x + width);
    let path = format!(
        "M{:.1} {top:.1} C{:.1} {:.1} {:.1} {:.1} {right:.1} {y:.1}",
        right - 24.0,
        right - 24.0,
        top - 22.0,
        right + 36.0,
        top - 22.0
    );
    (path, (right, top - 8.0))
}

fn shape(peer: &Peer, (x, y): Point, width: f64, text: &mut String) {
    let (corner, fill, dashes) = match peer {
        Peer::Service(_) => (4, "#eff6ff", ""),
        Peer::UnknownService(_) => (4, "#fef2f2", " stroke-dasharray=\"6 4\""),
        Peer::Pods(_) | Peer::Addresses(_) | Peer::Outside(_) => (16, "#ffffff", ""),
    };
    let _written = writeln!(
        text,
        "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" rx=\"{corner}\" fill=\"{fill}\" stroke=\"#334155\"{dashes}/>",
        y - HEIGHT / 2.0
    );
    let _written = writeln!(
        text,
        "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" dominant-baseline=\"central\">{}</text>",
        x + width / 2.0,
        escaped(&peer.label())
    );
}

/// Text of an XML document.
fn escaped(text: &str) -> String {
    let clean = text.replace(char::is_control, " ");
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        c => c.to_string(),
    };
    clean.chars().map(escape).collect()
}
