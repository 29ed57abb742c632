//! The chart on a real control plane: installed, upgraded, taken away, and what its policies refuse.

#[cfg(test)]
mod install;
#[cfg(test)]
mod protect;
#[cfg(test)]
mod setup;
