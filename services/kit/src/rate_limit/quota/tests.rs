use super::*;

#[test]
fn what_cannot_be_counted_is_refused() {
    let minute = Duration::from_mins(1);
    assert_eq!(Quota::new(0, minute), Err(QuotaError::NoRequests));
    assert_eq!(Quota::new(1, Duration::ZERO), Err(QuotaError::Window));
    assert_eq!(
        Quota::new(1, Duration::from_hours(32 * 24)),
        Err(QuotaError::Window)
    );
    assert_eq!(
        Quota::new(1_001, Duration::from_millis(1)),
        Err(QuotaError::TooLarge)
    );
    assert_eq!(
        Quota::new(10_000, Duration::from_hours(31 * 24)),
        Err(QuotaError::TooLarge)
    );
    let quota = Quota::new(10, minute).unwrap();
    assert_eq!(quota.with_burst(0), Err(QuotaError::Burst));
    assert_eq!(quota.with_burst(11), Err(QuotaError::Burst));
}

#[test]
fn shares_add_up_to_the_quota_or_a_little_more() {
    let quota = Quota::new(10, Duration::from_mins(1))
        .unwrap()
        .with_burst(5)
        .unwrap();
    let share = quota.share(3);
    assert_eq!(
        (share.limit(), share.burst(), share.window()),
        (4, 2, Duration::from_mins(1))
    );
    assert_eq!(quota.share(100).limit(), 1, "a share is never nothing");
    assert_eq!(quota.share(0), quota);
}
