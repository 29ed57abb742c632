use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn what_is_left_shrinks_with_time_and_ends_at_zero() {
    assert_eq!(remaining(), None);
    assert_eq!(at_most(SECOND), SECOND);
    within(3 * SECOND, async {
        assert_eq!(remaining(), Some(3 * SECOND));
        tokio::time::advance(SECOND).await;
        assert_eq!(remaining(), Some(2 * SECOND));
        assert_eq!(at_most(SECOND), SECOND);
        assert_eq!(at_most(5 * SECOND), 2 * SECOND);
        tokio::time::advance(9 * SECOND).await;
        assert_eq!(remaining(), Some(Duration::ZERO));
    })
    .await;
    assert_eq!(remaining(), None);
}

#[tokio::test(start_paused = true)]
async fn an_inner_limit_never_exceeds_the_outer_one() {
    within(2 * SECOND, async {
        within(5 * SECOND, async { assert_eq!(remaining(), Some(2 * SECOND)) }).await;
        within(SECOND, async { assert_eq!(remaining(), Some(SECOND)) }).await;
    })
    .await;
}

#[tokio::test]
async fn a_limit_beyond_all_clocks_is_none() {
    within(Duration::MAX, async { assert_eq!(remaining(), None) }).await;
}
