use proptest::prelude::*;

use super::Amount;

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap_or_else(|| panic!("{text:?} is a quantity"))
}

#[test]
fn the_same_amount_in_other_words() {
    for (a, b) in [
        ("1", "1000m"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("1.", "1"),
        ("+1", "1"),
        ("1Ki", "1024"),
        ("1Gi", "1024Mi"),
        ("1.5Gi", "1536Mi"),
        ("1k", "1e3"),
        ("1M", "1E6"),
        ("1.0000000000000Ei", "1152921504606846976"),
        ("1500u", "1.5m"),
        ("12e-1", "1200m"),
        ("0e99999", "0"),
        ("0.1n", "1n"),
    ] {
        assert_eq!(amount(a), amount(b), "{a} {b}");
    }
}

#[test]
fn less_and_more() {
    for (less, more) in [
        ("100m", "1"),
        ("900M", "1Gi"),
        ("1M", "1Mi"),
        ("999n", "1u"),
        ("-1", "0"),
        ("128974848", "129e6"),
        ("1023Ti", "1Pi"),
        ("8Ei", "9Ei"),
        ("2", "1e40"),
    ] {
        assert!(amount(less) < amount(more), "{less} {more}");
    }
}

#[test]
fn what_is_no_quantity() {
    for text in [
        "",
        "m",
        ".",
        "1.2.3",
        "1 Gi",
        "1gi",
        "1ki",
        "Gi",
        "--1",
        "1e",
        "1e1.5",
        "0x1",
        "1Mi ",
        "ten",
        "1e99999999999",
    ] {
        assert_eq!(Amount::parse(text), None, "{text:?}");
    }
}

#[test]
fn half_of_it() {
    assert!(amount("512Mi").is_half_of(amount("1Gi")));
    assert!(amount("0").is_half_of(amount("1")));
    assert!(!amount("513Mi").is_half_of(amount("1Gi")));
}

proptest! {
    #[test]
    fn decimals_compare_like_the_numbers_they_write(a in 0..2_000_000_000_u64, b in 0..2_000_000_000_u64) {
        let text = |n: u64| format!("{}.{:03}Mi", n / 1000, n % 1000);
        prop_assert_eq!(amount(&text(a)).cmp(&amount(&text(b))), a.cmp(&b));
    }

    #[test]
    fn nothing_panics(text in "[-+0-9.eEinumkKMGTP]{0,30}") {
        let _any = Amount::parse(&text);
    }
}
