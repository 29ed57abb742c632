//! Address ranges.

use ipnet::IpNet;

/// How much of the world a range holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// What one organisation has.
    Narrow,
    /// More than that.
    Wide,
    /// As good as everybody: `0.0.0.0/0`, and the halves it can be written as.
    Everybody,
}

/// How wide a range is; what cannot be read counts as wide.
pub(super) fn reach(cidr: &str) -> Reach {
    let limits = match cidr.parse() {
        Ok(IpNet::V4(net)) => (net.prefix_len(), 8, 16),
        Ok(IpNet::V6(net)) => (net.prefix_len(), 16, 32),
        Err(_) => return Reach::Wide,
    };
    match limits {
        (prefix, everybody, _) if prefix < everybody => Reach::Everybody,
        (prefix, _, wide) if prefix < wide => Reach::Wide,
        _ => Reach::Narrow,
    }
}

/// Whether the outer range, without its exceptions, holds all of the inner one without its own.
pub(super) fn covers(outer: (&str, &[String]), inner: (&str, &[String])) -> bool {
    let (Ok(range), Ok(wanted)) = (outer.0.parse::<IpNet>(), inner.0.parse::<IpNet>()) else {
        return outer == inner;
    };
    let refused_inside = |refused: &String| match refused.parse::<IpNet>() {
        Ok(refused) => !overlap(&refused, &wanted) || inner.1.iter().any(|own| holds(own, &refused)),
        Err(_) => inner.1.contains(refused),
    };
    range.contains(&wanted) && outer.1.iter().all(refused_inside)
}

fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

fn holds(range: &str, other: &IpNet) -> bool {
    range.parse::<IpNet>().is_ok_and(|range| range.contains(other))
}

#[cfg(test)]
mod tests;
