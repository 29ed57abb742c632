use proptest::prelude::*;

use super::{Distance, Step, Tag};

fn distance(from: &str, to: &str) -> Distance {
    Tag::parse(from).distance(&Tag::parse(to))
}

#[test]
fn releases() {
    for (from, to, expected) in [
        ("1.4.2", "1.4.3", Distance::Up(Step::Patch)),
        ("1.4.9", "1.4.10", Distance::Up(Step::Patch)),
        ("1.4.2", "1.5.0", Distance::Up(Step::Minor)),
        ("1.4.2", "2.0.0", Distance::Up(Step::Major)),
        ("1.4.2", "1.4.1", Distance::Down(Step::Patch)),
        ("1.4.2", "1.3.9", Distance::Down(Step::Minor)),
        ("2.0.0", "1.9.9", Distance::Down(Step::Major)),
        ("v1.2", "1.2.1", Distance::Up(Step::Patch)),
        ("v1", "v2", Distance::Up(Step::Major)),
        ("1.2", "v1.2.0", Distance::None),
        ("1.4.0-rc.1", "1.4.0-rc.2", Distance::Up(Step::Patch)),
        ("1.4.0-rc.2", "1.4.0", Distance::Up(Step::Patch)),
        ("1.4.0", "1.4.0-rc.2", Distance::Down(Step::Patch)),
        ("1.4.2-alpine", "1.4.3-alpine", Distance::Up(Step::Patch)),
        ("1.4.2-alpine3.20", "1.4.2-slim", Distance::Variant),
        ("1.4.2-1", "1.4.2-2", Distance::Variant),
    ] {
        assert_eq!(distance(from, to), expected, "{from} {to}");
    }
}

/// SemVer item 4 lets anything change below 1.0.0; Cargo and npm take the leftmost number that is not zero.
#[test]
fn below_one() {
    for (from, to, expected) in [
        ("0.4.1", "0.4.2", Step::Patch),
        ("0.4.2", "0.5.0", Step::Major),
        ("0.0.3", "0.0.4", Step::Major),
        ("0.9.0", "1.0.0", Step::Major),
    ] {
        assert_eq!(distance(from, to), Distance::Up(expected), "{from} {to}");
    }
}

#[test]
fn dates() {
    for (from, to, expected) in [
        ("2026-11-02", "2026-11-21", Distance::Unknown),
        ("2026-11-21", "2026-11-02", Distance::Earlier),
        ("2026.11", "2026.9", Distance::Earlier),
        ("20261121", "20251121", Distance::Earlier),
        ("20261121120000", "20261121110000", Distance::Earlier),
        ("20261121-5dc3a0e", "20261121-be93434", Distance::Unknown),
        ("2026-11-21", "1.0.0", Distance::Unknown),
    ] {
        assert_eq!(distance(from, to), expected, "{from} {to}");
    }
}

#[test]
fn tags_that_tell_nothing() {
    for tag in [
        "5dc3a0e",
        "main",
        "1234",
        "1.2.3.4",
        "build-7",
        "1.2.x",
        "v",
        "1..2",
        "1.2.3_4",
        "20269999",
        "1.0.0-rc.01",
    ] {
        assert_eq!(Tag::parse(tag), Tag::Opaque, "{tag}");
        assert_eq!(distance(tag, "1.0.0"), Distance::Unknown, "{tag}");
    }
}

#[test]
fn what_is_no_release_yet() {
    for (tag, expected) in [
        ("1.5.0-rc.1", true),
        ("1.5.0-RC1", true),
        ("2.0.0-beta-alpine", true),
        ("1.5.0", false),
        ("1.5.0-alpine", false),
        ("1.5.0-slim-bookworm", false),
    ] {
        assert_eq!(Tag::parse(tag).is_prerelease(), expected, "{tag}");
    }
}

proptest! {
    #[test]
    fn up_is_down_the_other_way(a in [0..4_u64, 0..4, 0..4], b in [0..4_u64, 0..4, 0..4]) {
        let text = |v: [u64; 3]| format!("{}.{}.{}", v[0], v[1], v[2]);
        let (there, back) = (distance(&text(a), &text(b)), distance(&text(b), &text(a)));
        match there {
            Distance::Up(step) => prop_assert_eq!(back, Distance::Down(step)),
            Distance::Down(step) => prop_assert_eq!(back, Distance::Up(step)),
            other => prop_assert_eq!((a, other), (b, back)),
        }
    }

    #[test]
    fn nothing_panics(from in "[-._A-Za-z0-9]{0,20}", to in "v?[0-9.]{0,12}(-[a-z0-9.]{0,8})?") {
        let _any = distance(&from, &to);
    }
}
