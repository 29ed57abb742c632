use super::*;

#[test]
fn check_digits_are_those_of_gs1() {
    // Of the GTINs 6291041500213, GS1's own example, and 4006381333931.
    assert_eq!(check_digit("0629104150021"), 3);
    assert_eq!(check_digit("400638133393"), 1);
}

#[test]
fn models_are_of_the_range_for_examples() {
    for device in [codes::PACEMAKER, codes::STENT, codes::HIP_PROSTHESIS] {
        let model = model(device);
        let (digits, check) = model.split_at(13);
        assert_eq!(
            (model.len(), check),
            (14, check_digit(digits).to_string().as_str())
        );
        assert!(model.starts_with("0952"));
    }
}

#[test]
fn the_printed_form_has_every_part() {
    let date = |text: &str| text.parse().unwrap();
    let printed = printed(
        "09520000001012",
        date("2020-03-01"),
        date("2025-02-28"),
        "L000001",
        "SYN00000001",
    );
    assert_eq!(
        printed,
        "(01)09520000001012(11)200301(17)250228(10)L000001(21)SYN00000001"
    );
}
