use super::{Reference, compare};
use crate::risk::tally::Tally;

#[test]
fn references_come_apart() {
    for (text, registry, path, tag, digest) in [
        ("records:1.0", "", "records", Some("1.0"), None),
        ("team/records:1.0", "", "team/records", Some("1.0"), None),
        ("localhost/records:1.0", "localhost", "records", Some("1.0"), None),
        (
            "example.org:5000/team/records:1.0",
            "example.org:5000",
            "team/records",
            Some("1.0"),
            None,
        ),
        (
            "example.org:5000/records",
            "example.org:5000",
            "records",
            None,
            None,
        ),
        (
            "example.org/records@sha256:ab",
            "example.org",
            "records",
            None,
            Some("sha256:ab"),
        ),
        (
            "records:1.0@sha256:ab",
            "",
            "records",
            Some("1.0"),
            Some("sha256:ab"),
        ),
    ] {
        let expected = Reference {
            registry,
            path,
            tag,
            digest,
        };
        assert_eq!(Reference::parse(text), expected, "{text}");
    }
}

const TAGS: [&str; 8] = [
    "",
    ":1.4.2",
    ":1.4.3",
    ":1.5.0",
    ":2.0.0-rc.1",
    ":1.4.2-alpine",
    ":2026-11-21",
    ":5dc3a0e",
];

fn points(from: &str, to: &str) -> i32 {
    let mut tally = Tally::default();
    compare(from, to, &mut tally);
    tally.risk().factors.iter().map(|factor| factor.points).sum()
}

/// Every change of registry, path, tag and digest, against every part of that change.
#[test]
fn a_part_of_a_change_never_costs_more_than_all_of_it() {
    let mut images = Vec::new();
    for registry in ["", "a.example.org/"] {
        for path in ["records", "charts"] {
            for tag in TAGS {
                images.extend(["", "@sha256:aa", "@sha256:bb"].map(|digest| [registry, path, tag, digest]));
            }
        }
    }
    for from in &images {
        for to in &images {
            let whole = points(&from.concat(), &to.concat());
            for kept in 0..16 {
                let mut part = *to;
                for (at, piece) in part.iter_mut().enumerate().filter(|(at, _)| kept >> at & 1 == 1) {
                    *piece = from[at];
                }
                let some = points(&from.concat(), &part.concat());
                assert!(some <= whole, "{from:?} {part:?} {some} {to:?} {whole}");
            }
        }
    }
}
