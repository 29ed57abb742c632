use std::collections::HashMap;

use super::*;

/// SNOMED CT's check digit (Verhoeff), from the release format specification.
fn verhoeff(code: &str) -> bool {
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let multiply = |a: u8, b: u8| -> u8 {
        match (a < 5, b < 5) {
            (true, true) => (a + b) % 5,
            (true, false) => 5 + (a + b) % 5,
            (false, true) => 5 + (a + 10 - b) % 5,
            (false, false) => (a + 10 - b) % 5,
        }
    };
    let mut check = 0;
    for (place, digit) in code.bytes().rev().enumerate() {
        let permuted = (0..place % 8).fold(digit - b'0', |digit, _| PERMUTATION[usize::from(digit)]);
        check = multiply(check, permuted);
    }
    check == 0
}

/// LOINC's check digit (Luhn, modulus 10), from its users' guide.
fn luhn(code: &str) -> bool {
    let digits = code
        .bytes()
        .rev()
        .filter(u8::is_ascii_digit)
        .map(|digit| u32::from(digit - b'0'));
    let sum: u32 = digits
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .map(|value| value / 10 + value % 10)
        .sum();
    sum.is_multiple_of(10)
}

#[test]
fn check_digits_tell_wrong_codes() {
    assert!(verhoeff("22298006") && !verhoeff("22298007") && !verhoeff("22289006"));
    assert!(luhn("4548-4") && !luhn("4548-5") && !luhn("4584-4"));
}

#[test]
fn every_code_has_the_form_of_its_system() {
    for concept in ALL {
        let code = concept.code;
        let digits = code.bytes().all(|byte| byte.is_ascii_digit());
        let formed = match concept.system {
            System::Snomed => digits && verhoeff(code),
            System::Loinc => code.contains('-') && luhn(code),
            System::RxNorm => digits && code.len() <= 7,
            System::Cvx => digits && (2..=3).contains(&code.len()),
            System::Icd10Cm => {
                code.starts_with(|first: char| first.is_ascii_uppercase()) && (3..=8).contains(&code.len())
            }
        };
        assert!(formed, "{concept:?}");
        assert!(!concept.display.is_empty() && concept.display.trim() == concept.display);
    }
}

#[test]
fn a_code_has_one_text() {
    let mut texts = HashMap::new();
    for concept in ALL {
        let known = texts.insert((concept.system, concept.code), concept.display);
        assert_eq!(known, None, "{concept:?}");
    }
    assert_eq!(texts.len(), ALL.len());
}
