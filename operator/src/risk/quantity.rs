//! Kubernetes quantities as numbers that compare exactly.

/// A quantity in billionths, the smallest step that Kubernetes keeps (it rounds up). Beyond what 128 bits hold all are
/// equally large; Kubernetes itself ends at 2⁶³.
///
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Amount(i128);

/// Billionths of one.
const ONE: i128 = 1_000_000_000;

/// Decimals that are read: with more than these the product with the largest suffix would not fit.
const DECIMALS: usize = 10;

impl Amount {
    /// None for what is no quantity.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, text) = sign(text);
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at_checked(end)?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && decimals.is_empty()) || decimals.contains('.') {
            return None;
        }
        let unit = Unit::parse(suffix)?;
        let whole = digits(whole).map_or(i128::MAX, |whole| unit.times(whole, 0));
        let value = whole.saturating_add(fraction(decimals, unit));
        Some(Self(if negative { -value } else { value }))
    }

    /// Whether at most half of the other is left.
    pub(super) fn is_half_of(self, other: Self) -> bool {
        self.0 <= other.0 / 2
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// None when there are too many.
fn digits(text: &str) -> Option<i128> {
    if text.is_empty() {
        Some(0)
    } else {
        text.parse().ok()
    }
}

fn fraction(decimals: &str, unit: Unit) -> i128 {
    let kept = decimals.get(..DECIMALS.min(decimals.len())).unwrap_or_default();
    let lost = decimals.bytes().skip(DECIMALS).any(|digit| digit != b'0');
    let numerator = digits(kept).unwrap_or_default() + i128::from(lost);
    unit.times(numerator, u32::try_from(kept.len()).unwrap_or_default())
}

/// A unit: so many billionths, times a power of ten.
#[derive(Clone, Copy, Debug)]
struct Unit {
    billionths: i128,
    exponent: i32,
}

impl Unit {
    fn parse(suffix: &str) -> Option<Self> {
        let unit = |billionths, exponent| Some(Self { billionths, exponent });
        let binary = |power: u32| unit(ONE << power, 0);
        match suffix {
            "n" => unit(1, 0),
            "u" => unit(1_000, 0),
            "m" => unit(1_000_000, 0),
            "" => unit(ONE, 0),
            "k" => unit(ONE, 3),
            "M" => unit(ONE, 6),
            "G" => unit(ONE, 9),
            "T" => unit(ONE, 12),
            "P" => unit(ONE, 15),
            "E" => unit(ONE, 18),
            "Ki" => binary(10),
            "Mi" => binary(20),
            "Gi" => binary(30),
            "Ti" => binary(40),
            "Pi" => binary(50),
            "Ei" => binary(60),
            _ => unit(ONE, suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
        }
    }

    /// So many tenths, hundredths and so on of the unit, rounded up.
    fn times(self, count: i128, decimals: u32) -> i128 {
        let exponent = self.exponent.saturating_sub_unsigned(decimals);
        let power = 10_i128.checked_pow(exponent.unsigned_abs());
        let product = count.saturating_mul(self.billionths);
        match power {
            Some(power) if exponent >= 0 => product.saturating_mul(power),
            Some(power) => product / power + i128::from(product % power != 0),
            None if count == 0 => 0,
            None if exponent >= 0 => i128::MAX,
            None => 1,
        }
    }
}

#[cfg(test)]
mod tests;
