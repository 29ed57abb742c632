//! The harness itself, on real clusters.

#[cfg(test)]
mod ends;
#[cfg(test)]
mod fake_node;
#[cfg(test)]
mod node;
#[cfg(test)]
mod plane;
#[cfg(test)]
mod shell;
#[cfg(test)]
mod support;
