//! A share of the namespaces, for installations that one process is too small for. Pure.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::digest::stable;

/// One of several operators: each works on the namespaces whose hash falls to it, and has a Lease of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u16,
    count: u16,
}

/// Most shards that make sense: each watches everything that the others do.
const MOST: u16 = 64;

impl Shard {
    /// All namespaces.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Whether the services of a namespace are this one's. The same in every process and release.
    pub fn owns(self, namespace: &str) -> bool {
        stable(&[namespace]) % u64::from(self.count) == u64::from(self.index)
    }

    /// Name of this shard's Lease, given the name for a single operator.
    pub fn lease_name(self, name: &str) -> String {
        if self == Self::WHOLE {
            name.to_owned()
        } else {
            format!("{name}-{}", self.index)
        }
    }
}

/// Not a shard.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a shard is written index/count, such as 0/3: the index counts from 0, and there are 1 to {MOST}")]
pub struct InvalidShard;

impl FromStr for Shard {
    type Err = InvalidShard;

    fn from_str(text: &str) -> Result<Self, InvalidShard> {
        let (index, count) = text.split_once('/').ok_or(InvalidShard)?;
        let number = |text: &str| text.parse::<u16>().map_err(|_| InvalidShard);
        let (index, count) = (number(index)?, number(count)?);
        if index < count && count <= MOST {
            Ok(Self { index, count })
        } else {
            Err(InvalidShard)
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests;
