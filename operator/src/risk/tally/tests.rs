use super::Tally;

const NAMES: [&str; 40] = [
    "N00", "N01", "N02", "N03", "N04", "N05", "N06", "N07", "N08", "N09", "N10", "N11", "N12", "N13", "N14",
    "N15", "N16", "N17", "N18", "N19", "N20", "N21", "N22", "N23", "N24", "N25", "N26", "N27", "N28", "N29",
    "N30", "N31", "N32", "N33", "N34", "N35", "N36", "N37", "N38", "N39",
];

#[test]
fn what_was_found_more_than_once_is_one_factor() {
    let mut tally = Tally::default();
    for number in 1..=5 {
        tally.add("HostnameAdded", 2, format!("host {number}"));
    }
    tally.add("Nothing", 0, "no points");
    let risk = tally.risk();
    assert_eq!((risk.score, risk.factors.len()), (10, 1));
    assert_eq!(risk.factors[0].message, "host 1; host 2; host 3; and 2 more");
}

#[test]
fn more_factors_than_the_status_holds_are_put_together() {
    let mut tally = Tally::default();
    for (name, points) in NAMES.into_iter().zip(1..) {
        tally.add(name, points, "");
    }
    let risk = tally.risk();
    assert_eq!((risk.score, risk.factors.len()), (100, 32));
    let sum: i32 = risk.factors.iter().map(|factor| factor.points).sum();
    assert_eq!(sum, 820);
    let last = risk.factors.last().expect("factors");
    assert_eq!((last.name.as_str(), last.points), ("FurtherFactors", 45));
}

#[test]
fn a_cap_takes_from_what_came_last() {
    let (mut tally, mut parts) = (Tally::default(), Tally::default());
    parts.add("First", 8, "");
    parts.add("Second", 8, "");
    parts.add("Third", 8, "");
    tally.add_capped(10, parts);
    let risk = tally.risk();
    let points: Vec<_> = risk.factors.iter().map(|f| (f.name.as_str(), f.points)).collect();
    assert_eq!(points, [("First", 8), ("Second", 2)]);
}
