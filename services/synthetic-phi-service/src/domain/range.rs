use std::fmt;
use std::ops::Range;

use rand::TryRng;
use rand::rngs::{SysError, SysRng};
use serde::Serialize;
use utoipa::ToSchema;

/// A number is outside what the service takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be from {min} to {max}")]
pub struct OutOfRange {
    what: &'static str,
    min: u64,
    max: u64,
}

/// What a population of patients is made from. At most 2⁵³ − 1, so that JSON readers keep it exactly (RFC
/// 8259, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Seed(u64);

impl Seed {
    /// The seed of self-checks.
    pub const SAMPLE: Self = Self(1);

    const MAX: u64 = (1 << 53) - 1;

    /// A seed from the operating system's generator.
    pub fn random() -> Result<Self, SysError> {
        Ok(Self(SysRng.try_next_u64()? & Self::MAX))
    }

    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Seed {
    type Error = OutOfRange;

    fn try_from(seed: u64) -> Result<Self, OutOfRange> {
        let error = OutOfRange {
            what: "seed",
            min: 0,
            max: Self::MAX,
        };
        (seed <= Self::MAX).then_some(Self(seed)).ok_or(error)
    }
}

/// Which patient of a seed, from 0. Bounded, because identifiers are unique only as far as there are numbers
/// that were never assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Index(u64);

impl Index {
    /// The first patient.
    pub const FIRST: Self = Self(0);

    /// How many patients a seed has.
    pub const COUNT: u64 = 2_000_000;

    /// The `size` patients that begin with this one.
    pub fn following(self, size: BatchSize) -> Result<impl Iterator<Item = Self>, OutOfRange> {
        let last = Self::try_from(self.0 + size.0 - 1)?;
        Ok((self.0..=last.0).map(Self))
    }

    /// The patients of a stream that begin with this one.
    pub fn streamed(self, size: StreamSize) -> Result<Range<u64>, OutOfRange> {
        let last = Self::try_from(self.0 + size.0 - 1)?;
        Ok(self.0..last.0 + 1)
    }

    /// This one and the next, `count` in all, fewer at the end of the range.
    pub fn up_to(self, count: u64) -> impl Iterator<Item = Self> {
        (self.0..self.0.saturating_add(count).min(Self::COUNT)).map(Self)
    }

    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Index {
    type Error = OutOfRange;

    fn try_from(index: u64) -> Result<Self, OutOfRange> {
        let error = OutOfRange {
            what: "index of the first and last patient",
            min: 0,
            max: Self::COUNT - 1,
        };
        (index < Self::COUNT).then_some(Self(index)).ok_or(error)
    }
}

/// How many patients a stream may have: all of a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSize(u64);

impl StreamSize {
    /// The number itself.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl TryFrom<i64> for StreamSize {
    type Error = OutOfRange;

    fn try_from(count: i64) -> Result<Self, OutOfRange> {
        within("count", count, Index::COUNT).map(Self)
    }
}

fn within(what: &'static str, count: i64, max: u64) -> Result<u64, OutOfRange> {
    let error = OutOfRange { what, min: 1, max };
    let count = u64::try_from(count).map_err(|_| error)?;
    (1..=max).contains(&count).then_some(count).ok_or(error)
}

/// How many patients one request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSize(u64);

impl BatchSize {
    const MAX: u64 = 100;
}

impl TryFrom<i64> for BatchSize {
    type Error = OutOfRange;

    fn try_from(count: i64) -> Result<Self, OutOfRange> {
        within("count", count, Self::MAX).map(Self)
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
