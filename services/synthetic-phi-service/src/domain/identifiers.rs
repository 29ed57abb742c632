use super::draw::Draw;
use super::{Index, Seed};

/// Record numbers: nine digits.
const MRN_COUNT: u64 = 1_000_000_000;

/// Group and serial number of a social security number: six digits.
const PER_AREA: u64 = 1_000_000;

/// The areas (first three digits) that the Social Security Administration never assigned and does not assign
/// (20 CFR 422.103; POMS RM 10201.035). 900–999 were not assigned either, but the IRS uses them as taxpayer numbers.
const AREAS: [&str; 2] = ["000", "666"];

pub(super) struct Identifiers {
    pub(super) mrn: String,
    pub(super) ssn: String,
}

/// Identifiers no other patient of the seed has.
pub(super) fn of(seed: Seed, index: Index) -> Identifiers {
    let mut draw = Draw::for_population(seed);
    let mrn = scatter(&mut draw, index.get(), MRN_COUNT);
    let ssn = scatter(&mut draw, index.get(), Index::COUNT);
    Identifiers {
        mrn: format!("SYN{mrn:09}"),
        ssn: format_ssn(ssn),
    }
}

/// Whether a number is of the form AAA-GG-SSSS, in an area that was never assigned.
pub fn is_unassignable(ssn: &str) -> bool {
    let parts: Vec<&str> = ssn.split('-').collect();
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(*parts, [area, group, serial] if AREAS.contains(&area) && digits(group, 2) && digits(serial, 4))
}

/// A one-to-one map of 0..count onto itself, different for every seed: i → a·i + b mod count, with a prime to
/// count. For that a must be divisible by neither 2 nor 5, count being a product of those alone.
fn scatter(draw: &mut Draw, index: u64, count: u64) -> u64 {
    let factor = u64::from(draw.below(10_000_000)) * 10 + 3;
    let offset = u64::from(draw.below(u32::MAX));
    (index * factor + offset) % count
}

fn format_ssn(number: u64) -> String {
    let area = if number < PER_AREA { AREAS[0] } else { AREAS[1] };
    let rest = number % PER_AREA;
    format!("{area}-{:02}-{:04}", rest / 10_000, rest % 10_000)
}
