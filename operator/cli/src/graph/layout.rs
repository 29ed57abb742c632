//! Places for the boxes and arrows of a graph, in layers from left to right (Sugiyama, Tagawa and Toda, 1981). Pure, and the
//! same for the same graph. The layouts that exist as crates either fail on cycles or depend on the order of a hash map.

use std::collections::BTreeSet;

/// Height of a line of boxes, in pixels.
const ROW: f64 = 56.0;
/// Room around the whole.
pub(super) const MARGIN: f64 = 24.0;
/// How often boxes are put closer to what they are joined with.
const SWEEPS: usize = 8;

/// A point, in pixels from the left upper corner.
pub(super) type Point = (f64, f64);

/// A laid out graph.
#[derive(Debug, PartialEq)]
pub(super) struct Layout {
    /// Left ends of the boxes, in the middle of their height.
    pub(super) boxes: Vec<Point>,
    /// Points through which each arrow goes; none for one from a box to itself.
    pub(super) routes: Vec<Vec<Point>>,
    /// Width and height.
    pub(super) size: Point,
}

/// A vertex is a box, or a place where an arrow passes a layer: those have the numbers after the boxes.
struct Layers {
    /// Vertices of each layer, from above.
    rows: Vec<Vec<usize>>,
    /// Pairs of vertices of adjacent layers, the left one first.
    joints: Vec<(usize, usize)>,
    /// Vertices of each arrow from left to right, and whether the arrow points to the left.
    chains: Vec<(Vec<usize>, bool)>,
}

/// Lays out boxes of these widths, with `gap` between layers.
pub(super) fn layout(widths: &[f64], edges: &[(usize, usize)], gap: f64) -> Layout {
    let order = order(widths.len(), edges);
    let layers = arranged(layers(widths.len(), edges, &order));
    let columns = columns(&layers.rows, widths, gap);
    let tallest = layers.rows.iter().map(Vec::len).max().unwrap_or_default();
    let mut places = vec![(0.0, 0.0, 0.0); vertices(&layers)];
    for (row, (left, width)) in layers.rows.iter().zip(&columns) {
        let above = MARGIN + length(tallest - row.len()) * ROW / 2.0 + ROW / 2.0;
        for (position, vertex) in row.iter().enumerate() {
            // An arrow passes through the whole column, a box ends where its text does.
            let width = widths.get(*vertex).copied().unwrap_or(*width);
            if let Some(place) = places.get_mut(*vertex) {
                *place = (*left, above + length(position) * ROW, width);
            }
        }
    }
    let routes = layers
        .chains
        .iter()
        .map(|(chain, to_left)| route(chain, *to_left, &places));
    let right = columns.last().map_or(0.0, |(left, width)| left + width);
    Layout {
        routes: routes.collect(),
        boxes: places
            .iter()
            .take(widths.len())
            .map(|(x, y, _)| (*x, *y))
            .collect(),
        size: (right + MARGIN, length(tallest) * ROW + 2.0 * MARGIN),
    }
}

/// No graph has so many boxes that a floating-point number could not count them.
fn length(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

fn vertices(layers: &Layers) -> usize {
    layers.rows.iter().map(Vec::len).sum()
}

/// An order in which few edges point backwards (Eades, Lin and Smyth, 1993): sources first, sinks last, of the others the one
/// with the most edges out and the fewest in.
fn order(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut left: BTreeSet<_> = (0..count).collect();
    let (mut first, mut last) = (Vec::new(), Vec::new());
    while !left.is_empty() {
        let open = |from: usize, to: usize| from != to && left.contains(&from) && left.contains(&to);
        let count = |is: &dyn Fn(usize, usize) -> bool| {
            edges.iter().filter(|(f, t)| open(*f, *t) && is(*f, *t)).count()
        };
        let degrees = left.iter().map(|vertex| {
            let (out, into) = (count(&|from, _| from == *vertex), count(&|_, to| to == *vertex));
            (*vertex, out, into)
        });
        let degrees: Vec<_> = degrees.collect();
        let source = degrees.iter().find(|(_, _, into)| *into == 0);
        let sink = degrees.iter().find(|(_, out, _)| *out == 0);
        let widest = || {
            degrees.iter().max_by_key(|(vertex, out, into)| {
                (length_of(*out) - length_of(*into), std::cmp::Reverse(*vertex))
            })
        };
        match (source, sink) {
            (None, Some((vertex, ..))) => {
                left.remove(vertex);
                last.push(*vertex);
            }
            (source, _) => {
                let Some((vertex, ..)) = source.or_else(widest) else {
                    break;
                };
                left.remove(vertex);
                first.push(*vertex);
            }
        }
    }
    first.into_iter().chain(last.into_iter().rev()).collect()
}

fn length_of(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Puts each box one layer to the right of the furthest of those before it, and gives long arrows places in between.
fn layers(count: usize, edges: &[(usize, usize)], order: &[usize]) -> Layers {
    let mut rank = vec![0; count];
    for (position, vertex) in order.iter().enumerate() {
        if let Some(rank) = rank.get_mut(*vertex) {
            *rank = position;
        }
    }
    let is_before = |a: usize, b: usize| rank.get(a) < rank.get(b);
    let forward = |(from, to): (usize, usize)| {
        if is_before(from, to) {
            (from, to)
        } else {
            (to, from)
        }
    };
    let mut layer = vec![0_usize; count];
    for vertex in order {
        let before = edges.iter().map(|edge| forward(*edge));
        let before = before.filter(|(from, to)| to == vertex && from != to);
        let nearest = before
            .filter_map(|(from, _)| layer.get(from))
            .max()
            .map_or(0, |layer| layer + 1);
        if let Some(place) = layer.get_mut(*vertex) {
            *place = nearest;
        }
    }
    let mut rows = vec![Vec::new(); layer.iter().max().map_or(0, |most| most + 1)];
    for (vertex, layer) in layer.iter().enumerate() {
        rows.get_mut(*layer)
            .into_iter()
            .for_each(|row: &mut Vec<usize>| row.push(vertex));
    }
    let (mut chains, mut joints, mut next) = (Vec::new(), Vec::new(), count);
    for edge in edges {
        let (from, to) = forward(*edge);
        if from == to {
            chains.push((Vec::new(), false));
            continue;
        }
        let range = |vertex: usize| layer.get(vertex).copied().unwrap_or_default();
        let mut chain = vec![from];
        for between in range(from) + 1..range(to) {
            rows.get_mut(between).into_iter().for_each(|row| row.push(next));
            chain.push(next);
            next += 1;
        }
        chain.push(to);
        joints.extend(chain.iter().copied().zip(chain.iter().copied().skip(1)));
        chains.push((chain, (from, to) != *edge));
    }
    Layers { rows, joints, chains }
}

/// Brings each vertex of a layer to the middle of those it is joined with, there and back, so that few arrows cross.
fn arranged(mut layers: Layers) -> Layers {
    let mut height = vec![0.0; vertices(&layers)];
    settle(&layers.rows, &mut height);
    for sweep in 0..SWEEPS {
        let to_right = sweep % 2 == 0;
        let places = 0..layers.rows.len();
        let places: Vec<_> = if to_right {
            places.collect()
        } else {
            places.rev().collect()
        };
        for place in places {
            let Some(row) = layers.rows.get_mut(place) else {
                continue;
            };
            let middle = |vertex: usize| {
                let joined = layers.joints.iter().filter_map(|(left, right)| match to_right {
                    true if *right == vertex => height.get(*left),
                    false if *left == vertex => height.get(*right),
                    _ => None,
                });
                let joined: Vec<f64> = joined.copied().collect();
                let own = height.get(vertex).copied().unwrap_or_default();
                if joined.is_empty() {
                    own
                } else {
                    joined.iter().sum::<f64>() / length(joined.len())
                }
            };
            let mut keyed: Vec<_> = row.iter().map(|vertex| (middle(*vertex), *vertex)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            *row = keyed.into_iter().map(|(_, vertex)| vertex).collect();
            settle(std::slice::from_ref(row), &mut height);
        }
    }
    layers
}

/// Notes the height of each vertex, from the middle of its layer.
fn settle(rows: &[Vec<usize>], height: &mut [f64]) {
    for row in rows {
        for (position, vertex) in row.iter().enumerate() {
            if let Some(height) = height.get_mut(*vertex) {
                *height = length(position) - length(row.len()) / 2.0;
            }
        }
    }
}

/// Left end and width of each layer.
fn columns(rows: &[Vec<usize>], widths: &[f64], gap: f64) -> Vec<(f64, f64)> {
    let mut left = MARGIN;
    let columns = rows.iter().map(|row| {
        let width = row
            .iter()
            .filter_map(|vertex| widths.get(*vertex))
            .copied()
            .fold(0.0, f64::max);
        let column = (left, width);
        left += width + gap;
        column
    });
    columns.collect()
}

/// From the right end of the left box to the left end of the right one, past what lies between.
fn route(chain: &[usize], to_left: bool, places: &[(f64, f64, f64)]) -> Vec<Point> {
    let ends = chain.iter().filter_map(|vertex| places.get(*vertex));
    let points = ends.flat_map(|(left, y, width)| [(*left, *y), (left + width, *y)]);
    let mut points: Vec<_> = points.collect();
    // Neither the left end of the first box nor the right end of the last.
    points.pop();
    let mut points: Vec<_> = points.into_iter().skip(1).collect();
    if to_left {
        points.reverse();
    }
    points
}
