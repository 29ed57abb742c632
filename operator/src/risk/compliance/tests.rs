use super::days;

#[test]
fn retention_in_days() {
    assert!(days(Some("6y")) > days(Some("2189d")));
    assert_eq!(days(Some("6y")), days(Some("2190d")));
    assert_eq!(days(None), 0);
    assert_eq!(days(Some("é")), 0);
}
