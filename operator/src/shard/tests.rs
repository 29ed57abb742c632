use proptest::prelude::*;

use super::*;

fn shard(text: &str) -> Shard {
    text.parse().unwrap()
}

#[test]
fn what_is_no_shard_is_refused() {
    for text in [
        "", "1", "1/1", "3/3", "0/0", "0/65", "-1/3", "0/3/1", "a/b", "0 / 3",
    ] {
        assert_eq!(text.parse::<Shard>(), Err(InvalidShard), "{text}");
    }
    assert_eq!(shard("0/1"), Shard::WHOLE);
    assert_eq!(shard("2/3").to_string(), "2/3");
}

#[test]
fn each_shard_has_its_lease() {
    assert_eq!(Shard::WHOLE.lease_name("operator"), "operator");
    assert_eq!(shard("0/2").lease_name("operator"), "operator-0");
    assert_eq!(shard("1/2").lease_name("operator"), "operator-1");
}

/// Processes of different releases must agree.
#[test]
fn namespaces_stay_where_they_are() {
    let owner = |namespace: &str| (0..3).find(|index| shard(&format!("{index}/3")).owns(namespace));
    let owners = ["clinic", "pharmacy", "radiology", "billing"].map(owner);
    assert_eq!(owners, [2, 2, 1, 0].map(Some));
}

proptest! {
    #[test]
    fn each_namespace_belongs_to_exactly_one(namespace in "[a-z]([a-z0-9-]{0,20}[a-z0-9])?", count in 1..=64u16) {
        let owners = (0..count).filter(|index| Shard { index: *index, count }.owns(&namespace));
        prop_assert_eq!(owners.count(), 1);
    }
}
