//! How far apart two image tags are.

use std::cmp::Ordering;

use semver::{BuildMetadata, Prerelease, Version};

/// Words by which a tag says that it is no release yet. Others after a dash (`alpine`, `slim`) name a variant of one.
const PRERELEASE: [&str; 13] = [
    "alpha",
    "beta",
    "canary",
    "cr",
    "dev",
    "ea",
    "milestone",
    "next",
    "nightly",
    "pre",
    "preview",
    "rc",
    "snapshot",
];

/// From here on a lone number is a build counter rather than a major version.
const BUILD_COUNTER: u64 = 100;

/// What a version number tells of the distance (SemVer 2.0.0). Below 1.0.0 the leftmost number that is not zero stands for
/// the major one, as for Cargo and npm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Patch,
    Minor,
    Major,
}

/// From one tag to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distance {
    /// The same version, written otherwise.
    None,
    /// The same version in another variant.
    Variant,
    /// A later version.
    Up(Step),
    /// An earlier one.
    Down(Step),
    /// An earlier date.
    Earlier,
    /// The tags do not tell.
    Unknown,
}

/// A tag, as far as it is understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    /// `1.4.2`, `v1.4`, `1.4.2-rc.1-alpine`.
    Release { version: Version, variant: String },
    /// `2026-11-21`, `2026.11`, `20261121-4`: says when, not what changed.
    Calendar { numbers: Vec<u64>, rest: &'a str },
    /// Anything else.
    Opaque,
}

impl<'a> Tag<'a> {
    pub(super) fn parse(text: &'a str) -> Self {
        let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
        calendar(bare).or_else(|| release(bare)).unwrap_or(Self::Opaque)
    }

    /// Whether it says so itself.
    pub(super) fn is_prerelease(&self) -> bool {
        matches!(self, Self::Release { version, .. } if !version.pre.is_empty())
    }

    pub(super) fn distance(&self, to: &Self) -> Distance {
        match (self, to) {
            (
                Self::Release { version, variant },
                Self::Release {
                    version: to_version,
                    variant: to_variant,
                },
            ) => match version.cmp(to_version) {
                Ordering::Less => Distance::Up(step(version, to_version)),
                Ordering::Greater => Distance::Down(step(to_version, version)),
                Ordering::Equal if variant == to_variant => Distance::None,
                Ordering::Equal => Distance::Variant,
            },
            (Self::Calendar { numbers, .. }, Self::Calendar { numbers: to, .. }) if to < numbers => {
                Distance::Earlier
            }
            _ => Distance::Unknown,
        }
    }
}

fn step(low: &Version, high: &Version) -> Step {
    let parts = |v: &Version| [v.major, v.minor, v.patch];
    let (low_parts, high_parts) = (parts(low), parts(high));
    let first = |differs: fn(u64, u64) -> bool| {
        let pairs = low_parts.into_iter().zip(high_parts);
        pairs
            .enumerate()
            .find(|(_, (a, b))| differs(*a, *b))
            .map(|(at, _)| at)
    };
    let Some(changed) = first(|a, b| a != b) else {
        return Step::Patch;
    };
    let leading = first(|a, b| a != 0 || b != 0).unwrap_or_default();
    if changed <= leading {
        Step::Major
    } else if changed == 1 {
        Step::Minor
    } else {
        Step::Patch
    }
}

fn release<'a>(text: &str) -> Option<Tag<'a>> {
    let (core, suffix) = text.split_once('-').unwrap_or((text, ""));
    let numbers = core.split('.').map(number).collect::<Option<Vec<_>>>()?;
    let (major, minor, patch) = match *numbers.as_slice() {
        [major] if major < BUILD_COUNTER => (major, 0, 0),
        [major, minor] => (major, minor, 0),
        [major, minor, patch] => (major, minor, patch),
        _ => return None,
    };
    let (before, variant): (Vec<_>, Vec<_>) = suffix.split('-').partition(|part| is_prerelease(part));
    let version = Version {
        major,
        minor,
        patch,
        pre: Prerelease::new(&before.join("-")).ok()?,
        build: BuildMetadata::EMPTY,
    };
    Some(Tag::Release {
        version,
        variant: variant.join("-"),
    })
}

fn is_prerelease(part: &str) -> bool {
    let word: String = part.chars().take_while(char::is_ascii_alphabetic).collect();
    PRERELEASE.contains(&word.to_ascii_lowercase().as_str())
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

/// Starts with a year and a month, or with eight digits that are a date.
fn calendar(text: &str) -> Option<Tag<'_>> {
    let mut numbers = Vec::new();
    let mut rest = text;
    while let Some((value, after)) = leading_number(rest) {
        numbers.push(value);
        rest = after;
    }
    let first = text.bytes().take_while(u8::is_ascii_digit).count();
    let value = numbers.first().copied()?;
    let dated = match first {
        4 => is_year(value) && numbers.get(1).is_some_and(|month| (1..=53).contains(month)),
        8 => is_date(value),
        12 => is_date(value / 10_000),
        14 => is_date(value / 1_000_000),
        _ => false,
    };
    dated.then_some(Tag::Calendar { numbers, rest })
}

/// A number up to a dot, a dash or the end.
fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = text.split_at_checked(end)?;
    let value = number(digits)?;
    match after.strip_prefix(['.', '-']) {
        Some(after) => Some((value, after)),
        None => after.is_empty().then_some((value, "")),
    }
}

fn is_year(number: u64) -> bool {
    (1990..3000).contains(&number)
}

fn is_date(number: u64) -> bool {
    is_year(number / 10_000) && (1..=12).contains(&(number / 100 % 100)) && (1..=31).contains(&(number % 100))
}

#[cfg(test)]
mod tests;
