//! Unique device identifiers in GS1's form (21 CFR 830.20; GS1 General Specifications, section 3). The company prefix
//! 952 is the one GS1 keeps for examples: no device has such a number.

use jiff::civil::Date;

use super::codes::{self, Concept};

/// The GTIN-14 of a model.
pub(super) fn model(device: Concept) -> String {
    let item = match device {
        codes::PACEMAKER => 101,
        codes::STENT => 102,
        _ => 103,
    };
    let digits = format!("0952000000{item}");
    let check = check_digit(&digits);
    format!("{digits}{check}")
}

/// GS1's check digit: weights 3 and 1 from the right, to the next ten.
pub(super) fn check_digit(digits: &str) -> u32 {
    let values = digits.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = values
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    (10 - sum % 10) % 10
}

/// As printed for people: identifiers in brackets, then the values.
pub(super) fn printed(model: &str, made: Date, expires: Date, lot: &str, serial: &str) -> String {
    let short = |date: Date| date.strftime("%y%m%d").to_string();
    format!(
        "(01){model}(11){}(17){}(10){lot}(21){serial}",
        short(made),
        short(expires)
    )
}

#[cfg(test)]
mod tests;
