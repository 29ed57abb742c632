//! The chart on a real control plane: installed, upgraded, taken away, and what its policies refuse.

#[cfg(test)]
mod install;
#[cfg(test)]
#[path = "../scenarios/support/operator.rs"]
#[expect(dead_code, reason = "the scenarios use more of it")]
mod operator;
#[cfg(test)]
mod protect;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod setup;
