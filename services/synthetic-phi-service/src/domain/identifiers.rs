use super::draw::Draw;
use super::{Index, Seed};

/// Record numbers: nine digits.
const MRN_COUNT: u64 = 1_000_000_000;

/// Group and serial number of a social security number: six digits.
const PER_AREA: u64 = 1_000_000;

/// The areas (first three digits) that the Social Security Administration never assigned and does not assign
/// (20 CFR 422.103; POMS RM 10201.035). 900–999 were not assigned either, but the IRS uses them as taxpayer numbers.
const AREAS: [&str; 2] = ["000", "666"];

/// How the identifiers of one seed are spread.
#[derive(Clone, Debug)]
pub(super) struct Population {
    mrn: Scatter,
    ssn: Scatter,
}

impl Population {
    pub(super) fn of(seed: Seed) -> Self {
        let mut draw = Draw::for_population(seed);
        Self {
            mrn: Scatter::new(&mut draw, MRN_COUNT),
            ssn: Scatter::new(&mut draw, Index::COUNT),
        }
    }

    /// A record number no other patient of the seed has.
    pub(super) fn mrn(&self, index: Index) -> String {
        format!("SYN{:09}", self.mrn.apply(index))
    }

    /// A social security number nobody has, and no other patient of the seed.
    pub(super) fn ssn(&self, index: Index) -> String {
        let number = self.ssn.apply(index);
        let area = if number < PER_AREA { AREAS[0] } else { AREAS[1] };
        let rest = number % PER_AREA;
        format!("{area}-{:02}-{:04}", rest / 10_000, rest % 10_000)
    }
}

/// Whether a number is of the form AAA-GG-SSSS, in an area that was never assigned.
pub fn is_unassignable(ssn: &str) -> bool {
    let parts: Vec<&str> = ssn.split('-').collect();
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(*parts, [area, group, serial] if AREAS.contains(&area) && digits(group, 2) && digits(serial, 4))
}

/// A one-to-one map of 0..count onto itself, different for every seed: i → a·i + b mod count. One-to-one because
/// a and count have no common factor: count is a product of twos and fives, a ends in 3.
#[derive(Clone, Debug)]
pub(super) struct Scatter {
    factor: u64,
    offset: u64,
    count: u64,
}

impl Scatter {
    fn new(draw: &mut Draw, count: u64) -> Self {
        let factor = u64::from(draw.below(10_000_000)) * 10 + 3;
        Self {
            factor,
            offset: u64::from(draw.below(u32::MAX)),
            count,
        }
    }

    pub(super) fn apply(&self, index: Index) -> u64 {
        (index.number() * self.factor + self.offset) % self.count
    }
}

#[cfg(test)]
mod tests;
