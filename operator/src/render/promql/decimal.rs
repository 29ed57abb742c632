//! Shares and seconds as exact decimal text: what a computation in binary would write as 0.0010000000000000009.

/// A percentage in units of 10⁻⁹ percent, as decimal digits count; `percent` is within 0..=100, as the CRD says.
fn units(percent: f64) -> u64 {
    let digits: String = format!("{percent:.9}")
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(u64::MAX)
}

const WHOLE: u64 = 100_000_000_000;

/// A percentage as it is, to nine decimals.
pub fn plain(percent: f64) -> String {
    text(units(percent), 9)
}

/// A percentage as a share of one: 5 gives `0.05`.
pub fn share(percent: f64) -> String {
    text(units(percent), 11)
}

/// What a percentage leaves of the whole, as a share of one: 99.9 gives `0.001`.
pub fn remainder(percent: f64) -> String {
    text(WHOLE.saturating_sub(units(percent)), 11)
}

/// Whether `tenths` tenths of what `percent` leaves of the whole is less than the whole.
pub fn fits(tenths: u64, percent: f64) -> bool {
    WHOLE.saturating_sub(units(percent)).saturating_mul(tenths) < WHOLE.saturating_mul(10)
}

/// Milliseconds in seconds: 250 gives `0.25`.
pub fn seconds(milliseconds: i32) -> String {
    text(u64::from(milliseconds.unsigned_abs()), 3)
}

/// `units` with the point before the last `places` digits, without idle zeros.
fn text(units: u64, places: usize) -> String {
    let padded = format!("{units:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests;
