use super::{Reach, covers, reach};

#[test]
fn reach_of_ranges() {
    for (cidr, expected) in [
        ("0.0.0.0/0", Reach::Everybody),
        ("128.0.0.0/1", Reach::Everybody),
        ("10.0.0.0/8", Reach::Wide),
        ("10.20.0.0/16", Reach::Narrow),
        ("10.20.30.40/32", Reach::Narrow),
        ("::/0", Reach::Everybody),
        ("2000::/3", Reach::Everybody),
        ("2001:db8::/31", Reach::Wide),
        ("2001:db8::/32", Reach::Narrow),
        ("no range", Reach::Wide),
    ] {
        assert_eq!(reach(cidr), expected, "{cidr}");
    }
}

#[test]
fn ranges_in_ranges() {
    let none: &[String] = &[];
    let hole: &[String] = &["10.20.30.0/24".to_owned()];
    let large_hole: &[String] = &["10.20.0.0/16".to_owned()];
    for (outer, inner, expected) in [
        (("10.0.0.0/8", none), ("10.20.0.0/16", none), true),
        (("10.20.0.0/16", none), ("10.0.0.0/8", none), false),
        (("10.20.0.0/16", none), ("10.20.0.0/16", hole), true),
        (("10.20.0.0/16", hole), ("10.20.0.0/16", none), false),
        (("10.0.0.0/8", hole), ("10.20.0.0/16", large_hole), true),
        (("10.0.0.0/8", large_hole), ("10.20.0.0/16", hole), false),
        (("10.0.0.0/8", hole), ("10.30.0.0/16", none), true),
        (("0.0.0.0/0", none), ("::/0", none), false),
        (("odd", none), ("odd", none), true),
        (("odd", none), ("10.0.0.0/8", none), false),
    ] {
        assert_eq!(covers(outer, inner), expected, "{outer:?} {inner:?}");
    }
}
